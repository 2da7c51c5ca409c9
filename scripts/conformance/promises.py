"""What the client promises about repeats, held against one call that met one fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import httpx

from .sending import Outcome

# After these the client promises to send a repeatable call again.
_TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
_REFUSED: Final = 429


def broken_promises(outcome: Outcome, *, repeatable: bool) -> Iterator[str]:
    """Yield what the client promises about repeats and did not keep.

    Args:
        outcome: A call whose first exchange met a fault, and no other.
        repeatable: Whether the operation may be sent again.
    """
    if not outcome.exchanges:
        yield f"nothing was sent: {outcome.error}"
        return
    first, count = outcome.exchanges[0].answer, len(outcome.exchanges)
    status = None if first is None or is_cut(first) else first.status_code
    if status == _REFUSED or (repeatable and (status is None or status in _TRANSIENT)):
        if count != 2 or outcome.error is not None:
            yield f"sent {count} times, and ended in {outcome.error!r}: it is to be sent again"
    elif count != 1:
        yield f"sent {count} times: the server may have acted on the first"
    if outcome.error is not None and not repeatable and status != _REFUSED:
        is_refusal = status is not None and 400 <= status < 500
        if not is_refusal and getattr(outcome.error, "maybe_processed", None) is not True:
            yield "the error says that nothing happened, and nobody can know"


def short_pauses(outcome: Outcome, pauses: Sequence[float]) -> Iterator[str]:
    """Yield where the client waited for less than the server asked for.

    Args:
        outcome: A call.
        pauses: The seconds that the client waited for between its attempts.
    """
    for (_, answer), pause in zip(outcome.exchanges, pauses, strict=False):
        asked = "" if answer is None else answer.headers.get("retry-after", "")
        if asked.isdecimal() and pause < float(asked):
            yield f"waited {pause:g} s, and the server asked for {asked} s"


def is_cut(answer: httpx.Response) -> bool:
    """Whether an answer is shorter than it says."""
    length = answer.headers.get("content-length")
    return length is not None and int(length) != len(answer.content)
