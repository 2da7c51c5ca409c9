"""What a traceback keeps of this package's local variables: nothing."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Final, Self

from .call import Call

_PACKAGE: Final = __name__.removesuffix("_core.frames")
_LIBRARIES: Final = ("httpx.", "httpx2.", "httpcore.", "httpcore2.", "h11.", "anyio.")


class FrameGuard:
    """Clears the local variables of the frames through which an exception leaves a block.

    A call can be interrupted at any line, by a signal or a cancelled task, and error reporters
    send the variables of each frame in a traceback along. Those of this package and of the HTTP
    library may hold the key, a request or an answer. The frames of the caller's own code, such
    as a callable that gives the key, stay as they are.
    """

    call: Call[Any] | None = None
    """The call that is made in the block, whose end is told."""

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
        if self.call is not None and self.call.is_observed:
            self.call.end(error)


def _frames(error: BaseException | None) -> Iterator[FrameType]:
    pending, seen = [error], set[int]()
    while pending:
        one = pending.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        pending += (one.__cause__, one.__context__)
        inner: tuple[BaseException, ...] = getattr(one, "exceptions", ())
        if isinstance(one, BaseExceptionGroup):
            pending += inner
        for frame, _ in traceback.walk_tb(one.__traceback__):
            yield frame
