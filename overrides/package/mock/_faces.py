"""How answers reach clients: by an httpx transport in-process, by an asyncio server over TCP."""

from __future__ import annotations

import asyncio
import http.client
import logging
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from itertools import islice
from typing import Any, NoReturn, TypeAlias, cast
from urllib.parse import urlsplit

import h11

from .._http import httpx
from ._control import Control
from ._messages import PREFIX, Answer, Break, Headers, ServeError, plain

_MAX_HEAD = 32 * 1024  # bytes of a request line and its header fields, in several pieces
_MAX_BODY = 8 * 1024 * 1024  # bytes of a request body
_IDLE_SECONDS = 75.0  # without a byte, a connection is closed
_GRACE_SECONDS = 2.0  # for answers that are being sent when the server stops
_LINGER_SECONDS = 1.0  # for a client that is still sending to read why it is refused
_UNREAD_SECONDS = 0.05  # until a reset, for the client to have what was sent before it
_READ_BYTES = 64 * 1024
_GARBAGE = b"NOT-HTTP/9.9 what is this\r\n\r\n"
_NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
# SO_LINGER: closed within 0 seconds, which is a reset.
_AT_ONCE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)

_log = logging.getLogger(__name__)

_Handle: TypeAlias = Callable[[str, str, Headers, bytes], Answer]


def _deliver(answer: Answer) -> Iterator[float | bytes | Break | None]:
    """How an answer is sent: a pause in seconds, None for its head, pieces and pauses; a break."""
    body, broken = answer.body, answer.broken
    yield float(answer.delay)
    if broken in (Break.RESET, Break.EMPTY, Break.GARBAGE):
        yield broken
    if isinstance(body, bytes):
        pieces = iter((body[: len(body) // 2] if broken else body,))
    else:
        pieces = islice(body, 1 if broken else None)
    yield None
    for piece in pieces:
        size = answer.piece if answer.drip else len(piece)
        for start in range(0, len(piece), size) if piece else (0,):
            yield piece[start : start + size]
            yield float(answer.drip)
    if broken is not None:
        yield broken


def _announce(answer: Answer, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """The header fields of an answer, with the length of a body that is whole."""
    headers = [*answer.headers, *more]
    if isinstance(answer.body, bytes) and answer.status not in _NO_BODY:
        # A body that is announced one byte longer is cut short even where it has none.
        length = max(len(answer.body), answer.broken is not None)
        headers.append(("content-length", str(length)))
    return headers


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport for clients of httpx, sync and async; of a URL only path and query matter."""

    def __init__(self, handle: _Handle) -> None:
        self._handle = handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        steps = _Exchange(self._handle, request, request.read()).steps
        if pause := next(steps):
            time.sleep(pause)
        response: httpx.Response = next(steps)
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        steps = _Exchange(self._handle, request, await request.aread()).steps
        if pause := next(steps):
            await asyncio.sleep(pause)
        response: httpx.Response = next(steps)
        return response


class _Exchange(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A request and its answer, whose body it streams."""

    def __init__(self, handle: _Handle, request: httpx.Request, body: bytes) -> None:
        self.steps: Iterator[Any] = self._answer(handle, request, body)

    def __iter__(self) -> Iterator[bytes]:
        for step in self.steps:
            if isinstance(step, bytes):
                yield step
            elif step:
                time.sleep(step)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self.steps:
            if isinstance(step, bytes):
                yield step
            elif step:
                await asyncio.sleep(step)

    def _answer(self, handle: _Handle, request: httpx.Request, body: bytes) -> Iterator[Any]:
        """Yield a pause in seconds, the response, pieces and pauses; raise where it breaks off."""
        pairs = request.headers.raw
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]
        answer = handle(request.method, request.url.raw_path.decode("ascii"), headers, body)
        fields = _announce(answer)
        if request.method == "HEAD":
            answer = answer._replace(body=b"")
        allowed = request.extensions.get("timeout", {}).get("read")
        for step in _deliver(answer):
            if isinstance(step, Break):
                is_reset = step in (Break.RESET, Break.RESET_IN_BODY)
                failure = httpx.ReadError if is_reset else httpx.RemoteProtocolError
                raise failure(step.value, request=request)
            if isinstance(step, float) and allowed is not None and allowed < step:
                yield float(allowed)
                raise httpx.ReadTimeout("The read operation timed out", request=request)
            if step is None:
                yield httpx.Response(answer.status, headers=fields, stream=self)
            else:
                yield step


class MockServer(AbstractContextManager["MockServer"]):
    """A running server, which `mock.serve()` starts and `close()` stops.

    It is a context manager: leaving it stops the server, lets go of the port, and waits until
    all connections are closed.
    """

    def __init__(self, mock: Any, host: str, port: int, control: Control | None) -> None:
        self._mock, self._control = mock, control
        self._open: dict[asyncio.StreamReader, asyncio.StreamWriter] = {}
        self._socket = _listen(host, port)  # from here on, callers wait for the thread
        own, port = self._socket.getsockname()[:2]
        self.host = host  #: The address or name that it listens on.
        self.port: int = port  #: The port.
        address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(own, host)  # noqa: S104 - is asked for
        root = f"http://{f'[{address}]' if ':' in address else address}:{self.port}"
        #: The base URL for a client on this machine: `http://127.0.0.1:8080/api/v1`.
        self.url = root + urlsplit(str(mock.base_url)).path
        #: The mock's page, for a browser on this machine; None where it is off.
        self.page_url = f"{root}{PREFIX}/" if control else None
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop, self._stop = self._runner.get_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"mock:{self.port}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop. Answers that are being sent are finished first. May be called again."""
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def __exit__(self, *error: object) -> None:
        self.close()

    def _run(self) -> None:
        with self._runner:
            self._runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(
            self._connect, sock=self._socket, backlog=512, limit=_READ_BYTES
        )
        await self._stop.wait()
        server.close()
        for reader, writer in self._open.items():  # what has been read is served, and no more
            cast("asyncio.Transport", writer.transport).pause_reading()
            reader.feed_eof()
        if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(tasks, timeout=_GRACE_SECONDS)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[reader] = writer
        try:
            await _Connection(self._mock, self._control, reader, writer).serve()
        finally:
            del self._open[reader]
            writer.close()


@dataclass
class _Connection:
    """Serves the requests of one connection, one after the other, pipelined ones too."""

    _mock: Any
    _control: Control | None
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    def __post_init__(self) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)

    async def serve(self) -> None:
        """Serve until the client or the server has had enough."""
        # What is raised and passed: the client is gone or silent, or is not to be served any more.
        with suppress(OSError, TimeoutError, h11.LocalProtocolError):
            try:
                while isinstance(request := await self._next_event(), h11.Request):
                    await self._serve_one(request)
                    self._http.start_next_cycle()
            except h11.RemoteProtocolError as error:
                await self._refuse(error.error_status_hint, f"Not served: {error}.")

    async def _next_event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                more = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                self._writer.write(self._http.send(more) or b"")
            async with asyncio.timeout(_IDLE_SECONDS):
                self._http.receive_data(await self._reader.read(_READ_BYTES))
        return event

    async def _serve_one(self, request: h11.Request) -> None:
        headers = [(name.decode("ascii"), one.decode("latin-1")) for name, one in request.headers]
        target = request.target.decode("latin-1")
        target = re.sub("(?i)^https?://[^/]*", "", target) or "/"  # a proxy is given the whole URL
        head = (request.method.decode("ascii"), target, headers)
        begun: Answer | Callable[[bytes], Answer]
        if self._control is not None and self._control.owns(*head):
            begun = partial(self._control.handle, *head, self._addresses())
        else:
            begun = self._mock.begin(*head)
        if isinstance(begun, Answer):
            return await self._send(begun)
        body, size = bytearray(), int(dict(request.headers).get(b"content-length", b"0"))
        while size <= _MAX_BODY and isinstance(event := await self._next_event(), h11.Data):
            body += event.data
            size = max(size, len(body))
        if size > _MAX_BODY:
            text = f"a body may have {_MAX_BODY} bytes at most"
            raise h11.RemoteProtocolError(text, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            answer = begun(bytes(body))
        except Exception:  # noqa: BLE001 - one bug must not end the other connections
            _log.exception("The mock failed on %s", head[0])
            answer = plain(500, "The mock failed; its log says how.")
        return await self._send(answer, without_body=head[0] == "HEAD")

    async def _send(self, answer: Answer, *, without_body: bool = False) -> None:
        """Send an answer; a ConnectionError where it is one that breaks the connection off."""
        status, has_none = answer.status, answer.status in _NO_BODY
        headers = _announce(answer, ("date", formatdate(usegmt=True)))
        unsent, sent = b"", answer._replace(body=b"") if without_body or has_none else answer
        for step in _deliver(sent):
            if isinstance(step, Break):
                await self._break(step)
            elif isinstance(step, bytes):
                self._writer.write(unsent + (self._http.send(h11.Data(data=step)) or b""))
                unsent = b""
                await self._writer.drain()
            elif step is None:
                reason = http.client.responses.get(status, "")
                head = h11.Response(status_code=status, headers=headers, reason=reason)
                unsent = self._http.send(head) or b""
            else:
                await asyncio.sleep(step)
        self._writer.write(unsent + (self._http.send(h11.EndOfMessage()) or b""))
        await self._writer.drain()

    async def _break(self, broken: Break) -> NoReturn:
        """Break the connection off."""
        self._writer.write(_GARBAGE if broken is Break.GARBAGE else b"")
        if broken is Break.RESET_IN_BODY:
            await asyncio.sleep(_UNREAD_SECONDS)
        if broken in (Break.RESET, Break.RESET_IN_BODY):
            sock = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self._writer.transport.abort()
        raise ConnectionAbortedError

    async def _refuse(self, status: int, text: str) -> None:
        """Answer a request that is not served, whose client may still be sending."""
        await self._send(plain(status, text, ("connection", "close")))
        self._writer.write_eof()  # closed on what is unread, it would reset, and lose the answer
        async with asyncio.timeout(_LINGER_SECONDS):
            while await self._reader.read(_READ_BYTES):
                pass

    def _addresses(self) -> tuple[str, str]:
        """The address that was called, and the caller's."""
        own, peer = (self._writer.get_extra_info(name) for name in ("sockname", "peername"))
        return own[0] if own else "", peer[0] if peer else "?"


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ServeError(f"A port is a number from 0 to 65535, not {port}.")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        text = f"The mock cannot listen on {host}, port {port}: {why}. Take an address of this "
        text += "machine, such as 127.0.0.1, and another port, or 0."
        raise ServeError(text) from None
