"""When a connection is opened, kept and used again, and how a request leaves over it."""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sample import APIConnectionError, APIStatusError, APITimeoutError, ConfigurationError
from sample.testing import ManualClock

from tests.network._operations import CREATE, GET, RENEW, Operation, close, fail, in_turn, run
from tests.network._server import Answer, Peer, full_backlog, head, nobody, raw, whole
from tests.network.conftest import Reach, Serve, each_mode

CREATES = int(os.environ.get("CREATES", "200"))
"""How many are sent right when the server closes; 10,000 take two minutes."""


@each_mode
def test_a_request_leaves_in_one_write(
    reach: Reach, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[int] = []
    name = "sendall" if mode == "sync" else "send"
    send = getattr(socket.socket, name)

    def counting(self: socket.socket, data: bytes, *args: Any) -> Any:
        if threading.current_thread() is threading.main_thread():  # The server has its own.
            writes.append(len(data))
        return send(self, data, *args)

    server, url = reach(whole(CREATE))
    act = in_turn(CREATE.call, lambda _: writes.clear(), CREATE.call, lambda _: list(writes))
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, name, counting)
        assert len(run(mode, url, act)) == 1
    assert len(server.requests) == 2


@each_mode
def test_a_large_request_arrives_whole_and_an_answer_that_is_cut_short_is_told(
    reach: Reach, mode: str
) -> None:
    cut = raw(head(201, "Content-Length: 9"), b"{")
    server, url = reach(whole(CREATE), cut)
    note = "x" * 200_000
    create = in_turn(*[lambda client: client.parcels.create(note=note)] * 2)
    error = fail(mode, url, create)
    assert (type(error), error.maybe_processed) == (APIConnectionError, True)
    assert [json.loads(one.body)["note"] for one in server.requests] == [note] * 2


@each_mode
def test_an_answer_counts_that_comes_before_the_request_was_taken(serve: Serve, mode: str) -> None:
    def refuse(peer: Peer) -> None:
        peer.await_bytes()
        peer.send(head(413, "Content-Length: 0"))
        peer.abort()

    url, huge = serve(Answer(refuse, reads=False)).url, {"X-Long": "x" * 8_000_000}
    error: Any = fail(mode, url, CREATE.call, headers=huge, max_attempts=1)
    assert (type(error), error.status_code) == (APIStatusError, 413)


# The seconds between two calls, what the server says, the client's option: is there a new one?
IDLE: list[tuple[Operation, float, str, dict[str, Any], bool]] = [
    (CREATE, 4, "", {}, False),
    (CREATE, 5, "", {}, True),
    (CREATE, 59, "", {"keepalive": None}, True),
    (CREATE, 4, "Keep-Alive: timeout=5", {}, False),
    (CREATE, 4.1, "Keep-Alive: timeout=5", {}, True),
    (CREATE, 119, "KEEP-ALIVE: max=100, timeout=120", {}, False),
    (CREATE, 4, "", {"keepalive": 3}, True),
    (GET, 60, "", {}, False),
    (GET, 61, "", {}, True),
    (GET, 61, "", {"keepalive": 90.0}, False),
    (GET, 9000, "", {"keepalive": None}, False),
    (GET, 9, "Keep-Alive: timeout=10", {"keepalive": 3.0}, False),
    (GET, 10, "Keep-Alive: timeout=10", {}, True),
    (GET, 1, "Keep-Alive: timeout=1", {}, True),
    (RENEW, 30, "Keep-Alive: max=5", {}, False),
]


@each_mode
@pytest.mark.parametrize("row", IDLE, ids=str)
def test_an_idle_connection_is_used_again_only_where_it_can_be_trusted(
    serve: Serve, row: tuple[Operation, float, str, dict[str, Any], bool], mode: str
) -> None:
    operation, idle, says, options, anew = row
    clock, server = ManualClock(), serve(whole(operation, *filter(None, [says])))
    act = in_turn(operation.call, lambda _: clock.advance(idle), operation.call)
    run(mode, server.url, lambda client: act(client.with_options(**options)), clock=clock)
    assert len(server.peers) == 1 + anew


@each_mode
def test_a_create_leaves_an_older_connection_to_what_may_be_repeated(
    serve: Serve, mode: str
) -> None:
    clock, server = ManualClock(), serve(whole(GET), whole(CREATE), whole(GET))
    pause: Callable[[Any], None] = lambda _: clock.advance(10)  # noqa: E731 - it is an act
    act = in_turn(GET.call, pause, CREATE.call, GET.call, pause, GET.call)
    run(mode, server.url, act, clock=clock)
    assert [bytes(peer.received).count(b"HTTP/1.1") for peer in server.peers] == [1, 3]


def _closes_after(chance: random.Random, operation: Operation) -> Answer:
    """Answer, and close a moment later, whatever is on its way then."""

    def act(peer: Peer) -> None:
        whole(operation).act(peer)
        time.sleep(chance.random() * 0.001)
        peer.close()

    return Answer(act)


@each_mode
@pytest.mark.parametrize("operation", [CREATE, GET], ids=repr)
def test_calls_right_when_the_server_closes_are_answered_and_no_create_is_doubled(
    serve: Serve, operation: Operation, mode: str
) -> None:
    chance = random.Random(13)
    clock, server = ManualClock(), serve(_closes_after(chance, operation))
    sparse = (operation.call, lambda _: clock.advance(5))
    run(mode, server.url, in_turn(*sparse * CREATES), clock=clock)
    if operation is CREATE:
        assert len(server.requests) == len(server.peers) == CREATES
        assert clock.pauses == []
    else:
        assert len(server.requests) >= CREATES


@each_mode
@pytest.mark.parametrize("end", [Peer.close, Peer.reset])
def test_sparse_calls_share_one_connection_as_long_as_the_server_keeps_it(
    serve: Serve, end: Callable[[Peer], None], mode: str
) -> None:
    def hang_up(peer: Peer) -> None:
        whole(GET).act(peer)
        time.sleep(0.02)
        end(peer)

    clock, server = ManualClock(), serve(*[whole(GET)] * 5, Answer(hang_up), whole(GET))
    sparse = (GET.call, lambda _: clock.advance(10))
    run(mode, server.url, in_turn(*sparse * 6, lambda _: time.sleep(0.1), *sparse * 6), clock=clock)
    assert [bytes(peer.received).count(b"HTTP/1.1") for peer in server.peers] == [6, 6]
    assert clock.pauses == []  # Nothing was sent over what was closed.


def _warm(client: Any) -> Any:
    return client.warm()


@each_mode
def test_a_connection_is_opened_ahead_of_the_first_call(reach: Reach, mode: str) -> None:
    server, url = reach(whole(CREATE))

    def look(_: object) -> None:
        end = time.monotonic() + 5
        while not server.peers and time.monotonic() < end:
            time.sleep(0.01)
        assert len(server.peers) == 1
        assert server.received == b""

    run(mode, url, in_turn(_warm, _warm, look, CREATE.call))
    assert len(server.peers) == len(server.requests) == 1


@each_mode
def test_a_connection_that_cannot_be_opened_ahead_is_an_error_of_the_family(mode: str) -> None:
    with nobody() as port:
        error = fail(mode, f"http://127.0.0.1:{port}", _warm)
    assert (type(error), error.attempts, error.maybe_processed) == (APIConnectionError, 0, False)
    assert "warm failed: the connection was not made" in str(error)
    with full_backlog() as port:
        error = fail(mode, f"http://127.0.0.1:{port}", _warm, connect_timeout=0.05)
    assert type(error) is APITimeoutError
    assert isinstance(fail(mode, "http://127.0.0.1:9", in_turn(close, _warm)), ConfigurationError)


@each_mode
def test_a_given_client_opens_its_connections_itself(serve: Serve, mode: str) -> None:
    server = serve(whole(GET))
    assert run(mode, server.url, _warm, given={}) is None
    assert server.peers == []
