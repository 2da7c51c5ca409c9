"""How Retry-After is read, straight from the function: its table is longer than a call."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample import RateLimitError, ServerError
from sample._core.retry import backoff, retry_after

from tests.unit._support import ManualClock, Script

NOW = 1_445_412_480.0  # Wed, 21 Oct 2015 07:28:00 GMT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("007", 7.0),
        ("-1", None),
        ("+5", None),
        ("1.5", None),
        ("1e3", None),
        ("soon", None),
        ("٣", None),
        ("²", None),
        ("5, 6", 6.0),
        ("nan", None),
        ("inf", None),
        ("Wed, 21 Oct 2015 07:29:00 GMT", 60.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:29:00 -0000", 60.0),
        ("Wed, 21 Oct 2015 09:29:00 +0200", 60.0),
        ("Wednesday, 21-Oct-15 07:29:00 GMT", 60.0),
        ("Wed Oct 21 07:29:00 2015", 60.0),
        ("Wed, 99 Oct 2015 07:29:00 GMT", None),
        ("Wed, 21 Oct 99999 07:29:00 GMT", None),
        ("2015-10-21T07:29:00Z", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="This system's zone is set once.")
def test_a_date_without_a_zone_is_utc_wherever_the_machine_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC+5")
        time.tzset()
        assert retry_after("Wed Oct 21 07:29:00 2015", NOW) == 60.0
    time.tzset()


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, ?\d+ [A-Z][a-z]{2} \d+ [\d:]+.*"))
def test_whatever_stands_there_it_is_seconds_or_nothing(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds < math.inf


def test_more_digits_than_a_float_holds() -> None:
    assert retry_after("9" * 400, NOW) != math.inf


def test_the_pause_doubles_up_to_8_seconds() -> None:
    assert [backoff(attempt) for attempt in range(1, 7)] == [0.5, 1, 2, 4, 8, 8]
    assert backoff(10**6) == 8


def test_the_pause_is_what_the_server_asks_for() -> None:
    script, clock = Script((429, {}, {"Retry-After": "9"}), (200, [])), ManualClock()
    with script.client() as client:
        assert client.with_options(clock=clock).parcels.list() == []
    assert clock.pauses == [9]


def test_a_date_is_compared_with_the_clock() -> None:
    script = Script((503, {}, {"Retry-After": "Wed, 21 Oct 2015 07:28:04 GMT"}), (200, []))
    clock = ManualClock(now=NOW)
    with script.client() as client:
        assert client.with_options(clock=clock).parcels.list() == []
    assert clock.pauses == [4]


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitError), (503, ServerError)])
def test_what_the_budget_does_not_hold_is_not_waited_for(
    status: int, kind: type[RateLimitError | ServerError]
) -> None:
    script, clock = Script((status, {}, {"Retry-After": "31"})), ManualClock()
    with script.client() as client, pytest.raises(kind) as caught:
        client.with_options(clock=clock).parcels.list()
    assert clock.pauses == []
    assert caught.value.retry_after == 31
    assert "31 s" in str(caught.value)
