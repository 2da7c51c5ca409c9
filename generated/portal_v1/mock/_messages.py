# Edited in overrides/package/mock/_messages.py, from where `make generate` copies it.
"""What passes between the rooms of the mock, and what can go wrong with the mock itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias

PREFIX = "/__mock__"  # of the control API's paths

Body: TypeAlias = bytes | Iterator[bytes]
Headers: TypeAlias = Iterable[tuple[str, str]]


class Break(Enum):
    """Where a connection breaks off."""

    RESET = "reset before the answer"
    EMPTY = "closed without an answer"
    GARBAGE = "closed after a status line that is none"
    TRUNCATED = "closed in the middle of the body"
    RESET_IN_BODY = "reset in the middle of the body"


class Answer(NamedTuple):
    """An HTTP answer; its body is an iterator where it is too long to be held in memory."""

    status: int
    headers: list[tuple[str, str]]
    body: Body
    # How it is sent, where not simply at once and whole:
    delay: float = 0.0  # seconds before the first byte
    broken: Break | None = None
    drip: float = 0.0  # seconds between two pieces of the body
    piece: int = 1  # bytes of a piece
    # What was found wrong:
    request_problem: str | None = None  # why the request was refused
    answer_problem: str | None = None  # why the intended answer was not sent
    strict_problem: str | None = None  # why a strict mock would have refused the request

    @property
    def content(self) -> bytes:
        """The whole body. An iterator is used up by it."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)


class MockError(Exception):
    """The mock cannot be built or started. The text says why and what to do."""


class DocumentError(MockError):
    """The OpenAPI document cannot be served as it stands."""


class StateError(MockError):
    """The database file cannot be used: unreadable, damaged, or made by something else."""


class ServeError(MockError):
    """The TCP server cannot listen where it was told to."""


class FaultError(MockError, ValueError):
    """A fault cannot be set: its name, its operation or one of its settings is not known."""


class MockDependencyError(MockError, ImportError):
    """A package that only the mock needs is not installed."""


@dataclass(eq=False)
class RefusalError(Exception):
    """A request is refused, by default for what the document does not allow."""

    text: str
    statuses: tuple[int, ...] = (400, 422)
    headers: tuple[tuple[str, str], ...] = ()


def plain(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    """An answer that is HTTP's or the mock's own, not the document's: plain text."""
    content_type = ("content-type", "text/plain; charset=utf-8")
    return Answer(status, [content_type, *headers], f"{text}\n".encode("utf-8", "replace"))
