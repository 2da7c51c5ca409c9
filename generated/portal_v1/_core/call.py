# Edited in overrides/package/_core/call.py, from where `make generate` copies it.
"""One call: its request, its response, and what its observer and the log are told of it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from .._secrets import Record, Secret, show_text
from ..errors import APIConnectionError, APITimeoutError
from .clock import Deadline
from .operation import Credential, Operation, Request
from .settings import Settings

T = TypeVar("T")
_REQUEST_IDS = ("x-request-id", "request-id", "x-correlation-id", "cf-ray")
_logger = cache(logging.getLogger)


class TransportFailure(NamedTuple):
    """No response came, or not the whole of it."""

    reason: str  # for people
    timed_out: bool
    maybe_processed: bool

    def redact(self, secrets: Iterable[Secret[str]]) -> TransportFailure:
        """Return the failure with a reason that is fit to be shown."""
        return self._replace(reason=show_text(self.reason, secrets, 500))


Chunks = Generator[Secret[bytes] | TransportFailure, None, None]
AsyncChunks = AsyncGenerator[Secret[bytes] | TransportFailure, None]


class RawResponse(Record):
    """A response, whose header fields are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    content: Secret[bytes]
    # The body as it comes, where it is streamed: `Chunks` or `AsyncChunks`.
    chunks: Any = None
    whole: bool = True  # or too large, and cut off

    def request_id(self, secrets: Iterable[Secret[str]]) -> str | None:
        """Return the server's name for the request, fit to be shown; None where it gave none."""
        for name in _REQUEST_IDS:
            if name in self.headers and (value := self.headers[name]):
                return show_text(value, secrets, 200) or None
        return None


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


class Call(Record, Generic[T]):
    """One call, and how it has gone so far."""

    operation: Operation[T]
    request: Request
    settings: Settings  # those given for this call in place of the client's
    deadline: Deadline
    is_closed: Callable[[], bool]
    stream: bool = False  # whether the response is handed on before its body is read
    # What is sent.
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    keys: Mapping[Credential, Secret[str]] = MappingProxyType({})  # those of the last attempt
    max_bytes: int = 0  # of a response's body that is read whole
    attempts: int = 0
    maybe_processed: bool = False
    # What is told, of the last attempt; `attempt_at` is None between two.
    is_observed: bool = False
    started_at: float = 0.0
    attempt_at: float | None = None
    status: int | None = None
    request_id: str | None = None
    size: int | None = None

    def start(self) -> None:
        log = _logger(self.settings.service.logger)
        self.is_observed = self.settings.observer is not None or log.isEnabledFor(logging.DEBUG)
        if self.is_observed:
            self.started_at = self.settings.clock.monotonic()
            self.tell("call_start")

    def start_attempt(self) -> None:
        self.attempt_at = self.settings.clock.monotonic()
        self.status = self.request_id = self.size = None
        self.tell("attempt_start")

    def end_attempt(self, outcome: RawResponse | TransportFailure) -> None:
        seconds = self.settings.clock.monotonic() - (self.attempt_at or 0.0)
        self.attempt_at = None
        if isinstance(outcome, TransportFailure):
            kind = APITimeoutError if outcome.timed_out else APIConnectionError
            error = {"error": kind.__name__, "reason": outcome.reason}
            self.tell("attempt_end", seconds=seconds, **error)
        else:
            self.status, self.request_id = outcome.status, outcome.request_id(self.keys.values())
            self.size = len(outcome.content.reveal()) if outcome.chunks is None else None
            self.tell("attempt_end", seconds=seconds)

    def end(self, error: BaseException | None) -> None:
        """Tell that it ended, and its attempt where that was broken off."""
        now = self.settings.clock.monotonic()
        # Nothing went wrong where the caller wants no more items of a list.
        name = None if error is None or isinstance(error, GeneratorExit) else type(error).__name__
        if self.attempt_at is not None:
            self.tell("attempt_end", error=name, reason=name, seconds=now - self.attempt_at)
        self.tell("call_end", error=name, seconds=now - self.started_at)

    def tell(self, kind: Any, **facts: Any) -> None:
        event = CallEvent(
            kind=kind,
            call_id=id(self),
            operation_id=self.operation.id,
            method=self.operation.method,
            path=self.operation.path,
            base_url=self.settings.base_url,
            attempt=self.attempts,
            status=self.status,
            size=self.size,
            request_id=self.request_id,
            **facts,
        )
        _log(_logger(self.settings.service.logger), event)
        if self.settings.observer is not None:
            self.settings.observer(event)


def _log(log: logging.Logger, event: CallEvent) -> None:
    about, seconds = (event.operation_id, event.attempt), event.seconds or 0.0
    if event.kind == "attempt_end":
        result = event.status or event.reason
        rest = (result, seconds * 1000, event.request_id)
        log.debug("%s attempt %d: %s in %.0f ms, request id %s", *about, *rest)
    elif event.kind == "pause" and event.reason is not None:
        text = "%s attempt %d failed: %s; trying again in %.2f s"
        log.warning(text, *about, event.reason, seconds)
