# Edited in overrides/package/mock/_clock.py, from where `make generate` copies it.
"""The mock's time: the machine's or another's, moved on by hand."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable


class MockClock:
    """Seconds since 1970, with an offset that only grows until it is reset.

    Args:
        source: What the time is without the offset.
    """

    def __init__(self, source: Callable[[], float]) -> None:
        self._source = source
        self._offset = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        """The time in seconds since 1970."""
        return self._source() + self._offset

    @property
    def offset(self) -> float:
        """By how many seconds the clock was moved on."""
        return self._offset

    def advance(self, seconds: float = 0.0, *, hours: float = 0.0, days: float = 0.0) -> None:
        """Move the time on.

        Args:
            seconds: By how many seconds.
            hours: And by how many hours.
            days: And by how many days.

        Raises:
            ValueError: It would move back, or without end.
        """
        step = seconds + 3600.0 * hours + 86_400.0 * days
        if step < 0 or not math.isfinite(step):
            raise ValueError(f"a clock is moved on by seconds from 0, not by {step!r}")
        with self._lock:
            self._offset += step

    def reset(self, offset: float = 0.0) -> None:
        """Give the time of the source again, with an offset of seconds."""
        with self._lock:
            self._offset = offset
