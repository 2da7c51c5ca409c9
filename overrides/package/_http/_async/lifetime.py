"""How long connections live: with their client, in one process."""

from __future__ import annotations

import os
import weakref

from ..waits_async import async_home
from .pool import AsyncPool, AsyncPooledTransport, closed_error


class AsyncLifetime:
    """Gives each process a transport of its own, and closes it."""

    def __init__(self, base_url: str | None, at_once: int) -> None:
        self.closed = False
        self._base_url = base_url
        self._at_once = at_once
        self._transports: dict[tuple[int, object], AsyncPooledTransport] = {}

    def begin(self) -> AsyncPooledTransport:
        """Return what sends in this process."""
        home = async_home(self._transports)
        found = self._transports.get(home)
        if found is None:
            self._drop_forked()
            found = AsyncPooledTransport(self._base_url, self._at_once)
            found = self._transports.setdefault(home, found)
            # For a client that is never closed: when it is gone, or at the interpreter's end.
            weakref.finalize(self, _close_idle, os.getpid(), found.pool)
        if self.closed:
            self.close()
            raise closed_error()
        return found

    def close(self) -> None:
        """Close the connections."""
        self.closed = True
        self._drop_forked()
        for transport in self._transports.values():
            transport.pool.close()
        self._transports.clear()

    def _drop_forked(self) -> None:
        process = os.getpid()
        for other in [one for one in self._transports if one[0] != process]:
            self._transports.pop(other).pool.close_all()


def _close_idle(process: int, pool: AsyncPool) -> None:
    if os.getpid() == process:
        pool.close_all(idle=True)
