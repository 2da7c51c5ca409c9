# Edited in overrides/package/_http/_async/connection.py, of which `make generate` makes this sync twin.
"""Sends one request and receives its answer: the only code that touches the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..._core.call import Call, Chunks, RawResponse, TransportFailure
from ..._core.clock import Deadline
from ..._secrets import Secret
from ..attempt import Attempt, Slot
from ..exceptions import build_failed, from_exception
from ..library import httpcore, library_of, requests_at_once
from ..messages import RequestBuilder
from ..waits_sync import sync_time_limit
from .pool import Lifetime

if TYPE_CHECKING:
    import httpx
else:
    from ..library import httpx

ERROR_BYTES = 1024 * 1024
"""How large the body of an error may be, which is read whole."""
_AT_ONCE = 100  # requests, as httpx does


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
        self._library: Any = httpx
        if http_client is None:
            self._lifetime = Lifetime(base_url, _AT_ONCE)
        else:
            self._library = library_of(http_client, "Client")
            self._lifetime = Lifetime(None, requests_at_once(http_client))
        self._requests = RequestBuilder(self._library, http_client)

    @property
    def closed(self) -> bool:
        """Whether it takes no more requests."""
        return self._lifetime.closed

    def send(self, call: Call[Any]) -> RawResponse | TransportFailure:
        """Send a request and return the answer, or how it failed."""
        slot = Slot()
        attempt = Attempt(
            deadline=call.deadline,
            connect_timeout=call.settings.connect_timeout,
            encrypted=self._encrypted,
            owned=slot.owned,
            keepalive=call.settings.keepalive,
            repeatable=call.operation.repeatable,
        )
        streaming = False
        try:
            transport = self._lifetime.begin()
            transport.pool.acquire(slot, attempt)
            given = self._http_client is not None
            try:
                known = {"trace": attempt.trace_sync} if given else {"attempt": attempt}
                request = self._requests.build(call, known)
            except (ValueError, TypeError, RuntimeError, self._library.InvalidURL) as error:
                return build_failed(error)
            response = self._open(request, transport, attempt)
            chunks = self._chunks(response, attempt, slot)
            streaming = call.stream and response.is_success
            if streaming:
                return _to_raw(response, Secret(b""), chunks=chunks)
            return self._read(response, chunks, call.max_bytes)
        except Exception as error:  # noqa: BLE001 - raised again unless it is the network's
            return self._failure(error, attempt)
        finally:
            if not streaming:
                slot.release()

    def warm(self, deadline: Deadline, keepalive: float | None) -> TransportFailure | None:
        """Have a connection ready for the next request; return how that failed.

        A client that was given opens its connections itself.
        """
        slot = Slot()
        attempt = Attempt(
            deadline=deadline,
            connect_timeout=None,
            encrypted=self._encrypted,
            owned=slot.owned,
            keepalive=keepalive,
        )
        try:
            transport = self._lifetime.begin()
            if self._http_client is None:
                transport.pool.warm(slot, attempt)
        except Exception as error:  # noqa: BLE001 - as in `send`
            return self._failure(error, attempt)
        finally:
            slot.release()
        return None

    def close(self) -> None:
        """Close the connections, but for those of a client that was given."""
        self._lifetime.close()

    def _open(
        self, request: httpx.Request, transport: httpx.HTTPTransport, attempt: Attempt
    ) -> httpx.Response:
        if self._http_client is None:
            response: httpx.Response = transport.handle_request(request)
            response.request = request
            return response
        # A crowd that comes at once must not hold the event loop at once.
        try:
            with sync_time_limit(attempt.deadline):
                return self._http_client.send(
                    request, stream=True, auth=None, follow_redirects=False
                )
        except self._library.HTTPStatusError as error:
            # A hook of the client raised it for the status, which is judged elsewhere.
            return error.response  # type: ignore[no-any-return]  # httpx or httpx2

    def _read(
        self, response: httpx.Response, chunks: Chunks, max_bytes: int
    ) -> RawResponse | TransportFailure:
        most = max_bytes if response.is_success else min(max_bytes, ERROR_BYTES)
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
        return _to_raw(response, Secret(b"".join(parts.reveal())), whole=size <= most)

    def _chunks(self, response: httpx.Response, attempt: Attempt, slot: Slot) -> Chunks:
        # A hook of a client that was given may have read the body, or left it.
        read = response.is_stream_consumed
        parts = response.iter_bytes() if read else response.iter_raw()
        try:
            chunk: Secret[bytes] | TransportFailure = Secret(b"")
            if read or not response.is_closed:
                chunk = self._next(parts, attempt)
            while isinstance(chunk, Secret) and chunk.reveal():
                yield chunk
                chunk = self._next(parts, attempt)
            if isinstance(chunk, TransportFailure):
                yield chunk
        finally:
            response.close()
            slot.release()

    def _next(self, parts: Iterator[bytes], attempt: Attempt) -> Secret[bytes] | TransportFailure:
        """Return the next part of a body, an empty one at its end."""
        try:
            if self._http_client is None:
                return Secret(next(parts, b""))
            with sync_time_limit(attempt.deadline):
                chunk = Secret(next(parts, b""))
        except Exception as error:  # noqa: BLE001 - as in `send`
            return self._failure(error, attempt)
        if chunk.reveal() and attempt.deadline.remaining() == 0:
            # Our own streams keep to the deadline; a given client's may not.
            return self._failure(httpcore.ReadTimeout("timed out"), attempt)
        return chunk

    def _failure(self, error: Exception, attempt: Attempt) -> TransportFailure:
        return from_exception(error, attempt, own=self._http_client is None)


def _to_raw(response: httpx.Response, content: Secret[bytes], **how: Any) -> RawResponse:
    return RawResponse(
        status=response.status_code, headers=response.headers, content=content, **how
    )
