# Edited in overrides/package/_core/failures.py, from where `make generate` copies it.
"""What is told to the caller when a call did not succeed."""

from __future__ import annotations

import http
from typing import Any, TypeVar, cast

from .._secrets import Secret, redact_body
from ..errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    InvalidResponseError,
    status_error_class,
)
from . import json
from .decode import MismatchError
from .effects import RawResponse
from .operation import Operation, for_status
from .parsers import ResponseParser, UnreadableError

T = TypeVar("T")

_TEXT_AT_MOST = 300


def try_parse(answer: ResponseParser[T], content: Secret[bytes]) -> T | MismatchError:
    """Return what a body says, or where it is not what the specification has."""
    try:
        return answer(content.reveal())
    except MismatchError as mismatch:
        # Its frames hold the values.
        return mismatch.with_traceback(None)


def connection_error(
    operation: Operation[Any],
    reason: str,
    *,
    timed_out: bool,
    attempts: int,
    maybe_processed: bool,
) -> APIConnectionError:
    """Return the error for a call that got no answer."""
    kind = APITimeoutError if timed_out else APIConnectionError
    return kind(
        _sentences(
            f"{operation.id} failed: {reason}",
            _consequence(operation, maybe_processed=maybe_processed),
            kind.advice,
            _attempts(attempts),
        ),
        operation_id=operation.id,
        attempts=attempts,
        maybe_processed=maybe_processed,
    )


def status_error(
    operation: Operation[Any],
    received: RawResponse,
    *,
    attempts: int,
    maybe_processed: bool,
    retry_after: float | None,
    error_fields: tuple[str, ...],
) -> APIStatusError:
    """Return the error for a call that the server answered with one."""
    kind = status_error_class(received.status)
    content = redact_body(received.content, received.secrets)
    text = _server_text(content, error_fields)
    answer = for_status(operation.errors, received.status)
    model = None if answer is None else try_parse(answer, content)
    happened = f"{operation.id} failed: the server answered {_status(received.status)}"
    if received.status < 400:
        happened += ", a redirect, which is not followed"
    return kind(
        _sentences(
            f"{happened}: {text}" if text else happened,
            _consequence(operation, maybe_processed=maybe_processed),
            kind.advice,
            "" if retry_after is None else f"The server asks to wait {retry_after:g} s.",
            _attempts(attempts, received.request_id),
        ),
        operation_id=operation.id,
        attempts=attempts,
        maybe_processed=maybe_processed,
        status_code=received.status,
        error=text,
        request_id=received.request_id,
        retry_after=retry_after,
        parsed=None if isinstance(model, MismatchError) else model,
        body=received.content.reveal(),
    )


def invalid_response(
    operation: Operation[Any], received: RawResponse, mismatch: MismatchError, *, attempts: int
) -> InvalidResponseError:
    """Return the error for an answer that is not the documented one."""
    if isinstance(mismatch, UnreadableError):
        problem = f"the body is not {mismatch.expected}"
    else:
        problem = str(mismatch)
    return InvalidResponseError(
        _sentences(
            f"{operation.id} was answered {_status(received.status)}, but {problem}",
            _consequence(operation, maybe_processed=True),
            InvalidResponseError.advice,
            _attempts(attempts, received.request_id),
        ),
        operation_id=operation.id,
        attempts=attempts,
        maybe_processed=True,
        status_code=received.status,
        request_id=received.request_id,
        body=received.content.reveal(),
    )


def unreadable(received: RawResponse) -> UnreadableError | None:
    """Return why a body need not be looked at; None where it can be read."""
    if not received.whole:
        return UnreadableError("within max_response_bytes, the largest size that is taken")
    if received.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        return UnreadableError("plain: it is compressed, which the client did not ask for")
    return None


def _server_text(content: Secret[bytes], fields: tuple[str, ...]) -> str | None:
    try:
        answer: Any = json.load(content.reveal())
    except json.MalformedJSONError:
        return None
    if not isinstance(answer, dict):
        return None
    for name in fields:
        said = cast("dict[str, Any]", answer).get(name)
        if isinstance(said, str) and said.strip():
            text = "".join(c if c.isprintable() else " " for c in said).strip()
            return text if len(text) <= _TEXT_AT_MOST else text[: _TEXT_AT_MOST - 1] + "…"
    return None


def _status(status: int) -> str:
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _consequence(operation: Operation[Any], *, maybe_processed: bool) -> str:
    if operation.method in {"GET", "HEAD"}:
        return ""
    if not maybe_processed:
        return "Nothing was changed"
    if operation.repeatable:
        return "The server may have acted on it; it is safe to call again"
    return "The server may have acted on it: look before you call again"


def _attempts(attempts: int, request_id: str | None = None) -> str:
    notes = [] if attempts <= 1 else [f"{attempts} attempts"]
    if request_id:
        notes.append(f"request id {request_id}")
    return f"({', '.join(notes)})" if notes else ""


def _sentences(*parts: str) -> str:
    return " ".join(
        part if part.startswith("(") or part.endswith((".", "…", "!", "?")) else f"{part}."
        for part in parts
        if part
    )
