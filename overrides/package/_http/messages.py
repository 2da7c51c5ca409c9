"""The pipeline's requests and answers, as the library's and from the library's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.effects import RawResponse, SendRequest
from .._secrets import Secret
from .library import Library

if TYPE_CHECKING:
    import httpx


_PREPARED_AT_MOST = 64


class Prepared:
    """What a client's requests have in common, made once: URLs, and header fields."""

    def __init__(self, library: Library) -> None:
        self._library = library.httpx
        self._made: dict[Any, Secret[Any]] = {}

    def url(self, text: str) -> Secret[Any]:
        """Return a URL; to parse one takes a tenth of a call."""
        return self._made.get(text) or self._keep(text, Secret(self._library.URL(text)))

    def headers(self, fields: tuple[tuple[str, str], ...]) -> Secret[Any]:
        """Return the header fields, and that nothing is to be compressed."""
        # Compressed, a small answer could become one that takes all memory.
        return self._made.get(fields) or self._keep(
            fields, Secret(self._library.Headers([*fields, ("Accept-Encoding", "identity")]))
        )

    def _keep(self, key: Any, made: Secret[Any]) -> Secret[Any]:
        if len(self._made) >= _PREPARED_AT_MOST:
            self._made.clear()
        self._made[key] = made
        return made


def build_request(
    send: SendRequest,
    library: Library,
    client: httpx.Client | httpx.AsyncClient | None,
    extensions: dict[str, Any],
    prepared: Prepared,
) -> httpx.Request:
    """Return the library's request for what is to be sent."""
    if client is not None:
        if client.is_closed:
            raise RuntimeError("the http_client that was given is closed")
        left = send.deadline.remaining()
        connect = min(
            (one for one in (send.connect_timeout, left) if one is not None), default=None
        )
        times = dict.fromkeys(("read", "write", "pool"), left)
        extensions = {"timeout": {"connect": connect, **times}, **extensions}
    build = library.httpx.Request if client is None else client.build_request
    request: httpx.Request = build(
        send.method,
        prepared.url(send.url).reveal(),
        headers=prepared.headers(send.headers).reveal(),
        content=send.content,
        files=send.files,
        extensions=extensions,
    )
    for name, value in send.credentials:
        if name == "Cookie" and name in request.headers:
            request.headers[name] += f"; {value.reveal()}"
        else:
            request.headers[name] = value.reveal()
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
