"""When a connection is opened, kept and used again, and how a request leaves over it."""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import trustme
from sample import APIConnectionError, APIStatusError, APITimeoutError, RateLimitError, SampleError
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
    Answer,
    Peer,
    full_backlog,
    head,
    nobody,
    raw,
    reply,
    tls_of,
    whole,
)
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
    with opened(mode, url) as client, monkeypatch.context() as patch:
        CREATE.call(client)
        patch.setattr(socket.socket, name, counting)
        CREATE.call(client)
    assert (len(writes), len(server.requests)) == (1, 2)


@each_mode
def test_a_large_request_arrives_whole_and_an_answer_that_is_cut_short_is_told(
    reach: Reach, mode: str
) -> None:
    cut = raw(head(201, "Content-Length: 9"), b"{")
    server, url = reach(whole(CREATE), cut)
    note = "x" * 200_000
    with opened(mode, url) as client:
        client.parcels.create(note=note)
        with pytest.raises(APIConnectionError) as caught:
            client.parcels.create(note=note)
    assert caught.value.maybe_processed is True
    assert [json.loads(one.body)["note"] for one in server.requests] == [note] * 2


@each_mode
def test_an_answer_counts_that_comes_before_the_request_was_taken(serve: Serve, mode: str) -> None:
    def refuse(peer: Peer) -> None:
        peer.await_bytes()
        peer.send(head(413, "Content-Length: 0"))
        peer.abort()

    url, note = serve(Answer(refuse, reads=False)).url, "x" * 8_000_000
    error: Any = fail(mode, url, lambda client: client.parcels.create(note=note))
    assert (type(error), error.status_code) == (APIStatusError, 413)


@each_mode
def test_a_request_that_is_taken_bit_by_bit(serve: Serve, mode: str) -> None:
    def slowly(peer: Peer) -> None:
        while peer.receive():
            time.sleep(0.01)

    server, note = serve(Answer(slowly, reads=False)), "x" * 8_000_000
    error = fail(mode, server.url, lambda client: client.parcels.create(note=note), timeout=0.6)
    assert (type(error), error.maybe_processed) == (APITimeoutError, True)


@each_mode
def test_attempts_and_pauses_together(serve: Serve, mode: str) -> None:
    def late(peer: Peer) -> None:
        time.sleep(0.2)
        peer.send(head(429, "Content-Length: 0", "Retry-After: 0"))

    server = serve(reply(429, b"", "Retry-After: 0"), Answer(late))
    error = fail(mode, server.url, CREATE.call, timeout=0.6, max_attempts=50)
    assert isinstance(error, APITimeoutError | RateLimitError)
    assert 2 <= error.attempts <= 4


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
    with opened(mode, server.url, clock=clock) as client:
        for _ in range(2):
            operation.call(client.with_options(**options))
            clock.advance(idle)
    assert len(server.peers) == 1 + anew


@each_mode
def test_a_create_leaves_an_older_connection_to_what_may_be_repeated(
    serve: Serve, mode: str
) -> None:
    clock, server = ManualClock(), serve(whole(GET), whole(CREATE), whole(GET))
    with opened(mode, server.url, clock=clock) as client:
        for operation, pause in ((GET, 10), (CREATE, 0), (GET, 10), (GET, 0)):
            operation.call(client)
            clock.advance(pause)
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
    with opened(mode, server.url, clock=clock) as client:
        for _ in range(CREATES):
            operation.call(client)
            clock.advance(5)
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
    with opened(mode, server.url, clock=clock) as client:
        for _ in range(2):
            for _ in range(6):
                GET.call(client)
                clock.advance(10)
            time.sleep(0.1)
    assert [bytes(peer.received).count(b"HTTP/1.1") for peer in server.peers] == [6, 6]
    assert clock.pauses == []  # Nothing was sent over what was closed.


@each_mode
def test_a_connection_is_opened_ahead_of_the_first_call(reach: Reach, mode: str) -> None:
    server, url = reach(whole(CREATE))
    with opened(mode, url) as client:
        client.warm()
        client.warm()
        end = time.monotonic() + 5
        while not server.peers and time.monotonic() < end:
            time.sleep(0.01)
        assert (len(server.peers), server.received) == (1, b"")
        CREATE.call(client)
    assert len(server.peers) == len(server.requests) == 1


def _warm(client: Any) -> Any:
    return client.warm()


@each_mode
def test_a_connection_that_cannot_be_opened_ahead_is_an_error_of_the_family(mode: str) -> None:
    with nobody() as port:
        error = fail(mode, f"http://127.0.0.1:{port}", _warm)
    assert (type(error), error.attempts, error.maybe_processed) == (APIConnectionError, 0, False)
    assert "warm failed: the connection was not made" in str(error)
    with full_backlog() as port:
        error = fail(mode, f"http://127.0.0.1:{port}", _warm, connect_timeout=0.05)
    assert type(error) is APITimeoutError


@each_mode
def test_a_given_client_opens_its_connections_itself(serve: Serve, mode: str) -> None:
    server = serve(whole(GET))
    with opened(mode, server.url, given={}) as client:
        assert client.warm() is None
    assert server.peers == []


# --- what a server sends beyond an answer is never taken for another call's ---

OTHERS = json.dumps(PARCEL | {"id": "of-somebody-else"}).encode()
MINE = GET.body


def _answer(body: bytes, *fields: str) -> bytes:
    return head(200, f"Content-Length: {len(body)}", *fields) + body


STALE = _answer(OTHERS)
_CHUNKED = head(200, "Transfer-Encoding: chunked")
# What a server sends for one request: parts, with a pause after each but the last.
BEYOND: dict[str, tuple[bytes, ...]] = {
    "a second answer in the same segment": (_answer(MINE) + STALE,),
    "a second answer right after": (_answer(MINE), STALE),
    "the beginning of one": (_answer(MINE) + STALE[:-5],),
    "a line break": (_answer(MINE) + b"\r\n",),
    "more than was announced": (head(200, f"Content-Length: {len(MINE)}") + MINE + STALE,),
    "after the last chunk": (_CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(MINE), MINE) + STALE,),
    "a body after 204": (head(204) + STALE,),
    "a body after 304": (head(304) + STALE,),
    "a body after a length of zero": (_answer(b"") + STALE,),
    "an answer after 429": (head(429, "Content-Length: 0") + STALE,),
}


def _sends(parts: tuple[bytes, ...]) -> Answer:
    def act(peer: Peer) -> None:
        for number, part in enumerate(parts):
            time.sleep(0.02 if number else 0)
            peer.send(part)

    return Answer(act)


def _ids(
    client: Any, count: int, pause: float = 0.02, first: Callable[[Any], Any] | None = None
) -> list[str]:
    """Call once, whatever comes of it, and then so many times; return the ids that came."""
    with suppress(SampleError):
        (first or GET.call)(client.with_options(max_attempts=1))
    ids = []
    for _ in range(count):
        time.sleep(pause)
        ids.append(GET.call(client).id)
    return ids


@each_mode
@pytest.mark.parametrize("beyond", BEYOND)
def test_it_is_dropped_with_its_connection(reach: Reach, beyond: str, mode: str) -> None:
    late = 0.2 if len(BEYOND[beyond]) > 1 else 0.02  # It is to be there before the next call.
    server, url = reach(_sends(BEYOND[beyond]), whole(GET))
    with opened(mode, url) as client:
        assert _ids(client, 2, late) == ["parcel-1"] * 2
    assert len(server.peers) == 2  # The first one is not used again.


@each_mode
def test_it_is_dropped_after_a_streamed_answer(serve: Serve, mode: str) -> None:
    server = serve(_sends((_answer(LIST.body) + STALE,)), whole(GET))
    with opened(mode, server.url) as client:
        assert _ids(client, 2, first=items) == ["parcel-1"] * 2
    assert len(server.peers) == 2


def test_what_comes_between_two_calls_is_dropped_by_a_given_client_too(serve: Serve) -> None:
    server = serve(_sends(BEYOND["a second answer right after"]), whole(GET))
    with opened("sync", server.url, given={}) as client:
        assert _ids(client, 2, 0.2) == ["parcel-1"] * 2


@each_mode
def test_a_connection_is_kept_where_nothing_came_beyond(
    serve: Serve, mode: str, trusted: trustme.CA
) -> None:
    server = serve(whole(GET), tls=tls_of(trusted, "127.0.0.1"))
    with opened(mode, server.url) as client:
        assert _ids(client, 4) == ["parcel-1"] * 4
    assert len(server.peers) == 1
