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
from typing import Final

from ..errors import ConfigurationError
from .clock import Clock

_MAGIC: Final = b"PACE\x00\x00\x00\x03"
_Times = Generator[tuple[deque[float], float], None, None]
"""The times of the last requests, the oldest first, and that of now."""


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
        self._times = deque([-math.inf] * limit)
        # A lock a process: a thread that a fork left behind may hold the parent's.
        self._locks: dict[int, threading.Lock] = {}
        self._path = None if path is None else Path(path)
        if self._path is not None:
            with suppress(BlockingIOError), self._open(self._path) as file:
                self._read(file)

    def reserve(self, clock: Clock, at_most: float | None) -> float | None:
        """Reserve the next place and return the seconds to wait for it.

        Returns:
            0.0 where there is nothing to wait for; None, and nothing is reserved, where it would
            be longer than `at_most`, the seconds that the caller can wait.

        Raises:
            BlockingIOError: Another process holds the file at this moment.
            ConfigurationError: The file cannot be used.
        """
        kept = self._in_memory(clock) if self._path is None else self._in_file(clock, self._path)
        with kept as (times, now):
            wait = max(0.0, times[0] + self.period - now)
            if at_most is not None and wait > at_most:
                return None
            times.popleft()
            times.append(now + wait)
            return wait

    def __repr__(self) -> str:
        return f"Pace({self.limit}, {self.period})"

    @contextmanager
    def _in_memory(self, clock: Clock) -> _Times:
        with self._locks.setdefault(os.getpid(), threading.Lock()):
            yield self._times, clock.monotonic()

    @contextmanager
    def _in_file(self, clock: Clock, path: Path) -> _Times:
        """Keep times in a file, under its lock; the machine's clock is common to all processes."""
        with self._open(path) as file:
            (written, *times), now = self._read(file), clock.time()
            if written > now + self.period:
                # Written by a clock that has been set back since: its times say nothing.
                times = [-math.inf] * self.limit
            kept = deque(times)
            yield kept, now
            os.pwrite(file, _MAGIC + array("d", [now, *kept]).tobytes(), 0)

    @contextmanager
    def _open(self, path: Path) -> Generator[int, None, None]:
        try:
            import fcntl  # noqa: PLC0415 - Windows has none, and may use the rest
        except ImportError:
            raise ConfigurationError(
                "A pace shared through a file needs POSIX file locks, which this system lacks."
            ) from None
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield file
            finally:
                os.close(file)
        except OSError as error:
            if isinstance(error, BlockingIOError) or error.errno is None:
                raise  # Another process holds it; or a signal's handler raised this.
            raise ConfigurationError(
                f"The pace's file {path} cannot be used: {error.strerror}."
            ) from None

    def _read(self, file: int) -> list[float]:
        """Return when the file was written, and then the times of the last requests."""
        times = array("d", [-math.inf] * (1 + self.limit))
        size = len(_MAGIC) + len(times.tobytes())
        content = os.pread(file, size + 1, 0)
        if content and (len(content) != size or not content.startswith(_MAGIC)):
            raise ConfigurationError(
                f"{self._path} is not the file of a pace of {self.limit} requests. "
                "Name another file, or give every process the same limit."
            )
        return [*array("d", content.removeprefix(_MAGIC) or times)]
