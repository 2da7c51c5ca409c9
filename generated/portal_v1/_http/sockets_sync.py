# Edited in overrides/package/_http/sockets_sync.py, from where `make generate` copies it.
"""Connections of threads that read and write only as long as the attempt may take.

An exception of the operating system becomes one of httpcore's right where the system was called.
So every other exception that comes by is the caller's own and is left alone, whatever its type.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref
from contextlib import ExitStack, suppress
from typing import Any

from .._lazy import LateError, run_apart
from .._secrets import Secret
from .attempt import Attempt
from .library import httpcore
from .proxies import is_address
from .sockets import Address, not_resolved, to_addresses, translate

_PART = 65536  # bytes that are read or written at once

Signal = threading.Event


class SocketStream:
    """A connection of a thread; `connect` comes first."""

    def __init__(self) -> None:
        self._socket: Any = None
        self._process = os.getpid()
        # What ends a call from outside may strike amid `close`, too.
        self._opened = ExitStack()
        weakref.finalize(self, self._opened.close).atexit = False

    def connect(self, address: Address, timeout: float | None) -> None:
        """Connect it to an address."""
        try:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            self._socket = self._opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self.close()
            raise translate(error, httpcore.ConnectTimeout, httpcore.ConnectError) from None

    def read(self, attempt: Attempt) -> Secret[bytes]:
        """Return the next bytes; none at the end."""
        try:
            self._socket.settimeout(attempt.remaining(httpcore.ReadTimeout))
            return Secret(self._socket.recv(_PART))
        except OSError as error:
            raise translate(error, httpcore.ReadTimeout, httpcore.ReadError) from None

    def write(self, data: memoryview, attempt: Attempt) -> None:
        """Send bytes; a `memoryview` shows none of them in a traceback."""
        try:
            while data:
                self._socket.settimeout(attempt.remaining(httpcore.WriteTimeout))
                data = data[self._socket.send(data[:_PART]) :]
        except OSError as error:
            raise translate(error, httpcore.WriteTimeout, httpcore.WriteError) from None

    def poll(self) -> Secret[bytes] | None:
        """Return what came unasked, nothing at the end; None where it is open and quiet."""
        try:
            self._socket.settimeout(0)
            return Secret(self._socket.recv(_PART))
        except BlockingIOError:
            return None
        except OSError as error:
            translate(error, httpcore.ReadTimeout, httpcore.ReadError)
            return Secret(b"")

    def close(self) -> None:
        """Close it, which wakes a thread that waits for it; in a fork, close the copy alone."""
        if self._socket is None:
            return
        if os.getpid() == self._process:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def sync_resolve(host: str, port: int, attempt: Attempt) -> list[Address]:
    """Return a host's addresses."""
    if is_address(host):
        return [(host, port)]

    def look_up() -> list[Address] | Exception:
        try:
            return to_addresses(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - it is the system's, and no caller's
            return error

    try:
        # The system's resolver knows no timeout; it is left behind when time is up.
        found = run_apart(look_up, attempt.remaining(httpcore.ConnectTimeout))
    except LateError:
        raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from None
    if isinstance(found, Exception):
        raise not_resolved(host, found)
    return found


def sync_connect(address: Address, timeout: float | None, owned: list[Any]) -> SocketStream:
    """Return a connection to an address, which is `owned` before it is made."""
    stream = SocketStream()
    owned.append(stream)
    stream.connect(address, timeout)
    return stream
