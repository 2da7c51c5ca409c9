# Edited in overrides/package/_core/frames.py, from where `make generate` copies it.
"""What a traceback keeps of this package's local variables, and what it tells of a signal."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Final, Self, cast

from .._lazy import signal

_PACKAGE: Final = __name__.removesuffix("_core.frames")
_LIBRARIES: Final = ("httpx.", "httpx2.", "httpcore.", "httpcore2.", "h11.", "anyio.")


class FrameGuard:
    """Clears the local variables of the frames through which an exception leaves a block.

    A call can be interrupted at any line, by a signal or a cancelled task, and error reporters
    send the variables of each frame in a traceback along. Those of this package and of the HTTP
    library may hold the key, a request or an answer. The frames of the caller's own code, such
    as a callable that gives the key, stay as they are.
    """

    on_exit: Callable[[BaseException | None], None] | None = None
    """What is told that the block ends, and with which exception."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for frame in () if error is None else _frames(error):
            if f"{frame.f_globals.get('__name__')}.".startswith((_PACKAGE, *_LIBRARIES)):
                with suppress(RuntimeError):  # it is still running
                    frame.clear()
        if self.on_exit is not None:
            self.on_exit(error)


def _frames(error: BaseException | None) -> Iterator[FrameType]:
    pending, seen = [error], set[int]()
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        pending += (one.__cause__, one.__context__)
        if isinstance(one, BaseExceptionGroup):
            pending += cast("Any", one).exceptions
        for frame, _ in traceback.walk_tb(one.__traceback__):
            yield frame


def is_of_a_signal(error: Exception) -> bool:
    """Return whether a signal's handler raised it, amid anything: it is the caller's own."""
    handlers = (signal.getsignal(number) for number in signal.valid_signals())
    codes = {getattr(handler, "__code__", None) for handler in handlers}
    return any(frame.f_code in codes for frame, _ in traceback.walk_tb(error.__traceback__))
