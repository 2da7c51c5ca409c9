"""The faults: what goes wrong, and what a caller then sees of each operation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.network._operations import Operation
from tests.network._server import (
    CLOSED,
    CLOSED_AT_ONCE,
    CLOSED_UNREAD,
    RESET,
    RESET_UNREAD,
    SILENT,
    SILENT_AT_ONCE,
    Answer,
    Peer,
    head,
    raw,
    reply,
)

NEVER, REPEATABLE, ALWAYS = "never", "repeatable", "always"
SUCCESS = None


class Fault(NamedTuple):
    """One thing that goes wrong, each time that it is tried.

    Attributes:
        name: For people.
        answer: What the server does instead of answering as documented.
        error: The class of the error; None where the call succeeds all the same.
        maybe: The error's `maybe_processed`.
        again: Which operations are sent again.
        phase: How far the call had come.
        scheme: What is spoken to the server.
        connects: Whether there is a server: a port without one, or with a full backlog.
        timeout: Seconds that the call may take.
        connect_timeout: Seconds of these that connecting may take.
    """

    name: str
    answer: Callable[[Operation], Answer]
    error: str | None
    maybe: bool
    again: str
    phase: str
    scheme: str = "http"
    connects: str = "server"
    timeout: float = 20.0
    connect_timeout: float = 5.0

    def times(self, operation: Operation) -> int:
        """How often an operation is sent, of three times that it may be."""
        again = self.again == ALWAYS or (self.again == REPEATABLE and operation.repeatable)
        return 3 if again else 1


def _fixed(answer: Answer) -> Callable[[Operation], Answer]:
    return lambda _: answer


def _connecting(name: str, answer: Answer = CLOSED, **how: Any) -> Fault:
    timed_out = "connect_timeout" in how
    error = "APITimeoutError" if timed_out else "APIConnectionError"
    return Fault(name, _fixed(answer), error, maybe=False, again=ALWAYS, phase="connecting", **how)


def _broken(
    name: str, answer: Answer | Callable[[Operation], Answer], phase: str = "answering"
) -> Fault:
    given = _fixed(answer) if isinstance(answer, Answer) else answer
    return Fault(name, given, "APIConnectionError", maybe=True, again=REPEATABLE, phase=phase)


def _late(name: str, answer: Answer, phase: str = "answering") -> Fault:
    return Fault(
        name,
        _fixed(answer),
        "APITimeoutError",
        maybe=True,
        again=NEVER,
        phase=phase,
        timeout=0.08,
    )


def _body(
    name: str,
    body: bytes,
    *fields: str,
    kind: str = "application/json",
    status: int | None = None,
) -> Fault:
    return Fault(
        name,
        lambda operation: reply(status or operation.status, body, *fields, kind=kind),
        "InvalidResponseError",
        maybe=True,
        again=NEVER,
        phase="answered",
    )


def _succeeds(name: str, answer: Callable[[Operation], Answer]) -> Fault:
    return Fault(name, answer, SUCCESS, maybe=False, again=NEVER, phase="answered")


def _status(status: int, error: str, *, maybe: bool, again: str, **how: Any) -> Fault:
    name = how.pop("name", f"status {status}")
    kind = how.pop("kind", "application/json")
    body = how.pop("body", json.dumps({"error": "As told."}).encode())
    answer = _fixed(reply(status, body, *how.pop("fields", ()), kind=kind))
    return Fault(name, answer, error, maybe=maybe, again=again, phase="answered")


def _redirect(status: int, to: str, location: str) -> Fault:
    return _status(
        status,
        "APIStatusError",
        maybe=True,
        again=NEVER,
        name=f"{status} to {to}",
        fields=(f"Location: {location}",),
    )


def _half(operation: Operation) -> Answer:
    return raw(_announced(operation), operation.body[: len(operation.body) // 2])


def _half_then_reset(operation: Operation) -> Answer:
    # The client has to have read the head before the reset throws away what is under way.
    def act(peer: Peer) -> None:
        peer.send(_announced(operation))
        peer.drip(operation.body[:5], 0.004)
        peer.reset()

    return Answer(act)


def _announced(operation: Operation) -> bytes:
    length = f"Content-Length: {len(operation.body) or 9}"
    return head(operation.status, "Content-Type: application/json", length)


def _chunked(operation: Operation, *chunks: bytes) -> Answer:
    return raw(head(operation.status, "Transfer-Encoding: chunked"), *chunks)


def _other_success(operation: Operation) -> Answer:
    return reply(200 if operation.status != 200 else 201, operation.body)


def _in_pieces(operation: Operation) -> Answer:
    pieces = [b"1\r\n%c\r\n" % byte for byte in operation.body]
    return raw(head(operation.status, "Transfer-Encoding: chunked"), *pieces, b"0\r\n\r\n")


HTML = b"<!DOCTYPE html><title>Sign in to the Wi-Fi</title>"
_WRONG_SHAPES = {"null": b"null", "a number": b"7", "a string": b'"text"', "true": b"true"}

FAULTS = [
    _connecting("nobody listens", connects="nobody"),
    _connecting("the host's name is unknown", connects="unknown"),
    _connecting("the connection is never accepted", connects="full", connect_timeout=0.03),
    _connecting(
        "TLS: the server speaks plain HTTP",
        raw(head(400, "Content-Length: 0"))._replace(reads=False),
        scheme="https",
    ),
    _connecting("TLS: the server resets", RESET_UNREAD, scheme="https"),
    _connecting("TLS: the server closes", CLOSED_AT_ONCE, scheme="https"),
    _connecting(
        "TLS: the server never answers", SILENT_AT_ONCE, scheme="https", connect_timeout=0.06
    ),
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
    _broken(
        "two different lengths", raw(head(200, "Content-Length: 2", "Content-Length: 3"), b"{}")
    ),
    _broken("a length below zero", raw(head(200, "Content-Length: -1"), b"{}")),
    _broken("the body is cut short", _half),
    _broken("reset within the body", _half_then_reset),
    _broken("a chunk's size is garbage", lambda o: _chunked(o, b"zz\r\n{}\r\n")),
    _broken("the chunks have no end", lambda o: _chunked(o, b"2\r\n{}\r\n")),
    _late("the body stops", raw(head(200, "Content-Length: 9"), b"{", end=Peer.hold)),
    _body("compressed, which nobody asked for", b"{}", "Content-Encoding: gzip"),
    _body("no body", b""),
    _body("HTML", HTML, kind="text/html"),
    _body("HTML called JSON", HTML),
    _body("bad UTF-8", b'{"id": "\xff\xfe"}'),
    _body("UTF-16", json.dumps({"id": "one"}).encode("utf-16")),
    _body("half of a JSON text", b'{"id": '),
    _body("two JSON texts", b"{} {}"),
    _body("NaN", b"NaN"),
    _body("Infinity within", b'[{"id": Infinity}]'),
    _body("100,000 nested brackets", b"[" * 100_000 + b"]" * 100_000),
    _body("100,000 nested braces", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    _body("a number of 10,000 digits", b"9" * 10_000),
    *(_body(f"{name} in place of the answer", body) for name, body in _WRONG_SHAPES.items()),
    _body("an array of arrays", b"[[]]"),
    _body("an object without its fields", b'{"x": [{}]}'),
    _body("compression of a kind that is unknown", b"\x00\x01\x02", "Content-Encoding: zstd-9"),
    _body("204", b"", status=204),
    _body("HTML with another success", HTML, kind="text/html", status=206),
    _succeeds(
        "a byte order mark before the JSON", lambda o: reply(o.status, b"\xef\xbb\xbf" + o.body)
    ),
    _succeeds("another success, the documented body", _other_success),
    _succeeds("called text/plain", lambda o: reply(o.status, o.body, kind="text/plain")),
    _succeeds("one byte a chunk", _in_pieces),
    _succeeds("100 Continue first", lambda o: raw(head(100), head(o.status), o.body)),
    _broken(
        "101 without having been asked", raw(head(101, "Upgrade: websocket", "Connection: upgrade"))
    ),
    _redirect(301, "the same host", "/elsewhere"),
    _redirect(302, "another host", "http://127.0.0.2:9/"),
    _redirect(303, "itself", ""),
    _redirect(307, "another host, in the clear", "http://example.com/"),
    _redirect(308, "a location of garbage", "http://[::bad/\x80"),
    _status(304, "APIStatusError", maybe=True, again=NEVER),
    _status(400, "BadRequestError", maybe=False, again=NEVER),
    _status(401, "AuthenticationError", maybe=False, again=NEVER),
    _status(403, "PermissionDeniedError", maybe=False, again=NEVER),
    _status(404, "NotFoundError", maybe=False, again=NEVER),
    _status(408, "APIStatusError", maybe=True, again=REPEATABLE),
    _status(409, "ConflictError", maybe=False, again=NEVER),
    _status(418, "APIStatusError", maybe=False, again=NEVER),
    _status(422, "APIStatusError", maybe=False, again=NEVER),
    _status(429, "RateLimitError", maybe=False, again=ALWAYS),
    _status(500, "ServerError", maybe=True, again=REPEATABLE),
    _status(501, "ServerError", maybe=True, again=NEVER),
    _status(502, "ServerError", maybe=True, again=REPEATABLE),
    _status(
        502,
        "ServerError",
        maybe=True,
        again=REPEATABLE,
        name="502 with HTML",
        body=HTML,
        kind="text/html",
    ),
    _status(
        502,
        "ServerError",
        maybe=True,
        again=REPEATABLE,
        name="502, compressed",
        fields=("Content-Encoding: gzip",),
    ),
    _status(503, "ServerError", maybe=True, again=REPEATABLE),
    _status(504, "ServerError", maybe=True, again=REPEATABLE),
    _status(599, "ServerError", maybe=True, again=NEVER),
    _status(999, "ServerError", maybe=True, again=NEVER),
    _status(
        500,
        "ServerError",
        maybe=True,
        again=REPEATABLE,
        name="500 with 100,000 nested brackets",
        body=b"[" * 100_000,
    ),
]
