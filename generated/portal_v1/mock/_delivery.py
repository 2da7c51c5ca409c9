# Edited in overrides/package/mock/_delivery.py, from where `make generate` copies it.
"""An answer's body in the pieces in which it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ._messages import Answer, Cut, Delivery

_PLAIN = Delivery()


@dataclass(frozen=True)
class Pieces:
    """The pieces of a body.

    Attributes:
        length: The bytes of the whole body as the headers name it; None where nobody knows.
        pieces: What is sent of it.
        pause: Seconds between two pieces.
        cut: How the connection breaks after them, where it does.
    """

    length: int | None
    pieces: Iterator[bytes]
    pause: float
    cut: Cut | None


def pieces_of(answer: Answer) -> Pieces:
    """The pieces in which an answer's body is sent."""
    delivery = answer.delivery or _PLAIN
    body = answer.body
    cut = delivery.cut if delivery.cut in (Cut.TRUNCATED, Cut.RESET_IN_BODY) else None
    if isinstance(body, bytes):
        # A body that is announced one byte longer is cut short even where it has none.
        length = max(len(body), 1) if cut else len(body)
        pieces = iter((body[: len(body) // 2] if cut else body,))
    else:
        length, pieces = None, islice(body, 1) if cut else body
    if delivery.drip:
        pieces = _sliced(pieces, delivery.piece)
    return Pieces(length, pieces, delivery.drip, cut)


def _sliced(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), size):
            yield piece[start : start + size]
