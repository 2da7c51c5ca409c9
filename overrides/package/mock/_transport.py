"""The mock in-process: an httpx transport that hands each request to the mock and no further."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from .._http import httpx
from .._lazy import asyncio
from ._messages import Answer, Break, Handlers, split_body


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for clients of httpx, sync and async, whose every request the mock answers.

    Scheme, host and port of the URL do not matter; its path does.
    """

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        steps = _Exchange(self._handlers, request, request.read()).steps
        while not isinstance(step := next(steps), httpx.Response):
            time.sleep(step)
        return step

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        steps = _Exchange(self._handlers, request, await request.aread()).steps
        while not isinstance(step := next(steps), httpx.Response):
            await asyncio.sleep(step)
        return step


class _Exchange(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request and its answer, whose body it streams."""

    def __init__(self, handlers: Handlers, request: httpx.Request, body: bytes) -> None:
        self._request = request
        self.steps: Iterator[Any] = self._answer(handlers, body)

    def __iter__(self) -> Iterator[bytes]:
        for step in self.steps:
            if isinstance(step, bytes):
                yield step
            else:
                time.sleep(step)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self.steps:
            if isinstance(step, bytes):
                yield step
            else:
                await asyncio.sleep(step)

    def _answer(self, handlers: Handlers, body: bytes) -> Iterator[Any]:
        """Yield the response, then its pieces, and pauses in seconds; raise where it breaks off."""
        method, target = self._request.method, self._request.url.raw_path.decode("ascii")
        pairs = self._request.headers.raw
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]
        if handlers.should_reset(method, target, headers):
            raise self._failure(Break.RESET)
        answer = handlers.handle(method, target, headers, body)
        if method == "HEAD":
            answer = answer._replace(body=b"")
        is_whole = isinstance(answer.body, bytes) and not (answer.broken or answer.drip)
        if is_whole and not answer.delay:
            content = answer.body or None
            yield httpx.Response(answer.status, headers=answer.headers, content=content)
        else:
            yield from self._stream(answer)

    def _stream(self, answer: Answer) -> Iterator[Any]:
        broken = answer.broken
        yield from self._pause(answer.delay)
        if broken in (Break.RESET, Break.EMPTY, Break.GARBAGE):
            raise self._failure(broken)
        yield httpx.Response(answer.status, headers=answer.headers, stream=self)
        for number, piece in enumerate(split_body(answer)[1]):
            if number:
                yield from self._pause(answer.drip)
            yield piece
        if broken is not None:
            raise self._failure(broken)

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
