"""One call, and what it knows of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from attrs import define, field

from .deadline import Deadline
from .operation import Operation, Request
from .settings import Settings

T = TypeVar("T")


@define(eq=False)
class Call(Generic[T]):
    """One call, and how it has gone so far.

    Attributes:
        operation: What is called.
        request: What is asked for.
        settings: The client's settings, those given for this call in their place.
        deadline: When it has to be over.
        is_closed: Tells whether the client has been closed.
        stream: Whether the response is handed on before its body is read.
        attempts: How often it has been sent.
        maybe_processed: Whether the server may have acted on it.
        is_observed: Whether its steps are told, to which the rest belongs.
        started_at: When it started.
        attempt_at: When its attempt started; None between two.
        status: The status of the last attempt's answer.
        request_id: The server's name for the last attempt's request.
        size: The bytes of the last attempt's answer.
    """

    operation: Operation[T]
    request: Request
    settings: Settings
    deadline: Deadline
    is_closed: Callable[[], bool] = field(repr=False)
    stream: bool
    attempts: int = 0
    maybe_processed: bool = False
    is_observed: bool = False
    started_at: float = 0.0
    attempt_at: float | None = None
    status: int | None = None
    request_id: str | None = None
    size: int | None = None
