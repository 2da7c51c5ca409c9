# Edited in overrides/package/_core/clock.py, from where `make generate` copies it.
"""The time and the chance that a call depends on, in one place so that tests can hold both."""

from __future__ import annotations

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
        ...

    async def sleep_async(self, seconds: float) -> None:
        """Wait for `seconds` without holding up the event loop."""
        ...

    def jitter(self, most: float) -> float:
        """Return a random number of seconds from 0 to `most`."""
        ...


class SystemClock:
    """The machine's own time, and its own chance."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    monotonic = staticmethod(time.monotonic)  # asked many times a call

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait for `seconds` without holding up the event loop."""
        await asyncio.sleep(seconds)

    def jitter(self, most: float) -> float:
        """Return a random number of seconds from 0 to `most`."""
        return self._random.uniform(0, most)
