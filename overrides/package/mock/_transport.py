"""The mock in-process: httpx transports that hand each request to the mock and no further."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from .._http import httpx
from ._messages import Answer, Break, Delivery, Handlers, chunks_of

_PROTOCOL_ERRORS = {
    Break.EMPTY: "Server disconnected without sending a response.",
    Break.GARBAGE: "illegal status line",
    Break.TRUNCATED: "peer closed connection without sending complete message body",
}


class InProcessTransport(httpx.BaseTransport):
    """A transport for `httpx.Client(transport=...)` whose every request the mock answers.

    Scheme, host and port of the URL do not matter; its path does.
    """

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        exchange = _exchange(self._handlers, request, request.read())
        if exchange.delivery is not None:
            time.sleep(exchange.wait(exchange.delivery.delay))
            exchange.check(exchange.delivery)
        return exchange.respond()


class AsyncInProcessTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient(transport=...)`."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        exchange = _exchange(self._handlers, request, await request.aread())
        if exchange.delivery is not None:
            await asyncio.sleep(exchange.wait(exchange.delivery.delay))
            exchange.check(exchange.delivery)
        return exchange.respond()


class _Exchange(NamedTuple):
    request: httpx.Request
    answer: Answer
    delivery: Delivery | None

    def wait(self, seconds: float) -> float:
        """That many seconds, or those after which httpx gives up."""
        allowed = self.request.extensions.get("timeout", {}).get("read")
        return seconds if allowed is None else min(seconds, allowed)

    def check(self, delivery: Delivery) -> None:
        """Raise what httpx does where there is no answer."""
        self.check_time(delivery.delay)
        if delivery.broken in (Break.RESET, Break.EMPTY, Break.GARBAGE):
            self.fail(delivery.broken)

    def check_time(self, seconds: float) -> None:
        """Raise ReadTimeout where a wait of these seconds is too long."""
        if self.wait(seconds) < seconds:
            raise httpx.ReadTimeout("The read operation timed out", request=self.request)

    def fail(self, broken: Break) -> None:
        """Raise what httpx does where a connection breaks."""
        if broken in (Break.RESET, Break.RESET_IN_BODY):
            raise _reset(self.request)
        raise httpx.RemoteProtocolError(_PROTOCOL_ERRORS[broken], request=self.request)

    def respond(self) -> httpx.Response:
        status, headers, body, _ = self.answer
        if self.delivery is None and isinstance(body, bytes):
            return httpx.Response(status, headers=headers, content=body or None)
        return httpx.Response(status, headers=headers, stream=_Stream(self))


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._chunks = chunks_of(exchange.answer)

    def __iter__(self) -> Iterator[bytes]:
        for number, piece in enumerate(self._chunks.pieces):
            if number:
                time.sleep(self._exchange.wait(self._chunks.pause))
                self._exchange.check_time(self._chunks.pause)
            yield piece
        if self._chunks.broken is not None:
            self._exchange.fail(self._chunks.broken)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for number, piece in enumerate(self._chunks.pieces):
            if number:
                await asyncio.sleep(self._exchange.wait(self._chunks.pause))
                self._exchange.check_time(self._chunks.pause)
            yield piece
        if self._chunks.broken is not None:
            self._exchange.fail(self._chunks.broken)


def _exchange(handlers: Handlers, request: httpx.Request, body: bytes) -> _Exchange:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    ]
    target = request.url.raw_path.decode("ascii")
    if handlers.should_reset(request.method, target, headers):
        raise _reset(request)
    answer = handlers.handle(request.method, target, headers, body)
    if request.method == "HEAD":
        answer = answer._replace(body=b"")
    return _Exchange(request, answer, answer.delivery)


def _reset(request: httpx.Request) -> httpx.ReadError:
    return httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
