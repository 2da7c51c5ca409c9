"""Unique values planted wherever a secret may be, and a search of all that anyone may see."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sample
from sample import SampleError

from tests.network._operations import Operation

CANARY: Final = "canary-of-"
"""What every planted value begins with: finding this in what is shown is finding a leak."""
KEY: Final = f"{CANARY}the-api/key+0001"
UNKNOWN: Final = f"{CANARY}a-field-that-nobody-documented-0002"
PACKAGE: Final = str(Path(sample.__file__).parent)
_SECRET = {"pickupCode", "labelToken"}


def planted(operation: Operation) -> Any:
    """A documented answer with a canary in each field that holds a secret, and in a new field."""
    listed = isinstance(operation.example, list)
    whole = [
        {name: f"{CANARY}{name}" if name in _SECRET else value for name, value in one.items()}
        | {"aFieldOfTomorrow": UNKNOWN, "nested": {"deep": [UNKNOWN]}}
        for one in (operation.example if listed else [operation.example])
    ]
    return whole if listed else whole[0]


class Seen:
    """Everything that a person, a log or an error tracker could come to see."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def add(self, where: str, text: str) -> None:
        self.texts[f"{where} ({len(self.texts)})"] = text

    def value(self, where: str, value: Any) -> None:
        """Add what a value shows of itself."""
        self.add(f"repr of {where}", repr(value))
        self.add(f"str of {where}", f"{value}")
        if hasattr(value, "__dict__"):
            self.add(f"vars of {where}", repr(vars(value)))

    def error(self, where: str, error: BaseException) -> None:
        """Add an error, its relatives, its copies, and its tracebacks."""
        self.value(where, error)
        if isinstance(error, SampleError):
            for name, value in vars(error).items():
                self.value(f"{where}.{name}", value)
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                pickled = pickle.dumps(error, protocol)
                self.add(f"pickle {protocol} of {where}", pickled.decode("latin-1"))
                again = pickle.loads(pickled)
                assert (type(again), str(again)) == (type(error), str(error))
            self.value(f"copied {where}", copy.copy(error))
            self.value(f"deep-copied {where}", copy.deepcopy(error))
        self.add(f"traceback of {where}", "".join(traceback.format_exception(error)))
        self._locals(where, traceback.TracebackException.from_exception(error, capture_locals=True))

    def _locals(self, where: str, trace: traceback.TracebackException) -> None:
        for frame in trace.stack:
            if frame.filename.startswith(PACKAGE):
                for name, text in (frame.locals or {}).items():
                    self.add(f"{name} in {frame.name} of {where}", text)
        for relative in (trace.__cause__, trace.__context__):
            if relative is not None:
                self._locals(where, relative)

    @property
    def leaks(self) -> dict[str, str]:
        """Where a canary was found, and what was found there."""
        return {where: text for where, text in self.texts.items() if CANARY in text}


@contextmanager
def watched(*, but_for: tuple[str, ...] = ()) -> Iterator[Seen]:
    """Collect what is logged at any level by anyone, and what is warned of, in the block.

    Args:
        but_for: What the names of loggers begin with that are not listened to.
    """
    seen = Seen()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
    handler.addFilter(lambda record: not record.name.startswith(but_for))
    known = logging.root.manager.loggerDict.values()
    loggers = [logging.getLogger(), *(one for one in known if isinstance(one, logging.Logger))]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(1)
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield seen
    finally:
        logging.getLogger().removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    seen.add("logs", stream.getvalue())
    for warning in warned:
        seen.add("warning", str(warning.message))
