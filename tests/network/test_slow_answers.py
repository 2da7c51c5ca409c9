"""No answer holds a call for longer than its budget, however it is sent."""

from __future__ import annotations

import asyncio
import time

import pytest
from portal_v1 import (
    APITimeoutError,
    AsyncPortal,
    Portal,
)
from portal_v1.testing import ManualClock

from tests.network._budget import BUDGET, SLOW, fail, stream
from tests.network._cases import each_list, each_mode
from tests.network._observe import KEY, call
from tests.network._operations import FIRST, Operation
from tests.network._server import (
    Answer,
    Peer,
    head,
    reply,
)
from tests.network.conftest import Serve

each_slow = pytest.mark.parametrize("slow", SLOW)


@each_mode
@each_slow
def test_an_answer(serve: Serve, slow: str, mode: str) -> None:
    server = serve(SLOW[slow])
    error = fail(FIRST, mode, server.url)
    assert type(error) is APITimeoutError
    assert error.maybe_processed is True
    assert f"{BUDGET:g} s" in str(error)
    server.settle()
    assert len(server.peers) == 1


_SLOW_STREAMS = [
    "no answer",
    "a head that drips",
    "a body that drips",
    "a body that never ends",
    "a late answer that stops",
]


@each_mode
@each_list
@pytest.mark.parametrize("slow", _SLOW_STREAMS)
def test_a_streamed_answer(serve: Serve, operation: Operation, slow: str, mode: str) -> None:
    assert type(stream(operation, mode, serve(SLOW[slow]).url)) is APITimeoutError


@each_mode
@each_list
def test_the_callers_own_time_between_items_is_not_counted(
    serve: Serve, operation: Operation, mode: str
) -> None:
    items = b"[" + operation.body.strip()[1:-1] + b"," + operation.body.strip()[1:-1] + b"]"
    server = serve(reply(operation.status, items))
    assert _slowly(operation, mode, server.url, pause=BUDGET) == 2


def _slowly(operation: Operation, mode: str, url: str, pause: float) -> int:
    if mode == "sync":
        with Portal(KEY, base_url=url, timeout=BUDGET) as portal:
            items = 0
            for _ in operation.iterate(portal):
                time.sleep(pause)
                items += 1
            return items

    async def calling() -> int:
        count = 0
        async with AsyncPortal(KEY, base_url=url, timeout=BUDGET) as portal:
            async for _ in operation.iterate_async(portal):
                await asyncio.sleep(pause)
                count += 1
        return count

    return asyncio.run(calling())


@each_mode
def test_a_request_that_is_taken_bit_by_bit(serve: Serve, mode: str) -> None:
    def slowly(peer: Peer) -> None:
        while peer.take(65536):
            time.sleep(0.01)

    huge = {"X-Long": "x" * 8_000_000}

    server = serve(Answer(slowly, reads=False))
    error = fail(FIRST, mode, server.url, timeout=0.6, headers=huge)
    assert type(error) is APITimeoutError
    assert error.maybe_processed is True


@each_mode
def test_no_budget_is_no_end(serve: Serve, mode: str) -> None:
    operation = FIRST

    def slowly(peer: Peer) -> None:
        peer.send(head(operation.status, f"Content-Length: {len(operation.body)}"))
        peer.drip(operation.body[:5], 0.02)
        peer.send(operation.body[5:])

    server = serve(Answer(slowly))
    call(operation, mode, server.url, ManualClock(), timeout=None)
    assert len(server.requests) == 1
