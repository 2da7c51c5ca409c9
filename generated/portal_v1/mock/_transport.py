# Edited in overrides/package/mock/_transport.py, from where `make generate` copies it.
"""The mock in-process: an httpx transport that hands each request to the mock and no further."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

from .._http import httpx
from ._messages import Break, Delivery, Handlers, split_body


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for clients of httpx, sync and async, whose every request the mock answers.

    Scheme, host and port of the URL do not matter; its path does.
    """

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        exchange = _Exchange(self._handlers, request, request.read())
        for seconds in exchange.begin():
            time.sleep(seconds)
        return exchange.respond()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        exchange = _Exchange(self._handlers, request, await request.aread())
        for seconds in exchange.begin():
            await asyncio.sleep(seconds)
        return exchange.respond()


class _Exchange(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request and its answer, whose body it streams."""

    def __init__(self, handlers: Handlers, request: httpx.Request, body: bytes) -> None:
        pairs = request.headers.raw
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]
        target = request.url.raw_path.decode("ascii")
        self._request = request
        if handlers.should_reset(request.method, target, headers):
            raise self._failure(Break.RESET)
        answer = handlers.handle(request.method, target, headers, body)
        self._answer = answer._replace(body=b"") if request.method == "HEAD" else answer

    def begin(self) -> Iterator[float]:
        """Yield the pause before the answer, and raise what httpx does where none comes."""
        delivery = self._answer.delivery
        if delivery.delay:
            yield from self._pause(delivery.delay)
        if delivery.broken in (Break.RESET, Break.EMPTY, Break.GARBAGE):
            raise self._failure(delivery.broken)

    def respond(self) -> httpx.Response:
        status, headers, body, delivery = self._answer
        if delivery == Delivery() and isinstance(body, bytes):
            return httpx.Response(status, headers=headers, content=body or None)
        return httpx.Response(status, headers=headers, stream=self)

    def __iter__(self) -> Iterator[bytes]:
        for step in self._send():
            if isinstance(step, bytes):
                yield step
            else:
                time.sleep(step)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self._send():
            if isinstance(step, bytes):
                yield step
            else:
                await asyncio.sleep(step)

    def _send(self) -> Iterator[bytes | float]:
        """Yield the body's pieces and the seconds between them; raise where it breaks off."""
        for number, piece in enumerate(split_body(self._answer)[1]):
            if number:
                yield from self._pause(self._answer.delivery.drip)
            yield piece
        if self._answer.delivery.broken is not None:
            raise self._failure(self._answer.delivery.broken)

    def _pause(self, seconds: float) -> Iterator[float]:
        """Yield these seconds, or those after which httpx gives up."""
        allowed = self._request.extensions.get("timeout", {}).get("read")
        yield seconds if allowed is None else min(seconds, allowed)
        if allowed is not None and allowed < seconds:
            raise httpx.ReadTimeout("The read operation timed out", request=self._request)

    def _failure(self, broken: Break) -> httpx.TransportError:
        is_reset = broken in (Break.RESET, Break.RESET_IN_BODY)
        kind = httpx.ReadError if is_reset else httpx.RemoteProtocolError
        return kind(broken.value, request=self._request)
