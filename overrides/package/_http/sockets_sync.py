"""Connections of threads that read and write only as long as the attempt may take.

An exception of the operating system becomes one of httpcore's right where the system was called.
So every other exception that comes by is the caller's own and is left alone, whatever its type.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from typing import Any

from .._core.clock import Deadline
from .._lazy import run_apart
from .._secrets import Secret
from .attempt import Attempt
from .library import httpcore

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

    def connect(self, address: tuple[str, int], timeout: float | None) -> None:
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
            raise _translate(error, httpcore.ConnectTimeout, httpcore.ConnectError) from None

    def read(self, attempt: Attempt) -> Secret[bytes]:
        """Return the next bytes; none at the end."""
        try:
            self._socket.settimeout(attempt.remaining(httpcore.ReadTimeout))
            return Secret(self._socket.recv(_PART))
        except OSError as error:
            raise _translate(error, httpcore.ReadTimeout, httpcore.ReadError) from None

    def write(self, data: memoryview, attempt: Attempt) -> None:
        """Send bytes; a `memoryview` shows none of them in a traceback."""
        try:
            while data:
                self._socket.settimeout(attempt.remaining(httpcore.WriteTimeout))
                data = data[self._socket.send(data[:_PART]) :]
        except OSError as error:
            raise _translate(error, httpcore.WriteTimeout, httpcore.WriteError) from None

    def poll(self) -> Secret[bytes] | None:
        """Return what came unasked, nothing at the end; None where it is open and quiet."""
        try:
            self._socket.settimeout(0)
            return Secret(self._socket.recv(_PART))
        except BlockingIOError:
            return None
        except OSError as error:
            _translate(error, httpcore.ReadTimeout, httpcore.ReadError)
            return Secret(b"")

    def close(self) -> None:
        """Close it, which wakes a thread that waits for it; in a fork, close the copy alone."""
        if self._socket is None:
            return
        if os.getpid() == self._process:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def sync_look_up(host: str, port: int, timeout: float | None) -> Any:
    """Return what the system knows of a host, or its exception; None where it takes longer."""

    def look_up() -> Any:
        try:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - it is the system's, and no caller's
            return error

    # The system's resolver knows no timeout; it is left behind when time is up.
    return run_apart(look_up, timeout)


def sync_time_limit(_: Deadline) -> AbstractContextManager[None]:
    """Return a block that nothing ends: a thread cannot be interrupted."""
    return nullcontext()


def _translate(error: OSError, timed_out: type[Exception], broken: type[Exception]) -> Exception:
    """Return what to raise for an exception that a call of the system raised.

    Raises:
        error: A signal's handler raised it during the call: it is the caller's own.
    """
    if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
        raise error
    kind = timed_out if isinstance(error, TimeoutError) else broken
    return kind(str(error))
