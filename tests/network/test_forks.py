"""A child process makes connections of its own, and leaves the parent's alone."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
import warnings
from collections.abc import Callable

import pytest
from portal_v1 import AsyncPortal, Portal

from tests.network._observe import KEY
from tests.network._operations import FIRST, whole
from tests.network._server import HostileServer, Recorded
from tests.network.conftest import Serve


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
        FIRST.call(portal.with_options(headers={"X-Who": "parent"}))
        assert _in_a_child(
            lambda: FIRST.call(portal.with_options(headers={"X-Who": "child"})).attempts == 1
        )
        FIRST.call(portal.with_options(headers={"X-Who": "parent"}))
    assert _numbers(server) == [["parent", "parent"], ["child"]]


@forks
def test_an_async_client_in_a_fork_gets_connections_of_its_own(serve: Serve) -> None:
    server = serve(whole())
    portal = AsyncPortal(KEY, base_url=server.url)

    async def calling(who: str) -> bool:
        mine = portal.with_options(headers={"X-Who": who})
        return bool((await FIRST.call_async(mine)).attempts == 1)

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
            FIRST.call(portal)

    def child() -> bool:
        works = FIRST.call(portal).attempts == 1
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
    FIRST.call(portal)

    def child() -> bool:
        portal.close()
        return True

    assert _in_a_child(child)
    FIRST.call(portal)
    portal.close()
    assert len(server.peers) == 1


def _work(portal: Portal, number: int) -> int:
    attempts: int = FIRST.call(portal.with_options(headers={"X-Who": f"child {number}"})).attempts
    return attempts


@forks
def test_multiprocessing_after_use(serve: Serve) -> None:
    server = serve(whole())
    context = multiprocessing.get_context("fork")
    with Portal(KEY, base_url=server.url) as portal:
        FIRST.call(portal.with_options(headers={"X-Who": "parent"}))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            children = [context.Process(target=_work, args=(portal, number)) for number in range(3)]
            for one in children:
                one.start()
        for one in children:
            one.join(20)
        assert [one.exitcode for one in children] == [0, 0, 0]
        FIRST.call(portal.with_options(headers={"X-Who": "parent"}))
    by_connection = sorted(_numbers(server))
    assert by_connection == [["child 0"], ["child 1"], ["child 2"], ["parent", "parent"]]
