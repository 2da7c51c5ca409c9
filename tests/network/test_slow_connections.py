"""No connection takes longer to make than the call's budget: names, TCP, TLS, a full pool."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from portal_v1 import (
    APIConnectionError,
    APITimeoutError,
    AsyncPortal,
    Portal,
    PortalError,
)

from tests.network._budget import BUDGET, fail, within_budget
from tests.network._cases import each_mode
from tests.network._observe import KEY, UNKNOWN_HOST
from tests.network._operations import FIRST
from tests.network._server import (
    HOST,
    SILENT,
    SILENT_AT_ONCE,
    Answer,
    full_backlog,
    nobody,
)
from tests.network.conftest import Serve


@each_mode
def test_a_connection_that_is_not_made(mode: str) -> None:
    with full_backlog() as port:
        error = fail(FIRST, mode, f"http://{HOST}:{port}")
    assert type(error) is APITimeoutError
    assert error.maybe_processed is False


@each_mode
def test_connections_that_are_not_made_one_after_another(mode: str) -> None:
    with full_backlog() as port:
        error = fail(FIRST, mode, f"http://{HOST}:{port}", connect_timeout=0.1, least=0.05)
    assert type(error) is APITimeoutError
    assert error.maybe_processed is False


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    over = threading.Event()

    def resolve(*_: object, **__: object) -> object:
        over.wait(2 * BUDGET)
        raise socket.gaierror(socket.EAI_AGAIN, "Try again")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield
    over.set()


@each_mode
def test_a_name_that_is_not_resolved(slow_names: None, mode: str) -> None:
    error = fail(FIRST, mode, f"http://{UNKNOWN_HOST}:80")
    assert type(error) is APITimeoutError
    assert error.maybe_processed is False


@each_mode
@pytest.mark.parametrize("drips", [False, True], ids=["silent", "drips"])
def test_a_tls_handshake_without_an_end(serve: Serve, drips: bool, mode: str) -> None:
    record = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc\x03\x03" + b"\x00" * 500
    slow = Answer(lambda peer: peer.drip(record, 0.02), reads=False)
    server = serve(slow if drips else SILENT_AT_ONCE)
    error = fail(FIRST, mode, server.url.replace("http:", "https:"))
    assert type(error) is APITimeoutError
    assert error.maybe_processed is False


# The pool holds 100 connections.
def test_a_full_pool_of_threads(serve: Serve) -> None:
    server = serve(SILENT)
    with (
        Portal(KEY, base_url=server.url, max_attempts=1) as portal,
        ThreadPoolExecutor(100) as threads,
    ):
        held = [
            threads.submit(_error_of, lambda: FIRST.call(portal, timeout=60)) for _ in range(100)
        ]
        while len(server.requests) < 100:
            time.sleep(0.01)
        with within_budget(), pytest.raises(APITimeoutError) as caught:
            FIRST.call(portal, timeout=BUDGET)
        server.close()
        assert all(isinstance(one.result(), APIConnectionError) for one in held)
    assert caught.value.maybe_processed is False
    assert len(server.requests) == 100


def _error_of(call: Callable[[], Any]) -> BaseException | None:
    try:
        call()
    except PortalError as error:
        return error
    return None


def test_a_full_pool_of_tasks(serve: Serve) -> None:
    server = serve(SILENT)

    async def calling() -> PortalError:
        async with AsyncPortal(KEY, base_url=server.url, max_attempts=1) as portal:
            held = [asyncio.create_task(FIRST.call_async(portal, timeout=20)) for _ in range(100)]
            while len(server.requests) < 100:  # noqa: ASYNC110 - the server is no task
                await asyncio.sleep(0.01)
            with within_budget(), pytest.raises(APITimeoutError) as caught:
                await FIRST.call_async(portal, timeout=BUDGET)
            for task in held:
                task.cancel()
            await asyncio.gather(*held, return_exceptions=True)
            return caught.value

    assert asyncio.run(calling()).maybe_processed is False
    assert len(server.requests) == 100


@each_mode
def test_an_error_that_comes_at_once_is_told_at_once(mode: str) -> None:
    with nobody() as port:
        error = fail(FIRST, mode, f"http://{HOST}:{port}", max_attempts=1, least=0.0)
    assert type(error) is APIConnectionError
