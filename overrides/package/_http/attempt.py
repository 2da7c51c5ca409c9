"""One attempt of a call on the network: how long it may take, and how far it came."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from .._core.clock import Deadline
from .._core.settings import is_loopback
from .._secrets import Record
from ..errors import ConfigurationError

NOT_ENCRYPTED = (
    "The base URL is http, which is for this machine only, but the request would leave it for {}: "
    "the API key would cross the network in the clear. Use https, or send past the proxy."
)
_SURE = 4.0  # seconds: many servers hang up after 5, and do not say so


class Slot:
    """A place in a pool, which is free again when this is released, or else gone.

    It is apart from its attempt, which a client that was given may hold for longer.

    Attributes:
        owned: What is open in it, each with a method `close`, which is called then.
        free: Does so; None where there is no place yet.
    """

    def __init__(self) -> None:
        self.owned: list[Any] = []
        self.free: Callable[[], None] | None = None

    def release(self) -> None:
        """Give the place back."""
        free, self.free = self.free, None
        if free is not None:
            free()


class Attempt(Record):
    """The time that an attempt has, and whether its request left.

    Attributes:
        owned: What is open for it, in its slot.
        sent: Whether the server may have received any of the request.
        traced: Whether a client that was given told what it did.
    """

    deadline: Deadline
    keepalive: float | None
    encrypted: bool
    owned: list[Any]
    connect_timeout: float | None = None
    repeatable: bool = True
    connect_by: float | None = None
    sent: bool = False
    traced: bool = False

    def remaining(self, error: type[Exception]) -> float | None:
        """Return the seconds that the next operation on the network may take."""
        left = self.deadline.remaining()
        if self.connect_by is not None:
            until = max(0.0, self.connect_by - time.monotonic())
            left = until if left is None else min(left, until)
        if left == 0:
            raise error("the time is over")
        return left

    def trusts(self, connection: Any, *, repeatable: bool) -> bool:
        """Return whether a request, repeatable or not, may be sent over an idle connection."""
        idle, promised = self.deadline.now() - connection.idle_since, connection.promised
        if promised is not None:
            return bool(idle <= promised - min(1.0, promised / 2))
        return (self.keepalive is None or idle <= self.keepalive) and (repeatable or idle <= _SURE)

    def trace_sync(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of what a client that was given does: httpcore's `trace` extension.

        Raises:
            ConfigurationError: It is about to send in the clear to another machine.
        """
        self.traced = True
        elsewhere = None
        match event.split("."):
            case [*_, "connect_tcp", "started"] if not is_loopback(info["host"]):
                elsewhere = info["host"]
            case [*_, "setup_socks5_connection", "started"]:
                elsewhere = "a proxy"
            case [*_, "send_request_headers", "started"]:
                request = info["request"]
                self.sent |= request.method != b"CONNECT"
                # A proxy is asked for a whole URL, a server for a path.
                elsewhere = None if request.url.target.startswith(b"/") else "a proxy"
            case _:
                pass
        if elsewhere and not self.encrypted:
            raise ConfigurationError(NOT_ENCRYPTED.format(elsewhere))

    async def trace_async(self, event: str, info: Mapping[str, Any]) -> None:
        """Do the same for an async client."""
        self.trace_sync(event, info)
