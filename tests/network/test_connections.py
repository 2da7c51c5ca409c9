"""When a connection is opened, kept and used again, and how a request leaves over it."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from operator import methodcaller
from typing import Any

import pytest
from sample import APIConnectionError, APIStatusError, APITimeoutError, SampleError
from sample.testing import ManualClock

from tests.network._operations import (
    CREATE,
    GET,
    LIST,
    PARCEL,
    RENEW,
    Operation,
    fail,
    items,
    opened,
)
from tests.network._server import (
    CHUNKED,
    NOBODY,
    Answer,
    HostileServer,
    Peer,
    chunks,
    full_backlog,
    head,
    reply,
    unread,
    whole,
)
from tests.network.conftest import Serve


def _used(server: HostileServer) -> list[int]:
    """How many requests came over each connection."""
    return [bytes(peer.received).count(b"HTTP/1.1") for peer in server.peers]


def test_a_request_leaves_in_one_write(
    reach: Serve, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[int] = []
    name = "sendall" if mode == "sync" else "send"
    send = getattr(socket.socket, name)

    def counting(self: socket.socket, data: bytes, *args: Any) -> Any:
        if threading.current_thread() is threading.main_thread():  # The server has its own.
            writes.append(len(data))
        return send(self, data, *args)

    server = reach(whole(CREATE))
    with opened(mode, server.url) as client, monkeypatch.context() as patch:
        CREATE.call(client)
        patch.setattr(socket.socket, name, counting)
        CREATE.call(client)
    assert (len(writes), _used(server)) == (1, [2])


def test_a_large_request_arrives_whole_and_an_answer_that_is_cut_short_is_told(
    reach: Serve, mode: str
) -> None:
    server, note = reach(whole(CREATE), (whole(CREATE)[:-1], Peer.close)), "x" * 200_000
    with opened(mode, server.url) as client:
        client.parcels.create(note=note)
        with pytest.raises(APIConnectionError) as caught:
            client.parcels.create(note=note)
    assert caught.value.maybe_processed is True
    bodies = [one.partition(b"\r\n\r\n")[2] for one in server.requests]
    assert [json.loads(one)["note"] for one in bodies] == [note] * 2


def test_a_large_request_that_is_refused_or_taken_bit_by_bit(serve: Serve, mode: str) -> None:
    def slowly(peer: Peer) -> None:
        while peer.receive():
            time.sleep(0.01)

    def create(client: Any) -> None:
        client.parcels.create(note="x" * 8_000_000)

    refusing = serve((unread, Peer.await_bytes, reply(413), Peer.abort))
    error: Any = fail(mode, refusing.url, create)
    assert (type(error), error.status_code) == (APIStatusError, 413)
    error = fail(mode, serve((unread, slowly)).url, create, timeout=0.6)
    assert (type(error), error.maybe_processed) == (APITimeoutError, True)


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


@pytest.mark.parametrize("row", IDLE, ids=str)
def test_an_idle_connection_is_used_again_only_where_it_can_be_trusted(
    serve: Serve, row: tuple[Operation, float, str, dict[str, Any], bool], mode: str
) -> None:
    operation, idle, says, options, anew = row
    clock, server = ManualClock(), serve(whole(operation, *filter(None, [says])))
    with opened(mode, server.url, clock=clock) as client:
        for _ in range(2):
            operation.call(client.with_options(**options))
            clock.advance(idle)
    assert len(server.peers) == 1 + anew


def test_a_create_leaves_an_older_connection_to_what_may_be_repeated(
    serve: Serve, mode: str
) -> None:
    clock, server = ManualClock(), serve(whole(GET), whole(CREATE), whole(GET))
    with opened(mode, server.url, clock=clock) as client:
        for operation, pause in ((GET, 10), (CREATE, 0), (GET, 10), (GET, 0)):
            operation.call(client)
            clock.advance(pause)
    assert _used(server) == [1, 3]


@pytest.mark.parametrize("operation", [CREATE, GET], ids=repr)
def test_calls_right_when_the_server_closes_are_answered_and_no_create_is_doubled(
    serve: Serve, operation: Operation, mode: str
) -> None:
    chance = random.Random(13)
    ends: list[Answer] = [
        (whole(operation), chance.random() * 0.001, Peer.close) for _ in range(200)
    ]
    clock, server = ManualClock(), serve(*ends)
    with opened(mode, server.url, clock=clock) as client:
        for _ in range(200):
            operation.call(client)
            clock.advance(5)
    if operation is CREATE:
        assert len(server.requests) == len(server.peers) == 200
        assert clock.pauses == []


@pytest.mark.parametrize("end", [Peer.close, Peer.reset])
def test_sparse_calls_share_one_connection_as_long_as_the_server_keeps_it(
    serve: Serve, end: Callable[[Peer], None], mode: str
) -> None:
    server = serve(*[whole(GET)] * 5, (whole(GET), 0.02, end), whole(GET))
    clock = ManualClock()
    with opened(mode, server.url, clock=clock) as client:
        for _ in range(2):
            for _ in range(6):
                GET.call(client)
                clock.advance(10)
            time.sleep(0.1)
    assert _used(server) == [6, 6]
    assert clock.pauses == []  # Nothing was sent over what was closed.


def test_a_connection_is_opened_ahead_of_the_first_call(reach: Serve, mode: str) -> None:
    server = reach(whole(CREATE))
    with opened(mode, server.url) as client:
        client.warm()
        client.warm()
        end = time.monotonic() + 5
        while not server.peers and time.monotonic() < end:
            time.sleep(0.01)
        assert (len(server.peers), server.received) == (1, b"")
        CREATE.call(client)
    assert len(server.peers) == len(server.requests) == 1


def test_a_connection_that_cannot_be_opened_ahead_is_an_error_of_the_family(mode: str) -> None:
    error = fail(mode, f"http://{NOBODY}", methodcaller("warm"))
    assert (type(error), error.attempts, error.maybe_processed) == (APIConnectionError, 0, False)
    assert "warm failed: the connection was not made" in str(error)
    with full_backlog() as port:
        error = fail(mode, f"http://127.0.0.1:{port}", methodcaller("warm"), connect_timeout=0.05)
    assert type(error) is APITimeoutError
    with opened(mode, f"http://{NOBODY}", given={}) as client:
        assert client.warm() is None  # A client that was given opens its connections itself.


# --- what a server sends beyond an answer is never taken for another call's ---

MINE, STALE = whole(GET), reply(200, json.dumps(PARCEL | {"id": "of-somebody-else"}).encode())
BODY = GET.body
BEYOND: dict[str, Answer] = {
    "a second answer in the same segment": MINE + STALE,
    "a second answer right after": (MINE, 0.02, STALE),
    "the beginning of one": MINE + STALE[:-5],
    "a line break": MINE + b"\r\n",
    "more than was announced": head(200, f"Content-Length: {len(BODY)}") + BODY + STALE,
    "after the last chunk": CHUNKED + chunks(BODY, b"") + STALE,
    "a body after 204": reply(204) + STALE,
    "a body after 304": reply(304) + STALE,
    "a body after a length of zero": reply(200) + STALE,
    "an answer after 429": reply(429) + STALE,
}


def _is_dropped(server: HostileServer, client: Any, first: Callable[[Any], Any] = GET.call) -> None:
    late = 0.2 if isinstance(server.script[0], tuple) else 0.02  # seconds until all is there
    with suppress(SampleError):
        first(client.with_options(max_attempts=1))
    for _ in range(2):
        time.sleep(late)
        assert GET.call(client).id == "parcel-1"
    assert len(server.peers) == 2  # The first connection is not used again.


@pytest.mark.parametrize("beyond", BEYOND)
def test_it_is_dropped_with_its_connection(reach: Serve, beyond: str, mode: str) -> None:
    server = reach(BEYOND[beyond], MINE)
    with opened(mode, server.url) as client:
        _is_dropped(server, client)


def test_it_is_dropped_after_a_streamed_answer(serve: Serve, mode: str) -> None:
    server = serve(whole(LIST) + STALE, MINE)
    with opened(mode, server.url) as client:
        _is_dropped(server, client, items)


def test_what_comes_between_two_calls_is_dropped_by_a_given_client_too(serve: Serve) -> None:
    server = serve(BEYOND["a second answer right after"], MINE)
    with opened("sync", server.url, given={}) as client:
        _is_dropped(server, client)
