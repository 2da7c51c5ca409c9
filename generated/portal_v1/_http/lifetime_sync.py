# Edited in overrides/package/_http/lifetime_sync.py, from where `make generate` copies it.
"""How long what a process sends with lives."""

from __future__ import annotations

import os
import weakref

from ._sync.pool import Pool, PooledTransport, closed_error


class Lifetime:
    """Gives each process a transport of its own, and closes it."""

    def __init__(self, base_url: str | None, at_once: int) -> None:
        self.closed = False
        self._base_url = base_url
        self._at_once = at_once
        self._of_process: dict[int, PooledTransport] = {}

    def begin(self) -> PooledTransport:
        """Return what sends in this process."""
        process = os.getpid()
        found = self._of_process.get(process)
        if found is None:
            self._drop_forked()
            found = PooledTransport(self._base_url, self._at_once)
            found = self._of_process.setdefault(process, found)
            # For a client that is never closed: when it is gone, or at the interpreter's end.
            weakref.finalize(self, _close_idle, process, found.pool)
        if self.closed:
            self.close()
            raise closed_error()
        return found

    def close(self) -> None:
        """Close the connections."""
        self.closed = True
        self._drop_forked()
        for transport in self._of_process.values():
            transport.pool.close()
        self._of_process.clear()

    def _drop_forked(self) -> None:
        process = os.getpid()
        for other in [one for one in self._of_process if one != process]:
            self._of_process.pop(other).pool.close_all()


def _close_idle(process: int, pool: Pool) -> None:
    if os.getpid() == process:
        pool.close_all(idle=True)
