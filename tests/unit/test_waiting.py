"""How long a call waits: for its pace, between attempts, and as the server asks."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import math
import os
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample import APIStatusError, APITimeoutError, ConfigurationError, Pace
from sample._core.attempts import backoff, read_retry_after
from sample._core.clock import SystemClock
from sample.testing import ManualClock

from tests.unit.conftest import Script, call

LEEWAY = 1e-6  # sums of floats


forks = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # where there are threads


@pytest.mark.parametrize("in_file", [False, True])
@given(
    limit=st.integers(1, 5),
    period=st.floats(0.01, 100),
    steps=st.lists(st.tuples(st.floats(0, 50), st.none() | st.floats(0, 20)), max_size=60),
)
def test_each_waits_until_the_one_that_is_the_limit_before_it_is_a_period_old(
    in_file: bool, limit: int, period: float, steps: list[tuple[float, float | None]]
) -> None:
    clock, sent = ManualClock(), [-math.inf] * limit
    with TemporaryDirectory() as folder:
        pace = Pace(limit, period, path=Path(folder, "pace") if in_file else None)
        for gap, at_most in steps:
            clock.advance(gap)
            due = max(0.0, sent[-limit] + period - clock.monotonic())
            wait = pace.reserve(clock, at_most)
            if wait is None:
                assert at_most is not None
                assert due > at_most - LEEWAY
            else:
                assert wait == pytest.approx(due, abs=LEEWAY)
                assert at_most is None or wait <= at_most
                sent.append(clock.monotonic() + wait)


@forks
def test_a_fork_in_the_middle_of_a_threads_reservation_does_not_hang() -> None:
    def wait() -> float:
        stuck.set()
        over.wait(20)
        return 0.0

    stuck, over, pace = threading.Event(), threading.Event(), Pace(1, 60)
    thread = threading.Thread(target=pace.reserve, args=(Mock(monotonic=wait), None))
    thread.start()
    stuck.wait(20)
    child = get_context("fork").Process(target=pace.reserve, args=(ManualClock(), None))
    child.start()
    child.join(10)
    over.set()
    thread.join()
    child.kill()
    assert child.exitcode == 0


def test_each_attempt_counts_whoever_makes_it(kind: str) -> None:
    script, clock = Script((500, {}), (200, [])), ManualClock()
    with pytest.raises(APITimeoutError, match="pace of 1 requests") as caught:
        call(kind, script, "list", pace=Pace(1, 60), timeout=5, clock=clock)
    assert len(script.requests) == caught.value.attempts == 1
    pace = Pace(2, 10)
    for key in ("one-client", "another-client") * 2:
        call(kind, script, "list", key=key, pace=pace, clock=clock)
    assert clock.pauses[1:] == [10]
    with pytest.raises(APITimeoutError) as caught:
        call(kind, script, "create", pace=pace, timeout=1, clock=clock)
    assert len(script.requests) == 5
    assert (caught.value.maybe_processed, caught.value.attempts) == (False, 0)


def test_numbers_that_make_no_pace() -> None:
    numbers: list[Any] = [0, -1, "200", 2.5, None, True, float("nan")]
    periods: list[Any] = [0, -1.0, "60", None, float("inf"), float("nan")]
    told = r"^A pace is (a whole number|for a period) .+\.$"
    for arguments in (*((one,) for one in numbers), *((1, one) for one in periods)):
        with pytest.raises(ConfigurationError, match=told):
            Pace(*arguments)
    assert repr(Pace(200)) == "Pace(200, 60.0)"


def test_a_file_of_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "pace"
    pace = Pace(2, path=str(path))
    assert path.stat().st_mode & 0o077 == 0, "only its owner reads it"
    pace.reserve(ManualClock(), None)
    whole = path.read_bytes()
    of_another_limit = whole + whole[-8:]
    told = "is not the file of a pace of 2 requests. Name .+, or give every process the same limit."
    for damaged in (b"x", whole[:-1], whole + b"\0", b"?" + whole[1:], of_another_limit):
        path.write_bytes(damaged)
        for use in (lambda: pace.reserve(ManualClock(), None), lambda: Pace(2, path=path)):
            with pytest.raises(ConfigurationError, match=f"^{path} {told}$"):
                use()
        assert path.read_bytes() == damaged


def test_a_file_that_cannot_be_used_is_named(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("", "missing/pace"):
        with pytest.raises(ConfigurationError, match="cannot be used"):
            Pace(2, path=tmp_path / place)
    pace, script = Pace(2, path=tmp_path / "pace"), Script((201, {}))
    for raised, kind_of, told in (
        (OSError(28, "No space left"), ConfigurationError, "pace cannot be used: No space"),
        (OSError("a time limit"), OSError, "^a time limit"),  # as a signal's handler raises it
    ):
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", Mock(side_effect=raised))
            with pytest.raises(kind_of, match=told):
                call(kind, script, "create", pace=pace)
    assert script.requests == []
    monkeypatch.setitem(sys.modules, "fcntl", None)  # as on Windows
    with pytest.raises(ConfigurationError, match="POSIX file locks"):
        Pace(2, path=tmp_path / "pace")


def test_a_clock_that_was_wrong_or_a_file_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    clock = ManualClock()
    wrong = ManualClock(now=clock.time() + 3600)
    for limit, waits in ((1, [0, 1, 2, 3]), (2, [0, 0, 1, 1])):
        pace = Pace(limit, 1.0, path=tmp_path / str(limit))
        assert [pace.reserve(wrong, None) for _ in waits] == waits
        assert [pace.reserve(clock, 60) for _ in waits] == waits
        (tmp_path / str(limit)).unlink()  # A file that is taken away is begun anew.
        assert [pace.reserve(clock, at_most=wait) for wait in waits] == waits


def test_a_stopped_process_that_holds_a_paces_file_costs_a_call_no_more_than_its_time(
    kind: str, tmp_path: Path
) -> None:
    path, script = tmp_path / "pace", Script((200, []))
    pace = Pace(2, path=path)
    with path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # as another process does: it is of this open file
        Pace(2, path=path)
        clock = ManualClock()
        told = "failed: another process kept the pace's file locked until the time was over"
        with pytest.raises(APITimeoutError, match=told) as caught:
            call(kind, script, "list", pace=pace, timeout=0.2, clock=clock)
    assert clock.pauses == [0.005] * 39
    assert (caught.value.attempts, script.requests) == (0, [])
    assert call(kind, script, "list", pace=pace, timeout=5) == []


@forks
def test_processes_share_a_file(tmp_path: Path) -> None:
    paths = [tmp_path / "pace"] * 3
    with ProcessPoolExecutor(3, get_context("fork")) as processes:
        found = [*processes.map(reserve_ten, paths)]
    times = sorted(itertools.chain(*found))
    # `now` is read a moment before the pace reads it.
    assert all(b - a > 29.5 for a, b in zip(times, times[3:], strict=False))


def reserve_ten(path: Path) -> list[float]:
    pace, clock, times = Pace(3, 30.0, path=path), SystemClock(), list[float]()
    while len(times) < 10:
        now = clock.time()
        with suppress(BlockingIOError):
            times.append(now + (pace.reserve(clock, None) or 0.0))
    return times


NOW = 1_445_412_480.0  # Wed, 21 Oct 2015 07:28:00 GMT
UNUSABLE = [None, "", "-1", "+5", "1.5", "1e3", "soon", "٣", "²", "nan", "inf"]
UNUSABLE += ["Wed, 99 Oct 2015 07:29:00 GMT", "Wed, 21 Oct 99999 07:29:00 GMT"]
WAITS: dict[str | None, float | None] = dict.fromkeys([*UNUSABLE, "2015-10-21T07:29:00Z"])
WAITS |= {"0": 0, "120": 120, " 7 ": 7, "007": 7, "5, 6": 6, "9" * 400: 365 * 24 * 3600}
WAITS |= {"Wed, 21 Oct 2015 07:29:00 GMT": 60, "Wed, 21 Oct 2015 07:27:00 GMT": 0}
WAITS |= {"Wed, 21 Oct 2015 07:29:00 -0000": 60, "Wed, 21 Oct 2015 09:29:00 +0200": 60}
WAITS |= {"Wednesday, 21-Oct-15 07:29:00 GMT": 60, "Wed Oct 21 07:29:00 2015": 60}


def test_retry_after_is_seconds_or_a_date_the_same_wherever_the_machine_is() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC+5")
        time.tzset()
        found = {value: read_retry_after(value, NOW) for value in WAITS}
    time.tzset()
    assert found == WAITS


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, ?\d+ [A-Z][a-z]{2} \d+ [\d:]+.*"))
def test_whatever_stands_there_it_is_seconds_or_nothing(value: str) -> None:
    seconds = read_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds < math.inf


def test_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, slept = SystemClock(), list[float]()
    monkeypatch.setattr(time, "sleep", slept.append)
    clock.sleep(3)
    asyncio.run(clock.sleep_async(0.001))
    assert (slept, round((clock.time() - time.time()) / 60)) == ([3], 0)
    jitters = [clock.jitter(0.5) for _ in range(100)]
    assert 0 <= min(jitters) < 0.25 < max(jitters) <= 0.5
    for wrong in (lambda: ManualClock().advance(-1), lambda: ManualClock(jitter=1.1)):
        with pytest.raises(ValueError, match=r"back|from 0 to 1"):
            wrong()


def test_the_pause_doubles_up_to_8_seconds_or_is_what_the_server_asks_for() -> None:
    assert [backoff(attempt) for attempt in (1, 2, 3, 4, 5, 6, 10**6)] == [0.5, 1, 2, 4, 8, 8, 8]
    clock, date = ManualClock(now=NOW), {"Retry-After": "Wed, 21 Oct 2015 07:28:04 GMT"}
    assert call("sync", Script((503, {}, date), (200, [])), "list", clock=clock) == []
    with pytest.raises(APIStatusError, match="31 s") as caught:
        call("sync", Script((429, {}, {"Retry-After": "31"})), "list", clock=clock)
    assert (caught.value.retry_after, clock.pauses) == (31, [4])
