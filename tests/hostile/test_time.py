"""No call takes longer than its budget, whatever it waits for."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from portal_v1 import (
    APIConnectionError,
    APITimeoutError,
    AsyncPortal,
    Pace,
    Portal,
    PortalError,
    RateLimitError,
)
from portal_v1._core.clock import SystemClock
from portal_v1._http import httpx
from portal_v1.testing import ManualClock

from tests.hostile._observe import KEY, MODES, UNKNOWN_HOST, call
from tests.hostile._operations import LISTS, OPERATIONS, Operation
from tests.hostile._server import (
    HOST,
    SILENT,
    SILENT_AT_ONCE,
    Answer,
    Peer,
    full_backlog,
    head,
    nobody,
    reply,
)
from tests.hostile.conftest import Serve

BUDGET = 0.25
LEEWAY = 1.0
_TLS = ssl.create_default_context()  # Made once, for the clients that are given.

each_mode = pytest.mark.parametrize("mode", MODES)
each_list = pytest.mark.parametrize("operation", LISTS, ids=repr)


@pytest.fixture(autouse=True, scope="module")
def _anyio_is_loaded() -> None:
    """What a first call imports is not what is measured here."""
    anyio.run(anyio.sleep, 0)


@contextlib.contextmanager
def within_budget(least: float = BUDGET - 0.05) -> Iterator[None]:
    """What happens here takes the budget, and no more than a second above it."""
    started = time.monotonic()
    yield
    taken = time.monotonic() - started
    assert least <= taken <= BUDGET + LEEWAY


def fail(operation: Operation, mode: str, url: str, **options: Any) -> PortalError:
    """The error that a call of the budget ends with, in time."""
    options = {"timeout": BUDGET, **options}
    least = options.pop("least", BUDGET - 0.05)
    with pytest.raises(PortalError) as caught:  # noqa: PT012 - the time is the point
        if mode == "sync":
            with Portal(KEY, base_url=url, **options) as portal, within_budget(least):
                operation.call(portal)
        else:

            async def calling() -> None:
                async with AsyncPortal(KEY, base_url=url, **options) as portal:
                    with within_budget(least):
                        await operation.call_async(portal)

            asyncio.run(calling())
    return caught.value


def stream(operation: Operation, mode: str, url: str, **options: Any) -> PortalError:
    """The error that a streamed answer ends with, in time."""
    with pytest.raises(PortalError) as caught:  # noqa: PT012 - as above
        if mode == "sync":
            with Portal(KEY, base_url=url, timeout=BUDGET, **options) as portal, within_budget():
                list(operation.iterate(portal))
        else:

            async def calling() -> None:
                async with AsyncPortal(KEY, base_url=url, timeout=BUDGET, **options) as portal:
                    with within_budget():
                        async for _ in operation.iterate_async(portal):
                            pass

            asyncio.run(calling())
    return caught.value


def _drips_head(peer: Peer) -> None:
    peer.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000, 0.02)


def _drips_body(peer: Peer) -> None:
    peer.send(head(200, "Content-Length: 1000"))
    peer.drip(b"[" + b" " * 998, 0.02)


def _drips_chunks(peer: Peer) -> None:
    peer.send(head(200, "Transfer-Encoding: chunked"))
    peer.drip(b"1\r\n \r\n" * 300, 0.01)


def _drips_error(peer: Peer) -> None:
    peer.send(head(400, "Content-Length: 1000"))
    peer.drip(b" " * 999, 0.02)


def _floods_body(peer: Peer) -> None:
    peer.send(head(200, "Transfer-Encoding: chunked"))
    peer.flood(b"400\r\n" + b" " * 1024 + b"\r\n")


def _floods_error(peer: Peer) -> None:
    peer.send(head(500, "Transfer-Encoding: chunked"))
    peer.flood(b"400\r\n" + b" " * 1024 + b"\r\n")


def _floods_information(peer: Peer) -> None:
    peer.flood(head(103, "Link: </x>"))


def _drips_information(peer: Peer) -> None:
    while peer.drip(head(100), 0.01):
        pass


def _late_then_silent(peer: Peer) -> None:
    time.sleep(BUDGET * 0.8)
    peer.send(head(200, "Content-Length: 1000") + b"[")
    peer.hold()


_SLOW: dict[str, Answer] = {
    "no answer": SILENT,
    "a request that is not read": SILENT_AT_ONCE,
    "a head that drips": Answer(_drips_head),
    "a body that drips": Answer(_drips_body),
    "chunks that drip": Answer(_drips_chunks),
    "an error's body that drips": Answer(_drips_error),
    "a body that never ends": Answer(_floods_body),
    "an error's body that never ends": Answer(_floods_error),
    "early hints that never end": Answer(_floods_information),
    "100 Continue that drips": Answer(_drips_information),
    "a late answer that stops": Answer(_late_then_silent),
}
each_slow = pytest.mark.parametrize("slow", _SLOW)


@each_mode
@each_slow
def test_an_answer(serve: Serve, slow: str, mode: str) -> None:
    server = serve(_SLOW[slow])
    error = fail(OPERATIONS[0], mode, server.url)
    assert type(error) is APITimeoutError
    assert error.maybe_processed is True
    assert f"{BUDGET:g} s" in str(error)
    assert len(server.peers) == 1


_SLOW_STREAMS = [
    "no answer",
    "a head that drips",
    "a body that drips",
    "a body that never ends",
    "an error's body that never ends",
    "a late answer that stops",
]


@each_mode
@each_list
@pytest.mark.parametrize("slow", _SLOW_STREAMS)
def test_a_streamed_answer(serve: Serve, operation: Operation, slow: str, mode: str) -> None:
    assert type(stream(operation, mode, serve(_SLOW[slow]).url)) is APITimeoutError


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
def test_a_connection_that_is_not_made(mode: str) -> None:
    with full_backlog() as port:
        error = fail(OPERATIONS[0], mode, f"http://{HOST}:{port}")
    assert type(error) is APITimeoutError
    assert error.maybe_processed is False


@each_mode
def test_connections_that_are_not_made_one_after_another(mode: str) -> None:
    with full_backlog() as port:
        error = fail(OPERATIONS[0], mode, f"http://{HOST}:{port}", connect_timeout=0.1, least=0.05)
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
    error = fail(OPERATIONS[0], mode, f"http://{UNKNOWN_HOST}:80")
    assert type(error) is APITimeoutError
    assert error.maybe_processed is False


@each_mode
@pytest.mark.parametrize("drips", [False, True], ids=["silent", "drips"])
def test_a_tls_handshake_without_an_end(serve: Serve, drips: bool, mode: str) -> None:
    record = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc\x03\x03" + b"\x00" * 500
    slow = Answer(lambda peer: peer.drip(record, 0.02), reads=False)
    server = serve(slow if drips else SILENT_AT_ONCE)
    error = fail(OPERATIONS[0], mode, server.url.replace("http:", "https:"))
    assert type(error) is APITimeoutError
    assert error.maybe_processed is False


@each_mode
def test_attempts_and_pauses_together(serve: Serve, mode: str) -> None:
    def late(peer: Peer) -> None:
        time.sleep(BUDGET / 3)
        peer.send(head(429, "Content-Length: 0", "Retry-After: 0"))

    server = serve(Answer(late))
    error = fail(OPERATIONS[0], mode, server.url, max_attempts=50)
    assert isinstance(error, APITimeoutError | RateLimitError)
    assert 2 <= error.attempts <= 4


@each_mode
def test_a_pause_that_would_be_too_long_is_not_begun(serve: Serve, mode: str) -> None:
    server = serve(reply(429, b"", "Retry-After: 1"))
    error = fail(OPERATIONS[0], mode, server.url, least=0.0)
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 1.0


@each_mode
def test_a_pace_that_leaves_no_room_is_told_at_once(serve: Serve, mode: str) -> None:
    server = serve(reply(429, b"", "Retry-After: 0"))
    started = time.monotonic()
    error = fail(OPERATIONS[0], mode, server.url, pace=Pace(1, 60), least=0.0)
    assert time.monotonic() - started < BUDGET
    assert type(error) is APITimeoutError
    assert (error.attempts, error.maybe_processed) == (1, False)


@each_mode
def test_a_wait_for_pace_counts(serve: Serve, mode: str) -> None:
    server = serve(SILENT)
    error = fail(OPERATIONS[0], mode, server.url, pace=_used_pace(BUDGET * 0.4))
    assert type(error) is APITimeoutError
    assert len(server.requests) == 1


def _used_pace(seconds: float) -> Pace:
    pace = Pace(1, seconds)
    pace.reserve(SystemClock(), None)
    return pace


@each_mode
def test_a_request_that_is_taken_bit_by_bit(serve: Serve, mode: str) -> None:
    def slowly(peer: Peer) -> None:
        while peer.take(65536):
            time.sleep(0.01)

    huge = {"X-Long": "x" * 20_000_000}

    server = serve(Answer(slowly, reads=False))
    error = fail(OPERATIONS[0], mode, server.url, timeout=0.6, headers=huge)
    assert type(error) is APITimeoutError
    assert error.maybe_processed is True


# The pool holds 100 connections.
def test_a_full_pool_of_threads(serve: Serve) -> None:
    server = serve(SILENT)
    with (
        Portal(KEY, base_url=server.url, max_attempts=1) as portal,
        ThreadPoolExecutor(100) as threads,
    ):
        held = [
            threads.submit(_error_of, lambda: OPERATIONS[0].call(portal, timeout=60))
            for _ in range(100)
        ]
        while len(server.requests) < 100:
            time.sleep(0.01)
        with within_budget(), pytest.raises(APITimeoutError) as caught:
            OPERATIONS[0].call(portal, timeout=BUDGET)
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
            held = [
                asyncio.create_task(OPERATIONS[0].call_async(portal, timeout=20))
                for _ in range(100)
            ]
            while len(server.requests) < 100:  # noqa: ASYNC110 - the server is no task
                await asyncio.sleep(0.01)
            with within_budget(), pytest.raises(APITimeoutError) as caught:
                await OPERATIONS[0].call_async(portal, timeout=BUDGET)
            for task in held:
                task.cancel()
            await asyncio.gather(*held, return_exceptions=True)
            return caught.value

    assert asyncio.run(calling()).maybe_processed is False
    assert len(server.requests) == 100


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
    assert server.received == b""


def _with_key(mode: str, url: str, key: Callable[[], Any]) -> None:
    if mode == "sync":
        with Portal(key, base_url=url, timeout=BUDGET) as portal:
            OPERATIONS[0].call(portal)
        return

    async def calling() -> None:
        async with AsyncPortal(key, base_url=url, timeout=BUDGET) as portal:
            await OPERATIONS[0].call_async(portal)

    asyncio.run(calling())


@contextlib.asynccontextmanager
async def _given_async(url: str) -> AsyncIterator[AsyncPortal]:
    async with httpx.AsyncClient(trust_env=False, verify=_TLS) as http:
        yield AsyncPortal(KEY, base_url=url, timeout=BUDGET, http_client=http)


@each_slow
def test_an_answer_through_a_given_async_client(serve: Serve, slow: str) -> None:
    server = serve(_SLOW[slow])

    async def calling() -> None:
        async with _given_async(server.url) as portal:
            with within_budget():
                await OPERATIONS[0].call_async(portal)

    with pytest.raises(APITimeoutError) as caught:
        asyncio.run(calling())
    assert caught.value.maybe_processed is True


# What each of a sync client's reads may take is all that its public interface can say, so that
# within a head nothing stops it; see `Connection`.
_BEYOND_SYNC = {"a head that drips", "100 Continue that drips", "early hints that never end"}


@pytest.mark.parametrize("slow", [one for one in _SLOW if one not in _BEYOND_SYNC])
def test_an_answer_through_a_given_sync_client(serve: Serve, slow: str) -> None:
    server = serve(_SLOW[slow])
    with httpx.Client(trust_env=False, verify=_TLS) as http:
        portal = Portal(KEY, base_url=server.url, timeout=BUDGET, http_client=http)
        with pytest.raises(APITimeoutError) as caught, within_budget():
            OPERATIONS[0].call(portal)
    assert caught.value.maybe_processed is True


@each_mode
def test_no_budget_is_no_end(serve: Serve, mode: str) -> None:
    operation = OPERATIONS[0]

    def slowly(peer: Peer) -> None:
        peer.send(head(operation.status, f"Content-Length: {len(operation.body)}"))
        peer.drip(operation.body[:5], 0.02)
        peer.send(operation.body[5:])

    server = serve(Answer(slowly))
    call(operation, mode, server.url, ManualClock(), timeout=None)
    assert len(server.requests) == 1


@each_mode
def test_an_error_that_comes_at_once_is_told_at_once(mode: str) -> None:
    with nobody() as port:
        error = fail(OPERATIONS[0], mode, f"http://{HOST}:{port}", max_attempts=1, least=0.0)
    assert type(error) is APIConnectionError
