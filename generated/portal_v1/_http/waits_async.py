# Edited in overrides/package/_http/waits_async.py, from where `make generate` copies it.
"""How a task waits: for the network, for another call, for a host's address."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 # pyright: ignore - asyncio looks a name up in it
import os
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from .._core.clock import Deadline
from ..errors import ConfigurationError


class AsyncSignal:
    """A `threading.Event` for one waiting task."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    def set(self) -> None:
        """Wake the waiting task, from any thread: what is garbage may be collected in another."""
        if threading.get_ident() == self._thread:
            self._end()
        else:
            with suppress(RuntimeError):  # The loop is closed, and the task ended with it.
                self._loop.call_soon_threadsafe(self._end)

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set; return False where the time was over before."""
        done, _ = await asyncio.wait([self._future], timeout=timeout)
        return bool(done)

    def _end(self) -> None:
        if not self._future.done():
            self._future.set_result(None)


def async_home(known: Iterable[tuple[int, object]]) -> tuple[int, object]:
    """Return the process and the event loop, whose tasks share a client.

    Raises:
        ConfigurationError: Among those that are known is another event loop of this process.
    """
    home = process, loop = os.getpid(), asyncio.get_running_loop()
    if any(other[0] == process and other[1] is not loop for other in known):
        raise ConfigurationError(
            "This async client belongs to another event loop, in which it was used first. "
            "Make a client in each event loop, and close it there."
        )
    return home


async def async_step(connection: Any, name: str, argument: Any, timeout: float | None) -> Any:
    """Return what a method of a socket returns."""
    connection.settimeout(0)
    async with asyncio.timeout(timeout):
        return await getattr(asyncio.get_running_loop(), f"sock_{name}")(connection, argument)


async def async_look_up(host: str, port: int, timeout: float | None) -> Any:
    """Return what the system knows of a host, or its exception; None where it takes longer."""
    loop = asyncio.get_running_loop()
    asked = asyncio.ensure_future(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    try:
        await asyncio.wait([asked], timeout=timeout)
        return (asked.exception() or asked.result()) if asked.done() else None
    finally:
        asked.cancel()


def async_time_limit(deadline: Deadline) -> asyncio.Timeout:
    """Return a block that ends with a `TimeoutError` when the call has to be over."""
    # A little later than the timeouts of a given client, which know better what was waited for.
    left = deadline.remaining()
    return asyncio.timeout(None if left is None else left + 0.1)
