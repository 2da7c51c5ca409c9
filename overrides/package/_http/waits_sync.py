"""How a thread waits: for the network, for another call, for a host's address."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from .._core.clock import Deadline
from .._lazy import run_apart

Signal = threading.Event


def sync_home(_: Iterable[object]) -> tuple[int, object]:
    """Return the process, whose threads share a client."""
    return os.getpid(), None


def sync_step(connection: Any, name: str, argument: Any, timeout: float | None) -> Any:
    """Return what a method of a socket returns."""
    connection.settimeout(timeout)
    return getattr(connection, name)(argument)


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
