"""The faults: what goes wrong, and what a caller then sees."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, NamedTuple

import pytest
from sample import SampleError
from sample.testing import ManualClock

from tests.network._operations import CANARY, KEY, Operation, items, run, watched
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
    full_backlog,
    head,
    nobody,
    raw,
    reply,
    whole,
)

NEVER, REPEATABLE, ALWAYS = "never", "repeatable", "always"
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # None is spoken, and to load it takes time.


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
        way: How the server is reached, or what is in its place; see `_target`.
        options: For the client. With a `timeout` of its own it goes by the machine's clock.
    """

    phase: str
    name: str
    answer: Answer | Callable[[Operation], Answer] = CLOSED
    error: str | None = "APIConnectionError"
    maybe: bool = True
    again: str = REPEATABLE
    way: str = "http"
    options: dict[str, Any] = field(default_factory=dict)

    def times(self, operation: Operation) -> int:
        """How often an operation is sent, of three times that it may be."""
        if self.error == "ConfigurationError":
            return 0
        again = self.again == ALWAYS or (self.again == REPEATABLE and operation.repeatable)
        return 3 if again else 1

    def answer_to(self, operation: Operation) -> Answer:
        return self.answer if isinstance(self.answer, Answer) else self.answer(operation)


_LATE: dict[str, Any] = {"error": "APITimeoutError", "again": NEVER, "options": {"timeout": 0.2}}
_connecting = partial(Fault, "connecting", maybe=False, again=ALWAYS)
_silent = partial(_connecting, error="APITimeoutError", options={"connect_timeout": 0.06})
_refused = partial(_connecting, error="ConfigurationError")
_broken = partial(Fault, "answering")
_late: Any = partial(Fault, "answering", **_LATE)
_succeeds = partial(Fault, "answered", error=None, maybe=False, again=NEVER)


def _body(
    name: str, make: Callable[[bytes], bytes], *fields: str, status: int = 0, **options: Any
) -> Fault:
    def answer(operation: Operation) -> Answer:
        return reply(status or operation.status, make(operation.body), *fields)

    return Fault("answered", name, answer, "InvalidResponseError", again=NEVER, options=options)


def _status(status: int, again: str, name: str = "", **answer: Any) -> Fault:
    given = reply(status, answer.get("body", _ECHO), *_ECHOES, *answer.get("fields", ()))
    error = _NAMES.get(status, "ServerError" if status >= 500 else "APIStatusError")
    maybe = not 400 <= status < 500 or status == 408
    return Fault("answered", name or f"status {status}", given, error, maybe, again)


def _redirect(status: int, to: str, location: str) -> Fault:
    return _status(status, NEVER, f"{status} to {to}", fields=(f"Location: {location}",))


def _cut(operation: Operation, *, reset: bool = False) -> Answer:
    def act(peer: Peer) -> None:
        peer.send(head(operation.status, f"Content-Length: {len(operation.body)}"))
        # The client has to have read some before a reset throws away what is under way.
        peer.drip(operation.body[:5], 0.004)
        peer.send(operation.body[5:-1])
        (peer.reset if reset else peer.close)()

    return Answer(act)


def _in_pieces(operation: Operation) -> Answer:
    return raw(_CHUNKED, *(b"1\r\n%c\r\n" % one for one in operation.body), b"0\r\n\r\n")


def _drips(data: bytes, *begin: bytes, every: float = 0.02, **how: Any) -> Answer:
    def act(peer: Peer) -> None:
        peer.send(b"".join(begin))
        while peer.drip(data, every):
            pass

    return Answer(act, **how)


def _stops(peer: Peer) -> None:
    time.sleep(0.1)  # What is left of the time is less, then.
    peer.send(head(200, "Content-Length: 9") + b"{")
    peer.hold()


def _has_no_end(peer: Peer) -> None:
    peer.send(_CHUNKED)
    peer.flood(b"400\r\n" + b" " * 1024 + b"\r\n")


def _twice(answer: Answer) -> Answer:
    return Answer(lambda peer: [answer.act(peer) for _ in range(2)])


_NAMES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    429: "RateLimitError",
}
# A server that sends the key back, or breaks off amid a secret, is to have neither shown.
_BEARER = f"Bearer {KEY} is not known"
_ECHO = json.dumps({"error": _BEARER}).encode()
_ECHOES = (f"X-Request-Id: for-{KEY}", f"WWW-Authenticate: {_BEARER}")
HTML = f"<!DOCTYPE html><title>Sign in to the Wi-Fi</title>{_BEARER}".encode()
_UNREAD: dict[str, Any] = {"end": Peer.hold, "reads": False}
_SOCKS_MORE = b"\5\0\5\0\0\1" + bytes(6) + b"more"
_CONNECT_REFUSED = raw(head("407 Sign\x1b[2J in", "Content-Length: 0"))
_TWO_ADDRESSES = {"connect_timeout": 0.8}  # of which the first has its half
_OK = b"HTTP/1.1 200 OK\r\n"
_LONG, _CHUNKED = head(200, "Content-Length: 999"), head(200, "Transfer-Encoding: chunked")
_NO_LIMIT = {"timeout": 0.2, "max_response_bytes": 2**40}
_HELLO = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc\x03\x03" + b"\x00" * 500
_DRIPPING_HELLO = _drips(_HELLO, reads=False)

FAULTS = [
    _connecting("nobody listens", way="nobody"),
    _connecting("the host's name is unknown", way="unknown"),
    _connecting("the host's name is not looked up in time", way="slow names", **_LATE),
    _refused("the host's name has an empty part", way="label"),
    _connecting("no more files can be opened", way="files"),
    _silent("the connection is never accepted", way="full"),
    _connecting("TLS: the server speaks plain HTTP", raw(head(400), reads=False), way="https"),
    _connecting("TLS: the server resets", RESET_UNREAD, way="https"),
    _connecting("TLS: the server closes", CLOSED_AT_ONCE, way="https"),
    _silent("TLS: the server is silent", SILENT_AT_ONCE, way="https"),
    _connecting("TLS: the handshake drips", _DRIPPING_HELLO, way="https", **_LATE),
    _refused("TLS: no certificates are found", way="certificates"),
    _connecting("proxy: nobody listens", way="nobody behind"),
    _connecting("proxy: it refuses", _CONNECT_REFUSED, way="proxy"),
    _connecting("proxy: it closes", CLOSED, way="proxy"),
    _connecting("proxy: it resets", RESET, way="proxy"),
    _connecting("proxy: it answers garbage", raw(b"\x00garbage\r\n\r\n"), way="proxy"),
    _silent("proxy: it is silent", SILENT, way="proxy"),
    _connecting("proxy: it says more", raw(head("200 Yes") + b"more"), way="proxy"),
    _connecting("SOCKS5: it closes", CLOSED_AT_ONCE, way="socks"),
    _connecting("SOCKS5: it asks who this is", raw(b"\5\xff", **_UNREAD), way="socks"),
    _connecting("SOCKS5: it refuses who this is", raw(b"\5\2\1\1", **_UNREAD), way="socks user"),
    _connecting("SOCKS5: it refuses", raw(b"\5\0\5\5\0\1", **_UNREAD), way="socks"),
    _connecting("SOCKS5: it says more", raw(_SOCKS_MORE, **_UNREAD), way="socks"),
    _silent("SOCKS5: it is silent", SILENT_AT_ONCE, way="socks"),
    Fault("sending", "reset before the request is read", RESET_UNREAD),
    Fault("sending", "closed before the request is read", CLOSED_UNREAD),
    Fault("sending", "the request is never read", SILENT_AT_ONCE, **_LATE),
    _broken("reset after the request", RESET),
    _broken("an empty answer", CLOSED),
    _late("no answer in time", SILENT),
    _broken("a status line of garbage", lambda o: raw(b"\x00\xff" + o.body + b"\r\n\r\n")),
    _broken("an answer of HTTP/0.9", raw(b"hello")),
    _broken("a status of two digits", raw(head("20 OK"))),
    _broken("a header without a colon", raw(_OK + _BEARER.encode() + b"\r\n\r\n")),
    _broken("closed within the headers", lambda o: raw(_OK + b"X-Odd: " + o.body)),
    _broken("headers without an end", raw(head(200, "X-Long: " + "x" * 300_000))),
    _broken("two lengths", raw(head(200, "Content-Length: 2", "Content-Length: 3"), HTML)),
    _broken("a length below zero", raw(head(200, "Content-Length: -1"), b"{}")),
    _broken("the body is cut short", _cut),
    _broken("reset within the body", partial(_cut, reset=True)),
    _broken("a chunk's size is garbage", lambda o: raw(_CHUNKED, o.body + b"\r\n")),
    _broken("the chunks have no end", lambda o: raw(_CHUNKED, b"fff\r\n" + o.body)),
    _broken("101 unasked", raw(head(101, "Upgrade: websocket", "Connection: upgrade"))),
    _late("the head drips", _drips(b"x" * 999, _OK, b"X-Slow: ")),
    _late("100 Continue, again and again", _drips(head(100), every=0.01)),
    _late("early hints without an end", Answer(lambda peer: peer.flood(head(103, "Link: </x>")))),
    _late("the body stops", Answer(_stops)),
    _late("the body drips", _drips(b" " * 998, _LONG)),
    _late("chunks drip", _drips(b"1\r\n \r\n", _CHUNKED, every=0.01)),
    _late("the body of a refusal drips", _drips(b" " * 998, head(400, "Content-Length: 999"))),
    _late("the body has no end", Answer(_has_no_end), options=_NO_LIMIT),
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
    _succeeds("a byte order mark first", lambda o: reply(o.status, b"\xef\xbb\xbf" + o.body)),
    _succeeds("another success, the documented body", lambda o: reply(203, o.body)),
    _succeeds("one byte a chunk", _in_pieces),
    _succeeds("100 Continue first", lambda o: raw(head(100), head(o.status), o.body)),
    _succeeds("a second answer after it", lambda o: _twice(whole(o))),
    _succeeds("from the host's second address", whole, way="second", options=_TWO_ADDRESSES),
    _redirect(301, "the same host", "/elsewhere"),
    _redirect(302, "another host", "http://127.0.0.2:9/"),
    _redirect(307, "another host, in the clear", "http://example.com/"),
    _redirect(308, "a location of garbage", "http://[::bad/\x80"),
    *(_status(one, NEVER) for one in (304, 400, 401, 403, 404, 409, 422, 501, 999)),
    *(_status(one, REPEATABLE) for one in (408, 500, 502, 503, 504)),
    _status(502, REPEATABLE, "502 with HTML", body=HTML),
    _status(502, REPEATABLE, "502, compressed", fields=["Content-Encoding: gzip"]),
    _status(502, REPEATABLE, "502 of over 1 MiB", body=b" " * 1_100_000),
    _status(429, ALWAYS),
]


class Observation(NamedTuple):
    """What came of a call."""

    error: BaseException | None
    leaks: dict[str, str]
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
    """Let a fault happen. The same is not done twice.

    Args:
        fault: What is to happen.
        operation: What is called.
        mode: "sync" or "async".
        way: "call"; "items", where the list is read item by item; "given" for an `http_client`.
    """
    clock, error = ManualClock(), None
    options: dict[str, Any] = {"given": {"verify": _TLS} if way == "given" else None}
    options |= {"timeout": 20.0, "clock": clock} | fault.options
    if "timeout" in fault.options:
        options["clock"] = None
    with (
        pytest.MonkeyPatch.context() as patch,
        _target(fault, operation, patch) as (url, server),
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
    return Observation(error, seen.leaks, server, clock.pauses, over)


@contextlib.contextmanager
def _target(
    fault: Fault, operation: Operation, patch: pytest.MonkeyPatch
) -> Iterator[tuple[str, HostileServer]]:
    """Yield the base URL for a fault, and the server, which may stand aside."""
    with (
        HostileServer(fault.answer_to(operation)) as server,
        full_backlog() as full,
        nobody() as free,
    ):
        place = f"{HOST}:{server.port}"
        proxies = {
            "proxy": f"http://me:{CANARY}proxy@{place}",
            "socks": f"socks5://{place}",
            "socks user": f"socks5://me:{CANARY}proxy@{place}",
            "nobody behind": f"http://{HOST}:{free}",
        }
        names: dict[str, Callable[..., Any]] = {
            "unknown": _know_nothing,
            "slow names": lambda *_, **__: time.sleep(0.4),
            "second": partial(_find_two, full, server.port),
        }
        if fault.way in proxies:
            patch.setenv("HTTPS_PROXY", proxies[fault.way])
        elif fault.way == "certificates":
            patch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
        elif fault.way == "files":
            patch.setattr(socket.socket, "__init__", _no_more_files)
        elif fault.way in names:
            patch.setattr(socket, "getaddrinfo", names[fault.way])
        urls = {
            "https": f"https://{place}",
            "label": "https://parcels..test",
            "nobody": f"http://{HOST}:{free}",
            "full": f"http://{HOST}:{full}",
            **dict.fromkeys([*proxies, "certificates"], "https://parcels.test"),
            **dict.fromkeys(names, f"http://parcels.localhost:{server.port}"),
        }
        yield urls.get(fault.way, f"http://{place}"), server


_MAKE = socket.socket.__init__


def _know_nothing(*_: object, **__: object) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _find_two(silent: int, answering: int, *_: object, **__: object) -> Any:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (HOST, p)) for p in (silent, answering)]


def _no_more_files(made: Any, *args: Any, **options: Any) -> None:
    if "fileno" not in options and len(args) <= 3 and args[:1] != (socket.AF_UNIX,):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    _MAKE(made, *args, **options)
