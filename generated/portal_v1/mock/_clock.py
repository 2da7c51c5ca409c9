# Edited in overrides/package/mock/_clock.py, from where `make generate` copies it.
"""The mock's time, its clients' time, and the lock on what a mock knows."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from random import Random

from .._core.clock import SystemClock
from .._lazy import asyncio

# Is held while what a mock knows is read or changed. There is one for all mocks: a fork waits for
# it, so that the child finds it free and the data whole.
LOCK = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release
    )


class MockClock:
    """Seconds since 1970, with an offset that only grows until it is reset.

    Args:
        source: What the time is without the offset; by default the machine's time.
    """

    def __init__(self, source: Callable[[], float] | None = None) -> None:
        self._source = source
        self.offset = 0.0  #: By how many seconds the clock was moved on.

    def __call__(self) -> float:
        """The time in seconds since 1970."""
        # Looked up at each call: tests that freeze time put another one there.
        return (self._source or time.time)() + self.offset

    def advance(self, seconds: float = 0.0, *, hours: float = 0.0, days: float = 0.0) -> None:
        """Move the time on, by the sum of these. It cannot move back: that is a ValueError."""
        step = seconds + 3600.0 * hours + 86_400.0 * days
        with LOCK:
            if not 0 <= step < math.inf or self.offset + step == math.inf:
                raise ValueError(f"a clock is moved on by seconds from 0, not by {step!r}")
            self.offset += step

    def reset(self, offset: float = 0.0) -> None:
        """Give the time of the source again, with an offset of seconds."""
        with LOCK:
            self.offset = offset


class ClientClock(SystemClock):
    """The clock of a client of the mock: a pause between attempts moves the mock's time on.

    How long an answer takes is real, and counts against the call's `timeout` too.
    """

    def __init__(self, mock_clock: MockClock) -> None:
        self._mock_clock, self._skipped = mock_clock, 0.0
        self._random = Random(0)  # noqa: S311 - chance, not secrecy

    def monotonic(self) -> float:
        """Return seconds that only grow, pauses included."""
        return time.monotonic() + self._skipped

    def time(self) -> float:
        """Return the mock's time."""
        return self._mock_clock()

    def sleep(self, seconds: float) -> None:
        """Let a pause pass at once."""
        with LOCK:
            self._mock_clock.advance(seconds)
            self._skipped += seconds

    async def sleep_async(self, seconds: float) -> None:
        """Let a pause pass at once; other tasks get their turn."""
        self.sleep(seconds)
        await asyncio.sleep(0)
