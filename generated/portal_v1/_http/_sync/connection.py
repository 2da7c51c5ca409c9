# Edited in overrides/package/_http/_async/connection.py, of which `make generate` makes this sync twin.
"""Sends one request and receives its answer: the only code that touches the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..._core.clock import Deadline
from ..._core.effects import Chunks, RawResponse, SendRequest, TransportFailure
from ..._core.runtime import yield_sync
from ..._secrets import Secret
from ..attempt import Attempt
from ..exceptions import build_failed, deadline_exceeded, from_exception
from ..given import requests_at_once, sync_parts, sync_time_limit
from ..library import INSTALLED, validate_library
from ..messages import Prepared, build_request, to_raw_response
from ..transport_sync import Lifetime
from .pool import Slot

if TYPE_CHECKING:
    import httpx

ERROR_BYTES = 1024 * 1024
"""How large the body of an error may be, which is read whole."""


class Connection:
    """Sends over connections of its own, or with a client that was given.

    Our own connections keep to the deadline in every read and write, and are never used again
    once anything came that no request asked for.

    Of a client that was given only its public interface is known. Sync, it bounds each wait by
    itself: an answer's head that drips in can outlast the deadline. What a server sends beyond
    an answer, in the same breath, is the library's to notice.
    """

    def __init__(self, base_url: str, http_client: httpx.Client | None) -> None:
        self._encrypted = base_url.startswith("https:")
        self._http_client = http_client
        self._library = INSTALLED
        if http_client is None:
            self._lifetime = Lifetime(base_url)
        else:
            self._library = validate_library(http_client, "Client")
            self._lifetime = Lifetime(None, requests_at_once(http_client))
        self._prepared = Prepared(self._library)

    @property
    def closed(self) -> bool:
        """Whether it takes no more requests."""
        return self._lifetime.closed

    def send(self, send: SendRequest) -> RawResponse | TransportFailure:
        """Send a request and return the answer, or how it failed."""
        attempt = Attempt(
            deadline=send.deadline,
            connect_timeout=send.connect_timeout,
            encrypted=self._encrypted,
            owned=[],
            keepalive=send.keepalive,
            repeatable=send.repeatable,
        )
        slot: Slot | None = None
        streaming = False
        try:
            slots, transport = self._lifetime.begin()
            slot = slots.acquire(attempt)
            attempt.owned = slot.owned
            try:
                request = self._build(send, attempt)
            except (ValueError, TypeError, RuntimeError, self._library.httpx.InvalidURL) as error:
                return build_failed(error)
            response = self._open(request, transport, send)
            chunks = self._chunks(response, attempt, send, slot)
            streaming = send.stream and response.is_success
            if streaming:
                return to_raw_response(response, Secret(b""), chunks=chunks)
            return self._read(response, chunks, send)
        except Exception as error:  # noqa: BLE001 - raised again unless it is the network's
            return self._failure(error, attempt, send.deadline)
        finally:
            if slot is not None and not streaming:
                slot.release()

    def warm(self, deadline: Deadline, keepalive: float | None) -> TransportFailure | None:
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
        slot: Slot | None = None
        try:
            slots, transport = self._lifetime.begin()
            if transport is not None:
                slot = slots.acquire(attempt)
                attempt.owned = slot.owned
                transport.pool.warm(attempt)
        except Exception as error:  # noqa: BLE001 - as in `send`
            return self._failure(error, attempt, deadline)
        finally:
            if slot is not None:
                slot.release()
        return None

    def close(self) -> None:
        """Close the connections, but for those of a client that was given."""
        self._lifetime.close()

    def _build(self, send: SendRequest, attempt: Attempt) -> httpx.Request:
        client = self._http_client
        known = {"attempt": attempt} if client is None else {"trace": attempt.trace_sync}
        return build_request(send, self._library, client, known, self._prepared)

    def _open(self, request: httpx.Request, transport: Any, send: SendRequest) -> httpx.Response:
        if self._http_client is None:
            response: httpx.Response = transport.send(request)
            response.request = request
            return response
        # A crowd that comes at once must not hold the event loop at once.
        yield_sync()
        try:
            with sync_time_limit(send.deadline):
                return self._http_client.send(
                    request, stream=True, auth=None, follow_redirects=False
                )
        except self._library.httpx.HTTPStatusError as error:
            # A hook of the client raised it for the status, which is judged elsewhere.
            return error.response  # type: ignore[no-any-return]  # httpx or httpx2

    def _read(
        self, response: httpx.Response, chunks: Chunks, send: SendRequest
    ) -> RawResponse | TransportFailure:
        most = send.max_bytes if response.is_success else min(send.max_bytes, ERROR_BYTES)
        parts, size = Secret(list[bytes]()), 0
        try:
            for chunk in chunks:
                if isinstance(chunk, TransportFailure):
                    return chunk
                parts.reveal().append(chunk.reveal())
                size += len(chunk.reveal())
                if size > most:
                    break
        finally:
            chunks.close()
        content = Secret(b"".join(parts.reveal()))
        return to_raw_response(response, content, whole=size <= most)

    def _chunks(
        self, response: httpx.Response, attempt: Attempt, send: SendRequest, slot: Slot
    ) -> Chunks:
        parts = sync_parts(response)
        try:
            chunk = self._next(parts, attempt, send)
            while isinstance(chunk, Secret) and chunk.reveal():
                yield chunk
                chunk = self._next(parts, attempt, send)
            if isinstance(chunk, TransportFailure):
                yield chunk
        finally:
            response.close()
            slot.release()

    def _next(
        self, parts: Iterator[bytes], attempt: Attempt, send: SendRequest
    ) -> Secret[bytes] | TransportFailure:
        """Return the next part of a body, an empty one at its end."""
        try:
            if self._http_client is None:
                return Secret(next(parts, b""))
            with sync_time_limit(send.deadline):
                chunk = Secret(next(parts, b""))
        except Exception as error:  # noqa: BLE001 - as in `send`
            return self._failure(error, attempt, send.deadline)
        if chunk.reveal() and send.deadline.remaining() == 0:
            # Our own streams keep to the deadline; a given client's may not.
            return deadline_exceeded(send.deadline)
        return chunk

    def _failure(self, error: Exception, attempt: Attempt, deadline: Deadline) -> TransportFailure:
        own = self._http_client is None
        return from_exception(error, self._library, attempt, deadline, own=own)
