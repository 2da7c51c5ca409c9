"""Closing, event loops, forks, and clients that nobody closes."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sample import APIConnectionError, ConfigurationError
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import GET, LIST, drive, items, make_client, opened, run_python
from tests.network._server import reply, whole
from tests.network.conftest import Serve


def test_a_closed_client_says_so_and_a_closed_copy_leaves_its_origin_open(
    serve: Serve, mode: str
) -> None:
    server = serve(whole(GET))
    acts: list[Callable[[Any], Any]] = [
        *(GET.call, items, lambda one: GET.call(one.with_options()), lambda one: one.warm())
    ]
    with opened(mode, server.url) as client:
        client.with_options(timeout=5).close()
        GET.call(client)
        client.close()
        client.close()
        for act in acts:
            with pytest.raises(ConfigurationError, match="closed") as caught:
                act(client)
            assert caught.value.maybe_processed is False
    assert len(server.requests) == 1


@pytest.mark.parametrize("is_given", [False, True], ids=["client", "http_client"])
def test_a_call_that_pauses_while_its_client_is_closed_sends_no_more(
    serve: Serve, mode: str, is_given: bool
) -> None:
    server = serve(reply(503), whole(GET))
    library: Any = httpx.Client if mode == "sync" else httpx.AsyncClient
    given = library(trust_env=False) if is_given else None
    client = make_client(mode, server.url, http_client=given)

    class Closing(ManualClock):
        """Closes it in each pause, as another thread or task may."""

        def sleep(self, _: float) -> None:
            (given or client).close()

        async def sleep_async(self, _: float) -> None:
            await (given or client).aclose()

    with asyncio.Runner() as runner, pytest.raises(APIConnectionError, match="closed") as caught:
        GET.call(drive(client, runner.run).with_options(clock=Closing()))
    assert (caught.value.attempts, caught.value.maybe_processed) == (1, True)
    server.settle()
    assert len(server.requests) == 1


def test_another_event_loop_is_told_so_and_may_close_the_client(serve: Serve) -> None:
    server = serve(whole(GET))
    client = make_client("async", server.url)

    async def first() -> None:
        await GET.call(client)
        with pytest.raises(ConfigurationError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, GET.call(client))

    with asyncio.Runner() as runner:
        runner.run(first())  # The second loop runs while this one does, and then after it.
        with pytest.raises(ConfigurationError, match="another event loop"):
            asyncio.run(GET.call(client))
        asyncio.run(client.aclose())
        server.settle()
    assert len(server.requests) == 1


# From 3.12 on, Python warns of a fork where there are threads; the server has some.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_amid_calls_gets_connections_of_its_own_and_may_close_them(
    serve: Serve, mode: str
) -> None:
    server = serve(whole(GET))
    client, over = make_client(mode, server.url), threading.Event()

    def call(who: str, runner: asyncio.Runner) -> None:
        GET.call(drive(client, runner.run).with_options(headers={"X-Who": who}))

    def child() -> None:
        with asyncio.Runner() as own:
            call("child", own)
            drive(client, own.run).close()

    def busy() -> None:
        while mode == "sync" and not over.is_set():
            call("parent", runner)

    with asyncio.Runner() as runner:
        call("parent", runner)
        threads = [threading.Thread(target=busy) for _ in range(4)]
        for thread in threads:
            thread.start()
        children = [multiprocessing.get_context("fork").Process(target=child) for _ in range(10)]
        for one in children:
            one.start()
            one.join(60)
            one.kill()
        over.set()
        for thread in threads:
            thread.join()
        call("parent", runner)
        drive(client, runner.run).close()
    assert [one.exitcode for one in children] == [0] * 10
    who = [{*re.findall(rb"X-Who: (\w+)", peer.received)} for peer in server.peers]
    assert (who.count({b"child"}), who.count({b"parent"})) == (10, len(who) - 10)
    assert len(who) == 11 or mode == "sync"  # The parent's connection is still its own.


PROGRAM = """
import asyncio, gc, os, sys, threading, tracemalloc
from sample import AsyncSample, Sample

def client(kind=Sample):
    return kind("key", base_url=sys.argv[1])

async def use(one):
    # On a busy machine the imports of a first call take long, which development mode tells.
    asyncio.get_running_loop().slow_callback_duration = 60
    await one.parcels.list()

def leave(times):
    for _ in range(times):
        client().parcels.list()
    gc.collect()

def count_files():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

one, never_used = client(), client()
one.parcels.list()
print(next(one.parcels.iter()))
held = client().parcels.iter()
print(next(held))
in_a_cycle = [client()]
in_a_cycle.append(in_a_cycle)
in_a_cycle[0].parcels.list()
del in_a_cycle
threading.Thread(target=client().parcels.list).start()

another, never_used_either = client(AsyncSample), client(AsyncSample)
asyncio.run(use(another))
asyncio.run(use(client(AsyncSample)))

leave(300)
files = count_files()
tracemalloc.start()
leave(50)
before, _ = tracemalloc.get_traced_memory()
leave(300)
after, _ = tracemalloc.get_traced_memory()
assert count_files() <= files
assert after - before < 300 * 200, after - before
"""


def test_clients_that_are_never_closed_leave_nothing_and_end_in_silence(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # It takes memory of its own.
    developing = "-X", "dev", "-W", "error", "-c"
    status, _, errors = run_python(*developing, PROGRAM, f"{serve(whole(LIST)).url}/v1")
    assert (status, errors) == (0, "")
