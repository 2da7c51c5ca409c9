# Edited in overrides/package/mock/_limits.py, from where `make generate` copies it.
"""How much a custodian may send."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from ._locks import make_lock
from ._messages import RefusalError

_WINDOW = 60.0  # seconds


class RateLimit:
    """So many requests in any minute for each credential; what is refused does not count.

    Args:
        requests: How many are let through within a minute.
        clock: Gives the time in seconds.

    Raises:
        ValueError: `requests` is not a whole number from 1.
    """

    def __init__(self, requests: int, clock: Callable[[], float]) -> None:
        if requests < 1:
            raise ValueError(f"rate_limit is a number of requests a minute from 1, not {requests}")
        self.requests = requests
        self._clock = clock
        self._lock = make_lock()
        self._sent: dict[str, deque[float]] = {}

    def admit(self, credential: str) -> None:
        """Count a request.

        Raises:
            RefusalError: It is one too many: 429, with Retry-After in whole seconds.
        """
        with self._lock:
            now = self._clock()
            sent = self._sent.setdefault(credential, deque())
            while sent and not now - _WINDOW < sent[0] <= now:
                sent.popleft()
            if len(sent) < self.requests:
                sent.append(now)
                return
            wait = max(1, math.ceil(sent[0] + _WINDOW - now))
        raise RefusalError((429,), "Too many requests", (("retry-after", str(wait)),))

    def reset(self) -> None:
        """Forget what was sent."""
        with self._lock:
            self._sent.clear()
