# Edited in overrides/package/_core/failures.py, from where `make generate` copies it.
"""The error that a caller sees when a call did not succeed."""

from __future__ import annotations

import http
import re
from collections.abc import Iterable
from typing import Any, TypeVar, cast

from .._secrets import MASK, Secret, redact_body, show_text
from ..errors import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    InvalidResponseError,
    status_error_class,
)
from .call import Call, RawResponse, TransportFailure
from .decode import ResponseParser
from .json import MismatchError, UnreadableError, load
from .operation import for_status

T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound=APIConnectionError | APIStatusError | InvalidResponseError)

_TEXT_AT_MOST = 300
_HEADER_AT_MOST = 4000
# The names of header fields whose values nobody is to see.
_HIDDEN_NAMES = "(?i)cookie|authorization|token|secret|password|session|api-?key"
_PLAIN = {"", "identity"}  # content encodings


def try_parse(parser: ResponseParser[T], content: Secret[bytes]) -> T | MismatchError:
    """Return the value of a body, or where it is not what the specification has."""
    try:
        return parser(content.reveal())
    except MismatchError as mismatch:
        return mismatch.with_traceback(None)


def connection_error(
    call: Call[Any], reason: str, *, timed_out: bool = False, advice: str | None = None
) -> APIConnectionError:
    kind = APITimeoutError if timed_out else APIConnectionError
    return _build(kind, call, f"{call.operation.id} failed: {reason}", advice=advice)


def warm_error(failure: TransportFailure) -> APIConnectionError:
    """Return the error for a connection that could not be opened ahead of a call."""
    kind = APITimeoutError if failure.timed_out else APIConnectionError
    reason = show_text(failure.reason, (), _TEXT_AT_MOST)
    return kind(_join_sentences(f"warm failed: {reason}", APIConnectionError.advice))


def status_error(
    call: Call[Any], received: RawResponse, *, retry_after: float | None
) -> APIStatusError:
    content = redact_body(received.content, call.keys.values())
    text = _server_text(content, call.settings.service.error_fields)
    parser = for_status(call.operation.errors, received.status)
    model = None if parser is None else try_parse(parser, content)
    happened = f"{call.operation.id} failed: the server answered {_status(received.status)}"
    if received.status < 400:
        happened += ", a redirect, which is not followed"
    return _build(
        status_error_class(received.status),
        call,
        f"{happened}: {text}" if text else happened,
        wish="" if retry_after is None else f"The server asks to wait {retry_after:g} s.",
        received=received,
        error=text,
        retry_after=retry_after,
        parsed=None if isinstance(model, MismatchError) else model,
    )


def invalid_response(
    call: Call[Any], received: RawResponse, mismatch: MismatchError
) -> InvalidResponseError:
    problem = show_text(str(mismatch), call.keys.values(), _TEXT_AT_MOST)
    happened = f"{call.operation.id} was answered {_status(received.status)}, but {problem}"
    call.maybe_processed = True
    return _build(InvalidResponseError, call, happened, received=received)


def _build(
    kind: type[ErrorT],
    call: Call[Any],
    happened: str,
    *,
    advice: str | None = None,
    wish: str = "",
    received: RawResponse | None = None,
    **facts: Any,
) -> ErrorT:
    notes = [f"{call.attempts} attempts"] if call.attempts > 1 else []
    if received is not None:
        facts |= {
            "status_code": received.status,
            "request_id": received.request_id(call.keys.values()),
            "headers": _headers(received, call.keys.values()),
            "body": received.content.reveal(),
        }
        notes += [f"request id {facts['request_id']}"] if facts["request_id"] else []
    return kind(
        _join_sentences(
            happened,
            _consequence(call),
            advice or kind.advice,
            wish,
            f"({', '.join(notes)})" if notes else "",
        ),
        operation_id=call.operation.id,
        attempts=call.attempts,
        maybe_processed=call.maybe_processed,
        **facts,
    )


def refuse_unreadable(call: Call[Any], received: RawResponse) -> None:
    """Raise the error for a response whose body need not be looked at."""
    problem, encoding = "", "content-encoding"
    if not received.whole:
        problem = "within max_response_bytes, the largest size that is taken"
    elif encoding in received.headers and received.headers[encoding].strip().lower() not in _PLAIN:
        problem = "plain: it is compressed, which the client did not ask for"
    if problem:
        raise invalid_response(call, received, UnreadableError(problem))


def _server_text(content: Secret[bytes], names: tuple[str, ...]) -> str | None:
    try:
        body: Any = load(content.reveal())
    except UnreadableError:
        return None
    if isinstance(body, dict):
        for name in names:
            text = cast("dict[str, Any]", body).get(name)
            if isinstance(text, str) and text.strip():
                return show_text(text, (), _TEXT_AT_MOST)
    return None


def _headers(received: RawResponse, keys: Iterable[Secret[str]]) -> dict[str, str]:
    return {
        name: MASK if re.search(_HIDDEN_NAMES, name) else show_text(value, keys, _HEADER_AT_MOST)
        for name, value in received.headers.items()
    }


def _status(status: int) -> str:
    try:
        return f"{status} {http.HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _consequence(call: Call[Any]) -> str:
    if call.operation.method in {"GET", "HEAD"}:
        return ""
    if not call.maybe_processed:
        return "Nothing was changed"
    if call.operation.repeatable:
        return "The server may have acted on it; it is safe to call again"
    return "The server may have acted on it: look before you call again"


def _join_sentences(*parts: str) -> str:
    return " ".join(
        part if part.startswith("(") or part.endswith((".", "!", "?")) else f"{part}."
        for part in parts
        if part
    )
