# Edited in overrides/package/mock/_connection.py, from where `make generate` copies it.
"""One connection to the TCP server: bytes to requests, answers to bytes, by h11."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from email.utils import formatdate
from http import HTTPStatus
from ipaddress import ip_address
from time import time
from typing import cast
from urllib.parse import urlsplit

import h11

from ._inspector import PREFIX
from ._messages import Answer, Doors, plain
from ._sender import Sender

MAX_HEAD = 32 * 1024  # bytes of a request line and its headers
MAX_BODY = 8 * 1024 * 1024  # bytes of a request body
IDLE_SECONDS = 75.0  # without a byte, a connection is closed
# SO_LINGER: closed within 0 seconds, which is a reset.
_AT_ONCE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_LINGER_SECONDS = 1.0  # time to read why, for a client that is still sending

_NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """Serves the requests of one connection, one after the other, pipelined ones too.

    Args:
        doors: Where the requests go. The inspector's page is for this machine only.
        open_connections: The set in which the connection is while it is open.
    """

    def __init__(self, doors: Doors, open_connections: set[Connection]) -> None:
        self._doors = doors
        self._open = open_connections
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._request: h11.Request
        self._body = bytearray()
        self._sender: Sender | None = None
        self.may_write = True
        self._ended = False
        self.lost = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio: the client is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._open.add(self)
        if not _is_local(transport.get_extra_info("peername")):
            self._doors = self._doors._replace(inspect=None)
        self._timer = self._loop.call_later(IDLE_SECONDS, self._check_idle)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """Called by asyncio: the client is gone."""
        self._ended = True
        self._timer.cancel()
        if self._sender is not None:
            self._sender.stop()
        self._open.discard(self)
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio: the client sent something."""
        if self._ended:
            return
        self._heard = self._loop.time()
        self._http.receive_data(data)
        self._advance()

    def eof_received(self) -> bool:
        """Called by asyncio: the client will send nothing more. It may still be reading."""
        if not self._ended:
            self._http.receive_data(b"")
            self._advance()
        return not self._ended  # True: answers are still to be sent

    def pause_writing(self) -> None:
        """Called by asyncio: the client does not read as fast as it asks."""
        self.may_write = False
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Called by asyncio: the client has caught up."""
        self.may_write = True
        self._transport.resume_reading()
        if self._sender is not None:
            self._sender.go_on()
        self._advance()

    def close(self) -> None:
        """Close when the answer that is being sent has been sent."""
        self._ended = True
        if self._sender is None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._ended = True
        self._transport.abort()

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._transport.write(data)

    def send(self, *events: h11.Event) -> None:
        """Send a part of an answer."""
        self._transport.write(b"".join(self._http.send(event) or b"" for event in events))

    def send_head(self, answer: Answer, length: int | None) -> None:
        """Send status and headers. Without a length, the body is chunked or ends with the end."""
        self.send(self._head(answer, length))

    def _head(self, answer: Answer, length: int | None) -> h11.Response:
        headers = list(answer.headers)
        if length is not None and answer.status not in _NO_BODY:
            headers.append(("content-length", str(length)))
        headers.append(("date", formatdate(time(), usegmt=True)))
        status = answer.status
        return h11.Response(status_code=status, headers=headers, reason=_reason(status))

    def sent(self) -> None:
        """An answer is out that took its time."""
        self._sender = None
        self._next_cycle()
        self._advance()

    def close_now(self) -> None:
        """Close, although the answer is not whole."""
        self._ended = True
        self._transport.close()

    def reset(self) -> None:
        """Break the connection off, so that the client sees a reset."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.abort()

    def _advance(self) -> None:
        """Serve what has arrived, as far as it goes."""
        try:
            while self.may_write and not self._ended and self._sender is None:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    self._encourage()
                    return
                if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    self.close()
                    return
                self._take(event)
        except h11.RemoteProtocolError as error:
            self._refuse(plain(error.error_status_hint, f"Not a request: {error}."))

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._request = event
            self._body.clear()
            self._measure(event)
            if not self._ended and self._doors.turns_away(*_head_of(event)):
                self.reset()
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MAX_BODY:
                self._refuse_body()
        elif isinstance(event, h11.EndOfMessage):
            self._answer()

    def _measure(self, request: h11.Request) -> None:
        """Refuse what is too large. h11 only looks at heads that come in several pieces."""
        size = len(request.target)
        for name, value in request.headers:
            size += len(name) + len(value) + len(": \r\n")
            if name == b"content-length" and int(value) > MAX_BODY:
                self._refuse_body()
                return
        if size > MAX_HEAD:
            self._refuse(plain(431, f"A request line and headers may have {MAX_HEAD} bytes."))

    def _encourage(self) -> None:
        if self._http.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            self.send(go_on)

    def _answer(self) -> None:
        method, target, headers = _head_of(self._request)
        handle = self._doors.handle
        if self._doors.inspect is not None and target.startswith(PREFIX):
            handle = self._doors.inspect
        try:
            answer = handle(method, target, headers, bytes(self._body))
        except Exception:  # noqa: BLE001 - one bug must not end the other connections
            _log.exception("The mock failed on %s", method)
            answer = plain(500, "The mock failed; its log says how.")
        without_body = method == "HEAD"
        if answer.delivery is None and isinstance(answer.body, bytes):
            self._write(answer, answer.body, without_body=without_body)
            self._next_cycle()
        else:
            self._sender = Sender(self, answer, without_body=without_body)

    def _next_cycle(self) -> None:
        done = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if done and not self._ended:
            self._http.start_next_cycle()
        else:
            self.close()

    def _refuse_body(self) -> None:
        self._refuse(plain(413, f"A body may have {MAX_BODY} bytes at most."))

    def _refuse(self, answer: Answer) -> None:
        """Answer a request that is not served, and hang up.

        The client may still be sending, and would lose the answer if the connection were
        closed on what is unread: so what comes is read and dropped for a moment.
        """
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [*answer.headers, ("connection", "close")]
            self._write(answer._replace(headers=headers), answer.content)
        self._ended = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._loop.call_later(_LINGER_SECONDS, self._transport.close)

    def _write(self, answer: Answer, body: bytes, *, without_body: bool = False) -> None:
        if answer.status in _NO_BODY:
            body = b""
        self.send(
            self._head(answer, len(body)),
            h11.Data(data=b"" if without_body else body),
            h11.EndOfMessage(),
        )

    def _check_idle(self) -> None:
        silent = self._loop.time() - self._heard
        if silent >= IDLE_SECONDS and self._sender is None:
            self.close()
        else:
            wait = IDLE_SECONDS - silent if silent < IDLE_SECONDS else IDLE_SECONDS
            self._timer = self._loop.call_later(wait, self._check_idle)


def _is_local(peer: tuple[str, int] | None) -> bool:
    try:
        address = ip_address(peer[0].partition("%")[0]) if peer else None
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address is not None and (mapped or address).is_loopback


def _head_of(request: h11.Request) -> tuple[str, str, list[tuple[str, str]]]:
    headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers]
    return request.method.decode("ascii"), _target(request.target), headers


def _target(target: bytes) -> str:
    """Path and query. A request through a proxy names the whole URL."""
    text = target.decode("latin-1")
    if text.startswith("/"):
        return text
    parts = urlsplit(text)
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode("ascii")
    except ValueError:
        return b""
