"""Whether an attempt is made again, and after how long."""

from __future__ import annotations

import datetime
import email.utils
import re
from typing import Final

from .effects import RawResponse, TransportFailure

STATUSES_TO_REPEAT: Final = frozenset({408, 429, 500, 502, 503, 504})
REFUSED: Final = 429
"""The one status with which a server says that it did nothing and that a later try may succeed."""

_LONGEST: Final = 365 * 24 * 3600.0  # seconds: a longer wait is as good as none
_COMMA: Final = r",(?!\s*\d\d?[ -][A-Za-z])"  # between two values, not in a date

_BACKOFF_FIRST: Final = 0.5  # seconds
_DOUBLINGS: Final = 4  # so 8 seconds at the most


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


def retry_after(value: str | None, now: float) -> float | None:
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
