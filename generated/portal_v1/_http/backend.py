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
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .._core.deadline import Deadline
from .library import Library

if TYPE_CHECKING:
    import ssl

    import httpcore

current_deadline: ContextVar[Deadline | None] = ContextVar("current_deadline", default=None)
"""The deadline of the call that this thread or task is sending for."""

_SHORTEST = 0.001  # A timeout of 0 would make a socket non-blocking instead.


def time_left(timeout: float | None) -> float | None:
    """Return the seconds that one network operation may take."""
    deadline = current_deadline.get()
    remaining = None if deadline is None else deadline.remaining()
    if remaining is None:
        return timeout
    return max(_SHORTEST, remaining if timeout is None else min(timeout, remaining))


class DeadlineStream:
    """A connection."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes."""
        return self._stream.read(max_bytes, time_left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._stream.write(buffer, time_left(timeout))

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
        return DeadlineStream(
            self._stream.start_tls(ssl_context, server_hostname, time_left(timeout))
        )

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows under this name."""
        return self._stream.get_extra_info(info)


class DeadlineBackend:
    """Makes connections."""

    def __init__(self, library: Library) -> None:
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
        limit = time_left(timeout)
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
                return DeadlineStream(stream)
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

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes."""
        return await self._stream.read(max_bytes, time_left(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        await self._stream.write(buffer, time_left(timeout))

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
        return AsyncDeadlineStream(
            await self._stream.start_tls(ssl_context, server_hostname, time_left(timeout))
        )

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows under this name."""
        return self._stream.get_extra_info(info)


class AsyncDeadlineBackend:
    """Makes connections of an event loop."""

    def __init__(self, library: Library) -> None:
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
        return AsyncDeadlineStream(
            await self._backend.connect_tcp(
                host, port, time_left(timeout), local_address, socket_options
            )
        )

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await self._backend.sleep(seconds)
