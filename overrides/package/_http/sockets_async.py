"""Connections of an event loop that read and write only as long as the attempt may take.

An exception of the operating system becomes one of httpcore's right where the system was called.
So every other exception that comes by is the caller's own and is left alone, whatever its type.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 # pyright: ignore - asyncio looks a name up in it
import select
import socket
import threading
from contextlib import suppress
from functools import partial
from typing import Any, cast

from .._core.clock import Deadline
from .._secrets import Secret
from .attempt import Attempt
from .library import httpcore

_PART = 65536  # bytes that are written at once
_BUFFER = 32768  # bytes that an async connection may receive before anybody reads them


class AsyncSignal:
    """A `threading.Event` for one waiting task."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[bool] = self._loop.create_future()

    def set(self) -> None:
        """Wake the waiting task, from any thread: what is garbage may be collected in another."""
        if threading.get_ident() == self._thread:
            self._end(came=True)
        else:
            with suppress(RuntimeError):  # The loop is closed, and the task ended with it.
                self._loop.call_soon_threadsafe(partial(self._end, came=True))

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set; return False where the time was over before."""
        timer = None if timeout is None else self._loop.call_later(timeout, self._end)
        try:
            return await self._future
        finally:
            if timer is not None:
                timer.cancel()

    def _end(self, *, came: bool = False) -> None:
        if not self._future.done():
            self._future.set_result(came)


class AsyncSocketStream(asyncio.BufferedProtocol):
    """A connection of an event loop; `connect` comes first."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(_BUFFER))
        self._filled = 0
        self._transport: Any = None
        self._ended = False
        self._failure: Exception | None = None
        self._writable = True
        self._changed: AsyncSignal | None = None

    async def connect(self, address: tuple[str, int], timeout: float | None) -> None:
        """Connect it to an address."""
        try:
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().create_connection(lambda: self, *address)
        except TimeoutError:
            raise httpcore.ConnectTimeout("timed out") from None
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None

    async def read(self, attempt: Attempt) -> Secret[bytes]:
        """Return the next bytes; none at the end."""
        while not self._filled:
            if self._failure is not None:
                raise httpcore.ReadError(str(self._failure))
            if self._ended:
                break
            await self._wait(attempt, httpcore.ReadTimeout)
        return self._take()

    async def write(self, data: memoryview, attempt: Attempt) -> None:
        """Send bytes; a `memoryview` shows none of them in a traceback."""
        while data:
            if self._ended or self._transport.is_closing():
                raise httpcore.WriteError("the connection is closed")
            self._transport.write(data[:_PART])
            data = data[_PART:]
            while not self._writable and not self._ended:
                await self._wait(attempt, httpcore.WriteTimeout)

    async def poll(self) -> Secret[bytes] | None:
        """Return what came unasked, nothing at the end; None where it is open and quiet."""
        # What is there, the event loop reads in its next round.
        while not self._filled and not self._ended:
            if not _is_readable(self._transport):
                return Secret(b"") if self._transport.is_closing() else None
            await asyncio.sleep(0)
        return self._take()

    def close(self) -> None:
        """Close it; the event loop, unless it is closed itself, does so in its next round."""
        if self._transport is not None:
            with suppress(RuntimeError):
                self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._transport.set_write_buffer_limits(high=0)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio gives it
        """Return where the next bytes are to be put."""
        return self._buffer[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take note of bytes that came."""
        self._filled += nbytes
        if self._filled == _BUFFER:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Take note of the end."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end, and of what ended it."""
        self._ended, self._failure = True, self._failure or exc
        self._wake()

    def pause_writing(self) -> None:
        """Wait until the peer has taken what was written."""
        self._writable = False

    def resume_writing(self) -> None:
        """Write on."""
        self._writable = True
        self._wake()

    def _take(self) -> Secret[bytes]:
        data = Secret(bytes(self._buffer[: self._filled]))
        if self._filled == _BUFFER and not self._ended:
            self._transport.resume_reading()
        self._filled = 0
        return data

    async def _wait(self, attempt: Attempt, error: type[Exception]) -> None:
        self._changed = AsyncSignal()
        if not await self._changed.wait(attempt.remaining(error)):
            raise error("timed out")

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()


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


def _is_readable(transport: asyncio.Transport) -> bool:
    connected = cast("socket.socket", transport.get_extra_info("socket"))
    if not hasattr(select, "poll"):
        return bool(select.select([connected], [], [], 0)[0])
    poller = select.poll()
    poller.register(connected, select.POLLIN)
    return bool(poller.poll(0))
