"""Sends one request and receives its answer: the only code that touches the network."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import TYPE_CHECKING

from .._core.deadline import Deadline
from .._core.effects import AsyncChunks, Chunks, RawResponse, SendRequest, TransportFailure
from .._secrets import Secret
from ..errors import ConfigurationError
from .backend import deadline_scope
from .exceptions import build_failed, deadline_exceeded, from_exception
from .library import INSTALLED, validate_library
from .messages import build_request, to_raw_response
from .transport import AsyncDeadlineTransport, DeadlineTransport

if TYPE_CHECKING:
    import httpx


class Connection:
    """Sends for threads.

    Our own connections keep to the deadline in every read and write. Of a client that was given
    only its public interface is known, which bounds each wait by itself: connecting, writing, and
    a read. Between the parts of a body the deadline is looked at, so that a body which drips is
    cut short, with one last read that may take as long again as the call had left when it was
    sent. A head that drips in is not cut short. Whoever needs the budget kept whatever the server
    does takes our own connections, or the async client, which is bounded in either case.

    Args:
        base_url: Where the requests go, which tells about TLS and proxies.
        http_client: A client to send with; it stays its owner's, to configure and to close.
    """

    def __init__(self, base_url: str, http_client: httpx.Client | None) -> None:
        self.closed = False
        self._base_url = base_url
        self._http_client = http_client
        self._library = (
            INSTALLED if http_client is None else validate_library(http_client, "Client")
        )
        # A transport a process: after a fork, the child makes connections of its own.
        self._transports: dict[int, DeadlineTransport] = {}

    def send(self, send: SendRequest) -> RawResponse | TransportFailure:
        """Send a request and return the answer, or how it failed. Raises nothing of its own."""
        with deadline_scope(send.deadline):
            try:
                request = self._build(send)
            except Exception as error:  # noqa: BLE001 - the caller sees one family of errors
                return build_failed(error)
            try:
                response = self._open(request)
                if send.stream and response.is_success:
                    return to_raw_response(
                        response, b"", chunks=self._chunks(response, send.deadline)
                    )
                content = Secret(bytearray())
                with closing(self._chunks(response, send.deadline)) as chunks:
                    for chunk in chunks:
                        if isinstance(chunk, TransportFailure):
                            return chunk
                        content.reveal().extend(chunk.reveal())
            except ConfigurationError:
                raise
            except Exception as error:  # noqa: BLE001 - the caller sees one family of errors
                return from_exception(error, self._library, send.deadline)
        return to_raw_response(response, bytes(content.reveal()))

    def close(self) -> None:
        """Close the connections, but for those of a client that was given."""
        self.closed = True
        self._drop_forked()
        for transport in self._transports.values():
            transport.close()
        self._transports.clear()

    def _build(self, send: SendRequest) -> httpx.Request:
        return build_request(send, self._library, self._http_client)

    def _open(self, request: httpx.Request) -> httpx.Response:
        client = self._http_client
        if client is not None:
            return client.send(request, stream=True, auth=None, follow_redirects=False)
        response = self._transport().handle_request(request)
        response.request = request
        return response

    def _transport(self) -> DeadlineTransport:
        process = os.getpid()
        transport = self._transports.get(process)
        if transport is None:
            self._drop_forked()
            transport = self._transports.setdefault(process, DeadlineTransport(self._base_url))
            # For a client that is never closed: when it is gone, or at the interpreter's end.
            weakref.finalize(self, _close_idle, process, transport)
        return transport

    def _drop_forked(self) -> None:
        process = os.getpid()
        for other in [one for one in self._transports if one != process]:
            self._transports.pop(other).close_idle(idle_only=False)

    def _chunks(self, response: httpx.Response, deadline: Deadline) -> Chunks:
        chunks = response.iter_bytes()
        try:
            chunk = self._next(chunks, deadline)
            while isinstance(chunk, Secret) and chunk.reveal():
                yield chunk
                chunk = self._next(chunks, deadline)
            if isinstance(chunk, TransportFailure):
                yield chunk
        finally:
            response.close()

    def _next(
        self, chunks: Iterator[bytes], deadline: Deadline
    ) -> Secret[bytes] | TransportFailure:
        """Return the next part of a body, an empty one at its end."""
        with deadline_scope(deadline):
            try:
                chunk = Secret(next(chunks, b""))
            except Exception as error:  # noqa: BLE001 - as in `send`
                return from_exception(error, self._library, deadline)
        if self._http_client is not None and chunk.reveal() and deadline.remaining() == 0:
            # Our own streams keep to the deadline; a given client's may not.
            return deadline_exceeded(deadline)
        return chunk


class AsyncConnection:
    """Sends for the tasks of one event loop.

    Args:
        base_url: Where the requests go, which tells about TLS and proxies.
        http_client: A client to send with; it stays its owner's, to configure and to close.
    """

    def __init__(self, base_url: str, http_client: httpx.AsyncClient | None) -> None:
        self.closed = False
        self._base_url = base_url
        self._http_client = http_client
        self._library = (
            INSTALLED if http_client is None else validate_library(http_client, "AsyncClient")
        )
        self._transport_in_use: AsyncDeadlineTransport | None = None
        self._loop_finalizer: AsyncGenerator[None, None] | None = None
        self._inherited: list[object] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    async def send(self, send: SendRequest) -> RawResponse | TransportFailure:
        """Send a request and return the answer, or how it failed.

        Raises:
            ConfigurationError: This is not the event loop in which it sent before.
        """
        self._keep_to_one_loop()
        with deadline_scope(send.deadline):
            try:
                request = self._build(send)
            except Exception as error:  # noqa: BLE001 - the caller sees one family of errors
                return build_failed(error)
            try:
                response = await self._open(request, send.deadline)
                if send.stream and response.is_success:
                    streamed = self._chunks(response, send.deadline)
                    return to_raw_response(response, b"", chunks_async=streamed)
                content = Secret(bytearray())
                async with aclosing(self._chunks(response, send.deadline)) as chunks:
                    async for chunk in chunks:
                        if isinstance(chunk, TransportFailure):
                            return chunk
                        content.reveal().extend(chunk.reveal())
            except ConfigurationError:
                raise
            except Exception as error:  # noqa: BLE001 - the caller sees one family of errors
                return from_exception(error, self._library, send.deadline)
        return to_raw_response(response, bytes(content.reveal()))

    async def close(self) -> None:
        """Close the connections, but for those of a client that was given."""
        self.closed = True
        if self._loop is not asyncio.get_running_loop() or self._process != os.getpid():
            return
        finalizer, self._loop_finalizer, self._transport_in_use = self._loop_finalizer, None, None
        if finalizer is not None:
            await finalizer.aclose()

    def _keep_to_one_loop(self) -> None:
        loop, process = asyncio.get_running_loop(), os.getpid()
        if self._process != process:
            # New, or in a child after a fork, where the parent's connections are not to be used.
            # They are kept, unused: an event loop that does not run here cannot close them.
            self._inherited += [self._loop_finalizer, self._transport_in_use]
            self._loop_finalizer = self._transport_in_use = None
            self._loop, self._process = loop, process
        elif self._loop is not loop:
            raise ConfigurationError(
                "This async client belongs to another event loop, in which it was used first. "
                "Make a client in each event loop, and close it there."
            )

    def _build(self, send: SendRequest) -> httpx.Request:
        return build_request(send, self._library, self._http_client)

    async def _open(self, request: httpx.Request, deadline: Deadline) -> httpx.Response:
        client = self._http_client
        if client is not None:
            async with _timeout_at(deadline):
                return await client.send(request, stream=True, auth=None, follow_redirects=False)
        transport = self._transport_in_use
        if transport is None:
            transport = self._transport_in_use = AsyncDeadlineTransport(self._base_url)
            self._loop_finalizer = _close_with_loop(transport)
            await anext(self._loop_finalizer)
        response = await transport.handle_async_request(request)
        response.request = request
        return response

    async def _chunks(self, response: httpx.Response, deadline: Deadline) -> AsyncChunks:
        chunks = response.aiter_bytes()
        try:
            chunk = await self._next(chunks, deadline)
            while isinstance(chunk, Secret) and chunk.reveal():
                yield chunk
                chunk = await self._next(chunks, deadline)
            if isinstance(chunk, TransportFailure):
                yield chunk
        finally:
            await response.aclose()

    async def _next(
        self, chunks: AsyncIterator[bytes], deadline: Deadline
    ) -> Secret[bytes] | TransportFailure:
        """Return the next part of a body, an empty one at its end."""
        with deadline_scope(deadline):
            try:
                if self._http_client is None:
                    chunk = Secret(await anext(chunks, b""))
                else:
                    async with _timeout_at(deadline):
                        chunk = Secret(await anext(chunks, b""))
            except Exception as error:  # noqa: BLE001 - as in `send`
                return from_exception(error, self._library, deadline)
        if self._http_client is not None and chunk.reveal() and deadline.remaining() == 0:
            # Our own streams keep to the deadline; a given client's may not.
            return deadline_exceeded(deadline)
        return chunk


def _close_idle(process: int, transport: DeadlineTransport) -> None:
    if os.getpid() == process:
        transport.close_idle()


async def _close_with_loop(transport: AsyncDeadlineTransport) -> AsyncGenerator[None, None]:
    # An event loop finishes the async generators that were begun in it: when they are dropped,
    # and at its own end. So the connections of a client that is never closed are closed.
    try:
        yield
    finally:
        await transport.aclose()


def _timeout_at(deadline: Deadline) -> asyncio.Timeout:
    # A little later than the library's own timeouts, which know better what was waited for.
    left = deadline.remaining()
    return asyncio.timeout(None if left is None else left + 0.1)
