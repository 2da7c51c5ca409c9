"""State in a file, killed under load, copied, seeded in bulk, streamed; the clock and the limit."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import random
import signal
import sqlite3
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sample import RateLimitError
from sample._http import httpx
from sample.mock import DocumentError, Mock, MockSample, MockServer, StateError

from tests.mock._support import KEY, PARCELS, ask, paths, started

HEADERS = {"Authorization": "Bearer one", "Content-Type": "application/json"}
each_db = pytest.mark.parametrize("name", [None, "state.db"], ids=["memory", "file"])


def create_until_it_is_gone(port: int, answered: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with closing(connection), suppress(OSError, http.client.HTTPException, ValueError):
        while True:
            connection.request("POST", PARCELS, b"{}", HEADERS)
            answered.append(json.loads(connection.getresponse().read())["id"])


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    path, chance = tmp_path / "state.db", random.Random(4)
    answered: list[str] = []
    for _ in range(2):
        with started("--db", str(path)) as (process, lines), ThreadPoolExecutor(8) as threads:
            port = int(lines[1].split(":")[-1].split("/")[0])
            for _ in range(8):
                threads.submit(create_until_it_is_gone, port, answered)
            time.sleep(chance.uniform(0.2, 0.4))
            process.kill()
    with MockSample(db=path) as mock:
        kept = [one["id"] for one in ask(mock, "GET", PARCELS).json]
    assert len(answered) > 20
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))
    assert len(kept) <= len(answered) + 2 * 8  # what was written when the answer was lost


@each_db
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_beside_threads_can_use_the_mock(tmp_path: Path, name: str | None) -> None:
    done = threading.Event()

    def create(mock: MockSample) -> None:
        while not done.is_set():
            ask(mock, "POST", PARCELS, {})

    with MockSample(db=tmp_path / name if name else None) as mock:
        with ThreadPoolExecutor(2) as threads:
            for _ in range(2):
                threads.submit(create, mock)
            try:
                for _ in range(5):
                    child = os.fork()
                    if not child:
                        signal.alarm(10)
                        made = ask(mock, "POST", PARCELS, {}).status == 201
                        # What coverage does in os._exit may wait for a lock of another thread.
                        signal.raise_signal(signal.SIGKILL if made else signal.SIGTERM)
                    assert os.waitpid(child, 0)[1] == signal.SIGKILL
            finally:
                done.set()
        ids = [one["id"] for one in ask(mock, "GET", PARCELS).json]
    assert len(ids) == len(set(ids))


@each_db
def test_snapshot_and_restore(tmp_path: Path, name: str | None) -> None:
    path = tmp_path / name if name else None
    with MockSample(db=path, clock=lambda: 5e8) as mock, MockSample() as other:
        portal = mock.client()
        first = portal.parcels.create()
        before = mock.snapshot()
        second = portal.parcels.create()
        mock.clock.advance(days=2)
        assert not mock.session_is_live(first.label_token)
        after = mock.snapshot()

        mock.restore(before)
        assert [one.id for one in portal.parcels.list()] == [first.id]
        assert mock.session_is_live(first.label_token)
        assert portal.parcels.create().id == second.id  # as it was the first time

        mock.restore(after)
        other.restore(after)
        for one in (portal, other.client()):
            assert [parcel.id for parcel in one.parcels.list()] == [first.id, second.id]


def test_a_run_repeats_to_the_byte() -> None:
    runs = []
    for seed in (11, 11, 12):
        with MockSample(seed=seed) as mock:
            created = ask(mock, "POST", PARCELS, {})
            mock.seed_clients(20, api_key="one", has_wallet=True)
            label = ask(mock, "POST", f"{PARCELS}/{created.json['id']}/label")
            runs.append([created, label, ask(mock, "GET", PARCELS)])
    assert runs[0] == runs[1] != runs[2]


def test_what_cannot_be_seeded_is_said(mock: MockSample) -> None:
    for count in (-1, 10_000_001):
        with pytest.raises(ValueError, match="from 0 to 10,000,000"):
            mock.seed_clients(count)
    with pytest.raises(DocumentError, match="makes something to be listed"):
        Mock(paths({})).seed_clients(1)


def test_a_long_list_is_whole_in_order_and_held_in_pieces(mock: MockSample) -> None:
    listed: list[str] = []
    for count in (999, 1, 1500):
        mock.seed_clients(count, api_key="one")
        before, listed = listed, [one["id"] for one in ask(mock, "GET", PARCELS).json]
        assert len(set(listed)) == len(before) + count
        assert listed[: len(before)] == before
    mock.seed_clients(37_500, api_key="one")
    tracemalloc.start()
    try:
        answer = mock.handle("GET", PARCELS, [KEY], b"")
        assert not isinstance(answer.body, bytes)
        size = sum(map(len, answer.body))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 3_600_000 > peak


def test_others_are_answered_while_a_long_list_is_sent(
    mock: MockSample, server: MockServer
) -> None:
    mock.seed_clients(20_000, api_key="one")
    with httpx.Client(headers=HEADERS, base_url=server.url, trust_env=False) as client:
        with client.stream("GET", "/parcels") as response:
            pieces = response.iter_bytes()
            text = next(pieces)
            assert client.post("/parcels", content=b"{}").status_code == 201
            text += b"".join(pieces)
        assert response.headers["transfer-encoding"] == "chunked"
        assert len(json.loads(text)) >= 20_000


def run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def damage(path: Path) -> None:
    MockSample(db=path).seed_clients(500)
    content = path.read_bytes()
    path.write_bytes(content[:8192] + bytes(range(256)) * 128 + content[40_960:])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: run(path, "CREATE TABLE theirs (a)"), "is another program's"),
        (lambda path: run(path, "PRAGMA user_version = 99"), "or another version's of the mock"),
        (damage, "it is damaged"),
        (lambda path: path.write_text("Dear all, " * 200), "not a database"),
        (lambda path: (path.unlink(), path.mkdir()), "in a folder that may be written"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_is_left_alone(
    tmp_path: Path, make: Callable[[Path], object], expected: str
) -> None:
    path = tmp_path / "state.db"
    if expected != "is another program's":
        MockSample(db=path).close()
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StateError, match=expected) as caught:
        MockSample(db=path)
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_so_many_a_minute_and_no_more() -> None:
    with MockSample(clock=lambda: 1e6, rate_limit=2, api_keys=["one", "two"]) as still:
        for _ in range(2):
            assert ask(still, "GET", PARCELS, headers=()).status == 401  # which does not count
            assert ask(still, "GET", PARCELS).status == 200
            still.clock.advance(10)
        refused = ask(still, "GET", PARCELS)
        assert (refused.status, refused.headers["retry-after"]) == (429, "40")
        assert refused.json == {"error": "Too many requests"}
        assert ask(still, "GET", PARCELS, headers=[("authorization", "Bearer two")]).status == 200
        still.clock.advance(40)
        assert [ask(still, "GET", PARCELS).status for _ in range(2)] == [200, 429]
        still.clock.reset()  # a time before all that was counted
        assert ask(still, "GET", PARCELS).status == 200


def test_a_pause_takes_no_time_and_moves_the_clock() -> None:
    with MockSample(rate_limit=1) as mock, mock.client() as portal:
        portal.parcels.list()
        mock.fault("rate_limited", times=1, retry_after=7)
        begun, now = time.monotonic(), mock.clock()
        # Seven seconds are told by the fault; the minute, of which they are a part, by the limit.
        portal.with_options(timeout=90).parcels.list()
        assert time.monotonic() - begun < 5
        assert mock.clock() - now >= 60
        with pytest.raises(RateLimitError):
            asyncio.run(mock.async_client(timeout=2).parcels.list())


def test_time_that_a_test_freezes_is_the_mocks(monkeypatch: pytest.MonkeyPatch) -> None:
    with MockSample() as mock:
        monkeypatch.setattr("time.time", lambda: 86_400.0)
        assert mock.clock() == 86_400.0
        mock.clock.advance(1e308)
        for step in (-1.0, float("nan"), float("inf"), 1e308):
            with pytest.raises(ValueError, match="from 0"):
                mock.clock.advance(step)


def test_no_client_of_the_mock_goes_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "" if name.lower() == "no_proxy" else "http://127.0.0.1:9")
    with MockSample() as mock, mock.client() as portal:
        assert portal.parcels.list() == []
        assert asyncio.run(mock.async_client().parcels.list()) == []
