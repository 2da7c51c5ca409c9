# Edited in overrides/package/_core/pace.py, from where `make generate` copies it.
"""How fast a client may send."""

from __future__ import annotations

import math
import os
import struct
import threading
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
    """A ring of times in a file, under the file's lock; the machine's clock is common to all."""

    _HEADER = struct.Struct("<8sQQd")
    _TIME = struct.Struct("<d")
    _MAGIC = b"PACE\x00\x00\x00\x02"

    def __init__(self, limit: int, path: Path) -> None:
        self._limit = limit
        self._path = path
        with suppress(BlockingIOError), self._open() as file:
            self._read_header(file)

    def reserve(self, clock: Clock, period: float, at_most: float | None) -> float | None:
        with self._open() as file:
            now = clock.time()
            index, written_at = self._read_header(file)
            if written_at > now + period:
                # Written by a clock that has been set back since: its times say nothing.
                self._write_times(file)
                index = 0
            place = self._HEADER.size + index * self._TIME.size
            (oldest,) = self._TIME.unpack(os.pread(file, self._TIME.size, place))
            wait = _find_wait(oldest, now, period, at_most)
            if wait is not None:
                os.pwrite(file, self._TIME.pack(now + wait), place)
                self._write_header(file, (index + 1) % self._limit, now)
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
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno is None:
                raise  # not the system's, but a signal handler's
            reason = error.strerror
        else:
            return
        raise ConfigurationError(f"The pace's file {self._path} cannot be used: {reason}.")

    def _read_header(self, file: int) -> tuple[int, float]:
        """Return the index of the oldest time, and when the file was written."""
        header = os.pread(file, self._HEADER.size, 0)
        if not header:
            self._write_times(file)
            self._write_header(file, 0, -math.inf)
            return 0, -math.inf
        whole = self._HEADER.size + self._limit * self._TIME.size
        if len(header) == self._HEADER.size and os.fstat(file).st_size == whole:
            magic, limit, index, written_at = self._HEADER.unpack(header)
            if magic == self._MAGIC and limit == self._limit and index < limit:
                return int(index), float(written_at)
        raise ConfigurationError(
            f"{self._path} is not the file of a pace of {self._limit} requests. "
            "Name another file, or give every process the same limit."
        )

    def _write_times(self, file: int) -> None:
        os.pwrite(file, self._TIME.pack(-math.inf) * self._limit, self._HEADER.size)

    def _write_header(self, file: int, index: int, now: float) -> None:
        os.pwrite(file, self._HEADER.pack(self._MAGIC, self._limit, index, now), 0)
