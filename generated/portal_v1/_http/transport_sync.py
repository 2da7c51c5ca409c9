# Edited in overrides/package/_http/transport_sync.py, from where `make generate` copies it.
"""What a process sends with."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any

from ._sync.connector import Connector
from ._sync.pool import Pool, Slots, closed_error
from .route import find_route

if TYPE_CHECKING:
    import httpx
else:
    from .library import httpx

_AT_ONCE = 100  # requests, as httpx does


class PooledTransport(httpx.HTTPTransport):
    """httpx's transport over a pool of ours.

    It is a subclass, and leaves the sending to httpx, so that what instruments httpx (such as
    OpenTelemetry) sees it.
    """

    def __init__(self, base_url: str, slots: Slots) -> None:
        # httpx's own initialiser would load the certificates again, for a pool not used.
        self.pool = Pool(Connector(*find_route(base_url)), slots)
        self._pool: Any = self.pool

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, whose body is still to come."""
        return self.handle_request(request)


class Lifetime:
    """Gives each process a transport of its own, and closes it."""

    def __init__(self, base_url: str | None, at_once: int = _AT_ONCE) -> None:
        self.closed = False
        self._base_url = base_url
        self._at_once = at_once
        self._of_process: dict[int, tuple[Slots, PooledTransport | None]] = {}

    def begin(self) -> tuple[Slots, PooledTransport | None]:
        """Return what limits the requests of this process, and what sends them."""
        process = os.getpid()
        found = self._of_process.get(process)
        if found is None:
            self._drop_forked()
            slots = Slots(self._at_once)
            transport = None if self._base_url is None else PooledTransport(self._base_url, slots)
            found = self._of_process.setdefault(process, (slots, transport))
            if found[1] is not None:
                # For a client that is never closed: when it is gone, or at the interpreter's end.
                weakref.finalize(self, _close_idle, process, found[1])
        if self.closed:
            self.close()
            raise closed_error()
        return found

    def close(self) -> None:
        """Close the connections."""
        self.closed = True
        self._drop_forked()
        for slots, transport in self._of_process.values():
            slots.close()
            if transport is not None:
                transport.close()
        self._of_process.clear()

    def _drop_forked(self) -> None:
        process = os.getpid()
        for other in [one for one in self._of_process if one != process]:
            _, transport = self._of_process.pop(other)
            if transport is not None:
                transport.pool.close_all()


def _close_idle(process: int, transport: PooledTransport) -> None:
    if os.getpid() == process:
        transport.pool.close_idle()
