"""No call takes longer than its budget, whatever it waits for."""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import trustme
from sample import (
    APIConnectionError,
    APITimeoutError,
    AsyncSample,
    RateLimitError,
    Sample,
    SampleError,
)

from tests.network._operations import CREATE, GET, KEY, LIST, fail, items, run
from tests.network._proxy import Proxy
from tests.network._server import (
    HOST,
    SILENT,
    SILENT_AT_ONCE,
    Answer,
    Peer,
    full_backlog,
    head,
    reply,
    tls_of,
    whole,
)
from tests.network.conftest import Serve, each_mode

BUDGET = 0.2  # seconds
LEEWAY = 1.0  # seconds
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _timed(
    mode: str, url: str, act: Callable[[Any], Any], *, least: float = BUDGET - 0.05, **options: Any
) -> SampleError:
    """Return the error that a call ends with, no later than its budget allows."""
    options = {"timeout": BUDGET, **options}
    started = time.monotonic()
    error = fail(mode, url, act, **options)
    assert least <= time.monotonic() - started <= options["timeout"] + LEEWAY
    return error


def _drips(data: bytes, begin: bytes = b"", every: float = 0.02) -> Answer:
    def act(peer: Peer) -> None:
        peer.send(begin)
        while peer.drip(data, every):
            pass

    return Answer(act)


def _late_then_silent(peer: Peer) -> None:
    time.sleep(BUDGET / 2)
    peer.send(head(200, "Content-Length: 9"))
    peer.hold()


SLOW = {
    "no answer": SILENT,
    "a request that is not read": SILENT_AT_ONCE,
    "a head that drips": _drips(b"x" * 1000, b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "a body that drips": _drips(b" " * 998, head(200, "Content-Length: 1000")),
    "chunks that drip": _drips(b"1\r\n \r\n", head(200, "Transfer-Encoding: chunked"), 0.01),
    "an error's body that drips": _drips(b" " * 999, head(400, "Content-Length: 1000")),
    "early hints that never end": Answer(lambda peer: peer.flood(head(103, "Link: </x>"))),
    "100 Continue that drips": _drips(head(100), every=0.01),
    "a late answer that stops": Answer(_late_then_silent),
}
# With a sync client that was given, a head ends when each of its reads does; see `Connection`.
_BEYOND_SYNC = {"a head that drips", "100 Continue that drips", "early hints that never end"}


@each_mode
@pytest.mark.parametrize("slow", SLOW)
def test_a_slow_answer(serve: Serve, slow: str, mode: str) -> None:
    server = serve(SLOW[slow])
    for act in (CREATE.call, items):
        error = _timed(mode, server.url, act)
        assert type(error) is APITimeoutError
        assert error.maybe_processed is True
        assert f"{BUDGET:g} s" in str(error)


@each_mode
@pytest.mark.parametrize("slow", SLOW)
def test_a_slow_answer_to_a_given_client(serve: Serve, slow: str, mode: str) -> None:
    if mode == "sync" and slow in _BEYOND_SYNC:
        pytest.skip("its public interface cannot say so")
    given = {"trust_env": False, "verify": _TLS}
    error = _timed(mode, serve(SLOW[slow]).url, CREATE.call, given=given)
    assert (type(error), error.maybe_processed) == (APITimeoutError, True)


@each_mode
def test_a_body_without_an_end_is_over_in_time(serve: Serve, mode: str) -> None:
    chunk = b"400\r\n" + b" " * 1024 + b"\r\n"

    def flood(peer: Peer) -> None:
        peer.send(head(200, "Transfer-Encoding: chunked"))
        peer.flood(chunk)

    for act in (LIST.call, items):
        error = _timed(mode, serve(Answer(flood)).url, act, max_response_bytes=2**40)
        assert type(error) is APITimeoutError


@each_mode
def test_the_callers_own_time_between_items_is_not_counted(serve: Serve, mode: str) -> None:
    server = serve(reply(200, json.dumps(LIST.example * 2).encode()))

    def slowly(client: Sample) -> int:
        count = 0
        for _ in client.parcels.iter():
            time.sleep(BUDGET / 2)
            count += 1
        return count

    async def slowly_async(client: AsyncSample) -> int:
        count = 0
        async for _ in client.parcels.iter():
            await asyncio.sleep(BUDGET / 2)
            count += 1
        return count

    act: Any = slowly if mode == "sync" else slowly_async
    assert run(mode, server.url, act, timeout=BUDGET) == 4


@each_mode
def test_a_request_that_is_taken_bit_by_bit(serve: Serve, mode: str) -> None:
    def slowly(peer: Peer) -> None:
        while peer.take(65536):
            time.sleep(0.01)

    server = serve(Answer(slowly, reads=False))
    huge = {"X-Long": "x" * 8_000_000}
    error = _timed(mode, server.url, CREATE.call, timeout=0.6, headers=huge)
    assert (type(error), error.maybe_processed) == (APITimeoutError, True)


# --- connections ---


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    over = threading.Event()

    def resolving(*_: object, **__: object) -> object:
        over.wait(2 * BUDGET)
        raise socket.gaierror(socket.EAI_AGAIN, "Try again")

    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    yield
    over.set()


@each_mode
def test_a_name_that_is_not_resolved(slow_names: None, mode: str) -> None:
    error = _timed(mode, "https://parcels.test", CREATE.call)
    assert (type(error), error.maybe_processed) == (APITimeoutError, False)


@each_mode
@pytest.mark.parametrize("given", [None, {}], ids=["own", "given"])
def test_a_name_that_no_thread_can_be_started_for(
    serve: Serve,
    mode: str,
    given: dict[str, Any] | None,
    resolve: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = serve(whole(GET))
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("asyncio"):
            refuse_all()
        start(thread)

    def refuse_all(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    resolve("parcels.localhost", HOST)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(_thread, "start_new_thread", refuse_all)
    url = f"http://parcels.localhost:{server.port}"
    if mode == "sync":
        assert run(mode, url, GET.call, given=given)
    else:
        error = fail(mode, url, CREATE.call, given=given, max_attempts=1)
        assert (type(error), error.maybe_processed) == (APIConnectionError, False)


@each_mode
@pytest.mark.parametrize("limit", [{}, {"connect_timeout": 0.1, "least": 0.05}], ids=str)
def test_a_connection_that_is_not_made(limit: dict[str, Any], mode: str) -> None:
    with full_backlog() as port:
        error = _timed(mode, f"http://{HOST}:{port}", CREATE.call, **limit)
    assert (type(error), error.maybe_processed) == (APITimeoutError, False)


@each_mode
def test_an_address_that_swallows_everything_leaves_time_for_the_next(
    serve: Serve, mode: str, resolve: Callable[..., None]
) -> None:
    server = serve(whole(GET))
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(full_backlog("127.0.0.2", server.port))
        except OSError:
            pytest.skip("127.0.0.2 cannot be listened on here")
        resolve("two.localhost", "127.0.0.2", HOST)
        url = f"http://two.localhost:{server.port}"
        assert run(mode, url, GET.call, connect_timeout=1.0, max_attempts=1)


HELLO = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc\x03\x03" + b"\x00" * 500


@each_mode
@pytest.mark.parametrize("answer", [SILENT_AT_ONCE, _drips(HELLO)._replace(reads=False)])
def test_a_tls_handshake_without_an_end(serve: Serve, answer: Answer, mode: str) -> None:
    url = serve(answer).url.replace("http:", "https:")
    error = _timed(mode, url, CREATE.call)
    assert (type(error), error.maybe_processed) == (APITimeoutError, False)


@each_mode
@pytest.mark.parametrize("handshake", [True, False], ids=["handshake", "answer"])
def test_tls_within_tls_that_drips(
    serve: Serve, handshake: bool, mode: str, trusted: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tls_of(trusted, "parcels.test")
    with Proxy(tls=tls_of(trusted, HOST), drips=0.02 if handshake else 0) as proxy:
        slow = _drips(b" " * 999, head(200, "Content-Length: 1000"))
        port = serve(slow, tls=inner).port
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        error = _timed(mode, f"https://parcels.test:{port}", CREATE.call, max_attempts=1)
    assert (type(error), error.maybe_processed) == (APITimeoutError, not handshake)


def test_a_full_house_of_threads(serve: Serve) -> None:
    server = serve(SILENT)
    client = Sample(KEY, base_url=f"{server.url}/v1", max_attempts=1, timeout=60)
    with ThreadPoolExecutor(103) as threads:
        held = [threads.submit(CREATE.call, client) for _ in range(103)]
        while len(server.requests) < 100:
            time.sleep(0.01)
        with pytest.raises(APITimeoutError, match="no connection became free") as caught:
            CREATE.call(client.with_options(timeout=BUDGET))
        client.close()
    errors: list[Any] = [one.exception() for one in held]
    assert {type(error) for error in errors} == {APIConnectionError}
    # Three were waiting when the client was closed.
    assert sorted(error.maybe_processed for error in errors) == [False] * 3 + [True] * 100
    assert caught.value.maybe_processed is False
    server.settle()


def test_a_full_house_of_tasks(serve: Serve) -> None:
    server = serve(SILENT)

    async def calling() -> None:
        client = AsyncSample(KEY, base_url=f"{server.url}/v1", max_attempts=1)
        held = [asyncio.create_task(CREATE.call(client)) for _ in range(101)]
        while len(server.requests) < 100:
            await asyncio.wait(held, timeout=0.01)
        with pytest.raises(APITimeoutError, match="no connection became free"):
            await CREATE.call(client.with_options(timeout=BUDGET))
        await client.aclose()
        errors: list[Any] = await asyncio.gather(*held, return_exceptions=True)
        assert {type(error) for error in errors} == {APIConnectionError}
        # The last one was waiting when the client was closed.
        assert [error.maybe_processed for error in errors] == [True] * 100 + [False]

    asyncio.run(calling())


# --- pauses ---


@each_mode
def test_attempts_and_pauses_together(serve: Serve, mode: str) -> None:
    def late(peer: Peer) -> None:
        time.sleep(BUDGET / 3)
        peer.send(head(429, "Content-Length: 0", "Retry-After: 0"))

    server = serve(reply(429, b"", "Retry-After: 0"), Answer(late))
    error = _timed(mode, server.url, CREATE.call, max_attempts=50)
    assert isinstance(error, APITimeoutError | RateLimitError)
    assert 2 <= error.attempts <= 4
