"""What an event loop sends with."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from ._async.connector import AsyncConnector
from ._async.pool import AsyncPool, AsyncSlots, closed_error
from .route import find_route

if TYPE_CHECKING:
    import httpx
else:
    from .library import httpx

_AT_ONCE = 100  # requests, as httpx does


class _AsyncHTTPCorePool(AsyncPool):
    """A pool with the names by which httpx calls one."""

    handle_async_request = AsyncPool.handle_request

    async def aclose(self) -> None:
        """Close all connections, which the event loop does in its next round."""
        self.close()
        await asyncio.sleep(0)


class AsyncPooledTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool of ours, as for threads."""

    def __init__(self, base_url: str, slots: AsyncSlots) -> None:
        self.pool = _AsyncHTTPCorePool(AsyncConnector(*find_route(base_url)), slots)
        self._pool: Any = self.pool

    def send(self, request: httpx.Request) -> Awaitable[httpx.Response]:
        """Send a request and return its answer, whose body is still to come."""
        return self.handle_async_request(request)


class AsyncLifetime:
    """Gives the event loop a transport, and closes it: with the event loop, at the latest."""

    def __init__(self, base_url: str | None, at_once: int = _AT_ONCE) -> None:
        self.closed = False
        self._base_url = base_url
        self._at_once = at_once
        self._found: tuple[AsyncSlots, AsyncPooledTransport | None] | None = None
        self._finalizer: AsyncGenerator[None, None] | None = None
        self._inherited: list[object] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    async def begin(self) -> tuple[AsyncSlots, AsyncPooledTransport | None]:
        """Return what limits the requests of this event loop, and what sends them."""
        self._keep_to_one_loop()
        if self.closed:
            raise closed_error()
        if self._found is None:
            slots = AsyncSlots(self._at_once)
            transport = (
                None if self._base_url is None else AsyncPooledTransport(self._base_url, slots)
            )
            self._found = (slots, transport)
            self._finalizer = _close_with_loop(slots, transport)
            await anext(self._finalizer)
        return self._found

    async def close(self) -> None:
        """Close the connections."""
        self.closed = True
        if self._loop is not asyncio.get_running_loop() or self._process != os.getpid():
            return
        finalizer, self._finalizer, self._found = self._finalizer, None, None
        if finalizer is not None:
            await finalizer.aclose()

    def _keep_to_one_loop(self) -> None:
        loop, process = asyncio.get_running_loop(), os.getpid()
        if self._process != process:
            # New, or in a child after a fork, where the parent's connections are not to be used.
            # They are kept, unused: an event loop that does not run here cannot close them.
            self._inherited += [self._finalizer, self._found]
            self._finalizer = self._found = None
            self._loop, self._process = loop, process
        elif self._loop is not loop:
            raise ConfigurationError(
                "This async client belongs to another event loop, in which it was used first. "
                "Make a client in each event loop, and close it there."
            )


async def _close_with_loop(
    slots: AsyncSlots, transport: AsyncPooledTransport | None
) -> AsyncGenerator[None, None]:
    # An event loop finishes the async generators that were begun in it: when they are dropped,
    # and at its own end. So the connections of a client that is never closed are closed.
    try:
        yield
    finally:
        slots.close()
        if transport is not None:
            await transport.aclose()
