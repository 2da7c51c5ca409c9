"""The pipeline's requests as the library's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._core.effects import SendRequest
from .._secrets import Secret

if TYPE_CHECKING:
    import httpx

_PREPARED_AT_MOST = 64


class RequestBuilder:
    """Makes a client's requests; what they have in common, URLs and header fields, is made once."""

    def __init__(self, library: Any, client: httpx.Client | httpx.AsyncClient | None) -> None:
        self._library = library
        self._client = client
        self._made: dict[Any, Secret[Any]] = {}

    def build(self, send: SendRequest, extensions: dict[str, Any]) -> httpx.Request:
        """Return the library's request for what is to be sent."""
        build = self._library.Request
        if self._client is not None:
            if self._client.is_closed:
                raise RuntimeError("the http_client that was given is closed")
            build, left = self._client.build_request, send.deadline.remaining()
            limits = [one for one in (send.connect_timeout, left) if one is not None]
            times = dict.fromkeys(("read", "write", "pool"), left)
            times |= {"connect": min(limits, default=None)}
            extensions = {"timeout": times, **extensions}
        request: httpx.Request = build(
            send.method,
            (self._made.get(send.url) or self._prepare_url(send.url)).reveal(),
            headers=(self._made.get(send.headers) or self._prepare_fields(send.headers)).reveal(),
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

    def _prepare_url(self, text: str) -> Secret[Any]:
        # To parse a URL takes a tenth of a call.
        return self._keep(text, Secret(self._library.URL(text)))

    def _prepare_fields(self, fields: tuple[tuple[str, str], ...]) -> Secret[Any]:
        # Compressed, a small answer could become one that takes all memory.
        plain = ("Accept-Encoding", "identity")
        return self._keep(fields, Secret(self._library.Headers([*fields, plain])))

    def _keep(self, key: Any, made: Secret[Any]) -> Secret[Any]:
        if len(self._made) >= _PREPARED_AT_MOST:
            self._made.clear()
        self._made[key] = made
        return made
