# Edited in overrides/package/mock/_messages.py, from where `make generate` copies it.
"""The plain values that pass between the core and its faces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple, Protocol, TypeAlias

Body: TypeAlias = bytes | Iterator[bytes]


class Cut(Enum):
    """Where a connection breaks off."""

    RESET = "reset before the answer"
    EMPTY = "closed without an answer"
    GARBAGE = "closed after a status line that is none"
    TRUNCATED = "closed in the middle of the body"
    RESET_IN_BODY = "reset in the middle of the body"


class Delivery(NamedTuple):
    """How an answer is to be sent, where not simply at once and whole."""

    delay: float = 0.0  # seconds before the first byte
    cut: Cut | None = None
    drip: float = 0.0  # seconds between two pieces of the body
    piece: int = 1  # bytes of a piece


class Answer(NamedTuple):
    """An HTTP answer: status, headers as pairs in order, body.

    The body is bytes, or an iterator of pieces where it is too long to be held in memory.
    """

    status: int
    headers: list[tuple[str, str]]
    body: Body
    delivery: Delivery | None = None

    @property
    def content(self) -> bytes:
        """The whole body. An iterator is used up by it."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)


class Handler(Protocol):
    """Whatever turns one request into one answer, without any input or output of its own.

    `target` is the path with its query, percent-encoded as on the wire.
    """

    def __call__(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Answer: ...


class Gate(Protocol):
    """Whatever says, by the head of a request, whether its connection is reset at once."""

    def __call__(self, method: str, target: str, headers: Iterable[tuple[str, str]]) -> bool: ...


class Doors(NamedTuple):
    """Where the requests of a TCP server go."""

    handle: Handler
    turns_away: Gate
    inspect: Handler | None  # for the inspector's page; None for no such page


class RefusalError(Exception):
    """A request is refused.

    Args:
        statuses: The status to answer with, best first: the first that the document names
            for the operation is taken.
        text: What is wrong, for the person who sent the request.
        headers: Headers that HTTP asks for beside the status.
    """

    def __init__(
        self, statuses: tuple[int, ...], text: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(text)
        self.statuses = statuses
        self.text = text
        self.headers = headers


def bad_request(text: str) -> RefusalError:
    """A refusal of a request that the document does not allow."""
    return RefusalError((400, 422), text)


def plain(status: int, text: str, *headers: tuple[str, str]) -> Answer:
    """An answer that is HTTP's or the mock's own, not the document's: plain text."""
    return Answer(
        status,
        [("content-type", "text/plain; charset=utf-8"), *headers],
        (text + "\n").encode("utf-8", "replace"),
    )
