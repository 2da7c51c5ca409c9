# Edited in overrides/package/_core/pace.py, from where `make generate` copies it.
"""How fast a client may send."""

from __future__ import annotations

import math
import os
import threading
from array import array
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import ConfigurationError
from .clock import Clock


class Pace:
    """At most so many requests within any period, in one process or in many.

    One object may be given to many clients, in many threads. Processes on one machine share
    a pace through a file. Each attempt counts, a retry too.

    Args:
        limit: Requests that may be sent within a period.
        period: The period's length in seconds.
        path: A file that the processes which share the pace all name. It is made where it is
            not there.

    Raises:
        ConfigurationError: A number is not positive, or the file cannot be used.

    Example:
        `Portal(pace=Pace(200))` keeps to 200 requests a minute.
    """

    def __init__(
        self, limit: int, period: float = 60.0, *, path: str | os.PathLike[str] | None = None
    ) -> None:
        if type(limit) is not int or limit < 1:
            raise ConfigurationError("A pace is a whole number of requests from 1.")
        if type(period) not in (int, float) or not 0 < period < math.inf:
            raise ConfigurationError("A pace is for a period of a number of seconds over 0.")
        self.limit = limit
        self.period = period
        self._slots = _MemorySlots(limit) if path is None else _FileSlots(limit, Path(path))

    def reserve(self, clock: Clock, at_most: float | None) -> float | None:
        """Reserve the next place and return the seconds to wait for it.

        Returns:
            0.0 where there is nothing to wait for; None, and nothing is reserved, where it would
            be longer than `at_most`, the seconds that the caller can wait.

        Raises:
            BlockingIOError: Another process holds the file at this moment.
            ConfigurationError: The file cannot be used.
        """
        return self._slots.reserve(clock, self.period, at_most)

    def __repr__(self) -> str:
        return f"Pace({self.limit}, {self.period})"


def _find_wait(oldest: float, now: float, period: float, at_most: float | None) -> float | None:
    """Return the seconds until the request that was sent `limit` ago is a period old."""
    wait = max(0.0, oldest + period - now)
    return None if at_most is not None and wait > at_most else wait


class _MemorySlots:
    def __init__(self, limit: int) -> None:
        self._times = deque([-math.inf] * limit, maxlen=limit)
        # A lock a process: a thread that a fork left behind may hold the parent's.
        self._locks: dict[int, threading.Lock] = {}

    def reserve(self, clock: Clock, period: float, at_most: float | None) -> float | None:
        with self._locks.setdefault(os.getpid(), threading.Lock()):
            now = clock.monotonic()
            wait = _find_wait(self._times[0], now, period, at_most)
            if wait is not None:
                self._times.append(now + wait)  # which drops the oldest
            return wait


class _FileSlots:
    """Times in a file, the oldest first, under its lock; the machine's clock is common to all."""

    _MAGIC = b"PACE\x00\x00\x00\x03"

    def __init__(self, limit: int, path: Path) -> None:
        self._limit = limit
        self._path = path
        with suppress(BlockingIOError), self._open() as file:
            self._read(file)

    def reserve(self, clock: Clock, period: float, at_most: float | None) -> float | None:
        with self._open() as file:
            times, now = self._read(file), clock.time()
            if times[0] > now + period:
                # Written by a clock that has been set back since: its times say nothing.
                times = array("d", [-math.inf] * len(times))
            wait = _find_wait(times.pop(1), now, period, at_most)
            if wait is not None:
                times[0] = now
                times.append(now + wait)
                os.pwrite(file, self._MAGIC + times.tobytes(), 0)
            return wait

    @contextmanager
    def _open(self) -> Generator[int, None, None]:
        try:
            import fcntl  # noqa: PLC0415 - Windows has none, and may use the rest
        except ImportError:
            raise ConfigurationError(
                "A pace shared through a file needs POSIX file locks, which this system lacks."
            ) from None
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield file
            finally:
                os.close(file)
        except OSError as error:
            if isinstance(error, BlockingIOError) or error.errno is None:
                raise  # Another process holds it; or a signal's handler raised this.
            raise ConfigurationError(
                f"The pace's file {self._path} cannot be used: {error.strerror}."
            ) from None

    def _read(self, file: int) -> array[float]:
        """Return when the file was written, and then the times of the last requests."""
        times = array("d", [-math.inf] * (1 + self._limit))
        size = len(self._MAGIC) + len(times.tobytes())
        content = os.pread(file, size + 1, 0)
        if not content:
            return times
        if len(content) == size and content.startswith(self._MAGIC):
            return array("d", content.removeprefix(self._MAGIC))
        raise ConfigurationError(
            f"{self._path} is not the file of a pace of {self._limit} requests. "
            "Name another file, or give every process the same limit."
        )
