from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal_v1 import APITimeoutError, ConfigurationError, Pace
from portal_v1._core.clock import SystemClock

from tests.unit._support import ManualClock, Script, call

LEEWAY = 1e-6  # sums of floats


def kept(times: list[float], limit: int, period: float) -> bool:
    """Whether no window of `period` holds more than `limit` of these times."""
    times = sorted(times)
    return all(
        later - earlier >= period - LEEWAY
        for earlier, later in zip(times, times[limit:], strict=False)
    )


@given(
    limit=st.integers(1, 5),
    period=st.floats(0.01, 100),
    gaps=st.lists(st.floats(0, 50), min_size=1, max_size=60),
)
def test_no_window_holds_more_than_the_limit(limit: int, period: float, gaps: list[float]) -> None:
    pace, clock = Pace(limit, period), ManualClock()
    sent = []
    for gap in gaps:
        clock.now += gap
        wait = pace.reserve(clock, None)
        assert wait is not None
        assert wait >= 0
        sent.append(clock.now + wait)
    assert kept(sent, limit, period)


@pytest.mark.parametrize("limit", [1, 3])
def test_a_long_queue_waits_as_long_as_it_has_to(limit: int) -> None:
    pace, clock = Pace(limit, 1.0), ManualClock()
    waits = [pace.reserve(clock, None) for _ in range(200)]
    assert waits == [place // limit for place in range(200)]


def test_a_long_queue_in_a_file(tmp_path: Path) -> None:
    pace, clock = Pace(1, 1.0, path=tmp_path / "pace"), ManualClock()
    assert [pace.reserve(clock, None) for _ in range(200)] == list(range(200))


@given(
    limit=st.integers(1, 3),
    steps=st.lists(st.tuples(st.floats(0, 5), st.floats(0, 20)), min_size=1, max_size=40),
)
def test_what_cannot_be_waited_for_is_not_reserved(
    limit: int, steps: list[tuple[float, float]]
) -> None:
    pace, clock = Pace(limit, 10), ManualClock()
    sent: list[float] = []
    for gap, at_most in steps:
        clock.now += gap
        before = sorted(sent)[-limit:]
        wait = pace.reserve(clock, at_most)
        if wait is None:
            assert len(before) == limit
            assert before[0] + 10 - clock.now > at_most - LEEWAY, "there was room"
        else:
            assert wait <= at_most
            sent.append(clock.now + wait)
    assert kept(sent, limit, 10)


def test_threads_share_one() -> None:
    pace, clock = Pace(4, 1.0), ManualClock()
    waits: list[float | None] = []

    def reserve() -> None:
        for _ in range(25):
            waits.append(pace.reserve(clock, None))  # noqa: PERF401 - shared by the threads

    threads = [threading.Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wait for wait in waits if wait is not None) == [n // 4 for n in range(200)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")
def test_a_fork_in_the_middle_of_a_threads_reservation_does_not_hang() -> None:
    class StuckClock(ManualClock):
        def monotonic(self) -> float:
            stuck.set()
            over.wait(20)
            return super().monotonic()

    stuck, over, pace = threading.Event(), threading.Event(), Pace(1, 60)
    thread = threading.Thread(target=pace.reserve, args=(StuckClock(), None))
    thread.start()
    stuck.wait(20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork where there are threads
        child = os.fork()
    if child == 0:
        signal.alarm(10)  # ends a child that hangs
        os._exit(0 if pace.reserve(ManualClock(), None) == 0 else 1)
    over.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_each_attempt_counts(kind: str) -> None:
    script = Script((500, {}), (200, []))
    with pytest.raises(APITimeoutError, match="pace of 1 requests") as caught:
        call(kind, script, "list", pace=Pace(1, 60), timeout=5)
    assert len(script.requests) == 1
    assert caught.value.attempts == 1


def test_a_call_that_is_not_sent_says_so(kind: str) -> None:
    script, pace = Script((201, {})), Pace(1, 60)
    assert pace.reserve(SystemClock(), None) == 0
    with pytest.raises(APITimeoutError) as caught:
        call(kind, script, "create", pace=pace, timeout=1)
    assert script.requests == []
    assert (caught.value.maybe_processed, caught.value.attempts) == (False, 0)


def test_clients_share_one(tmp_path: Path) -> None:
    clock, script = ManualClock(), Script((200, []))
    for pace in (Pace(2, 10), Pace(2, 10, path=tmp_path / "pace")):
        clock.slept.clear()
        with script.client(pace=pace) as one, script.client("another", pace=pace) as other:
            for portal in (one, other, one, other):
                portal.with_options(clock=clock).clients.list()
        assert clock.slept == [10]
        clock.now += 100


@pytest.mark.parametrize(
    "arguments",
    [
        *((0,), (-1,), (1, 0), (1, -1.0), (1, float("inf")), (1, float("nan"))),
        *(("200",), (2.5,), (None,), (True,), (float("nan"),), (1, "60"), (1, None)),
    ],
    ids=repr,
)
def test_numbers_that_make_no_pace(arguments: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Pace(*arguments)
    assert str(caught.value) in {
        "A pace is a whole number of requests in a number of seconds.",
        "A pace is one request or more in a period of over 0 seconds.",
    }


def test_repr() -> None:
    assert repr(Pace(200)) == "Pace(200, 60.0)"


class TestFile:
    @pytest.mark.parametrize(
        "content", [b"x", b"not a pace, but somebody's notes\n" * 9, b"\0" * 40]
    )
    def test_a_foreign_file_is_refused_and_kept(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "notes"
        path.write_bytes(content)
        with pytest.raises(ConfigurationError, match="notes"):
            Pace(2, path=path)
        assert path.read_bytes() == content

    @pytest.mark.parametrize(
        "damage",
        [
            lambda whole: whole[:-1],
            lambda whole: whole + b"\0",
            lambda whole: whole[:24],
            lambda whole: whole[:23],
            lambda whole: b"?" + whole[1:],
            lambda whole: whole[:8] + struct.pack("<Q", 3) + whole[16:],
            lambda whole: whole[:16] + struct.pack("<Q", 2) + whole[24:],
            lambda whole: whole[:16] + struct.pack("<Q", 3) + whole[24:],
        ],
        ids=[
            *("a byte short", "a byte long", "no times", "half a header"),
            *("another mark", "another limit", "the place after the last", "a place beyond"),
        ],
    )
    def test_a_damaged_file_is_refused_and_kept(
        self, tmp_path: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        path = tmp_path / "pace"
        pace = Pace(2, path=path)
        damaged = damage(path.read_bytes())
        path.write_bytes(damaged)
        for use in (lambda: pace.reserve(ManualClock(), None), lambda: Pace(2, path=path)):
            with pytest.raises(ConfigurationError) as caught:
                use()
            assert str(caught.value) == (
                f"{path} is not the file of a pace of 2 requests. "
                "Name another file, or give every process the same limit."
            )
        assert path.read_bytes() == damaged

    def test_without_file_locks_it_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "fcntl", None)
        with pytest.raises(ConfigurationError, match="POSIX file locks"):
            Pace(2, path=tmp_path / "pace")

    def test_another_limit_is_refused(self, tmp_path: Path) -> None:
        Pace(2, path=tmp_path / "pace")
        Pace(2, path=str(tmp_path / "pace"))
        with pytest.raises(ConfigurationError, match="limit"):
            Pace(3, path=tmp_path / "pace")

    @pytest.mark.parametrize("place", ["", "missing/pace"])
    def test_a_place_that_cannot_be_written(self, tmp_path: Path, place: str) -> None:
        with pytest.raises(ConfigurationError, match="cannot be used"):
            Pace(2, path=tmp_path / place)

    def test_only_its_owner_reads_it(self, tmp_path: Path) -> None:
        Pace(2, path=tmp_path / "pace")
        assert (tmp_path / "pace").stat().st_mode & 0o077 == 0

    def test_a_clock_set_back_does_not_block_for_ever(self, tmp_path: Path) -> None:
        pace, clock = Pace(1, 1.0, path=tmp_path / "pace"), SystemClock()
        years_ahead = ManualClock(clock.time() + 10 * 365 * 86400)
        assert pace.reserve(years_ahead, None) == 0
        assert pace.reserve(clock, 60) == 0

    def test_processes_share_it(self, tmp_path: Path, repository: Path) -> None:
        program = (
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "from portal_v1 import Pace\n"
            "from portal_v1._core.clock import SystemClock\n"
            "pace, clock = Pace(3, 30.0, path=sys.argv[2]), SystemClock()\n"
            "for _ in range(10):\n"
            "    now = clock.time()\n"
            "    print(now + pace.reserve(clock, None))\n"
        )
        paths = [str(repository / "generated"), str(tmp_path / "pace")]
        command = [sys.executable, "-c", program, *paths]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        times = [float(line) for process in running for line in process.communicate()[0].split()]
        assert [process.returncode for process in running] == [0, 0, 0]
        assert len(times) == 30
        times.sort()
        # `now` is read a moment before the pace reads it.
        assert all(b - a > 29.5 for a, b in zip(times, times[3:], strict=False))
