"""Sends one request and receives its answer: the only code that touches the network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from ..._core.clock import Deadline
from ..._core.effects import AsyncChunks, RawResponse, SendRequest, TransportFailure
from ..._core.runtime import yield_async
from ..._secrets import Secret
from ..attempt import Attempt
from ..exceptions import build_failed, deadline_exceeded, from_exception
from ..given import async_parts, async_time_limit, requests_at_once
from ..library import INSTALLED, validate_library
from ..messages import Prepared, build_request, to_raw_response
from ..transport_async import AsyncLifetime
from .pool import AsyncSlot

if TYPE_CHECKING:
    import httpx

ERROR_BYTES = 1024 * 1024
"""How large the body of an error may be, which is read whole."""


class AsyncConnection:
    """Sends over connections of its own, or with a client that was given.

    Our own connections keep to the deadline in every read and write, and are never used again
    once anything came that no request asked for.

    Of a client that was given only its public interface is known. Sync, it bounds each wait by
    itself: an answer's head that drips in can outlast the deadline. What a server sends beyond
    an answer, in the same breath, is the library's to notice.
    """

    def __init__(self, base_url: str, http_client: httpx.AsyncClient | None) -> None:
        self._encrypted = base_url.startswith("https:")
        self._http_client = http_client
        self._library = INSTALLED
        if http_client is None:
            self._lifetime = AsyncLifetime(base_url)
        else:
            self._library = validate_library(http_client, "AsyncClient")
            self._lifetime = AsyncLifetime(None, requests_at_once(http_client))
        self._prepared = Prepared(self._library)

    @property
    def closed(self) -> bool:
        """Whether it takes no more requests."""
        return self._lifetime.closed

    async def send(self, send: SendRequest) -> RawResponse | TransportFailure:
        """Send a request and return the answer, or how it failed."""
        attempt = Attempt(
            deadline=send.deadline,
            connect_timeout=send.connect_timeout,
            encrypted=self._encrypted,
            owned=[],
            keepalive=send.keepalive,
            repeatable=send.repeatable,
        )
        slot: AsyncSlot | None = None
        streaming = False
        try:
            slots, transport = await self._lifetime.begin()
            slot = await slots.acquire(attempt)
            attempt.owned = slot.owned
            try:
                request = self._build(send, attempt)
            except (ValueError, TypeError, RuntimeError, self._library.httpx.InvalidURL) as error:
                return build_failed(error)
            response = await self._open(request, transport, send)
            chunks = self._chunks(response, attempt, send, slot)
            streaming = send.stream and response.is_success
            if streaming:
                return to_raw_response(response, Secret(b""), chunks=chunks)
            return await self._read(response, chunks, send)
        except Exception as error:  # noqa: BLE001 - raised again unless it is the network's
            return self._failure(error, attempt, send.deadline)
        finally:
            if slot is not None and not streaming:
                slot.release()

    async def warm(self, deadline: Deadline, keepalive: float | None) -> TransportFailure | None:
        """Have a connection ready for the next request; return how that failed.

        A client that was given opens its connections itself.
        """
        attempt = Attempt(
            deadline=deadline,
            connect_timeout=None,
            encrypted=self._encrypted,
            keepalive=keepalive,
            owned=[],
        )
        slot: AsyncSlot | None = None
        try:
            slots, transport = await self._lifetime.begin()
            if transport is not None:
                slot = await slots.acquire(attempt)
                attempt.owned = slot.owned
                await transport.pool.warm(attempt)
        except Exception as error:  # noqa: BLE001 - as in `send`
            return self._failure(error, attempt, deadline)
        finally:
            if slot is not None:
                slot.release()
        return None

    async def close(self) -> None:
        """Close the connections, but for those of a client that was given."""
        await self._lifetime.close()

    def _build(self, send: SendRequest, attempt: Attempt) -> httpx.Request:
        client = self._http_client
        known = {"attempt": attempt} if client is None else {"trace": attempt.trace_async}
        return build_request(send, self._library, client, known, self._prepared)

    async def _open(
        self, request: httpx.Request, transport: Any, send: SendRequest
    ) -> httpx.Response:
        if self._http_client is None:
            response: httpx.Response = await transport.send(request)
            response.request = request
            return response
        # A crowd that comes at once must not hold the event loop at once.
        await yield_async()
        try:
            async with async_time_limit(send.deadline):
                return await self._http_client.send(
                    request, stream=True, auth=None, follow_redirects=False
                )
        except self._library.httpx.HTTPStatusError as error:
            # A hook of the client raised it for the status, which is judged elsewhere.
            return error.response  # type: ignore[no-any-return]  # httpx or httpx2

    async def _read(
        self, response: httpx.Response, chunks: AsyncChunks, send: SendRequest
    ) -> RawResponse | TransportFailure:
        most = send.max_bytes if response.is_success else min(send.max_bytes, ERROR_BYTES)
        parts, size = Secret(list[bytes]()), 0
        try:
            async for chunk in chunks:
                if isinstance(chunk, TransportFailure):
                    return chunk
                parts.reveal().append(chunk.reveal())
                size += len(chunk.reveal())
                if size > most:
                    break
        finally:
            await chunks.aclose()
        content = Secret(b"".join(parts.reveal()))
        return to_raw_response(response, content, whole=size <= most)

    async def _chunks(
        self, response: httpx.Response, attempt: Attempt, send: SendRequest, slot: AsyncSlot
    ) -> AsyncChunks:
        parts = async_parts(response)
        try:
            chunk = await self._next(parts, attempt, send)
            while isinstance(chunk, Secret) and chunk.reveal():
                yield chunk
                chunk = await self._next(parts, attempt, send)
            if isinstance(chunk, TransportFailure):
                yield chunk
        finally:
            await response.aclose()
            slot.release()

    async def _next(
        self, parts: AsyncIterator[bytes], attempt: Attempt, send: SendRequest
    ) -> Secret[bytes] | TransportFailure:
        """Return the next part of a body, an empty one at its end."""
        try:
            if self._http_client is None:
                return Secret(await anext(parts, b""))
            async with async_time_limit(send.deadline):
                chunk = Secret(await anext(parts, b""))
        except Exception as error:  # noqa: BLE001 - as in `send`
            return self._failure(error, attempt, send.deadline)
        if chunk.reveal() and send.deadline.remaining() == 0:
            # Our own streams keep to the deadline; a given client's may not.
            return deadline_exceeded(send.deadline)
        return chunk

    def _failure(self, error: Exception, attempt: Attempt, deadline: Deadline) -> TransportFailure:
        own = self._http_client is None
        return from_exception(error, self._library, attempt, deadline, own=own)
