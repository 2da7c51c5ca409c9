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
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sample import AsyncSample, Sample, SampleError
from sample._http import httpx
from sample._http.waits_async import AsyncSignal

from tests.network._operations import GET, KEY, PARCEL, run
from tests.network._server import SILENT, Answer, HostileServer, Peer, Recorded, head, whole
from tests.network.conftest import Serve, each_mode


class Tagging(HostileServer):
    """Answers each request with the id that it asked for, now and then a little later."""

    def __init__(self, *script: Answer) -> None:
        super().__init__(*script)
        self.hold(0)

    def hold(self, count: int) -> None:
        """Answer none of the next requests before so many of them are there."""
        self._from, self._full = len(self.requests) + count, threading.Event()

    def _answer(self, peer: Peer) -> None:
        request: Recorded | None = peer.read()
        if request is None:
            peer.close()
            return
        self.requests.append(request)
        if len(self.requests) >= self._from:
            self._full.set()
        self._full.wait(10)
        tag = request.request_line.split(" ")[1].rpartition("/")[2]
        body = json.dumps(PARCEL | {"id": tag}).encode()
        if hash(tag) % 4 == 0:
            time.sleep(0.002)
        peer.send(head(200, f"Content-Length: {len(body)}") + body)


@pytest.mark.parametrize("given", [False, True], ids=["own", "http_client"])
def test_200_tasks_at_once_are_each_answered_in_the_order_that_they_came(given: bool) -> None:
    async def calling() -> None:
        http = httpx.AsyncClient(trust_env=False) if given else None
        url = f"{server.url}/v1"
        async with AsyncSample(KEY, base_url=url, http_client=http, timeout=20) as client:
            calls = (client.parcels.get(str(number)) for number in range(200))
            parcels = await asyncio.gather(*calls)
        assert [parcel.id for parcel in parcels] == [str(number) for number in range(200)]
        if http is not None:
            await http.aclose()

    with Tagging(whole(GET)) as server:
        server.hold(100)
        asyncio.run(calling())
        came = [int(one.request_line.split(" ")[1].rpartition("/")[2]) for one in server.requests]
        # The server's threads read in an order of their own.
        assert sorted(came[:100]) == list(range(100))
        assert len(server.peers) <= 100 or given  # httpx keeps but 20 of them.


def test_200_threads_at_once_are_each_answered() -> None:
    with Tagging(whole(GET)) as server, ThreadPoolExecutor(200) as threads:
        together = threading.Barrier(200)

        def call(number: int) -> str:
            together.wait(20)
            return client.parcels.get(str(number)).id

        with Sample(KEY, base_url=f"{server.url}/v1", timeout=30) as client:
            assert list(threads.map(call, range(200))) == [str(one) for one in range(200)]
        assert len(server.peers) <= 100


def test_1000_tasks_that_are_cancelled_at_random_are_given_nobody_elses_answer() -> None:
    chance = random.Random(8)

    async def one(client: AsyncSample, tag: str) -> str | None:
        call = asyncio.create_task(client.parcels.get(tag))
        if chance.random() < 0.6:
            asyncio.get_running_loop().call_later(chance.random() * 0.05, call.cancel)
        try:
            return (await call).id
        except asyncio.CancelledError:
            return None

    async def calling() -> None:
        async with AsyncSample(KEY, base_url=f"{server.url}/v1", timeout=20) as client:
            for batch in range(10):
                tags = [f"{batch}-{number}" for number in range(100)]
                answers = await asyncio.gather(*(one(client, tag) for tag in tags))
                pairs = zip(tags, answers, strict=True)
                assert [pair for pair in pairs if pair[1] not in {None, pair[0]}] == []
            held = [client.parcels.get(str(number)) for number in range(100)]
            came = [parcel.id for parcel in await asyncio.gather(*held)]
            assert came == [str(number) for number in range(100)]

    with Tagging(whole(GET)) as server:
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
    monkeypatch: pytest.MonkeyPatch,
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

    with Tagging(whole(GET)) as server:
        client = Sample(KEY, base_url=f"{server.url}/v1", timeout=20)
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
        server.hold(100)  # And no place is lost.
        with ThreadPoolExecutor(100) as pool:
            found = pool.map(lambda n: client.parcels.get(str(n), timeout=8).id, range(100))
            assert list(found) == [str(number) for number in range(100)]
        client.close()


@pytest.mark.parametrize("turns", [0, 1, 3, 8, 20, 40])
def test_wherever_tasks_are_cancelled_every_place_is_free_again(serve: Serve, turns: int) -> None:
    server = serve(whole(GET))

    async def calling() -> None:
        async with AsyncSample(KEY, base_url=f"{server.url}/v1", timeout=30) as client:
            await GET.call(client)
            held = [asyncio.create_task(GET.call(client)) for _ in range(150)]
            for _ in range(turns):
                await asyncio.sleep(0)
            for task in held:
                task.cancel()
            await asyncio.gather(*held, return_exceptions=True)
            server.script(SILENT)
            await asyncio.sleep(0.1)  # What was cancelled may be on its way to the server.
            before = len(server.requests)
            all_places = [asyncio.create_task(GET.call(client)) for _ in range(100)]
            end = time.monotonic() + 10
            while len(server.requests) < before + 100:
                assert time.monotonic() < end
                await asyncio.sleep(0.01)
            for task in all_places:
                task.cancel()
            await asyncio.gather(*all_places, return_exceptions=True)

    asyncio.run(calling())


def test_a_time_limit_around_a_call_is_the_callers(serve: Serve) -> None:
    server = serve(whole(GET), SILENT, whole(GET))

    async def calling() -> None:
        async with AsyncSample(KEY, base_url=f"{server.url}/v1") as client:
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

    def leaving(client: Sample) -> Any:
        for _ in range(110):
            next(client.parcels.iter())
        return GET.call(client)

    async def leaving_async(client: AsyncSample) -> Any:
        for _ in range(110):
            items = client.parcels.iter()
            await anext(items)
            await items.aclose()
        return await GET.call(client)

    act: Callable[[Any], Any] = leaving if mode == "sync" else leaving_async
    server = serve(*[Answer(begins)] * 110, whole(GET))
    assert run(mode, server.url, act, timeout=60).id == "parcel-1"


def test_a_task_that_waits_is_woken_from_any_thread() -> None:
    async def waiting() -> bool:
        signal = AsyncSignal()
        waits = asyncio.create_task(signal.wait(5))
        await asyncio.sleep(0)
        await asyncio.to_thread(signal.set)  # as garbage collection does, wherever it runs
        return await waits

    assert asyncio.run(waiting(), debug=True)
