"""What a call waits for between attempts, or before the first, is within its budget."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from portal_v1 import (
    APITimeoutError,
    AsyncPortal,
    Pace,
    Portal,
    PortalError,
    RateLimitError,
)
from portal_v1._core.clock import SystemClock

from tests.network._budget import BUDGET, fail, within_budget
from tests.network._cases import each_mode
from tests.network._observe import KEY
from tests.network._operations import FIRST
from tests.network._server import (
    SILENT,
    Answer,
    Peer,
    head,
    reply,
)
from tests.network.conftest import Serve


@each_mode
def test_attempts_and_pauses_together(serve: Serve, mode: str) -> None:
    def late(peer: Peer) -> None:
        time.sleep(BUDGET / 3)
        peer.send(head(429, "Content-Length: 0", "Retry-After: 0"))

    server = serve(Answer(late))
    error = fail(FIRST, mode, server.url, max_attempts=50)
    assert isinstance(error, APITimeoutError | RateLimitError)
    assert 2 <= error.attempts <= 4


@each_mode
def test_a_pause_that_would_be_too_long_is_not_begun(serve: Serve, mode: str) -> None:
    server = serve(reply(429, b"", "Retry-After: 1"))
    error = fail(FIRST, mode, server.url, least=0.0)
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 1.0


@each_mode
def test_a_pace_that_leaves_no_room_is_told_at_once(serve: Serve, mode: str) -> None:
    server = serve(reply(429, b"", "Retry-After: 0"))
    started = time.monotonic()
    error = fail(FIRST, mode, server.url, pace=Pace(1, 60), least=0.0, timeout=5.0)
    assert time.monotonic() - started < 2  # neither the pace nor the budget was waited for
    assert type(error) is APITimeoutError
    assert (error.attempts, error.maybe_processed) == (1, False)


@each_mode
def test_a_wait_for_pace_counts(serve: Serve, mode: str) -> None:
    server = serve(SILENT)
    error = fail(FIRST, mode, server.url, pace=_used_pace(BUDGET * 0.4))
    assert type(error) is APITimeoutError
    server.settle()
    assert len(server.requests) == 1


def _used_pace(seconds: float) -> Pace:
    pace = Pace(1, seconds)
    pace.reserve(SystemClock(), None)
    return pace


@each_mode
def test_a_key_that_comes_too_late_sends_nothing(serve: Serve, mode: str) -> None:
    server = serve(SILENT)

    def key() -> str:
        time.sleep(BUDGET)
        return KEY

    with pytest.raises(PortalError) as caught, within_budget():
        _with_key(mode, server.url, key)
    assert type(caught.value) is APITimeoutError
    assert caught.value.maybe_processed is False
    server.settle()
    assert server.received == b""


def test_an_async_key_that_never_comes_is_not_waited_for(serve: Serve) -> None:
    server = serve(SILENT)

    async def key() -> str:
        await asyncio.sleep(60)
        return KEY

    with pytest.raises(PortalError) as caught, within_budget():
        _with_key("async", server.url, key)
    assert type(caught.value) is APITimeoutError
    assert caught.value.maybe_processed is False
    server.settle()
    assert server.received == b""


def _with_key(mode: str, url: str, key: Callable[[], Any]) -> None:
    if mode == "sync":
        with Portal(key, base_url=url, timeout=BUDGET) as portal:
            FIRST.call(portal)
        return

    async def calling() -> None:
        async with AsyncPortal(key, base_url=url, timeout=BUDGET) as portal:
            await FIRST.call_async(portal)

    asyncio.run(calling())
