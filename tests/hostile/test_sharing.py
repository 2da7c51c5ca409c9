"""One client for many: threads, tasks, event loops, forks, and no trace when it is gone."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from portal_v1 import APITimeoutError, AsyncPortal, ConfigurationError, Portal, PortalError

from tests.hostile._observe import KEY, MODES
from tests.hostile._operations import LISTS, OPERATIONS, Operation
from tests.hostile._server import SILENT, Answer, HostileServer, Peer, Recorded, head
from tests.hostile.conftest import Serve

each_mode = pytest.mark.parametrize("mode", MODES)
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
each_list = pytest.mark.parametrize("operation", LISTS, ids=repr)
OPERATION = OPERATIONS[0]
ROOT = Path(__file__).resolve().parents[2]


def whole(operation: Operation = OPERATION) -> Answer:
    """The documented answer, on a connection that is kept."""

    def act(peer: Peer) -> None:
        peer.send(head(operation.status, f"Content-Length: {len(operation.body)}") + operation.body)

    return Answer(act)


# Each thread has a key of its own, so that an answer that went astray would show.
def test_32_threads_share_one_client(serve: Serve) -> None:
    server = serve(whole())

    def own_calls(number: int) -> list[int]:
        mine = portal.with_options(headers={"X-Number": str(number)})
        return [OPERATION.call(mine).attempts for _ in range(5)]

    with Portal(KEY, base_url=server.url, timeout=60) as portal, ThreadPoolExecutor(32) as threads:
        attempts = list(threads.map(own_calls, range(32)))
    assert attempts == [[1] * 5] * 32
    sent = sorted(int(request.headers("x-number")[0]) for request in server.requests)
    assert sent == sorted([*range(32)] * 5)
    assert len(server.peers) < 32 * 5  # the pool keeps 20 idle ones, and closes the rest


def test_the_first_call_may_be_32_at_once(serve: Serve) -> None:
    server = serve(whole())
    with Portal(KEY, base_url=server.url, timeout=60) as portal:
        together = threading.Barrier(32)

        def first() -> int:
            together.wait(20)
            attempts: int = OPERATION.call(portal).attempts
            return attempts

        with ThreadPoolExecutor(32) as threads:
            calls = [threads.submit(first) for _ in range(32)]
            assert [one.result() for one in calls] == [1] * 32
    assert len(server.requests) == 32


def test_50_tasks_share_one_client(serve: Serve) -> None:
    server = serve(whole())

    async def calling() -> list[Any]:
        async with AsyncPortal(KEY, base_url=server.url, timeout=60) as portal:
            return await asyncio.gather(*(OPERATION.call_async(portal) for _ in range(50)))

    assert [one.attempts for one in asyncio.run(calling())] == [1] * 50


def test_another_event_loop_is_told_so(serve: Serve) -> None:
    server = serve(whole())
    portal = AsyncPortal(KEY, base_url=server.url)

    async def first() -> None:
        await OPERATION.call_async(portal)
        with ThreadPoolExecutor(1) as thread:  # a second loop while this one still runs
            second = thread.submit(asyncio.run, OPERATION.call_async(portal))
            with pytest.raises(ConfigurationError, match="another event loop"):
                await asyncio.wrap_future(second)
        assert (await OPERATION.call_async(portal)).attempts == 1
        await portal.aclose()

    asyncio.run(first())
    assert len(server.requests) == 2


def test_a_later_event_loop_is_told_so(serve: Serve) -> None:
    server = serve(whole())
    portal = AsyncPortal(KEY, base_url=server.url)

    async def calling() -> None:
        await OPERATION.call_async(portal)

    async def closing() -> None:
        await portal.aclose()

    with asyncio.Runner() as runner:
        runner.run(calling())
        with pytest.raises(ConfigurationError, match="another event loop"):
            asyncio.run(calling())
        asyncio.run(closing())  # Closing elsewhere leaves the first loop's connections alone.
        runner.run(closing())
    assert len(server.requests) == 1


def test_asyncio_run_twice_with_a_client_each(serve: Serve) -> None:
    server = serve(whole())

    async def calling() -> int:
        async with AsyncPortal(KEY, base_url=server.url) as portal:
            attempts: int = (await OPERATION.call_async(portal)).attempts
            return attempts

    assert [asyncio.run(calling()), asyncio.run(calling())] == [1, 1]


@pytest.mark.parametrize("after", [0.0, 0.001, 0.05], ids=["at once", "early", "in the answer"])
def test_a_call_that_is_cancelled_leaves_the_pool_usable(serve: Serve, after: float) -> None:
    server = serve(*[SILENT] * 120, whole())

    async def calling() -> None:
        async with AsyncPortal(KEY, base_url=server.url, timeout=60) as portal:
            held = [asyncio.create_task(OPERATION.call_async(portal)) for _ in range(120)]
            await asyncio.sleep(after)
            for task in held:
                task.cancel()
            results = await asyncio.gather(*held, return_exceptions=True)
            assert {type(one) for one in results} == {asyncio.CancelledError}
            server.script(whole())
            again = await asyncio.gather(*(OPERATION.call_async(portal) for _ in range(20)))
            assert [one.attempts for one in again] == [1] * 20

    asyncio.run(calling())


def test_asyncio_timeout_around_a_call_is_the_callers(serve: Serve) -> None:
    server = serve(SILENT, whole())

    async def calling() -> None:
        async with AsyncPortal(KEY, base_url=server.url) as portal:
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.05):
                    await OPERATION.call_async(portal)
            assert not isinstance(caught.value, PortalError)
            assert (await OPERATION.call_async(portal)).attempts == 1

    asyncio.run(calling())


@each_list
@each_mode
def test_a_stream_that_is_left_early_leaves_the_pool_usable(
    serve: Serve, operation: Operation, mode: str
) -> None:
    def begins(peer: Peer) -> None:
        peer.send(head(operation.status, "Transfer-Encoding: chunked"))
        chunk = operation.body.strip()[:-1] + b","
        peer.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        peer.hold()

    server = serve(*[Answer(begins)] * 110, whole(operation))
    if mode == "sync":
        with Portal(KEY, base_url=server.url, timeout=60) as portal:
            for _ in range(110):
                next(operation.iterate(portal))
            assert operation.call(portal).attempts == 1
        return

    async def calling() -> None:
        async with AsyncPortal(KEY, base_url=server.url, timeout=60) as portal:
            for _ in range(110):
                items = operation.iterate_async(portal)
                await anext(items)
                await items.aclose()  # type: ignore[attr-defined]
            assert (await operation.call_async(portal)).attempts == 1

    asyncio.run(calling())


def _in_a_child(act: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether `act` returns true in a child process of a fork, in time."""
    with warnings.catch_warnings():
        # From 3.12 on, Python warns of a fork where there are threads; the server has some.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if act() else 2
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    raise AssertionError("The child hangs.")


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")


def _numbers(server: HostileServer) -> list[list[str]]:
    """Of each connection, who sent what over it."""
    found = []
    for peer in server.peers:
        heads = bytes(peer.received).split(b"\r\n\r\n")
        found.append([who for one in heads for who in Recorded(one, b"").headers("x-who")])
    return [one for one in found if one]


@forks
def test_a_fork_gets_connections_of_its_own(serve: Serve) -> None:
    server = serve(whole())
    with Portal(KEY, base_url=server.url) as portal:
        OPERATION.call(portal.with_options(headers={"X-Who": "parent"}))
        assert _in_a_child(
            lambda: OPERATION.call(portal.with_options(headers={"X-Who": "child"})).attempts == 1
        )
        OPERATION.call(portal.with_options(headers={"X-Who": "parent"}))
    assert _numbers(server) == [["parent", "parent"], ["child"]]


@forks
def test_an_async_client_in_a_fork_gets_connections_of_its_own(serve: Serve) -> None:
    server = serve(whole())
    portal = AsyncPortal(KEY, base_url=server.url)

    async def calling(who: str) -> bool:
        mine = portal.with_options(headers={"X-Who": who})
        return bool((await OPERATION.call_async(mine)).attempts == 1)

    async def closing() -> None:
        await portal.aclose()

    with asyncio.Runner() as runner:
        runner.run(calling("parent"))
        assert _in_a_child(lambda: asyncio.new_event_loop().run_until_complete(calling("child")))
        runner.run(calling("parent"))
        runner.run(closing())
    assert _numbers(server) == [["parent", "parent"], ["child"]]


@forks
def test_a_fork_in_the_middle_of_other_threads_calls_does_not_hang(serve: Serve) -> None:
    server = serve(whole())
    over = threading.Event()

    def busy() -> None:
        while not over.is_set():
            OPERATION.call(portal)

    def child() -> bool:
        works = OPERATION.call(portal).attempts == 1
        portal.close()
        return bool(works)

    with Portal(KEY, base_url=server.url) as portal:
        threads = [threading.Thread(target=busy) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            assert all([_in_a_child(child) for _ in range(15)])  # noqa: C419 - every one
        finally:
            over.set()
            for thread in threads:
                thread.join()


@forks
def test_a_child_that_closes_leaves_the_parent_its_connection(serve: Serve) -> None:
    server = serve(whole())
    portal = Portal(KEY, base_url=server.url)
    OPERATION.call(portal)

    def child() -> bool:
        portal.close()
        return True

    assert _in_a_child(child)
    OPERATION.call(portal)
    portal.close()
    assert len(server.peers) == 1


def _work(portal: Portal, number: int) -> int:
    attempts: int = OPERATION.call(
        portal.with_options(headers={"X-Who": f"child {number}"})
    ).attempts
    return attempts


@forks
def test_multiprocessing_after_use(serve: Serve) -> None:
    server = serve(whole())
    context = multiprocessing.get_context("fork")
    with Portal(KEY, base_url=server.url) as portal:
        OPERATION.call(portal.with_options(headers={"X-Who": "parent"}))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            children = [context.Process(target=_work, args=(portal, number)) for number in range(3)]
            for one in children:
                one.start()
        for one in children:
            one.join(20)
        assert [one.exitcode for one in children] == [0, 0, 0]
        OPERATION.call(portal.with_options(headers={"X-Who": "parent"}))
    by_connection = sorted(_numbers(server))
    assert by_connection == [["child 0"], ["child 1"], ["child 2"], ["parent", "parent"]]


@each_operation
@each_mode
def test_closing_twice_and_using_after(serve: Serve, operation: Operation, mode: str) -> None:
    server = serve(whole(operation))
    with pytest.raises(ConfigurationError, match="closed") as caught:  # noqa: PT012 - either way
        if mode == "sync":
            portal = Portal(KEY, base_url=server.url)
            operation.call(portal)
            portal.close()
            portal.close()
            operation.call(portal)
        else:

            async def calling() -> None:
                portal = AsyncPortal(KEY, base_url=server.url)
                await operation.call_async(portal)
                await portal.aclose()
                await portal.aclose()
                await operation.call_async(portal)

            asyncio.run(calling())
    assert caught.value.maybe_processed is False
    assert len(server.requests) == 1


@each_list
def test_streaming_after_closing(serve: Serve, operation: Operation) -> None:
    server = serve(whole(operation))
    portal = Portal(KEY, base_url=server.url)
    portal.close()
    with pytest.raises(ConfigurationError, match="closed"):
        next(operation.iterate(portal))
    assert server.peers == []


def test_a_copy_of_a_closed_client_is_closed(serve: Serve) -> None:
    server = serve(whole())
    portal = Portal(KEY, base_url=server.url)
    before = portal.with_options(timeout=5)
    OPERATION.call(before)
    portal.close()
    for copy in (before, portal.with_options(timeout=5)):
        with pytest.raises(ConfigurationError, match="closed"):
            OPERATION.call(copy)
    assert len(server.requests) == 1


def test_closing_a_copy_leaves_its_origin_open(serve: Serve) -> None:
    server = serve(whole())
    with Portal(KEY, base_url=server.url) as portal:
        with portal.with_options(timeout=5) as copy:
            OPERATION.call(copy)
        OPERATION.call(portal)
    assert len(server.peers) == 1


_UNCLOSED = {
    "sync": """
        portal = Portal("key", base_url=sys.argv[1])
        print(portal.clients.list())
    """,
    "sync, within a function": """
        def use():
            Portal("key", base_url=sys.argv[1]).clients.list()
        use()
        use()
    """,
    "sync, held by a cycle": """
        class Holder:
            pass
        holder = Holder()
        holder.me, holder.portal = holder, Portal("key", base_url=sys.argv[1])
        holder.portal.clients.list()
        del holder
    """,
    "sync, in a thread": """
        portal = Portal("key", base_url=sys.argv[1])
        thread = threading.Thread(target=portal.clients.list)
        thread.start()
    """,
    "sync, a stream left early": """
        portal = Portal("key", base_url=sys.argv[1])
        print(next(portal.clients.iter()))
    """,
    "sync, never used": """
        portal = Portal("key", base_url=sys.argv[1])
    """,
    "async": """
        async def main():
            portal = AsyncPortal("key", base_url=sys.argv[1])
            print(await portal.clients.list())
        asyncio.run(main())
    """,
    "async, global": """
        portal = AsyncPortal("key", base_url=sys.argv[1])
        async def main():
            print(await portal.clients.list())
        asyncio.run(main())
    """,
    "async, never used": """
        portal = AsyncPortal("key", base_url=sys.argv[1])
    """,
}


@pytest.mark.parametrize("kind", _UNCLOSED)
def test_a_client_that_is_never_closed_ends_in_silence(serve: Serve, kind: str) -> None:
    server = serve(whole(LISTS[0]))
    program = "import asyncio, sys, threading\nfrom portal_v1 import AsyncPortal, Portal\n"
    program += textwrap.dedent(_UNCLOSED[kind])
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program, server.url],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generated")},
    )
    assert (done.returncode, done.stderr) == (0, "")


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Open files are counted in /proc.")
def test_1000_clients_leave_neither_sockets_nor_memory(serve: Serve) -> None:
    server = serve(whole())

    def use(times: int) -> None:
        for _ in range(times):
            OPERATION.call(Portal(KEY, base_url=server.url))
        gc.collect()

    use(20)
    _settle(server)
    files = _open_files()
    use(600)
    _settle(server)
    tracemalloc.start()
    try:
        use(80)
        _settle(server)
        before, _ = tracemalloc.get_traced_memory()
        use(300)
        _settle(server)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert _open_files() <= files
    assert after - before < 300 * 400  # bytes; a client that stays takes some thousands


def _settle(server: HostileServer) -> None:
    """Wait for the server to have seen the end of every connection, and forget them."""
    end = time.monotonic() + 10
    while any(peer.open for peer in server.peers) and time.monotonic() < end:
        time.sleep(0.01)
    server.forget()
    gc.collect()


def test_200_async_clients_leave_no_sockets(serve: Serve) -> None:
    server = serve(whole())

    async def calling(times: int) -> None:
        for _ in range(times):
            async with AsyncPortal(KEY, base_url=server.url) as portal:
                await OPERATION.call_async(portal)

    asyncio.run(calling(10))
    _settle(server)
    files = _open_files()
    asyncio.run(calling(200))
    _settle(server)
    assert _open_files() <= files


def test_a_timed_out_call_leaves_no_socket(serve: Serve) -> None:
    server = serve(SILENT)
    with Portal(KEY, base_url=server.url, timeout=0.02, max_attempts=1) as portal:
        for _ in range(10):
            with pytest.raises(APITimeoutError):
                OPERATION.call(portal)
        _settle(server)
        assert all(not peer.open for peer in server.peers)
