"""The pipeline's requests and answers, as the library's and from the library's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.effects import RawResponse, SendRequest
from .._secrets import Secret
from .library import Library

if TYPE_CHECKING:
    import httpx


def build_request(
    send: SendRequest,
    library: Library,
    client: httpx.Client | httpx.AsyncClient | None,
    extensions: dict[str, Any],
) -> httpx.Request:
    """Return the library's request for what is to be sent.

    Raises:
        Exception: The library will not build it, or the client that was given is closed.
    """
    left = send.deadline.remaining()
    if send.connect_timeout is None or left is None:
        connect = left if send.connect_timeout is None else send.connect_timeout
    else:
        connect = min(send.connect_timeout, left)
    timeout = library.httpx.Timeout(left, connect=connect)
    headers = Secret(library.httpx.Headers(list(send.headers)))
    # Compressed, a small answer could become one that takes all memory.
    headers.reveal()["Accept-Encoding"] = "identity"
    for name, value in send.credentials:
        cookies = headers.reveal().get(name) if name == "Cookie" else None
        headers.reveal()[name] = f"{cookies}; {value.reveal()}" if cookies else value.reveal()
    if client is not None and client.is_closed:
        raise RuntimeError("the http_client that was given is closed")
    build = library.httpx.Request if client is None else client.build_request
    request: httpx.Request = build(
        send.method,
        send.url,
        headers=headers.reveal(),
        content=send.content,
        files=send.files,
        extensions={"timeout": timeout.as_dict(), **extensions},
    )
    return request


def to_raw_response(
    response: httpx.Response, content: Secret[bytes], *, whole: bool = True, chunks: Any = None
) -> RawResponse:
    """Return an answer as the pipeline takes it; `chunks` are its body where it is streamed."""
    return RawResponse(
        status=response.status_code,
        headers=response.headers,
        content=content,
        whole=whole,
        chunks=chunks,
    )
