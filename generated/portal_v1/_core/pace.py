# Edited in overrides/package/_core/pace.py, from where `make generate` copies it.
"""How fast a client may send."""

from __future__ import annotations

import math
import os
import struct
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import UnionType
from typing import Final

from attrs import define

from ..errors import ConfigurationError
from .clock import Clock

_STALE_AFTER: Final = 24 * 3600.0


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
        if not _is_number(limit, int) or not _is_number(period, int | float):
            raise ConfigurationError("A pace is a whole number of requests in a number of seconds.")
        if limit < 1 or not 0 < period < math.inf:
            raise ConfigurationError("A pace is one request or more in a period of over 0 seconds.")
        self.limit = limit
        self.period = period
        self._slots = _MemorySlots(limit) if path is None else _FileSlots(limit, Path(path))

    def reserve(self, clock: Clock, at_most: float | None) -> float | None:
        """Reserve the next place and return the seconds to wait for it.

        Args:
            clock: What tells the time.
            at_most: The seconds that the caller can wait; None for any.

        Returns:
            The seconds to wait, 0.0 where there is none; None, and nothing is reserved, where it
            would be longer than the caller can wait.
        """
        with self._slots.oldest() as slot:
            now = self._slots.now(clock)
            wait = max(0.0, slot.time + self.period - now)
            if at_most is not None and wait > at_most:
                return None
            slot.time = now + wait
            slot.taken = True
            return wait

    def __repr__(self) -> str:
        return f"Pace({self.limit}, {self.period})"


def _is_number(value: object, kind: type | UnionType) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


@define
class _Slot:
    """The time of the request that was sent `limit` requests ago."""

    time: float
    taken: bool = False


class _MemorySlots:
    def __init__(self, limit: int) -> None:
        self._times = [-math.inf] * limit
        self._next = 0
        # A lock a process: a thread that a fork left behind may hold the parent's.
        self._locks: dict[int, threading.Lock] = {}

    def now(self, clock: Clock) -> float:
        return clock.monotonic()

    @contextmanager
    def oldest(self) -> Generator[_Slot, None, None]:
        with self._locks.setdefault(os.getpid(), threading.Lock()):
            slot = _Slot(self._times[self._next])
            yield slot
            if slot.taken:
                self._times[self._next] = slot.time
                self._next = (self._next + 1) % len(self._times)


class _FileSlots:
    """A ring of times in a file, under the file's lock; the machine's clock is common to all."""

    _HEADER = struct.Struct("<8sQQ")
    _TIME = struct.Struct("<d")
    _MAGIC = b"PACE\x00\x00\x00\x01"

    def __init__(self, limit: int, path: Path) -> None:
        self._limit = limit
        self._path = path
        with self.oldest():
            pass

    def now(self, clock: Clock) -> float:
        return clock.time()

    @contextmanager
    def oldest(self) -> Generator[_Slot, None, None]:
        with self._locked() as file:
            index = self._index(file)
            place = self._HEADER.size + index * self._TIME.size
            slot = _Slot(self._TIME.unpack(os.pread(file, self._TIME.size, place))[0])
            if slot.time > time.time() + _STALE_AFTER:
                # It was left by a clock that has been set back since.
                slot.time = -math.inf
            yield slot
            if slot.taken:
                os.pwrite(file, self._TIME.pack(slot.time), place)
                self._write_index(file, (index + 1) % self._limit)

    @contextmanager
    def _locked(self) -> Generator[int, None, None]:
        try:
            import fcntl  # noqa: PLC0415 - Windows has none, and may use the rest
        except ImportError:
            raise ConfigurationError(
                "A pace shared through a file needs POSIX file locks, which this system lacks."
            ) from None
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            reason = error.strerror
        else:
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
            finally:
                os.close(file)
            return
        raise ConfigurationError(f"The pace's file {self._path} cannot be opened: {reason}.")

    def _index(self, file: int) -> int:
        header = os.pread(file, self._HEADER.size, 0)
        if not header:
            os.pwrite(file, self._TIME.pack(-math.inf) * self._limit, self._HEADER.size)
            self._write_index(file, 0)
            return 0
        whole = self._HEADER.size + self._limit * self._TIME.size
        if len(header) == self._HEADER.size and os.fstat(file).st_size == whole:
            magic, limit, index = self._HEADER.unpack(header)
            if magic == self._MAGIC and limit == self._limit and index < limit:
                return int(index)
        raise ConfigurationError(
            f"{self._path} is not the file of a pace of {self._limit} requests. "
            "Name another file, or give every process the same limit."
        )

    def _write_index(self, file: int, index: int) -> None:
        os.pwrite(file, self._HEADER.pack(self._MAGIC, self._limit, index), 0)
