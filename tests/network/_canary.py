"""A search for secrets in all that anyone may see."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import sample
from sample import SampleError

from tests.network._operations import CANARY

PACKAGE: Final = str(Path(sample.__file__).parent)


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
            self.add(f"pickle of {where}", pickle.dumps(error).decode("latin-1"))
            copies = pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)
            for other in copies:
                self.value(f"copied {where}", other)
                assert (type(other), str(other)) == (type(error), str(error))
                assert other.maybe_processed is error.maybe_processed
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
def watched(*, but_for: str = "nobody") -> Iterator[Seen]:
    """Collect what is logged in the block, at any level, by all but one library."""
    seen = Seen()

    def listen(logger: logging.Logger, record: logging.LogRecord) -> None:
        if not logger.name.startswith(but_for):
            seen.add(f"log of {logger.name}", f"{record.getMessage()} {record.args}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Logger, "isEnabledFor", lambda *_: True)
        patch.setattr(logging.Logger, "handle", listen)
        yield seen
