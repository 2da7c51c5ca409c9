"""One client for many threads and many tasks, and for calls that are given up."""

from __future__ import annotations

import asyncio
import ctypes
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from sample import APIConnectionError, APITimeoutError, SampleError
from sample._http import httpx
from sample._http.waits_async import AsyncSignal

from tests.network._operations import GET, PARCEL, begin, close, make_client, opened
from tests.network._server import SILENT, Answer, HostileServer, Peer, head, whole
from tests.network.conftest import Serve, each_mode


def _tag(together: int = 1) -> Answer:
    """Answer with the id that was asked for, so many at a time, some a little later."""
    gate = threading.Barrier(together)

    def act(peer: Peer) -> None:
        gate.wait(20)
        tag = _asked(peer.asked.request_line)
        body = json.dumps(PARCEL | {"id": tag}).encode()
        if hash(tag) % 4 == 0:
            time.sleep(0.002)
        peer.send(head(200, f"Content-Length: {len(body)}") + body)

    return Answer(act)


def _asked(request_line: str) -> str:
    return request_line.split(" ")[1].rpartition("/")[2]


def _get(tag: object) -> Callable[[Any], Any]:
    return lambda client: client.parcels.get(str(tag))


async def _no_place_is_lost(server: HostileServer, client: Any) -> None:
    server.script(_tag(together=100))
    calls = [begin(_get(number), client) for number in range(100)]
    assert [one.id for one in await asyncio.gather(*calls)] == [str(one) for one in range(100)]


@each_mode
@pytest.mark.parametrize("given", [False, True], ids=["own", "http_client"])
def test_200_calls_at_once_are_each_answered_in_the_order_that_they_came(
    serve: Serve, given: bool, mode: str
) -> None:
    server = serve(_tag(together=100))

    async def calling() -> None:
        kind: Any = httpx.Client if mode == "sync" else httpx.AsyncClient
        http = kind(trust_env=False) if given else None
        client = make_client(mode, server.url, http_client=http, timeout=30)
        calls = [begin(_get(number), client) for number in range(200)]
        assert [one.id for one in await asyncio.gather(*calls)] == [str(n) for n in range(200)]
        await begin(close, client)
        if http is not None:
            await http.aclose() if mode == "async" else http.close()

    asyncio.run(calling())
    if mode == "async":  # Threads, the server's own as well, begin in any order.
        assert len(server.peers) <= 100 or given  # httpx keeps but 20 of them.
        first = [int(_asked(one.request_line)) for one in server.requests[:100]]
        assert sorted(first) == [*range(100)]


@each_mode
def test_a_full_house(serve: Serve, mode: str) -> None:
    server = serve(SILENT)

    async def calling() -> None:
        client: Any = make_client(mode, server.url, max_attempts=1, timeout=60)
        held = [begin(GET.call, client) for _ in range(103)]
        while len(server.requests) < 100:
            await asyncio.wait(held, timeout=0.01)
        with pytest.raises(APITimeoutError, match="no connection became free") as caught:
            await begin(GET.call, client.with_options(timeout=0.2))
        assert caught.value.maybe_processed is False
        await begin(close, client)
        errors: list[Any] = await asyncio.gather(*held, return_exceptions=True)
        assert {type(error) for error in errors} == {APIConnectionError}
        # Three were waiting when the client was closed.
        assert sorted(error.maybe_processed for error in errors) == [False] * 3 + [True] * 100

    asyncio.run(calling())
    server.settle()


def test_1000_tasks_that_are_cancelled_at_random_are_given_nobody_elses_answer(
    serve: Serve,
) -> None:
    chance, server = random.Random(8), serve(_tag())

    async def one(client: Any, tag: str) -> str | None:
        call = begin(_get(tag), client)
        if chance.random() < 0.6:  # Many of them in one of the loop's first rounds.
            asyncio.get_running_loop().call_later(chance.random() ** 4 * 0.05, call.cancel)
        try:
            return str((await call).id)
        except asyncio.CancelledError:
            return None

    async def calling() -> None:
        async with make_client("async", server.url, timeout=20) as client:
            for batch in range(7):
                tags = [f"{batch}-{number}" for number in range(150)]
                answers = await asyncio.gather(*(one(client, tag) for tag in tags))
                pairs = zip(tags, answers, strict=True)
                assert [pair for pair in pairs if pair[1] not in {None, pair[0]}] == []
            await _no_place_is_lost(server, client)

    asyncio.run(calling())


@pytest.fixture
def _untraced() -> Iterator[None]:
    """No line is traced, as `make coverage` does.

    While an exception is pending for a thread that waits for an answer, CPython 3.11 has each
    traced function of every other thread begin over and over: nobody answers until time is up.
    """
    own, in_threads = sys.gettrace(), threading.gettrace()
    nothing: Any = None
    sys.settrace(nothing)
    threading.settrace(nothing)
    yield
    threading.settrace(in_threads or nothing)
    sys.settrace(own)


class GivenUp(Exception):  # noqa: N818 - as the time limit of a job queue is named
    """What ends a thread's call from outside."""


@pytest.mark.usefixtures("_untraced")
def test_1000_calls_of_threads_that_are_ended_at_random_are_given_nobody_elses_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(8)
    wrong: list[tuple[str, str]] = []
    outcomes = {"answered": 0, "given up": 0}
    ends: list[Any] = []
    # It may strike the standard library while that makes a socket, which Python then closes with a
    # warning, and a thread past its last call, which ends with it.
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    monkeypatch.setattr(threading, "excepthook", lambda args: ends.append(args.exc_type))

    def call(tag: str) -> None:
        try:
            came = client.parcels.get(tag).id
        except GivenUp:
            outcomes["given up"] += 1
        else:
            outcomes["answered"] += 1
            if came != tag:
                wrong.append((tag, came))

    def worker(number: int) -> None:
        for turn in range(125):
            with suppress(GivenUp):  # It may come between two calls.
                call(f"{number}-{turn}")

    server = serve(_tag())
    with opened("sync", server.url, timeout=20) as client:
        threads = [threading.Thread(target=worker, args=[n], daemon=True) for n in range(8)]
        for thread in threads:
            thread.start()
        give_up = ctypes.pythonapi.PyThreadState_SetAsyncExc
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.0005)
            victim = chance.choice(threads)
            if victim.is_alive():
                give_up(ctypes.c_ulong(victim.ident or 0), ctypes.py_object(GivenUp))
        assert (wrong, set(ends) - {GivenUp}) == ([], set())
        assert min(outcomes.values()) > 5, outcomes
        asyncio.run(_no_place_is_lost(server, client))


def test_a_time_limit_around_a_call_is_the_callers(serve: Serve) -> None:
    server = serve(whole(GET), SILENT, whole(GET))

    async def calling() -> None:
        async with make_client("async", server.url) as client:
            await GET.call(client)
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.2):
                    await GET.call(client)
            assert not isinstance(caught.value, SampleError)
            assert (await GET.call(client)).id == "parcel-1"

    asyncio.run(calling())


@each_mode
def test_streams_that_are_left_early_leave_every_place_free(serve: Serve, mode: str) -> None:
    def begins(peer: Peer) -> None:
        peer.send(head(200, "Transfer-Encoding: chunked"))
        chunk = b"[" + GET.body + b","
        peer.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        peer.hold()

    server = serve(*[Answer(begins)] * 110, whole(GET))
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
