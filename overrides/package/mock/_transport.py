"""The mock in-process: httpx transports that hand each request to the core and no further."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import NoReturn

from .._http import httpx
from ._messages import Answer, Break, Chunks, Handler, ResetCheck, chunks_of


class InProcessTransport(httpx.BaseTransport):
    """A transport for `httpx.Client(transport=...)` whose every request the mock answers.

    Scheme, host and port of the URL do not matter; its path does.
    """

    def __init__(self, handler: Handler, should_reset: ResetCheck) -> None:
        self._handler = handler
        self._should_reset = should_reset

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        answer = _answer(self._handler, self._should_reset, request, request.read())
        if answer.delivery is not None:
            wait, in_time = _wait(request, answer.delivery.delay)
            time.sleep(wait)
            _check(request, answer, in_time=in_time)
        return _response(answer, _Stream(request, answer))


class AsyncInProcessTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient(transport=...)`."""

    def __init__(self, handler: Handler, should_reset: ResetCheck) -> None:
        self._handler = handler
        self._should_reset = should_reset

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        answer = _answer(self._handler, self._should_reset, request, await request.aread())
        if answer.delivery is not None:
            wait, in_time = _wait(request, answer.delivery.delay)
            await asyncio.sleep(wait)
            _check(request, answer, in_time=in_time)
        return _response(answer, _AsyncStream(request, answer))


class _Stream(httpx.SyncByteStream):
    def __init__(self, request: httpx.Request, answer: Answer) -> None:
        self._request = request
        self._pieces = chunks_of(answer)

    def __iter__(self) -> Iterator[bytes]:
        wait, in_time = _wait(self._request, self._pieces.pause)
        for first, piece in _numbered(self._pieces):
            if not first:
                time.sleep(wait)
                _check_time(self._request, in_time=in_time)
            yield piece
        _end(self._request, self._pieces)


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, request: httpx.Request, answer: Answer) -> None:
        self._request = request
        self._pieces = chunks_of(answer)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        wait, in_time = _wait(self._request, self._pieces.pause)
        for first, piece in _numbered(self._pieces):
            if not first:
                await asyncio.sleep(wait)
                _check_time(self._request, in_time=in_time)
            yield piece
        _end(self._request, self._pieces)


def _answer(
    handler: Handler, should_reset: ResetCheck, request: httpx.Request, body: bytes
) -> Answer:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    ]
    target = request.url.raw_path.decode("ascii")
    if should_reset(request.method, target, headers):
        raise _reset(request)
    answer = handler(request.method, target, headers, body)
    return answer._replace(body=b"") if request.method == "HEAD" else answer


def _response(answer: Answer, stream: _Stream | _AsyncStream) -> httpx.Response:
    if answer.delivery is None and isinstance(answer.body, bytes):
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body or None)
    return httpx.Response(answer.status, headers=answer.headers, stream=stream)


def _wait(request: httpx.Request, seconds: float) -> tuple[float, bool]:
    """For how long to wait, and whether what is waited for comes within the read timeout."""
    allowed = request.extensions.get("timeout", {}).get("read")
    if allowed is None or seconds <= allowed:
        return seconds, True
    return allowed, False


def _check(request: httpx.Request, answer: Answer, *, in_time: bool) -> None:
    """Raise what httpx does where there is no answer.

    Raises:
        ReadTimeout: It does not come in time.
        ReadError: The connection was reset.
        RemoteProtocolError: It was closed, or what came is not HTTP.
    """
    _check_time(request, in_time=in_time)
    match answer.delivery.broken if answer.delivery else None:
        case Break.RESET:
            raise _reset(request)
        case Break.EMPTY:
            text = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(text, request=request)
        case Break.GARBAGE:
            raise httpx.RemoteProtocolError("illegal status line", request=request)
        case _:
            pass


def _check_time(request: httpx.Request, *, in_time: bool) -> None:
    if not in_time:
        raise httpx.ReadTimeout("The read operation timed out", request=request)


def _numbered(pieces: Chunks) -> Iterator[tuple[bool, bytes]]:
    return ((number == 0, piece) for number, piece in enumerate(pieces.pieces))


def _end(request: httpx.Request, pieces: Chunks) -> None:
    if pieces.broken is not None:
        _broken(request, pieces.broken)


def _reset(request: httpx.Request) -> httpx.ReadError:
    return httpx.ReadError("[Errno 104] Connection reset by peer", request=request)


def _broken(request: httpx.Request, broken: Break) -> NoReturn:
    if broken is Break.RESET_IN_BODY:
        raise _reset(request)
    text = "peer closed connection without sending complete message body"
    raise httpx.RemoteProtocolError(text, request=request)
