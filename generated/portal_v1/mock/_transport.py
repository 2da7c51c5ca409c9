# Edited in overrides/package/mock/_transport.py, from where `make generate` copies it.
"""The mock in-process: httpx transports that hand each request to the mock and no further."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

from .._http import httpx
from ._messages import Answer, Break, Handlers, chunks_of


class InProcessTransport(httpx.BaseTransport):
    """A transport for `httpx.Client(transport=...)` whose every request the mock answers.

    Scheme, host and port of the URL do not matter; its path does.
    """

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        exchange = _exchange(self._handlers, request, request.read())
        for seconds in exchange.begin():
            time.sleep(seconds)
        return exchange.respond()


class AsyncInProcessTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient(transport=...)`."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        exchange = _exchange(self._handlers, request, await request.aread())
        for seconds in exchange.begin():
            await asyncio.sleep(seconds)
        return exchange.respond()


class _Exchange(NamedTuple):
    request: httpx.Request
    answer: Answer

    def begin(self) -> Iterator[float]:
        """Yield the pause before the answer, and raise what httpx does where none comes."""
        delivery = self.answer.delivery
        if delivery is not None:
            yield from self._pause(delivery.delay)
            if delivery.broken in (Break.RESET, Break.EMPTY, Break.GARBAGE):
                raise _failure(self.request, delivery.broken)

    def respond(self) -> httpx.Response:
        status, headers, body, delivery = self.answer
        if delivery is None and isinstance(body, bytes):
            return httpx.Response(status, headers=headers, content=body or None)
        return httpx.Response(status, headers=headers, stream=_Stream(self))

    def send(self) -> Iterator[bytes | float]:
        """Yield the body's pieces and the seconds between them; raise where it breaks off."""
        chunks = chunks_of(self.answer)
        for number, piece in enumerate(chunks.pieces):
            if number:
                yield from self._pause(chunks.pause)
            yield piece
        if chunks.broken is not None:
            raise _failure(self.request, chunks.broken)

    def _pause(self, seconds: float) -> Iterator[float]:
        """Yield these seconds, or those after which httpx gives up."""
        allowed = self.request.extensions.get("timeout", {}).get("read")
        yield seconds if allowed is None else min(seconds, allowed)
        if allowed is not None and allowed < seconds:
            raise httpx.ReadTimeout("The read operation timed out", request=self.request)


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        for step in self._exchange.send():
            if isinstance(step, bytes):
                yield step
            else:
                time.sleep(step)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self._exchange.send():
            if isinstance(step, bytes):
                yield step
            else:
                await asyncio.sleep(step)


def _exchange(handlers: Handlers, request: httpx.Request, body: bytes) -> _Exchange:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    ]
    target = request.url.raw_path.decode("ascii")
    if handlers.should_reset(request.method, target, headers):
        raise _failure(request, Break.RESET)
    answer = handlers.handle(request.method, target, headers, body)
    return _Exchange(request, answer._replace(body=b"") if request.method == "HEAD" else answer)


def _failure(request: httpx.Request, broken: Break) -> httpx.TransportError:
    is_reset = broken in (Break.RESET, Break.RESET_IN_BODY)
    kind = httpx.ReadError if is_reset else httpx.RemoteProtocolError
    return kind(broken.value, request=request)
