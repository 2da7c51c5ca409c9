"""A call from its first attempt to its end: what to do next, never doing it.

`call` is a generator. It yields effects, is sent their outcomes, and returns the answer. Sync and
async clients differ only in how they carry the effects out.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any, Final, TypeVar

from attrs import evolve, frozen

from .._secrets import Secret, redact
from ..errors import APIConnectionError
from ..types import Response
from . import failures, retry
from .deadline import Deadline
from .decode import MismatchError
from .effects import Effect, FetchKey, Pause, RawResponse, SendRequest, TransportFailure
from .operation import ListOperation, Operation, Request, for_status
from .parsers import ResponseParser, UnreadableError
from .settings import Settings

# How large the body of an answer may be where nothing else is set.
_LIST_BYTES: Final = 256 * 1024 * 1024
_BYTES: Final = 16 * 1024 * 1024

T = TypeVar("T")
CallFlow = Generator[Effect, Any, T]


@frozen
class Success:
    """A successful answer, and how often was asked for it."""

    received: RawResponse
    attempts: int


def call(
    operation: Operation[Any],
    request: Request,
    settings: Settings,
    deadline: Deadline,
    *,
    stream: bool = False,
) -> CallFlow[Success]:
    """Yield what is to be done until there is a success, and return it.

    Raises:
        APIConnectionError: No answer came.
        APIStatusError: The server answered with an error.
        ConfigurationError: The key cannot be used.
    """
    log = logging.getLogger(settings.service.logger)
    maybe_processed = False
    attempt = 0
    while True:
        yield from _keep_pace(operation, settings, deadline, attempt, maybe_processed)
        key: Secret[str] | None = None
        credential: tuple[str, Secret[str]] | None = None
        if operation.credential is not None:
            key = yield FetchKey(deadline)
            if key is None:
                raise _too_late(operation, deadline, attempt, maybe_processed)
            credential = operation.credential.header_field(key)
        if deadline.remaining() == 0:
            raise _too_late(operation, deadline, attempt, maybe_processed)
        attempt += 1
        started = settings.clock.monotonic()
        outcome: RawResponse | TransportFailure = yield _send(
            operation, request, settings, deadline, credential, stream=stream
        )
        outcome = _redact_key(key, outcome)
        _log_attempt(
            log,
            operation,
            attempt,
            outcome,
            seconds=settings.clock.monotonic() - started,
        )
        if isinstance(outcome, RawResponse) and _is_success(operation, outcome.status):
            return Success(outcome, attempt)
        verdict = _judge(operation, settings, outcome, attempt)
        maybe_processed |= verdict.maybe_processed
        if (
            not verdict.may_repeat
            or attempt >= settings.max_attempts
            or not deadline.allows(verdict.pause)
        ):
            break
        log.warning(
            "%s attempt %d failed: %s; trying again in %.2f s",
            operation.id,
            attempt,
            verdict.reason,
            verdict.pause,
        )
        yield Pause(verdict.pause)
    if isinstance(outcome, TransportFailure):
        raise failures.connection_error(
            operation,
            outcome.reason,
            timed_out=outcome.timed_out,
            attempts=attempt,
            maybe_processed=maybe_processed,
        )
    raise failures.status_error(
        operation,
        outcome,
        attempts=attempt,
        maybe_processed=maybe_processed,
        retry_after=verdict.retry_after,
        error_fields=settings.service.error_fields,
    )


def read(operation: Operation[T], success: Success) -> Response[T]:
    """Return what a successful answer says.

    Raises:
        InvalidResponseError: It is not the documented answer.
    """
    received = success.received
    mismatches: list[MismatchError] = []
    if (unreadable := failures.unreadable(received)) is not None:
        mismatches.append(unreadable)
    for parser in () if mismatches else _parsers(operation, received.status):
        value = failures.try_parse(parser, received.content)
        if not isinstance(value, MismatchError):
            return Response(
                status_code=received.status,
                headers=received.headers,
                parsed=value,
                content=received.content,
                request_id=received.request_id,
                attempts=success.attempts,
            )
        mismatches.append(value)
    raise failures.invalid_response(
        operation,
        received,
        mismatches[0] if mismatches else UnreadableError("a documented answer"),
        attempts=success.attempts,
    )


@frozen
class _Verdict:
    reason: str
    may_repeat: bool
    maybe_processed: bool
    pause: float
    retry_after: float | None = None


def _judge(
    operation: Operation[Any],
    settings: Settings,
    outcome: RawResponse | TransportFailure,
    attempt: int,
) -> _Verdict:
    pause = settings.clock.jitter(retry.backoff(attempt))
    if isinstance(outcome, TransportFailure):
        may_repeat = retry.may_repeat_failure(
            maybe_processed=outcome.maybe_processed, repeatable=operation.repeatable
        )
        return _Verdict(outcome.reason, may_repeat, outcome.maybe_processed, pause)
    retry_after = retry.retry_after(outcome.headers.get("retry-after"), settings.clock.time())
    return _Verdict(
        reason=f"status {outcome.status}",
        may_repeat=retry.may_repeat_status(outcome.status, repeatable=operation.repeatable),
        maybe_processed=retry.status_may_be_processed(outcome.status),
        pause=pause if retry_after is None else retry_after,
        retry_after=retry_after,
    )


def _keep_pace(
    operation: Operation[Any],
    settings: Settings,
    deadline: Deadline,
    attempts: int,
    maybe_processed: bool,  # noqa: FBT001 - an account of the call so far
) -> CallFlow[None]:
    if settings.pace is None:
        return
    wait = settings.pace.reserve(settings.clock, deadline.remaining())
    if wait is None:
        reason = (
            f"the pace of {settings.pace.limit} requests in {settings.pace.period:g} s leaves no "
            f"room within the call's {deadline.budget:g} s"
        )
        raise failures.connection_error(
            operation,
            reason,
            timed_out=True,
            attempts=attempts,
            maybe_processed=maybe_processed,
        )
    if wait:
        yield Pause(wait)


def _redact_key(
    key: Secret[str] | None, outcome: RawResponse | TransportFailure
) -> RawResponse | TransportFailure:
    """Return an outcome in which a server that sends the key back is not heard."""
    secrets = () if key is None else (key,)
    if isinstance(outcome, TransportFailure):
        return evolve(outcome, reason=redact(outcome.reason, secrets))
    return evolve(outcome, secrets=secrets)


def _too_late(
    operation: Operation[Any],
    deadline: Deadline,
    attempts: int,
    maybe_processed: bool,  # noqa: FBT001 - as above
) -> APIConnectionError:
    reason = f"the call's {deadline.budget:g} s were over before it could be sent"
    return failures.connection_error(
        operation,
        reason,
        timed_out=True,
        attempts=attempts,
        maybe_processed=maybe_processed,
    )


def _log_attempt(
    log: logging.Logger,
    operation: Operation[Any],
    attempt: int,
    outcome: RawResponse | TransportFailure,
    *,
    seconds: float,
) -> None:
    if isinstance(outcome, RawResponse):
        result, request_id = str(outcome.status), outcome.request_id
    else:
        result, request_id = outcome.reason, None
    log.debug(
        "%s attempt %d: %s in %.0f ms, request id %s",
        operation.id,
        attempt,
        result,
        seconds * 1000,
        request_id,
    )


def _send(
    operation: Operation[Any],
    request: Request,
    settings: Settings,
    deadline: Deadline,
    credential: tuple[str, Secret[str]] | None,
    *,
    stream: bool,
) -> SendRequest:
    content_type = request.content_type or settings.service.content_type
    content = request.content
    headers = [("Accept", operation.accept), ("User-Agent", settings.service.user_agent)]
    if request.files is None and content_type is not None:
        headers.append(("Content-Type", content_type))
        if content is None and operation.method in {"POST", "PUT", "PATCH"}:
            # An empty body is not JSON, and strict servers refuse it.
            content = b"{}" if content_type == "application/json" else None
    most = _LIST_BYTES if isinstance(operation, ListOperation) else _BYTES
    overridden = {name.lower() for name, _ in (*settings.headers, *request.headers)}
    return SendRequest(
        method=operation.method,
        url=settings.base_url + request.path,
        headers=(
            *(field for field in headers if field[0].lower() not in overridden),
            *settings.headers,
            *request.headers,
        ),
        credential=credential,
        content=content,
        files=request.files,
        deadline=deadline,
        connect_timeout=settings.connect_timeout,
        stream=stream,
        max_bytes=settings.max_response_bytes or most,
    )


def _is_success(operation: Operation[Any], status: int) -> bool:
    if status // 100 == 3:
        return status in operation.responses or "3XX" in operation.responses
    return status // 100 == 2


def _parsers(operation: Operation[T], status: int) -> list[ResponseParser[T]]:
    documented = for_status(operation.responses, status)
    # A success that the specification does not name is taken where its body is the documented
    # one: a created client whose answer is thrown away is lost with its keys.
    return list(operation.responses.values()) if documented is None else [documented]
