# Edited in overrides/package/_core/clock.py, from where `make generate` copies it.
"""The time and the chance that a call depends on, so that tests can hold both; its budget."""

from __future__ import annotations

import math
import random
import time
from typing import Protocol

from .._lazy import asyncio


class Clock(Protocol):
    """Where a client takes its time and its jitter from."""

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        ...

    def time(self) -> float:
        """Return seconds since the epoch, to compare with dates that a server names."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait for `seconds` without holding up the event loop."""

    def jitter(self, most: float) -> float:
        """Return a random number of seconds from 0 to `most`."""
        ...


class SystemClock:
    """The machine's own time, and its own chance."""

    monotonic = staticmethod(time.monotonic)  # asked many times a call
    _random: random.Random = random.SystemRandom()

    def time(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def jitter(self, most: float) -> float:
        return self._random.uniform(0, most)


class Deadline:
    """When a call has to be over: everything that can take time asks the same one."""

    __slots__ = ("_clock", "_end", "budget")

    def __init__(self, budget: float | None, clock: Clock) -> None:
        self.budget = budget
        self._clock = clock
        self._end = math.inf if budget is None else clock.monotonic() + budget

    def remaining(self) -> float | None:
        """Return the seconds that are left, never below 0; None where there is no end."""
        if self._end == math.inf:
            return None
        left = self._end - self._clock.monotonic()
        return left if left > 0 else 0.0

    def now(self) -> float:
        return self._clock.monotonic()

    def allows(self, seconds: float) -> bool:
        return self._clock.monotonic() + seconds < self._end

    def extend(self, seconds: float) -> None:
        """Leave `seconds` out of the account: they passed in the caller's own code."""
        self._end += seconds
