"""Closing, event loops, forks, and clients that nobody closes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sample import APIConnectionError, ConfigurationError
from sample.testing import ManualClock

from tests.network._operations import GET, LIST, drive, items, make_client, opened
from tests.network._server import Recorded, reply, whole
from tests.network.conftest import Serve, each_mode


@each_mode
def test_a_closed_client_says_so(serve: Serve, mode: str) -> None:
    server = serve(whole(GET))
    acts: list[Callable[[Any], Any]] = [
        *(GET.call, items, lambda one: GET.call(one.with_options()), lambda one: one.warm())
    ]
    with opened(mode, server.url) as client:
        GET.call(client)
        client.close()
        client.close()
        for act in acts:
            with pytest.raises(ConfigurationError, match="closed") as caught:
                act(client)
            assert caught.value.maybe_processed is False
    assert len(server.requests) == 1


def test_closing_a_copy_leaves_its_origin_open(serve: Serve) -> None:
    server = serve(whole(GET))
    with opened("sync", server.url) as client:
        with client.with_options(timeout=5) as copy:
            GET.call(copy)
        GET.call(client)
    assert len(server.peers) == 1


@each_mode
def test_a_call_that_pauses_while_its_client_is_closed_sends_no_more(
    serve: Serve, mode: str
) -> None:
    server = serve(reply(503), whole(GET))
    client = make_client(mode, server.url)

    class Closing(ManualClock):
        """Closes the client in each pause, as another thread or task may."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            if mode == "sync":
                client.close()

        async def sleep_async(self, seconds: float) -> None:
            await super().sleep_async(seconds)
            await client.aclose()

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
        with ThreadPoolExecutor(1) as thread:  # A second loop while this one still runs.
            second = thread.submit(asyncio.run, GET.call(client))
            with pytest.raises(ConfigurationError, match="another event loop"):
                await asyncio.wrap_future(second)

    with asyncio.Runner() as runner:
        runner.run(first())
        with pytest.raises(ConfigurationError, match="another event loop"):
            asyncio.run(GET.call(client))
        asyncio.run(client.aclose())
        server.settle()
    assert len(server.requests) == 1


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")


def _exit_code_of_a_child(act: Callable[[], object]) -> int | None:
    """Do something in a child process of a fork; return its exit code, None where it hung."""
    child = multiprocessing.get_context("fork").Process(target=act)
    with warnings.catch_warnings():
        # From 3.12 on, Python warns of a fork where there are threads; the server has some.
        warnings.simplefilter("ignore", DeprecationWarning)
        child.start()
    child.join(20)
    code = child.exitcode
    child.kill()
    return code


@forks
@each_mode
def test_a_fork_gets_connections_of_its_own_and_may_close_them(serve: Serve, mode: str) -> None:
    server = serve(whole(GET))
    client = make_client(mode, server.url)

    def call(who: str, runner: asyncio.Runner) -> None:
        GET.call(drive(client, runner.run).with_options(headers={"X-Who": who}))

    def child() -> None:
        with asyncio.Runner() as own:
            call("child", own)
            drive(client, own.run).close()

    with asyncio.Runner() as runner:
        call("parent", runner)
        assert _exit_code_of_a_child(child) == 0
        call("parent", runner)
        drive(client, runner.run).close()
    who = [Recorded(bytes(peer.received), b"").headers("x-who") for peer in server.peers]
    assert sorted(who) == [["child"], ["parent", "parent"]]


@forks
def test_a_fork_in_the_middle_of_other_threads_calls_does_not_hang(serve: Serve) -> None:
    server = serve(whole(GET))
    over = threading.Event()

    def busy() -> None:
        while not over.is_set():
            GET.call(client)

    def child() -> None:
        GET.call(client)
        client.close()

    with opened("sync", server.url) as client:
        threads = [threading.Thread(target=busy) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(10):
                assert _exit_code_of_a_child(child) == 0
        finally:
            over.set()
            for thread in threads:
                thread.join()


# In development mode asyncio tells of each step that takes over 0.1 s. On a busy machine the
# imports of a first call do, and what is listened for here is something else.
_BEGINS = """
import asyncio, gc, os, sys, threading, tracemalloc
from sample import AsyncSample, Sample

def client(kind=Sample):
    return kind("key", base_url=sys.argv[1])

async def use(one):
    asyncio.get_running_loop().slow_callback_duration = 60
    await one.parcels.list()
"""
_UNCLOSED = {
    "sync": """
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
    """,
    "async": """
        one, never_used = client(AsyncSample), client(AsyncSample)
        asyncio.run(use(one))
        asyncio.run(use(client(AsyncSample)))
    """,
    # Neither sockets nor memory are left by many.
    "many": """
        def many(times):
            for _ in range(times):
                client().parcels.list()
            gc.collect()

        many(300)
        files = len(os.listdir("/proc/self/fd"))
        tracemalloc.start()
        many(50)
        before, _ = tracemalloc.get_traced_memory()
        many(300)
        after, _ = tracemalloc.get_traced_memory()
        assert len(os.listdir("/proc/self/fd")) <= files
        assert after - before < 300 * 200, after - before
    """,
}


@pytest.mark.parametrize("kind", _UNCLOSED)
def test_a_client_that_is_never_closed_ends_in_silence(
    serve: Serve, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "many" and not Path("/proc/self/fd").is_dir():
        pytest.skip("Open files are counted in /proc.")
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # It takes memory of its own.
    flags = [] if kind == "many" else ["-X", "dev"]
    program = _BEGINS + textwrap.dedent(_UNCLOSED[kind])
    done = subprocess.run(
        [sys.executable, *flags, "-W", "error", "-c", program, f"{serve(whole(LIST)).url}/v1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (done.returncode, done.stderr) == (0, "")
