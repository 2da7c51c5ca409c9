# Edited in overrides/package/_http/messages.py, from where `make generate` copies it.
"""The pipeline's requests as the library's."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._core.call import Call

if TYPE_CHECKING:
    import httpx

_PREPARED_AT_MOST = 64


class RequestBuilder:
    """Makes a client's requests; what they have in common, URLs and header fields, is made once."""

    def __init__(self, library: Any, client: httpx.Client | httpx.AsyncClient | None) -> None:
        def make_headers(fields: tuple[tuple[str, str], ...]) -> Any:
            # Compressed, a small answer could become one that takes all memory.
            return library.Headers([*fields, ("Accept-Encoding", "identity")])

        self._library = library
        self._client = client
        # To parse a URL takes a tenth of a call.
        self._make_url = lru_cache(_PREPARED_AT_MOST)(library.URL)
        self._make_headers = lru_cache(_PREPARED_AT_MOST)(make_headers)

    def build(self, call: Call[Any], extensions: dict[str, Any]) -> httpx.Request:
        """Return the library's request for what is to be sent."""
        build = self._library.Request
        if self._client is not None:
            if self._client.is_closed:
                raise RuntimeError("the http_client that was given is closed")
            build, left = self._client.build_request, call.deadline.remaining()
            limits = [one for one in (call.settings.connect_timeout, left) if one is not None]
            times = dict.fromkeys(("read", "write", "pool"), left)
            times |= {"connect": min(limits, default=None)}
            extensions = {"timeout": times, **extensions}
        request: httpx.Request = build(
            call.operation.method,
            self._make_url(call.url),
            headers=self._make_headers(call.headers),
            content=call.content,
            files=call.request.files or None,
            extensions=extensions,
        )
        for name, value in call.credentials:
            if name == "Cookie" and name in request.headers:
                request.headers[name] += f"; {value.reveal()}"
            else:
                request.headers[name] = value.reveal()
        return request
