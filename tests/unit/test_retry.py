"""How Retry-After is read, straight from the function: its table is longer than a call."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample import APIStatusError
from sample._core.attempts import backoff, read_retry_after

from tests.unit._support import ManualClock, Script, call

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
        ("9" * 400, 365 * 24 * 3600),
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
    assert read_retry_after(value, NOW) == seconds


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="This system's zone is set once.")
def test_a_date_without_a_zone_is_utc_wherever_the_machine_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC+5")
        time.tzset()
        assert read_retry_after("Wed Oct 21 07:29:00 2015", NOW) == 60.0
    time.tzset()


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, ?\d+ [A-Z][a-z]{2} \d+ [\d:]+.*"))
def test_whatever_stands_there_it_is_seconds_or_nothing(value: str) -> None:
    seconds = read_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds < math.inf


def test_a_clock_by_hand_only_goes_forward() -> None:
    for wrong in (lambda: ManualClock().advance(-1), lambda: ManualClock(jitter=1.1)):
        with pytest.raises(ValueError, match=r"back|from 0 to 1"):
            wrong()


def test_the_pause_doubles_up_to_8_seconds() -> None:
    assert [backoff(attempt) for attempt in range(1, 7)] == [0.5, 1, 2, 4, 8, 8]
    assert backoff(10**6) == 8


@pytest.mark.parametrize(
    ("status", "header", "pauses", "retry_after"),
    [
        (429, "9", [9], None),
        (503, "Wed, 21 Oct 2015 07:28:04 GMT", [4], None),
        (429, "31", [], 31),
        (503, "31", [], 31),
    ],
)
def test_the_pause_is_what_the_server_asks_for_or_more_than_the_budget_holds(
    status: int, header: str, pauses: list[float], retry_after: float | None
) -> None:
    script, clock = Script((status, {}, {"Retry-After": header}), (200, [])), ManualClock(now=NOW)
    if retry_after is None:
        assert call("sync", script, "list", clock=clock) == []
    else:
        with pytest.raises(APIStatusError, match=f"{retry_after} s") as caught:
            call("sync", script, "list", clock=clock)
        assert caught.value.retry_after == retry_after
    assert clock.pauses == pauses
