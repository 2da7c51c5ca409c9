"""Controls for the tests of those who use this package."""

from __future__ import annotations

import threading

from ._core.clock import Clock
from ._lazy import asyncio

__all__ = ["Clock", "ManualClock"]


class ManualClock:
    """A clock that moves only when it is told to, or slept on: no test waits for a pause.

    Give it to a client with `portal.with_options(clock=ManualClock())`. Pauses between attempts
    and waits for a pace then take no time, count against the call's `timeout` all the same, and
    are recorded. What the network takes is real, and does not count.

    Args:
        now: Seconds since the epoch at the start, which dates in Retry-After are compared with.
        jitter: Which part of the longest pause each backoff takes: 0.0 for none, 1.0 for all.

    Attributes:
        jitter_share: The `jitter` that was given; it may be changed at any time.
        pauses: The seconds of each pause so far, in order.
        backoffs: The longest pause that each backoff so far could have taken, in order.

    Raises:
        ValueError: `jitter` is not from 0 to 1.

    Example:
        clock = ManualClock()
        portal.with_options(clock=clock).clients.list()
        assert clock.pauses == []
    """

    def __init__(self, *, now: float = 1_750_000_000.0, jitter: float = 1.0) -> None:
        if not 0.0 <= jitter <= 1.0:
            raise ValueError("jitter is from 0 to 1.")
        self.jitter_share = jitter
        self.pauses: list[float] = []
        self.backoffs: list[float] = []
        self._started_at = now
        self._passed = 0.0
        self._lock = threading.Lock()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass.

        Raises:
            ValueError: `seconds` is below 0.
        """
        if seconds < 0:
            raise ValueError("Time does not go back.")
        with self._lock:
            self._passed += seconds

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self._passed

    def time(self) -> float:
        """Return seconds since the epoch."""
        return self._started_at + self._passed

    def sleep(self, seconds: float) -> None:
        """Record a pause and let it pass at once."""
        with self._lock:
            self.pauses.append(seconds)
            self._passed += seconds

    async def sleep_async(self, seconds: float) -> None:
        """Record a pause and let it pass at once; other tasks get their turn."""
        self.sleep(seconds)
        await asyncio.sleep(0)

    def jitter(self, most: float) -> float:
        """Return the share of `most` that was asked for."""
        self.backoffs.append(most)
        return most * self.jitter_share
