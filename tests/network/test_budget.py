"""No call takes longer than its budget, whatever it waits for. Each fault: test_faults."""

from __future__ import annotations

import _thread
import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import trustme
from sample import APIConnectionError, APITimeoutError, RateLimitError, SampleError

from tests.network._operations import (
    CREATE,
    GET,
    begin,
    close,
    fail,
    make_client,
    run,
)
from tests.network._server import HOST, SILENT, Answer, Peer, head, reply, tls_of, tunnel, whole
from tests.network.conftest import Serve, each_mode

BUDGET = 0.2  # seconds
LEEWAY = 1.0  # seconds


def _timed(
    mode: str, url: str, act: Callable[[Any], Any] = CREATE.call, **options: Any
) -> SampleError:
    """Return the error that a call ends with, no later than its budget allows."""
    options = {"timeout": BUDGET, **options}
    started = time.monotonic()
    error = fail(mode, url, act, **options)
    assert BUDGET - 0.05 <= time.monotonic() - started <= options["timeout"] + LEEWAY
    return error


@each_mode
def test_a_request_that_is_taken_bit_by_bit(serve: Serve, mode: str) -> None:
    def slowly(peer: Peer) -> None:
        while peer.receive():
            time.sleep(0.01)

    server, note = serve(Answer(slowly, reads=False)), "x" * 8_000_000
    error = _timed(mode, server.url, lambda client: client.parcels.create(note=note), timeout=0.6)
    assert (type(error), error.maybe_processed) == (APITimeoutError, True)


@each_mode
@pytest.mark.parametrize("given", [None, {}], ids=["own", "given"])
def test_a_name_that_no_thread_can_be_started_for(
    serve: Serve,
    mode: str,
    given: dict[str, Any] | None,
    resolve: Callable[[str], None],
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

    resolve(HOST)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(_thread, "start_new_thread", refuse_all)
    url = f"http://parcels.localhost:{server.port}"
    if mode == "sync":
        assert run(mode, url, GET.call, given=given)
    else:
        error = fail(mode, url, CREATE.call, given=given, max_attempts=1)
        assert (type(error), error.maybe_processed) == (APIConnectionError, False)


@each_mode
@pytest.mark.parametrize("handshake", [True, False], ids=["handshake", "answer"])
def test_tls_within_tls_that_drips(
    serve: Serve, handshake: bool, mode: str, trusted: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(peer: Peer) -> None:
        peer.send(head(200, "Content-Length: 1000"))
        peer.drip(b" " * 999, 0.02)

    proxy = serve(tunnel(0.02 if handshake else 0), tls=tls_of(trusted, HOST))
    port = serve(Answer(drip), tls=tls_of(trusted, "parcels.test")).port
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    error = _timed(mode, f"https://parcels.test:{port}", max_attempts=1)
    assert (type(error), error.maybe_processed) == (APITimeoutError, not handshake)


@each_mode
def test_a_full_house(serve: Serve, mode: str) -> None:
    server = serve(SILENT)

    async def calling() -> None:
        client: Any = make_client(mode, server.url, max_attempts=1, timeout=60)
        held = [begin(GET.call, client) for _ in range(103)]
        while len(server.requests) < 100:
            await asyncio.wait(held, timeout=0.01)
        with pytest.raises(APITimeoutError, match="no connection became free") as caught:
            await begin(GET.call, client.with_options(timeout=BUDGET))
        assert caught.value.maybe_processed is False
        await begin(close, client)
        errors: list[Any] = await asyncio.gather(*held, return_exceptions=True)
        assert {type(error) for error in errors} == {APIConnectionError}
        # Three were waiting when the client was closed.
        assert sorted(error.maybe_processed for error in errors) == [False] * 3 + [True] * 100

    asyncio.run(calling())
    server.settle()


@each_mode
def test_attempts_and_pauses_together(serve: Serve, mode: str) -> None:
    def late(peer: Peer) -> None:
        time.sleep(BUDGET / 3)
        peer.send(head(429, "Content-Length: 0", "Retry-After: 0"))

    server = serve(reply(429, b"", "Retry-After: 0"), Answer(late))
    error = _timed(mode, server.url, max_attempts=50)
    assert isinstance(error, APITimeoutError | RateLimitError)
    assert 2 <= error.attempts <= 4
