"""How long what an event loop sends with lives."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator

from ..errors import ConfigurationError
from ._async.pool import AsyncPool, AsyncPooledTransport, closed_error


class AsyncLifetime:
    """Gives the event loop a transport, and closes it: with the event loop, at the latest."""

    def __init__(self, base_url: str | None, at_once: int) -> None:
        self.closed = False
        self._base_url = base_url
        self._at_once = at_once
        self._transport: AsyncPooledTransport | None = None
        self._finalizer: AsyncGenerator[None, None] | None = None
        self._inherited: list[object] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    async def begin(self) -> AsyncPooledTransport:
        """Return what sends in this event loop."""
        self._keep_to_one_loop()
        if self.closed:
            raise closed_error()
        if self._transport is None:
            self._transport = AsyncPooledTransport(self._base_url, self._at_once)
            self._finalizer = _close_with_loop(self._transport.pool)
            await anext(self._finalizer)
        return self._transport

    async def close(self) -> None:
        """Close the connections."""
        self.closed = True
        if self._loop is not asyncio.get_running_loop() or self._process != os.getpid():
            return
        finalizer, self._finalizer, self._transport = self._finalizer, None, None
        if finalizer is not None:
            await finalizer.aclose()

    def _keep_to_one_loop(self) -> None:
        loop, process = asyncio.get_running_loop(), os.getpid()
        if self._process != process:
            # New, or in a child after a fork, where the parent's connections are not to be used.
            # They are kept, unused: an event loop that does not run here cannot close them.
            self._inherited += [self._finalizer, self._transport]
            self._finalizer = self._transport = None
            self._loop, self._process = loop, process
        elif self._loop is not loop:
            raise ConfigurationError(
                "This async client belongs to another event loop, in which it was used first. "
                "Make a client in each event loop, and close it there."
            )


async def _close_with_loop(pool: AsyncPool) -> AsyncGenerator[None, None]:
    # An event loop finishes the async generators that were begun in it: when they are dropped,
    # and at its own end. So the connections of a client that is never closed are closed.
    try:
        yield
    finally:
        pool.close()
        await asyncio.sleep(0)  # which is when the event loop closes them
