"""The mock in-process: httpx transports that hand each request to the core and no further."""

from __future__ import annotations

from .._http import httpx
from ._messages import Answer, Handler


class InProcessTransport(httpx.BaseTransport):
    """A transport for `httpx.Client(transport=...)` whose every request the mock answers.

    Scheme, host and port of the URL do not matter; its path does.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        return _response(_answer(self._handler, request, request.read()))


class AsyncInProcessTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient(transport=...)`."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        return _response(_answer(self._handler, request, await request.aread()))


def _answer(handler: Handler, request: httpx.Request, body: bytes) -> Answer:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    ]
    target = request.url.raw_path.decode("ascii")
    answer = handler(request.method, target, headers, body)
    return answer._replace(body=b"") if request.method == "HEAD" else answer


def _response(answer: Answer) -> httpx.Response:
    return httpx.Response(answer.status, headers=answer.headers, content=answer.body or None)
