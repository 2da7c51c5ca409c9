"""A step of a call, as an observer is told of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple


class CallEvent(NamedTuple):
    """A step of a call, as an observer is told. It holds no secret, no body and no id.

    Attributes:
        kind: What happened. A call starts; each of its attempts starts and ends, with a pause
            between two of them, or before one where a pace asks for it; the call ends.
        call_id: The same number for all events of a call, until it ends.
        operation_id: The operation, as the specification names it.
        method: Its HTTP method.
        path: Its path, with the names of parameters in braces.
        base_url: Where it is sent.
        attempt: The attempt's number from 1; how many there have been so far.
        status: The status that was answered; None where none was.
        error: The name of the class of what went wrong; None where a status says it, too.
        reason: Why a pause comes before another attempt; None for that of a pace.
        seconds: How long the attempt or the call took, or the pause will. An attempt whose body
            is streamed ends with the head of the answer.
        size: The bytes of the answer's body; None where there is none yet.
        request_id: The server's name for the request.
    """

    kind: Literal["call_start", "attempt_start", "attempt_end", "pause", "call_end"]
    call_id: int
    operation_id: str
    method: str
    path: str
    base_url: str
    attempt: int
    status: int | None = None
    error: str | None = None
    reason: str | None = None
    seconds: float | None = None
    size: int | None = None
    request_id: str | None = None


Observer = Callable[[CallEvent], object]
