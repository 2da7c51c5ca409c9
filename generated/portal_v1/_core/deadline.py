# Edited in overrides/package/_core/deadline.py, from where `make generate` copies it.
"""The budget of a whole call."""

from __future__ import annotations

import math

from .clock import Clock


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
        """Return the time of the clock that measures it, in seconds."""
        return self._clock.monotonic()

    def allows(self, seconds: float) -> bool:
        """Return whether something that takes `seconds` would be over in time."""
        return self._clock.monotonic() + seconds < self._end

    def extend(self, seconds: float) -> None:
        """Leave `seconds` out of the account: they passed in the caller's own code."""
        self._end += seconds

    def __repr__(self) -> str:
        return f"Deadline(budget={getattr(self, 'budget', None)})"
