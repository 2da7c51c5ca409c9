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
    """

    operation: Operation[T]
    request: Request
    settings: Settings
    deadline: Deadline
    is_closed: Callable[[], bool] = field(repr=False)
    stream: bool
    attempts: int = 0
    maybe_processed: bool = False
