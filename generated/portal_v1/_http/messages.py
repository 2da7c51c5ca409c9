# Edited in overrides/package/_http/messages.py, from where `make generate` copies it.
"""The pipeline's requests and answers, as the library's and from the library's."""

from __future__ import annotations

from functools import lru_cache
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
    if client is not None:
        if client.is_closed:
            raise RuntimeError("the http_client that was given is closed")
        left = send.deadline.remaining()
        connect = min(
            (one for one in (send.connect_timeout, left) if one is not None), default=None
        )
        times = dict.fromkeys(("read", "write", "pool"), left)
        extensions = {"timeout": {"connect": connect, **times}, **extensions}
    # Compressed, a small answer could become one that takes all memory.
    headers: Secret[Any] = Secret([*send.headers, ("Accept-Encoding", "identity")])
    for name, value in send.credentials:
        cookies = (v for n, v in headers.reveal() if n.lower() == name.lower() == "cookie")
        others = [one for one in headers.reveal() if one[0].lower() != name.lower()]
        headers = Secret([*others, (name, "; ".join([*cookies, value.reveal()]))])
    url = send.url if "?" in send.url else _parse_url(library.httpx.URL, send.url)
    build = library.httpx.Request if client is None else client.build_request
    request: httpx.Request = build(
        send.method,
        url,
        headers=headers.reveal(),
        content=send.content,
        files=send.files,
        extensions=extensions,
    )
    return request


@lru_cache(maxsize=64)
def _parse_url(kind: type[httpx.URL], url: str) -> httpx.URL:
    # It takes a tenth of a call; most calls are for the same few.
    return kind(url)


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
