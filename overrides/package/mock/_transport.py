"""The mock in-process: an httpx transport that hands each request to the mock and no further."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

from .._http import httpx
from .._lazy import asyncio
from ._messages import Answer, Break, Headers, deliver

_Handle: TypeAlias = Callable[[str, str, Headers, bytes], Answer]


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for clients of httpx, sync and async; of a URL only path and query matter."""

    def __init__(self, handle: _Handle) -> None:
        self._handle = handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        steps = _Exchange(self._handle, request, request.read()).steps
        while not isinstance(step := next(steps), httpx.Response):
            time.sleep(step)
        return step

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        steps = _Exchange(self._handle, request, await request.aread()).steps
        while not isinstance(step := next(steps), httpx.Response):
            await asyncio.sleep(step)
        return step


class _Exchange(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request and its answer, whose body it streams."""

    def __init__(self, handle: _Handle, request: httpx.Request, body: bytes) -> None:
        self.steps: Iterator[Any] = self._answer(handle, request, body)

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

    def _answer(self, handle: _Handle, request: httpx.Request, body: bytes) -> Iterator[Any]:
        """Yield the response, then its pieces, and pauses in seconds; raise where it breaks off."""
        pairs = request.headers.raw
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]
        answer = handle(request.method, request.url.raw_path.decode("ascii"), headers, body)
        if request.method == "HEAD":
            answer = answer._replace(body=b"")
        is_whole = isinstance(answer.body, bytes) and not (answer.broken or answer.drip)
        if is_whole and not answer.delay:
            content = answer.body or None
            yield httpx.Response(answer.status, headers=answer.headers, content=content)
            return
        allowed = request.extensions.get("timeout", {}).get("read")
        for step in deliver(answer):
            if isinstance(step, Break):
                is_reset = step in (Break.RESET, Break.RESET_IN_BODY)
                failure = httpx.ReadError if is_reset else httpx.RemoteProtocolError
                raise failure(step.value, request=request)
            if isinstance(step, float) and allowed is not None and allowed < step:
                yield float(allowed)
                raise httpx.ReadTimeout("The read operation timed out", request=request)
            if step is None:
                yield httpx.Response(answer.status, headers=answer.headers, stream=self)
            else:
                yield step
