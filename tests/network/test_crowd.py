"""One client for many threads and many tasks, and for calls that are given up."""

from __future__ import annotations

import asyncio
import ctypes
import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sample import APIConnectionError, APITimeoutError
from sample._http import httpx
from sample._http.waits_async import AsyncSignal

from tests.network._operations import GET, PARCEL, TimeIsUp, drive, make_client, opened
from tests.network._server import CHUNKED, Answer, Peer, chunks, reply, whole
from tests.network.conftest import Serve


def _tag(together: int = 1) -> Answer:
    """Answer with the id that was asked for, so many at a time, some a little later."""
    gate = threading.Barrier(together)

    def act(peer: Peer) -> None:
        gate.wait(20)
        tag = _asked(peer.asked)
        if hash(tag) % 4 == 0:
            time.sleep(0.002)
        peer.request.sendall(reply(200, json.dumps(PARCEL | {"id": tag}).encode()))

    return (act,)


def _asked(request: bytes) -> str:
    return request.split(b" ")[1].rpartition(b"/")[2].decode()


def _get_all(client: Any, count: int) -> None:
    ids = [str(number) for number in range(count)]
    found = client.map(client.parcels.get, ids, concurrency=count)
    assert [one.result().id for one in found] == ids


@pytest.mark.parametrize("places", [100, 2], ids=["own", "http_client"])
def test_200_calls_at_once_are_each_answered_in_the_order_that_they_came(
    serve: Serve, places: int, mode: str
) -> None:
    server = serve(_tag(together=places))
    given = {"limits": httpx.Limits(max_connections=2)} if places == 2 else None
    with opened(mode, server.url, given=given) as client:
        _get_all(client, 200)
    if mode == "async":  # Threads begin in any order.
        assert len(server.peers) <= places
        asked = [int(_asked(one)) for one in server.requests]
        assert asked == sorted(asked, key=lambda number: number // places)


def test_a_full_house(serve: Serve, mode: str) -> None:
    server = serve((Peer.hold,))

    async def calling(threads: ThreadPoolExecutor) -> None:
        begin: Any = GET.call
        if mode == "sync":
            begin = partial(asyncio.get_running_loop().run_in_executor, threads, begin)
        client = make_client(mode, server.url, max_attempts=1, timeout=60)
        held = [asyncio.ensure_future(begin(client)) for _ in range(103)]
        while len(server.requests) < 100:
            await asyncio.wait(held, timeout=0.01)
        with pytest.raises(APITimeoutError, match="no connection became free") as caught:
            await begin(client.with_options(timeout=0.2))
        assert caught.value.maybe_processed is False
        await client.aclose() if mode == "async" else client.close()
        errors: list[Any] = await asyncio.gather(*held, return_exceptions=True)
        assert {type(error) for error in errors} == {APIConnectionError}
        # Three were waiting when the client was closed.
        assert sorted(error.maybe_processed for error in errors) == [False] * 3 + [True] * 100

    with ThreadPoolExecutor(104) as threads:
        asyncio.run(calling(threads))
    server.settle()


def test_1000_tasks_that_are_cancelled_at_random_are_given_nobody_elses_answer(
    serve: Serve,
) -> None:
    chance, server = random.Random(8), serve(_tag())
    client = make_client("async", server.url, timeout=20)

    async def get(tag: str) -> str | None:
        call = asyncio.ensure_future(client.parcels.get(tag))
        if chance.random() < 0.6:  # Many of them in one of the loop's first rounds.
            asyncio.get_running_loop().call_later(chance.random() ** 4 * 0.05, call.cancel)
        with suppress(asyncio.CancelledError):
            found = await call
            assert not call.cancelling()
            return str(found.id)
        return None

    async def get_each(tags: list[str]) -> None:
        pairs = zip(tags, await asyncio.gather(*map(get, tags)), strict=True)
        assert [pair for pair in pairs if pair[1] not in {None, pair[0]}] == []

    with asyncio.Runner() as runner:
        for batch in range(7):
            runner.run(get_each([f"{batch}-{number}" for number in range(150)]))
        server.script[:] = [_tag(together=100)]  # No place was lost.
        _get_all(drive(client, runner.get_loop().run_until_complete), 100)
        runner.run(client.aclose())


@pytest.fixture
def _untraced() -> Iterator[None]:
    """No line is traced, as `make coverage` does.

    While an exception is pending for a thread that waits for an answer, CPython 3.11 has each
    traced function of every other thread begin over and over: nobody answers until time is up.
    """
    tracers: list[Any] = [
        (sys.settrace, sys.gettrace()),
        (threading.settrace, threading.gettrace()),
    ]
    for settrace, _ in tracers:
        settrace(None)
    yield
    for settrace, before in tracers:
        settrace(before)


@pytest.mark.usefixtures("_untraced")
def test_1000_calls_of_threads_that_are_ended_at_random_are_given_nobody_elses_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, server = random.Random(8), serve(_tag())
    asked, answered, ends = list[str](), list[tuple[str, str]](), list[Any]()
    # It may strike the standard library while that makes a socket, which Python then closes with a
    # warning, and a thread between two calls, which ends with it.
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    monkeypatch.setattr(threading, "excepthook", lambda args: ends.append(args.exc_type))

    def worker(number: int) -> None:
        for turn in range(125):
            with suppress(TimeIsUp):
                tag = f"{number}-{turn}"
                asked.append(tag)
                answered.append((tag, client.parcels.get(tag).id))

    with opened("sync", server.url, timeout=20) as client:
        threads = [threading.Thread(target=worker, args=[n], daemon=True) for n in range(8)]
        for thread in threads:
            thread.start()
        give_up = ctypes.pythonapi.PyThreadState_SetAsyncExc
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.0005)
            victim = chance.choice(threads)
            if victim.is_alive():
                give_up(ctypes.c_ulong(victim.ident or 0), ctypes.py_object(TimeIsUp))
        assert [pair for pair in answered if pair[0] != pair[1]] == []
        assert set(ends) <= {TimeIsUp}
        assert len(asked) - 5 > len(answered) > 5
        server.script[:] = [_tag(together=100)]  # No place was lost.
        _get_all(client, 100)


def test_streams_that_are_left_early_leave_every_place_free(serve: Serve, mode: str) -> None:
    begins = CHUNKED + chunks(b"[" + GET.body + b",")
    server = serve(*[(begins, Peer.hold)] * 110, whole(GET))
    with opened(mode, server.url, timeout=60) as client:
        for _ in range(110):
            next(client.parcels.iter())
        assert GET.call(client).id == "parcel-1"


def test_a_task_that_waits_is_woken_from_any_thread() -> None:
    async def waiting() -> bool:
        signal = AsyncSignal()
        waits = asyncio.create_task(signal.wait(5))
        await asyncio.sleep(0)
        await asyncio.to_thread(signal.set)  # as garbage collection does, wherever it runs
        return await waits

    assert asyncio.run(waiting(), debug=True)
