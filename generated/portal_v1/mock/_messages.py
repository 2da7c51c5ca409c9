# Edited in overrides/package/mock/_messages.py, from where `make generate` copies it.
"""What passes between the rooms of the mock, and what can go wrong with the mock itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import islice
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


class Handlers(NamedTuple):
    """Where the requests of a server go."""

    # Turns method, target (path and query, percent-encoded), headers and body into an answer.
    handle: Callable[[str, str, Headers, bytes], Answer]
    # Whether a connection is reset as soon as method, target and headers are there.
    should_reset: Callable[[str, str, Headers], bool]


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


class RefusalError(Exception):
    """A request is refused."""

    def __init__(
        self, statuses: tuple[int, ...], text: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(text)
        self.statuses, self.text, self.headers = statuses, text, headers


def bad_request(text: str) -> RefusalError:
    """A refusal of a request that the document does not allow."""
    return RefusalError((400, 422), text)


def plain(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    """An answer that is HTTP's or the mock's own, not the document's: plain text."""
    content_type = ("content-type", "text/plain; charset=utf-8")
    return Answer(status, [content_type, *headers], f"{text}\n".encode("utf-8", "replace"))


def split_body(answer: Answer) -> tuple[int | None, Iterator[bytes]]:
    """The length of a body as the headers name it, None where it is not known, and its pieces."""
    body, broken, size = answer.body, answer.broken, answer.piece
    length: int | None = None
    if isinstance(body, bytes):
        # A body that is announced one byte longer is cut short even where it has none.
        length = max(len(body), 1) if broken else len(body)
        pieces = iter((body[: len(body) // 2] if broken else body,))
    else:
        pieces = islice(body, 1) if broken else body
    if answer.drip:
        pieces = (
            piece[start : start + size] for piece in pieces for start in range(0, len(piece), size)
        )
    return length, pieces
