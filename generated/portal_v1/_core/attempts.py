# Edited in overrides/package/_core/attempts.py, from where `make generate` copies it.
"""What a call does next: what it sends, when, and whether again. Nothing is sent here.

The loops of the pipelines, sync and async, ask these functions and do what they say.
"""

from __future__ import annotations

import datetime
import email.utils
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import ConfigurationError, InvalidRequestError
from . import failures
from .call import Call, RawResponse, TransportFailure
from .operation import Credential, ListOperation, Operation
from .settings import KeySource

# How large the body of a response may be where nothing else is set.
_LIST_BYTES: Final = 256 * 1024 * 1024
_BYTES: Final = 16 * 1024 * 1024
_LONGEST_URL: Final = 8000  # characters; RFC 9110 asks servers to take as many
_LOCK_POLL: Final = 0.005  # seconds
STATUSES_TO_REPEAT: Final = frozenset({408, 429, 500, 502, 503, 504})
REFUSED: Final = 429
"""The one status with which a server says that it did nothing and that a later try may succeed."""

_LONGEST: Final = 365 * 24 * 3600.0  # seconds: a longer wait is as good as none
_COMMA: Final = r",(?!\s*\d\d?[ -][A-Za-z])"  # between two values, not in a date

_BACKOFF_FIRST: Final = 0.5  # seconds
_DOUBLINGS: Final = 4  # so 8 seconds at the most


def prepare(call: Call[Any]) -> None:
    """Set what each attempt of a call sends."""
    operation, request, settings = call.operation, call.request, call.settings
    call.url = settings.base_url + request.path
    if len(call.url) > _LONGEST_URL:
        raise InvalidRequestError(
            f"The URL of {operation.id} would have {len(call.url):,} characters; "
            f"{_LONGEST_URL:,} are sent at the most. Check the ids and values that were passed.",
            operation_id=operation.id,
        )
    content_type = request.content_type or settings.service.content_type
    content = request.content
    headers = [("Accept", operation.accept), ("User-Agent", settings.service.user_agent)]
    if request.files == []:  # a form without a part, which httpx would send as nothing
        content_type, content = "multipart/form-data; boundary=end", b"--end--\r\n"
    if not request.files and content_type is not None:
        headers.append(("Content-Type", content_type))
        if content is None and operation.method in {"POST", "PUT", "PATCH"}:
            # An empty body is not JSON, and strict servers refuse it.
            content = b"{}" if content_type == "application/json" else None
    own = (*settings.headers, *request.headers)
    if own:  # the last of a name counts
        headers = list({field[0].lower(): field for field in (*headers, *own)}.values())
    call.headers, call.content = tuple(headers), content
    most = _LIST_BYTES if isinstance(operation, ListOperation) else _BYTES
    call.max_bytes = settings.max_response_bytes or most


def keep_pace(call: Call[Any]) -> Iterator[float]:
    """Yield the seconds to wait, once or several times, until the pace has room for an attempt."""
    pace, deadline = call.settings.pace, call.deadline
    if pace is None:
        return
    while True:
        try:
            wait = pace.reserve(call.settings.clock, deadline.remaining())
        except BlockingIOError:
            if not deadline.allows(_LOCK_POLL):
                reason = "another process kept the pace's file locked until the time was over"
                raise failures.connection_error(call, reason, timed_out=True) from None
            yield _LOCK_POLL
        else:
            break
    if wait is None:
        reason = (
            f"the pace of {pace.limit} requests in {pace.period:g} s leaves no "
            f"room within the call's {deadline.budget:g} s"
        )
        raise failures.connection_error(call, reason, timed_out=True)
    if wait:
        if call.is_observed:
            call.tell("pause", seconds=wait)
        yield wait


def find_keys(call: Call[Any]) -> Iterator[tuple[Credential, KeySource]]:
    """Yield each credential that the operation wants, with its key or what gives it."""
    settings = call.settings
    for wanted in (call.operation.credential, *call.operation.further_credentials):
        if wanted is not None:
            source = settings.keys.get(wanted.name or "") or settings.key
            if source is None:
                raise ConfigurationError(
                    "This operation needs an API key. "
                    f"Pass api_key=, or set {settings.service.key_variable}."
                )
            yield wanted, source


def start_attempt(call: Call[Any], keys: Mapping[Credential, Any]) -> None:
    """Have a call sent with these keys, of which one that is None did not come in time.

    Raises:
        APIConnectionError: It must not be sent any more.
    """
    if None in keys.values() or call.deadline.remaining() == 0:
        reason = f"the call's {call.deadline.budget:g} s were over before it could be sent"
        raise failures.connection_error(call, reason, timed_out=True)
    if call.is_closed():
        reason = "the client was closed before it could be sent"
        raise failures.connection_error(call, reason, advice="Make a new client")
    call.keys = keys
    call.attempts += 1
    if call.is_observed:
        call.start_attempt()


def judge(call: Call[Any], outcome: RawResponse | TransportFailure) -> RawResponse | float:
    """Return a response that is a success, or the seconds before another attempt.

    Raises:
        APIConnectionError: No answer came, and it is not tried again.
        APIStatusError: It was refused, and is not tried again.
    """
    settings, clock = call.settings, call.settings.clock
    if isinstance(outcome, TransportFailure):
        outcome = outcome.redact(call.keys.values())
    if call.is_observed:
        call.end_attempt(outcome)
    if isinstance(outcome, RawResponse) and _is_success(call.operation, outcome.status):
        return outcome
    call.maybe_processed |= maybe_processed(outcome)
    pause, retry_after = clock.jitter(backoff(call.attempts)), None
    if isinstance(outcome, TransportFailure):
        reason = outcome.reason
    else:
        reason = f"status {outcome.status}"
        retry_after = read_retry_after(outcome.headers.get("retry-after"), clock.time())
        pause = pause if retry_after is None else retry_after
    if (
        not may_repeat(outcome, repeatable=call.operation.repeatable)
        or call.attempts >= settings.max_attempts
        or not call.deadline.allows(pause)
    ):
        if isinstance(outcome, TransportFailure):
            raise failures.connection_error(call, outcome.reason, timed_out=outcome.timed_out)
        raise failures.status_error(call, outcome, retry_after=retry_after)
    call.tell("pause", reason=reason, seconds=pause)
    return pause


def _is_success(operation: Operation[Any], status: int) -> bool:
    if status // 100 == 3:
        return status in operation.responses or "3XX" in operation.responses
    return status // 100 == 2


def may_repeat(outcome: RawResponse | TransportFailure, *, repeatable: bool) -> bool:
    """Return whether a request whose attempt ended so may be sent again."""
    if isinstance(outcome, TransportFailure):
        return repeatable or not outcome.maybe_processed
    return outcome.status == REFUSED or (repeatable and outcome.status in STATUSES_TO_REPEAT)


def maybe_processed(outcome: RawResponse | TransportFailure) -> bool:
    """Return whether a server may have acted in an attempt that ended so.

    A 4xx refuses the request. A 408 is the exception: a proxy sends it as well, for a server that
    took too long over a request that it did receive.
    """
    if isinstance(outcome, TransportFailure):
        return outcome.maybe_processed
    return not 400 <= outcome.status < 500 or outcome.status == 408


def backoff(attempt: int) -> float:
    """Return the seconds of which a random part is waited after attempt number `attempt`."""
    return _BACKOFF_FIRST * 2.0 ** min(attempt - 1, _DOUBLINGS)


def read_retry_after(value: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for; None where it says nothing usable.

    It has whole seconds, or an HTTP date (RFC 9110, section 10.2.3). Where a proxy and the server
    both sent one, the longer wait counts.
    """
    waits = [_read_wait(part.strip(), now) for part in re.split(_COMMA, value or "")]
    return max((wait for wait in waits if wait is not None), default=None)


def _read_wait(value: str, now: float) -> float | None:
    if value.isascii() and value.isdecimal():
        return min(float(value), _LONGEST)
    try:
        date = email.utils.parsedate_to_datetime(value)
        if date.tzinfo is None:
            date = date.replace(tzinfo=datetime.UTC)
        return min(max(0.0, date.timestamp() - now), _LONGEST)
    except (ValueError, TypeError, OverflowError):
        return None
