# Edited in overrides/package/_http/_async/sockets.py, of which `make generate` makes this sync twin.
"""A connection that reads and writes only as long as the attempt may take.

An exception of the operating system becomes one of httpcore's right where the system was called.
So every other exception that comes by is the caller's own and is left alone, whatever its type.
"""

from __future__ import annotations

import os
import socket
import weakref
from contextlib import ExitStack, suppress
from typing import Any

from ..._core.frames import is_of_a_signal
from ..attempt import Attempt
from ..library import httpcore
from ..waits_sync import sync_step

_PART = 65536  # bytes that are read at once


class SocketStream:
    """A connection; `connect` comes first."""

    def __init__(self) -> None:
        self._socket: Any = None
        self._buffer = memoryview(bytearray(_PART))  # which shows no byte in a traceback
        self._process = os.getpid()
        self._in_use = self._closed = False
        # What ends a call from outside may strike amid `close`, too.
        self._opened = ExitStack()
        weakref.finalize(self, self._opened.close).atexit = False

    def connect(self, address: tuple[str, int], timeout: float | None) -> None:
        """Connect it to an address."""
        errors = httpcore.ConnectTimeout, httpcore.ConnectError
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            self._socket = self._opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise _translate(error, *errors) from None
        self._step("connect", address, timeout, *errors)

    def read(self, attempt: Attempt) -> bytes:
        """Return the next bytes; none at the end."""
        left = attempt.remaining(httpcore.ReadTimeout)
        size: int = self._step(
            "recv_into", self._buffer, left, httpcore.ReadTimeout, httpcore.ReadError
        )
        return bytes(self._buffer[:size])

    def write(self, data: memoryview, attempt: Attempt) -> None:
        """Send bytes; a `memoryview` shows none of them in a traceback."""
        left = attempt.remaining(httpcore.WriteTimeout)
        self._step("sendall", data, left, httpcore.WriteTimeout, httpcore.WriteError)

    def poll(self) -> bytes | None:
        """Return what came unasked, nothing at the end; None where it is open and quiet."""
        try:
            self._socket.settimeout(0)
            data: bytes = self._socket.recv(_PART)
        except BlockingIOError:
            return None
        except OSError as error:
            _translate(error, httpcore.ReadTimeout, httpcore.ReadError)
            return b""
        return data

    def close(self) -> None:
        """Close it, which wakes what waits for it; in a fork, close the copy alone."""
        self._closed = True
        if self._socket is not None and os.getpid() == self._process:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            if self._in_use:
                return  # An event loop must not lose sight of it before its task is woken.
        self._opened.close()

    def _step(
        self,
        name: str,
        argument: Any,
        timeout: float | None,
        timed_out: type[Exception],
        broken: type[Exception],
    ) -> Any:
        try:
            self._in_use = True
            return sync_step(self._socket, name, argument, timeout)
        except OSError as error:
            raise _translate(error, timed_out, broken) from None
        finally:
            self._in_use = False
            if self._closed:
                self._opened.close()


def _translate(error: OSError, timed_out: type[Exception], broken: type[Exception]) -> Exception:
    """Return what to raise for an exception that a call of the system raised.

    Raises:
        error: A signal's handler raised it during the call: it is the caller's own.
    """
    if is_of_a_signal(error):
        raise error
    kind = timed_out if isinstance(error, TimeoutError) else broken
    return kind(str(error))
