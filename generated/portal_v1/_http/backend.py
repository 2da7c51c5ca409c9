# Edited in overrides/package/_http/backend.py, from where `make generate` copies it.
"""Network streams that read and write only as long as the call's deadline lets them.

httpx times each read by itself, so that a server that drips one byte at a time holds a call for
as long as it likes. These streams lie beneath httpcore's pool, which takes any that have its
`NetworkBackend` interface, and give each operation only the time that the whole call has left.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .._core.deadline import Deadline
from .library import Library

if TYPE_CHECKING:
    import ssl

    import httpcore

current_deadline: ContextVar[Deadline | None] = ContextVar("current_deadline", default=None)
"""The deadline of the call that this thread or task is sending for."""


@contextmanager
def deadline_scope(deadline: Deadline) -> Generator[None, None, None]:
    """Have what is sent and received in this block keep to the deadline."""
    token = current_deadline.set(deadline)
    try:
        yield
    finally:
        current_deadline.reset(token)


_SHORTEST = 0.001  # A timeout of 0 would make a socket non-blocking instead.
_WRITTEN_AT_ONCE = 65536


def remaining_or_raise(timeout: float | None, over: type[Exception]) -> float | None:
    """Return the seconds that one network operation may take.

    Raises:
        over: None are left. A server that sends without a pause would never let a read time out.
    """
    deadline = current_deadline.get()
    remaining = None if deadline is None else deadline.remaining()
    if remaining is None:
        return timeout
    if remaining == 0:
        raise over("the call's time is over")
    return max(_SHORTEST, remaining if timeout is None else min(timeout, remaining))


def _slices(buffer: bytes) -> Iterator[bytes]:
    # The library gives the same timeout to each part of a buffer that the peer takes in parts.
    for start in range(0, len(buffer), _WRITTEN_AT_ONCE):
        yield buffer[start : start + _WRITTEN_AT_ONCE]


class DeadlineStream:
    """A connection."""

    def __init__(self, stream: httpcore.NetworkStream, library: Library) -> None:
        self._stream = stream
        self._library = library

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes."""
        return self._stream.read(
            max_bytes, remaining_or_raise(timeout, self._library.httpcore.ReadTimeout)
        )

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        over = self._library.httpcore.WriteTimeout
        for part in _slices(buffer):
            self._stream.write(part, remaining_or_raise(timeout, over))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> DeadlineStream:
        """Return the connection with TLS over it."""
        limit = remaining_or_raise(timeout, self._library.httpcore.ConnectTimeout)
        try:
            self.get_extra_info("socket").getpeername()
        except OSError:
            # Of a peer that is gone already, ssl leaves the socket unclosed.
            self.close()
            raise self._library.httpcore.ConnectError(
                "the other side closed it before TLS began"
            ) from None
        secured = self._stream.start_tls(ssl_context, server_hostname, limit)
        return DeadlineStream(secured, self._library)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows under this name."""
        return self._stream.get_extra_info(info)


class DeadlineBackend:
    """Makes connections."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._httpcore = library.httpcore
        self._backend = library.httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> DeadlineStream:
        """Connect to the first of the host's addresses that answers, all within one timeout."""
        limit = remaining_or_raise(timeout, self._httpcore.ConnectTimeout)
        end = None if limit is None else time.monotonic() + limit
        failure: Exception | None = None
        for address in self._addresses(host, port, limit):
            left = None if end is None else max(_SHORTEST, end - time.monotonic())
            try:
                stream = self._backend.connect_tcp(
                    address, port, left, local_address, socket_options
                )
            except self._httpcore.ConnectError as error:
                failure = error
            else:
                return DeadlineStream(stream, self._library)
        raise failure or self._httpcore.ConnectError(f"{host} has no address")

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        self._backend.sleep(seconds)

    def _addresses(self, host: str, port: int, limit: float | None) -> list[str]:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return self._resolve(host, port, limit)
        return [host]

    def _resolve(self, host: str, port: int, limit: float | None) -> list[str]:
        # The system's resolver knows no timeout; it is left behind when time is up.
        answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

        def resolve() -> None:
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except OSError as error:
                answer.put(error)
            else:
                answer.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))

        threading.Thread(target=resolve, name=f"resolve {host}", daemon=True).start()
        try:
            addresses = answer.get(timeout=limit)
        except queue.Empty:
            raise self._httpcore.ConnectTimeout(f"{host} was not resolved in time") from None
        if isinstance(addresses, OSError):
            raise self._httpcore.ConnectError(f"{host} was not resolved: {addresses.strerror}")
        return addresses


class AsyncDeadlineStream:
    """A connection of an event loop."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, library: Library) -> None:
        self._stream = stream
        self._library = library

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes."""
        return await self._stream.read(
            max_bytes, remaining_or_raise(timeout, self._library.httpcore.ReadTimeout)
        )

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        over = self._library.httpcore.WriteTimeout
        for part in _slices(buffer):
            await self._stream.write(part, remaining_or_raise(timeout, over))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncDeadlineStream:
        """Return the connection with TLS over it."""
        limit = remaining_or_raise(timeout, self._library.httpcore.ConnectTimeout)
        secured = await self._stream.start_tls(ssl_context, server_hostname, limit)
        return AsyncDeadlineStream(secured, self._library)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows under this name."""
        return self._stream.get_extra_info(info)


class AsyncDeadlineBackend:
    """Makes connections of an event loop."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._backend = library.httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncDeadlineStream:
        """Connect to the host, resolving its name included."""
        limit = remaining_or_raise(timeout, self._library.httpcore.ConnectTimeout)
        stream = await self._backend.connect_tcp(host, port, limit, local_address, socket_options)
        return AsyncDeadlineStream(stream, self._library)

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await self._backend.sleep(seconds)
