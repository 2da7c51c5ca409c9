"""The journal: every request and its answer, secrets masked."""

from __future__ import annotations

import json
from collections import deque
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from ._core import Served
from ._errors import StateError
from ._locks import make_lock
from ._masking import Masking

KEPT = 10_000  # the newest entries that are held in memory
_LONGEST = 64 * 1024  # bytes of a body that is kept


class Seen(NamedTuple):
    """A request and what became of it, as it was."""

    operation_id: str | None
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    served: Served
    faults: tuple[str, ...]
    time: float
    duration: float


class Entry:
    """One request and its answer. Secrets are masked in everything that it shows.

    Attributes:
        number: Counts the requests of a mock from 1.
        operation_id: The operation; None where the document has none there.
        method: The request's method.
        status: The answer's status, also where a fault kept it from arriving; None where a
            fault came before there was one.
        time: When the request came, in the mock's time: seconds since 1970.
        duration: The seconds that the mock took. Delays that were asked for do not count.
        request_problem: Why the request was refused; None where it was not.
        answer_problem: Why the intended answer was not what the document says; None where it
            was, or was not looked at.
        faults: The names of the faults that struck.
    """

    __slots__ = (
        "_masking",
        "_seen",
        "answer_problem",
        "duration",
        "faults",
        "method",
        "number",
        "operation_id",
        "request_problem",
        "status",
        "time",
    )

    def __init__(self, number: int, seen: Seen, masking: Masking) -> None:
        self._masking = masking
        answer = seen.served.answer
        kept = answer.body if _is_kept(answer.body) else b""
        served = seen.served._replace(answer=answer._replace(body=kept))
        self._seen = seen._replace(served=served, body=seen.body if _is_kept(seen.body) else b"")
        self.number = number
        self.operation_id = seen.operation_id
        self.method = seen.method
        self.status = answer.status or None
        self.time = seen.time
        self.duration = seen.duration
        self.request_problem = seen.served.request_problem
        self.answer_problem = seen.served.answer_problem
        self.faults = seen.faults

    @property
    def target(self) -> str:
        """Path and query, percent-encoded."""
        return self._masking.target(self._seen.target)

    @property
    def request_headers(self) -> dict[str, str]:
        """The request's headers by name in lower case."""
        return self._masking.headers(self._seen.headers)

    @property
    def request_body(self) -> Any:
        """The request's JSON value; None where it has none, or one of more than 64 KiB."""
        return self._masking.body(self._seen.body)

    @property
    def answer_headers(self) -> dict[str, str]:
        """The answer's headers by name in lower case."""
        return self._masking.headers(self._seen.served.answer.headers)

    @property
    def answer_body(self) -> Any:
        """The answer's JSON value; None where it has none, or one of more than 64 KiB."""
        return self._masking.body(self._seen.served.answer.content)

    def as_dict(self) -> dict[str, Any]:
        """The entry as a JSON value."""
        return {
            "number": self.number,
            "time": self.time,
            "duration": self.duration,
            "operation_id": self.operation_id,
            "method": self.method,
            "target": self.target,
            "status": self.status,
            "request_problem": self.request_problem,
            "answer_problem": self.answer_problem,
            "faults": list(self.faults),
            "request_headers": self.request_headers,
            "request_body": self.request_body,
            "answer_headers": self.answer_headers,
            "answer_body": self.answer_body,
        }

    def __repr__(self) -> str:
        return f"<Entry {self.number}: {self.method} {self.target} {self.status}>"


class Journal:
    """The entries, the newest 10,000 in memory. Every method may be called from any thread.

    Args:
        masking: What must not be shown.
        log: A file to which each entry is added as a line of JSON.

    Raises:
        StateError: The file cannot be written.
    """

    def __init__(self, masking: Masking, log: str | PathLike[str] | None) -> None:
        self._masking = masking
        self._lock = make_lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._number = 0
        self._file: TextIO | None = None
        if log is not None:
            try:
                self._file = Path(fspath(log)).open("a", encoding="utf-8")  # noqa: SIM115
            except OSError as error:
                raise StateError(f"The log {fspath(log)} cannot be written ({error}).") from None

    def add(self, seen: Seen) -> None:
        """Write down a request and its answer."""
        with self._lock:
            self._number += 1
            entry = Entry(self._number, seen, self._masking)
            self._entries.append(entry)
            if self._file is not None:
                self._file.write(json.dumps(entry.as_dict(), ensure_ascii=True) + "\n")
                self._file.flush()

    def entries(self, operation_id: str | None = None, after: int = 0) -> list[Entry]:
        """The entries, oldest first; those of one operation, and of a higher number."""
        with self._lock:
            return [
                entry
                for entry in self._entries
                if entry.number > after and operation_id in (None, entry.operation_id)
            ]

    def reset(self) -> None:
        """Forget the entries, and count from 1 again. The file stays as it is."""
        with self._lock:
            self._entries.clear()
            self._number = 0

    def close(self) -> None:
        """Close the file. May be called again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def _is_kept(body: object) -> bool:
    return isinstance(body, bytes) and len(body) <= _LONGEST
