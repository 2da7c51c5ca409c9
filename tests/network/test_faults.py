"""Each fault over real sockets: what is sent again, what is told, and that no secret is."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import Mock

import pytest
from sample import SampleError
from sample.testing import ManualClock

from tests.network._operations import (
    CANARY,
    KEY,
    KINDS,
    LIST,
    Operation,
    items,
    run,
    watched,
)
from tests.network._server import (
    CHUNKED,
    HANDSHAKE,
    HOST,
    NOBODY,
    Answer,
    HostileServer,
    Peer,
    addresses,
    chunks,
    full_backlog,
    head,
    repeat,
    reply,
    unread,
    whole,
)

TABLE, RULE = Path(__file__).parents[2] / "docs" / "failures.md", "| --- | --- | --- |\n"


ROWS = [row[2:-2].split(" | ") for row in TABLE.read_text("utf-8").split(RULE)[1].splitlines()]
PROMISED = {(row[0], kind): cell for row in ROWS for kind, cell in zip(KINDS, row[1:], strict=True)}


@dataclass(frozen=True, eq=False)
class Fault:
    """One thing that goes wrong, each time that it is tried."""

    phase: str  # how far the call had come
    name: str
    answer: Answer | Callable[[Operation], Answer] = (Peer.close,)
    way: str = "http"  # how the server is reached, or what is in its place; see `WAYS`
    # The client's. With a `timeout` of its own it goes by the machine's clock.
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.name}, {self.phase}"


_connecting, _answering = partial(Fault, "connecting"), partial(Fault, "answering")
_answered = partial(Fault, "answered")
_late: Any = partial(_answering, options={"timeout": 0.2})
_silent = partial(_connecting, options={"connect_timeout": 0.06})


def _body(
    name: str, make: Callable[[bytes], bytes], *fields: str, status: int = 0, **options: Any
) -> Fault:
    def answer(operation: Operation) -> Answer:
        return reply(status or operation.status, make(operation.body), *fields)

    return _answered(name, answer, options=options)


def _status(status: int, name: str = "", *fields: str, body: bytes | None = None) -> Fault:
    answer = reply(status, _ECHO if body is None else body, *_ECHOES, *fields)
    return _answered(name or f"status {status}", answer)


def _cut(operation: Operation, end: Callable[[Peer], object] = Peer.close) -> Answer:
    # The client has to have read some before a reset throws away what is under way.
    sent = whole(operation)
    return sent[:-9], 0.02, sent[-9:-1], end


# A server that sends the key back, or breaks off amid a secret, is to have neither shown.
_BEARER = f"Bearer {KEY} is not known"
_ECHO = json.dumps({"error": _BEARER}).encode()
_ECHOES = (f"X-Request-Id: for-{KEY}", f"WWW-Authenticate: {_BEARER}")
HTML = f"<!DOCTYPE html><title>Sign in to the Wi-Fi</title>{_BEARER}".encode()
_OK = b"HTTP/1.1 200 OK\r\n"
_LONG = head(200, "Content-Length: 999")
_NO_LIMIT = {"timeout": 0.2, "max_response_bytes": 2**40}

FAULTS = [
    _connecting("nobody listens", way="nobody"),
    _connecting("the host's name is unknown", way="unknown"),
    _connecting("the host's name is not looked up in time", way="slow", options={"timeout": 0.2}),
    _connecting("the host's name has an empty part", way="empty part"),
    _connecting("no more files can be opened", way="files"),
    _silent("the connection is never accepted", way="full"),
    _connecting("TLS: the server speaks plain HTTP", (unread, head(400), Peer.close), "https"),
    _connecting("TLS: the server resets", (unread, Peer.await_bytes, Peer.reset), "https"),
    _connecting("TLS: the server closes", (unread, Peer.close), "https"),
    _silent("TLS: the server is silent", (unread, Peer.hold), "https"),
    _connecting("TLS: the handshake drips", (unread, *HANDSHAKE), "https", {"timeout": 0.2}),
    _connecting("TLS: no certificates are found", way="certificates"),
    _connecting("proxy: nobody listens", way="nobody behind"),
    _connecting(
        "proxy: it refuses", (head("407 \x1b[2J", "Content-Length: 0"), Peer.close), "proxy"
    ),
    _connecting("proxy: it closes", (Peer.close,), "proxy"),
    _connecting("proxy: it resets", (Peer.reset,), "proxy"),
    _connecting("proxy: it answers garbage", (b"\x00garbage\r\n\r\n", Peer.close), "proxy"),
    _silent("proxy: it is silent", (Peer.hold,), "proxy"),
    _connecting("proxy: it says more", (head(200) + b"more", Peer.close), "proxy"),
    _connecting("SOCKS5: it closes", (unread, Peer.close), "socks"),
    _connecting("SOCKS5: it asks who this is", (unread, b"\5\xff", Peer.hold), "socks"),
    _connecting("SOCKS5: it refuses who this is", (unread, b"\5\2\1\1", Peer.hold), "socks user"),
    _connecting("SOCKS5: it refuses", (unread, b"\5\0\5\5\0\1", Peer.hold), "socks"),
    _connecting(
        "SOCKS5: it says more", (unread, b"\5\0\5\0\0\1" + bytes(6) + b"more", Peer.hold), "socks"
    ),
    _silent("SOCKS5: it is silent", (unread, Peer.hold), "socks"),
    Fault("sending", "reset before the request is read", (unread, Peer.await_bytes, Peer.reset)),
    Fault("sending", "closed before the request is read", (unread, Peer.await_bytes, Peer.close)),
    Fault("sending", "the request is never read", (unread, Peer.hold), options={"timeout": 0.2}),
    _answering("reset after the request", (Peer.reset,)),
    _answering("an empty answer", (Peer.close,)),
    _late("no answer in time", (Peer.hold,)),
    _answering(
        "a status line of garbage", lambda o: (b"\x00\xff" + o.body + b"\r\n\r\n", Peer.close)
    ),
    _answering("an answer of HTTP/0.9", (b"hello", Peer.close)),
    _answering("a status of two digits", (head(20), Peer.close)),
    _answering("a header without a colon", (_OK + _BEARER.encode() + b"\r\n\r\n", Peer.close)),
    _answering("closed within the headers", lambda o: (_OK + b"X-Odd: " + o.body, Peer.close)),
    _answering("headers without an end", (head(200, "X-Long: " + "x" * 300_000), Peer.close)),
    _answering(
        "two lengths", (head(200, "Content-Length: 2", "Content-Length: 3"), HTML, Peer.close)
    ),
    _answering("a length below zero", (head(200, "Content-Length: -1"), b"{}", Peer.close)),
    _answering("the body is cut short", _cut),
    _answering("reset within the body", partial(_cut, end=Peer.reset)),
    _answering("a chunk's size is garbage", lambda o: (CHUNKED, o.body + b"\r\n", Peer.close)),
    _answering("the chunks have no end", lambda o: (CHUNKED, b"fff\r\n" + o.body, Peer.close)),
    _answering("101 unasked", (head(101, "Upgrade: websocket", "Connection: upgrade"), Peer.close)),
    _late("the head drips", (_OK + b"X-Slow: ", repeat(b"x", 0.02))),
    _late("100 Continue, again and again", (repeat(head(100), 0.01),)),
    _late("early hints without an end", (repeat(head(103, "Link: </x>")),)),
    _late("the body stops", (0.1, _LONG + b"{", Peer.hold)),
    _late("the body drips", (_LONG, repeat(b" ", 0.02))),
    _late("chunks drip", (CHUNKED, repeat(chunks(b" "), 0.02))),
    _late("the body of a refusal drips", (head(400, "Content-Length: 999"), repeat(b" ", 0.02))),
    _late("the body has no end", (CHUNKED, repeat(chunks(b" " * 1024))), options=_NO_LIMIT),
    _body("no body", lambda _: b""),
    _body("HTML", lambda _: HTML),
    _body("bad UTF-8", lambda body: body.replace(b"{", b'{"\xff\xfe": 1, ', 1)),
    _body("UTF-16", lambda body: body.decode().encode("utf-16")),
    _body("half of a JSON text", lambda body: body[:-2]),
    _body("two JSON texts", lambda body: body + body),
    _body("NaN", lambda body: body.replace(b"{", b'{"n": NaN, ', 1)),
    _body("100,000 nested brackets", lambda body: body[:-1] + b"[" * 100_000),
    _body("a number of 10,000 digits", lambda body: body[:-1] + b"9" * 10_000),
    _body("null in place of the answer", lambda _: b"null"),
    _body("a string in place of the answer", lambda body: json.dumps(body.decode()).encode()),
    _body("an object without its fields", lambda body: b'{"data": ' + body + b"}"),
    _body("fields of other types", lambda body: re.sub(rb': ("canary[^,]+)', rb": [\1]", body)),
    _body("compressed, which nobody asked for", lambda body: body, "Content-Encoding: gzip"),
    _body("larger than `max_response_bytes`", lambda body: body, max_response_bytes=50),
    _body("204", lambda _: b"", status=204),
    _body("HTML with another success", lambda _: HTML, status=206),
    _answered("a byte order mark first", lambda o: reply(o.status, b"\xef\xbb\xbf" + o.body)),
    _answered("another success, the documented body", lambda o: reply(203, o.body)),
    _answered("one byte a chunk", lambda o: CHUNKED + chunks(*(b"%c" % i for i in o.body), b"")),
    _answered("100 Continue first", lambda o: (head(100), head(o.status), o.body, Peer.close)),
    _answered("a second answer after it", lambda o: whole(o) * 2),
    # The first one has its half of the time.
    _answered("from the host's second address", whole, "second", {"connect_timeout": 0.8}),
    _status(301, "301 to the same host", "Location: /elsewhere"),
    _status(302, "302 to another host", "Location: http://127.0.0.2:9/"),
    _status(307, "307 to another host, in the clear", "Location: http://example.com/"),
    _status(308, "308 to a location of garbage", "Location: http://[::bad/\x80"),
    *(_status(one) for one in (304, 400, 401, 403, 404, 409, 422, 501, 999)),
    *(_status(one) for one in (408, 500, 502, 503, 504)),
    _status(502, "502 with HTML", body=HTML),
    _status(502, "502, compressed", "Content-Encoding: gzip"),
    _status(502, "502 of over 1 MiB", body=b" " * 1_100_000),
    _status(429),
]


class Observation(NamedTuple):
    """What came of a call."""

    error: BaseException | None
    leaks: dict[str, str]
    host: str
    server: HostileServer
    pauses: list[float]
    over: float  # seconds after the call's time was up

    @property
    def outcome(self) -> str:
        """In one line, for the table."""
        if self.error is None:
            return "the documented answer"
        assert isinstance(self.error, SampleError)
        sent = {0: "not sent", 1: "once"}.get(self.error.attempts, f"{self.error.attempts} times")
        maybe = "maybe" if self.error.maybe_processed else "not"
        return f"`{type(self.error).__name__}`, {sent}, {maybe} processed"


@cache
def observe(fault: Fault, operation: Operation, mode: str, way: str = "call") -> Observation:
    """Let a fault happen, once; by way of "items", or of a client that was "given", too."""
    clock, error = ManualClock(), None
    options: dict[str, Any] = {"given": {} if way == "given" else None}
    options |= {"timeout": 20.0, "clock": None if "timeout" in fault.options else clock}
    options |= fault.options
    with (
        pytest.MonkeyPatch.context() as patch,
        _reach(fault, operation, patch) as (url, server),
        # Of a client that was given, httpcore quotes at DEBUG the bytes that broke the protocol.
        watched(but_for="httpcore" if way == "given" else "nobody") as seen,
    ):
        started = time.monotonic()
        try:
            value = run(mode, url, items if way == "items" else operation.call, **options)
            seen.value("the answer", value)
        except Exception as raised:  # noqa: BLE001 - which one it is, is the question
            error = raised
        over = time.monotonic() - started - options["timeout"]
        if error is not None:
            seen.error("the error", error)
        patch.undo()
        server.settle()
    if over > 0 and fault.phase != "connecting" and not server.received:
        # A busy machine took all of the time for itself.
        patient = replace(fault, options=fault.options | {"timeout": 2.0})
        return observe(patient, operation, mode, way)
    return Observation(error, seen.leaks, url.split("/")[2], server, clock.pauses, over)


_PARCELS = "https://parcels.test", "HTTPS_PROXY"
# The base URL, and a variable of the environment with its value.
WAYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("http", "files"), ("http://{place}",)),
    "https": ("https://{place}",),
    "nobody": (f"http://{NOBODY}",),
    "full": ("http://{full}",),
    "empty part": ("https://parcels..test",),
    "certificates": ("https://parcels.test", "SSL_CERT_FILE", "/nowhere/ca.pem"),
    "proxy": (*_PARCELS, f"http://me:{CANARY}proxy@{{place}}"),
    "socks": (*_PARCELS, "socks5://{place}"),
    "socks user": (*_PARCELS, f"socks5://me:{CANARY}proxy@{{place}}"),
    "nobody behind": (*_PARCELS, f"http://{NOBODY}"),
    **dict.fromkeys(("unknown", "slow", "second"), ("http://{name}",)),
}


@contextlib.contextmanager
def _reach(
    fault: Fault, operation: Operation, patch: pytest.MonkeyPatch
) -> Iterator[tuple[str, HostileServer]]:
    """Yield the base URL for a fault, and the server, which may stand aside."""
    answer = fault.answer(operation) if callable(fault.answer) else fault.answer
    with HostileServer(answer) as server, full_backlog() as full:
        place, name = f"{HOST}:{server.port}", f"parcels.localhost:{server.port}"
        names = {
            "unknown": Mock(side_effect=socket.gaierror(socket.EAI_NONAME, "Name not known")),
            "slow": Mock(side_effect=lambda *_, **__: time.sleep(0.4)),
            "second": addresses((HOST, full), (HOST, server.port)),
        }
        if fault.way in names:
            patch.setattr(socket, "getaddrinfo", names[fault.way])
        if fault.way == "files":
            patch.setattr(socket.socket, "__init__", _no_more_files)
        known = {"place": place, "name": name, "full": f"{HOST}:{full}"}
        url, *variable = [part.format(**known) for part in WAYS[fault.way]]
        if variable:
            patch.setenv(*variable)
        yield url, server


def _no_more_files(made: Any, *args: Any, make: Any = socket.socket.__init__, **how: Any) -> None:
    if "fileno" not in how and len(args) <= 3 and args[:1] != (socket.AF_UNIX,):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    make(made, *args, **how)


# httpx reads where a redirect leads, whether it is to follow it or not.
GIVEN = [one for one in FAULTS if one.way == "http" and "a location of" not in one.name]
# What is read item by item may be larger.
LARGER = "larger than `max_response_bytes`"
ITEMS = [one for one in GIVEN if "once, maybe" in str(PROMISED.get((one.title, "repeatable")))]
CASES = [
    *((fault, kind, "call") for fault in FAULTS for kind in KINDS),
    *((fault, "not repeatable", "given") for fault in GIVEN),
    *((fault, "repeatable", "items") for fault in ITEMS if fault.name != LARGER),
]
# With a sync client that was given, a head ends when each of its reads does; see `Connection`.
BEYOND = {"the head drips", "100 Continue, again and again", "early hints without an end"}


@pytest.mark.parametrize(("fault", "kind", "way"), CASES, ids=lambda one: getattr(one, "name", one))
def test_a_fault(fault: Fault, kind: str, way: str, mode: str) -> None:
    if (way, mode) == ("given", "sync") and fault.name in BEYOND:
        pytest.skip("the public interface of httpx cannot say so")
    operation = LIST if way == "items" else KINDS[kind]
    error, leaks, host, server, pauses, over = seen = observe(fault, operation, mode, way)
    times = getattr(error, "attempts", 1)
    if way == "call":
        if fault.phase == "connecting":
            assert KEY.encode() not in server.received
        elif fault.phase == "sending":
            assert (len(server.peers), server.requests) == (times, [])
        else:
            assert server.received == operation.request(host) * times
        assert pauses == [0.5, 1.0][: max(0, times - 1)]
    assert (leaks, over < 1.0, seen.outcome) == ({}, True, PROMISED.get((fault.title, kind)))
    if error is None:
        return
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert str(error).isprintable()
    assert len(str(error)) < 1000
    assert "timeout" not in fault.options or re.search(r"the call's [\d.]+ s", str(error))
    by_proxy = fault.name.startswith(("proxy: it", "SOCKS5: it")) and not fault.options
    assert "the proxy did not connect to the server" in str(error) or not by_proxy


def test_the_table_for_users_is_what_happens() -> None:
    text, rows = TABLE.read_text("utf-8").split(RULE)
    found = ""
    for fault in FAULTS:
        outcomes = [observe(fault, operation, "sync").outcome for operation in KINDS.values()]
        found += f"| {fault.title} | {' | '.join(outcomes)} |\n"
    if os.environ.get("UPDATE"):
        TABLE.write_text(text + RULE + found, encoding="utf-8")
    assert rows == found, "Make it anew: UPDATE=1 pytest tests/network/test_faults.py -k table"
