"""The faults: what goes wrong, what a caller then sees, and the table of it for users."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from sample import SampleError
from sample.testing import ManualClock

from tests.network._operations import KINDS, Operation, run
from tests.network._server import (
    CLOSED,
    CLOSED_AT_ONCE,
    CLOSED_UNREAD,
    HOST,
    RESET,
    RESET_UNREAD,
    SILENT,
    SILENT_AT_ONCE,
    Answer,
    HostileServer,
    Peer,
    Recorded,
    full_backlog,
    head,
    nobody,
    raw,
    reply,
)

NEVER, REPEATABLE, ALWAYS = "never", "repeatable", "always"
UNKNOWN_HOST = "unknown.localhost"


@dataclass(frozen=True, eq=False)
class Fault:
    """One thing that goes wrong, each time that it is tried.

    Attributes:
        phase: How far the call had come.
        name: For people.
        answer: What the server does instead of answering as documented.
        error: The class of the error; None where the call succeeds all the same.
        maybe: The error's `maybe_processed`.
        again: Which operations are sent again.
        way: What is connected to, if not a server: a key of `_WAYS`.
        options: For the client.
    """

    phase: str
    name: str
    answer: Callable[[Operation], Answer]
    error: str | None
    maybe: bool
    again: str
    way: str = "http"
    options: dict[str, Any] = field(default_factory=dict)

    def times(self, operation: Operation) -> int:
        """How often an operation is sent, of three times that it may be."""
        if self.error == "ConfigurationError":
            return 0
        return (
            3 if self.again == ALWAYS or (self.again == REPEATABLE and operation.repeatable) else 1
        )


def _connecting(name: str, answer: Answer = CLOSED, **how: Any) -> Fault:
    options = {key: how.pop(key) for key in ("connect_timeout",) if key in how}
    error = how.pop("error", "APITimeoutError" if options else "APIConnectionError")
    again = NEVER if error == "ConfigurationError" else ALWAYS
    return Fault("connecting", name, lambda _: answer, error, False, again, options=options, **how)


def _broken(name: str, answer: Any, phase: str = "answering") -> Fault:
    given = (lambda _: answer) if isinstance(answer, Answer) else answer
    return Fault(phase, name, given, "APIConnectionError", maybe=True, again=REPEATABLE)


def _late(name: str, answer: Answer, phase: str = "answering") -> Fault:
    late = {"timeout": 0.2}
    error = "APITimeoutError"
    return Fault(phase, name, lambda _: answer, error, maybe=True, again=NEVER, options=late)


def _body(name: str, body: bytes, *fields: str, status: int = 0, **options: Any) -> Fault:
    def answer(operation: Operation) -> Answer:
        return reply(status or operation.status, body, *fields)

    error = "InvalidResponseError"
    return Fault("answered", name, answer, error, maybe=True, again=NEVER, options=options)


def _succeeds(name: str, answer: Callable[[Operation], Answer], **how: Any) -> Fault:
    return Fault("answered", name, answer, None, maybe=False, again=NEVER, **how)


def _status(status: int, error: str, again: str, name: str = "", **answer: Any) -> Fault:
    body = answer.get("body", b'{"error": "As told."}')
    given = reply(status, body, *answer.get("fields", ()))
    maybe = not 400 <= status < 500 or status == 408
    return Fault("answered", name or f"status {status}", lambda _: given, error, maybe, again)


def _redirect(status: int, to: str, location: str) -> Fault:
    fields = (f"Location: {location}",)
    return _status(status, "APIStatusError", NEVER, f"{status} to {to}", fields=fields)


def _cut(operation: Operation, *, reset: bool = False) -> Answer:
    def act(peer: Peer) -> None:
        peer.send(head(operation.status, f"Content-Length: {len(operation.body)}"))
        # The client has to have read some before a reset throws away what is under way.
        peer.drip(operation.body[:5], 0.004)
        (peer.reset if reset else peer.close)()

    return Answer(act)


def _chunked(operation: Operation, *chunks: bytes) -> Answer:
    return raw(head(operation.status, "Transfer-Encoding: chunked"), *chunks)


def _in_pieces(operation: Operation) -> Answer:
    return _chunked(operation, *(b"1\r\n%c\r\n" % one for one in operation.body), b"0\r\n\r\n")


HTML = b"<!DOCTYPE html><title>Sign in to the Wi-Fi</title>"
_UNREAD: dict[str, Any] = {"end": Peer.hold, "reads": False}
_SOCKS_MORE = b"\5\0\5\0\0\1" + bytes(6) + b"more"
_CONNECT_REFUSED = raw(head("407 Proxy Authentication Required", "Content-Length: 0"))

FAULTS = [
    _connecting("nobody listens", way="nobody"),
    _connecting("the host's name is unknown", way="unknown"),
    _connecting("the host's name has an empty part", way="label", error="ConfigurationError"),
    _connecting("no more files can be opened", way="files"),
    _connecting("the connection is never accepted", way="full", connect_timeout=0.03),
    _connecting("TLS: the server speaks plain HTTP", raw(head(400), reads=False), way="https"),
    _connecting("TLS: the server resets", RESET_UNREAD, way="https"),
    _connecting("TLS: the server closes", CLOSED_AT_ONCE, way="https"),
    _connecting("TLS: the server is silent", SILENT_AT_ONCE, way="https", connect_timeout=0.06),
    _connecting("TLS: no certificates are found", way="certificates", error="ConfigurationError"),
    _connecting("proxy: nobody listens", way="nobody behind"),
    _connecting("proxy: it refuses", _CONNECT_REFUSED, way="proxy"),
    _connecting("proxy: it closes", CLOSED, way="proxy"),
    _connecting("proxy: it resets", RESET, way="proxy"),
    _connecting("proxy: it answers garbage", raw(b"\x00garbage\r\n\r\n"), way="proxy"),
    _connecting("proxy: it is silent", SILENT, way="proxy", connect_timeout=0.06),
    _connecting("proxy: it says more", raw(head("200 Yes"), b"more"), way="proxy"),
    _connecting("SOCKS5: it closes", CLOSED_AT_ONCE, way="socks"),
    _connecting("SOCKS5: it asks who this is", raw(b"\5\xff", **_UNREAD), way="socks"),
    _connecting("SOCKS5: it refuses who this is", raw(b"\5\2\1\1", **_UNREAD), way="socks user"),
    _connecting("SOCKS5: it refuses", raw(b"\5\0\5\5\0\1", **_UNREAD), way="socks"),
    _connecting("SOCKS5: it says more", raw(_SOCKS_MORE, **_UNREAD), way="socks"),
    _connecting("SOCKS5: it is silent", SILENT_AT_ONCE, way="socks", connect_timeout=0.06),
    _broken("reset before the request is read", RESET_UNREAD, phase="sending"),
    _broken("closed before the request is read", CLOSED_UNREAD, phase="sending"),
    _late("the request is never read", SILENT_AT_ONCE, phase="sending"),
    _broken("reset after the request", RESET),
    _broken("an empty answer", CLOSED),
    _late("no answer in time", SILENT),
    _broken("a status line of garbage", raw(b"\x00\xffBOGUS 1.1 !!\r\n\r\n")),
    _broken("an answer of HTTP/0.9", raw(b"hello")),
    _broken("a status of two digits", raw(head("20 OK"))),
    _broken("a header without a colon", raw(head(200, "no colon here"))),
    _broken("closed within the headers", raw(b"HTTP/1.1 200 OK\r\nContent-Ty")),
    _broken("headers without an end", raw(head(200, "X-Long: " + "x" * 300_000))),
    _broken("two lengths", raw(head(200, "Content-Length: 2", "Content-Length: 3"), b"{}")),
    _broken("a length below zero", raw(head(200, "Content-Length: -1"), b"{}")),
    _broken("the body is cut short", _cut),
    _broken("reset within the body", functools.partial(_cut, reset=True)),
    _broken("a chunk's size is garbage", lambda o: _chunked(o, b"zz\r\n{}\r\n")),
    _broken("the chunks have no end", lambda o: _chunked(o, b"2\r\n{}\r\n")),
    _broken("101 unasked", raw(head(101, "Upgrade: websocket", "Connection: upgrade"))),
    _late("the body stops", raw(head(200, "Content-Length: 9"), b"{", end=Peer.hold)),
    _body("no body", b""),
    _body("HTML", HTML),
    _body("bad UTF-8", b'{"id": "\xff\xfe"}'),
    _body("UTF-16", json.dumps({"id": "one"}).encode("utf-16")),
    _body("half of a JSON text", b'{"id": '),
    _body("two JSON texts", b"{} {}"),
    _body("NaN", b"NaN"),
    _body("100,000 nested brackets", b"[" * 100_000 + b"]" * 100_000),
    _body("a number of 10,000 digits", b"9" * 10_000),
    _body("null in place of the answer", b"null"),
    _body("a string in place of the answer", b'"text"'),
    _body("an object without its fields", b'{"x": [{}]}'),
    _body("compressed, which nobody asked for", b"{}", "Content-Encoding: gzip"),
    _body("larger than `max_response_bytes`", b" " * 999 + b"{}", max_response_bytes=1000),
    _body("204", b"", status=204),
    _body("HTML with another success", HTML, status=206),
    _succeeds("a byte order mark first", lambda o: reply(o.status, b"\xef\xbb\xbf" + o.body)),
    _succeeds("another success, the documented body", lambda o: reply(203, o.body)),
    _succeeds("one byte a chunk", _in_pieces),
    _succeeds("100 Continue first", lambda o: raw(head(100), head(o.status), o.body)),
    _succeeds("a second answer after it", lambda o: _twice(reply(o.status, o.body))),
    _succeeds("from the host's second address", lambda o: reply(o.status, o.body), way="second"),
    _redirect(301, "the same host", "/elsewhere"),
    _redirect(302, "another host", "http://127.0.0.2:9/"),
    _redirect(307, "another host, in the clear", "http://example.com/"),
    _redirect(308, "a location of garbage", "http://[::bad/\x80"),
    _status(304, "APIStatusError", NEVER),
    _status(400, "BadRequestError", NEVER),
    _status(401, "AuthenticationError", NEVER),
    _status(403, "PermissionDeniedError", NEVER),
    _status(404, "NotFoundError", NEVER),
    _status(408, "APIStatusError", REPEATABLE),
    _status(409, "ConflictError", NEVER),
    _status(422, "APIStatusError", NEVER),
    _status(429, "RateLimitError", ALWAYS),
    _status(500, "ServerError", REPEATABLE),
    _status(501, "ServerError", NEVER),
    _status(502, "ServerError", REPEATABLE),
    _status(502, "ServerError", REPEATABLE, "502 with HTML", body=HTML),
    _status(502, "ServerError", REPEATABLE, "502, compressed", fields=["Content-Encoding: gzip"]),
    _status(502, "ServerError", REPEATABLE, "502 of over 1 MiB", body=b" " * 1_100_000),
    _status(503, "ServerError", REPEATABLE),
    _status(504, "ServerError", REPEATABLE),
    _status(999, "ServerError", NEVER),
]


def _twice(answer: Answer) -> Answer:
    return Answer(lambda peer: [answer.act(peer) for _ in range(2)])


class Observation(NamedTuple):
    """What came of a call."""

    error: BaseException | None
    requests: list[Recorded]
    received: bytes
    pauses: list[float]
    connections: int
    port: int

    @property
    def outcome(self) -> str:
        """In one line, for the table."""
        if self.error is None:
            return "the documented answer"
        assert isinstance(self.error, SampleError)
        sent = {0: "not sent", 1: "once"}.get(self.error.attempts, f"{self.error.attempts} times")
        maybe = "maybe" if self.error.maybe_processed else "not"
        return f"`{type(self.error).__name__}`, {sent}, {maybe} processed"


@functools.cache
def observe(fault: Fault, operation: Operation, mode: str) -> Observation:
    """Let a fault happen to a call. The same is not done twice."""
    clock = ManualClock()
    error = None
    with pytest.MonkeyPatch.context() as patch, _target(fault, operation, patch) as (url, server):
        try:
            run(mode, url, operation.call, clock=clock, **{"timeout": 20.0, **fault.options})
        except Exception as raised:  # noqa: BLE001 - which one it is, is the question
            error = raised
        patch.undo()
        if server is None:
            return Observation(error, [], b"", clock.pauses, 0, 0)
        server.settle()
    return Observation(
        *(error, server.requests, server.received, clock.pauses, len(server.peers), server.port)
    )


@contextlib.contextmanager
def _target(
    fault: Fault, operation: Operation, patch: pytest.MonkeyPatch
) -> Iterator[tuple[str, HostileServer | None]]:
    """Yield the base URL for a fault, and the server that there is."""
    if fault.way in {"nobody", "full", "nobody behind"}:
        with full_backlog() if fault.way == "full" else nobody() as port:
            patch.setenv("HTTPS_PROXY", f"http://{HOST}:{port}")
            behind = fault.way == "nobody behind"
            yield "https://parcels.test" if behind else f"http://{HOST}:{port}", None
        return
    with HostileServer(fault.answer(operation)) as server:
        url = f"http://{HOST}:{server.port}"
        if fault.way == "https":
            url = f"https://{HOST}:{server.port}"
        elif fault.way == "certificates":
            patch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
            url = "https://parcels.test"
        elif fault.way == "label":
            url = "https://parcels..test"
        elif fault.way in _PROXIES:
            patch.setenv("HTTPS_PROXY", f"{_PROXIES[fault.way]}{HOST}:{server.port}")
            url = "https://parcels.test"
        elif fault.way == "files":
            patch.setattr(socket.socket, "__init__", _no_more_files)
        elif fault.way in {"unknown", "second"}:
            patch.setattr(socket, "getaddrinfo", _unknown if fault.way == "unknown" else _second)
            url = f"http://{UNKNOWN_HOST}:{server.port}"
        yield url, server


_PROXIES = {"proxy": "http://", "socks": "socks5://", "socks user": "socks5://me:mine@"}
_LOOK_UP = socket.getaddrinfo
_MAKE = socket.socket.__init__


def _unknown(*_: object, **__: object) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _second(host: Any, *args: Any, **options: Any) -> Any:
    # Nobody listens at the first one, which refuses: silence is tried in test_budget.
    hosts = ["127.0.0.2", HOST] if host == UNKNOWN_HOST else [host]
    return [entry for one in hosts for entry in _LOOK_UP(one, *args, **options)]


def _no_more_files(made: Any, *args: Any, **options: Any) -> None:
    if "fileno" not in options and len(args) <= 3 and args[:1] != (socket.AF_UNIX,):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    _MAKE(made, *args, **options)


_TEXT = """\
# What a caller sees when things go wrong

The tests made this table, by letting each fault happen over real sockets, sync and async alike,
to an operation that may be sent again when nobody knows what became of it, and to one that may
not. Each call may be tried three times, the default. To make it anew:

    UPDATE=1 pytest tests/network/test_faults.py -k table

In a cell: the class of the error; how often the call was tried; `maybe_processed`, which is
whether the server may have acted on it. "The documented answer" stands for a call that succeeds
all the same.

| fault, while | repeatable | not repeatable |
| --- | --- | --- |
"""


def render() -> str:
    """Return the table, as Markdown."""
    lines = []
    for fault in FAULTS:
        once, again = (observe(fault, operation, "sync").outcome for operation in KINDS)
        lines.append(f"| {fault.name}, {fault.phase} | {again} | {once} |\n")
    return _TEXT + "".join(lines)
