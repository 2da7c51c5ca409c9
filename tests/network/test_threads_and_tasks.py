"""One client for many threads and many tasks, and for calls that are given up."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from portal_v1 import AsyncPortal, Portal, PortalError

from tests.network._cases import each_list, each_mode
from tests.network._observe import KEY
from tests.network._operations import FIRST, Operation, whole
from tests.network._server import SILENT, Answer, Peer, head
from tests.network.conftest import Serve


# Each thread has a key of its own, so that an answer that went astray would show.
def test_32_threads_share_one_client(serve: Serve) -> None:
    server = serve(whole())

    def own_calls(number: int) -> list[int]:
        mine = portal.with_options(headers={"X-Number": str(number)})
        return [FIRST.call(mine).attempts for _ in range(5)]

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
            attempts: int = FIRST.call(portal).attempts
            return attempts

        with ThreadPoolExecutor(32) as threads:
            calls = [threads.submit(first) for _ in range(32)]
            assert [one.result() for one in calls] == [1] * 32
    assert len(server.requests) == 32


def test_50_tasks_share_one_client(serve: Serve) -> None:
    server = serve(whole())

    async def calling() -> list[Any]:
        async with AsyncPortal(KEY, base_url=server.url, timeout=60) as portal:
            return await asyncio.gather(*(FIRST.call_async(portal) for _ in range(50)))

    assert [one.attempts for one in asyncio.run(calling())] == [1] * 50


@pytest.mark.parametrize("after", [0.0, 0.001, 0.05], ids=["at once", "early", "in the answer"])
def test_a_call_that_is_cancelled_leaves_the_pool_usable(serve: Serve, after: float) -> None:
    server = serve(*[SILENT] * 120, whole())

    async def calling() -> None:
        async with AsyncPortal(KEY, base_url=server.url, timeout=60) as portal:
            held = [asyncio.create_task(FIRST.call_async(portal)) for _ in range(120)]
            await asyncio.sleep(after)
            for task in held:
                task.cancel()
            results = await asyncio.gather(*held, return_exceptions=True)
            assert {type(one) for one in results} == {asyncio.CancelledError}
            server.script(whole())
            again = await asyncio.gather(*(FIRST.call_async(portal) for _ in range(20)))
            assert [one.attempts for one in again] == [1] * 20

    asyncio.run(calling())


def test_more_calls_than_connections_that_are_cancelled_at_once_leave_the_pool_usable(
    serve: Serve,
) -> None:
    # Connections that those before them give back are assigned to calls that are cancelled too,
    # which the library's own pool never learns (encode/httpcore#1093).
    server = serve(SILENT)

    async def calling() -> None:
        async with AsyncPortal(KEY, base_url=server.url, timeout=10) as portal:
            held = [asyncio.create_task(FIRST.call_async(portal)) for _ in range(250)]
            await asyncio.sleep(0)
            for task in held:
                task.cancel()
            await asyncio.gather(*held, return_exceptions=True)
            server.script(whole())
            assert (await FIRST.call_async(portal)).attempts == 1

    asyncio.run(calling())


def test_wherever_a_call_is_cancelled_its_place_in_the_pool_is_free_again(serve: Serve) -> None:
    server = serve(whole())

    async def calling() -> None:
        async with AsyncPortal(KEY, base_url=server.url, timeout=30) as portal:
            await FIRST.call_async(portal)
            for turns in range(80):
                # One has a connection that was kept, the other makes one.
                both = [asyncio.create_task(FIRST.call_async(portal)) for _ in range(2)]
                for _ in range(turns):
                    await asyncio.sleep(0)
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)
            server.script(SILENT)
            await asyncio.sleep(0.2)  # What was cancelled may be on its way to the server.
            before = len(server.requests)
            all_places = [asyncio.create_task(FIRST.call_async(portal)) for _ in range(100)]
            async with asyncio.timeout(10):
                while len(server.requests) - before < len(all_places):  # noqa: ASYNC110 - threads
                    await asyncio.sleep(0.01)
            assert len(server.requests) >= before + 100
            for task in all_places:
                task.cancel()
            await asyncio.gather(*all_places, return_exceptions=True)

    asyncio.run(calling())


def test_asyncio_timeout_around_a_call_is_the_callers(serve: Serve) -> None:
    server = serve(SILENT, whole())

    async def calling() -> None:
        async with AsyncPortal(KEY, base_url=server.url) as portal:
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.05):
                    await FIRST.call_async(portal)
            assert not isinstance(caught.value, PortalError)
            assert (await FIRST.call_async(portal)).attempts == 1

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
