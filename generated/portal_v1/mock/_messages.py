"""The plain values that pass between the core and its faces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Answer(NamedTuple):
    """An HTTP answer: status, headers as pairs in order, body as bytes."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Handler(Protocol):
    """Whatever turns one request into one answer, without any input or output of its own.

    `target` is the path with its query, percent-encoded as on the wire.
    """

    def __call__(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Answer: ...


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
