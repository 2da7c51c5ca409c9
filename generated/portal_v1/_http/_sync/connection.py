# Edited in overrides/package/_http/_async/connection.py, of which `make generate` makes this sync twin.
"""Sends one request and receives its answer: the only code that touches the network."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..._core.call import Call, Chunks, RawResponse, TransportFailure
from ..._core.clock import Deadline
from ..._secrets import Secret
from ..attempt import Attempt, Slot
from ..exceptions import build_failed, from_exception
from ..library import httpcore, library_of, requests_at_once
from ..waits_sync import sync_home, sync_time_limit
from .pool import CLOSED, PooledTransport

if TYPE_CHECKING:
    import httpx
else:
    from ..library import httpx

ERROR_BYTES = 1024 * 1024
"""How large the body of an error may be, which is read whole."""
_AT_ONCE = 100  # requests, as httpx does
_PREPARED_AT_MOST = 64


class Connection:
    """Sends over connections of its own, or with a client that was given.

    Our own connections keep to the deadline in every read and write, and are never used again
    once anything came that no request asked for. Each process has its own.

    Of a client that was given only its public interface is known. Sync, it bounds each wait by
    itself: an answer's head that drips in can outlast the deadline. What a server sends beyond
    an answer, in the same breath, is the library's to notice.
    """

    def __init__(self, base_url: str, http_client: httpx.Client | None) -> None:
        library = httpx if http_client is None else library_of(http_client, "Client")

        def make_headers(fields: tuple[tuple[str, str], ...]) -> Any:
            # Compressed, a small answer could become one that takes all memory.
            return library.Headers([*fields, ("Accept-Encoding", "identity")])

        self._closed = False
        self._base_url = base_url
        self._http_client = http_client
        self._library: Any = library
        # To parse a URL takes a tenth of a call.
        self._make_url = lru_cache(_PREPARED_AT_MOST)(library.URL)
        self._make_headers = lru_cache(_PREPARED_AT_MOST)(make_headers)
        self._transports: dict[tuple[int, object], PooledTransport] = {}

    @property
    def closed(self) -> bool:
        """Whether it takes no more requests."""
        return self._closed or (self._http_client is not None and self._http_client.is_closed)

    def send(self, call: Call[Any]) -> RawResponse | TransportFailure:
        """Send a request and return the answer, or how it failed."""
        slot = Slot()
        attempt = self._attempt(slot, call.deadline, call.settings.keepalive)
        attempt.connect_timeout = call.settings.connect_timeout
        attempt.repeatable = call.operation.repeatable
        streaming = False
        try:
            transport = self._begin()
            transport.pool.acquire(slot, attempt)
            try:
                request = self._build(call, attempt)
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
        attempt = self._attempt(slot, deadline, keepalive)
        try:
            transport = self._begin()
            if self._http_client is None:
                transport.pool.warm(slot, attempt)
        except Exception as error:  # noqa: BLE001 - as in `send`
            return self._failure(error, attempt)
        finally:
            slot.release()
        return None

    def close(self) -> None:
        """Take no more requests; close the connections, but for those of a given client."""
        self._closed = True
        self._drop_forked()
        for transport in self._transports.values():
            transport.pool.close()
        self._transports.clear()

    def _attempt(self, slot: Slot, deadline: Deadline, keepalive: float | None) -> Attempt:
        encrypted, owned = self._base_url.startswith("https:"), slot.owned
        return Attempt(deadline=deadline, keepalive=keepalive, encrypted=encrypted, owned=owned)

    def _begin(self) -> PooledTransport:
        """Return what sends in this process."""
        home = sync_home(self._transports)
        found = self._transports.get(home)
        if found is None:
            self._drop_forked()
            if self._http_client is None:
                found = PooledTransport(_AT_ONCE, self._base_url)
            else:
                found = PooledTransport(requests_at_once(self._http_client))
            found = self._transports.setdefault(home, found)
            # For a client that is never closed: when it is gone, or at the interpreter's end.
            weakref.finalize(self, found.pool.close_all, idle=True)
        if self.closed:
            self.close()
            raise httpcore.ConnectError(CLOSED)
        return found

    def _drop_forked(self) -> None:
        process = os.getpid()
        for other in [one for one in self._transports if one[0] != process]:
            self._transports.pop(other).pool.close_all()

    def _build(self, call: Call[Any], attempt: Attempt) -> httpx.Request:
        """Return the library's request for what is to be sent."""
        build, extensions = self._library.Request, dict[str, Any](attempt=attempt)
        if self._http_client is not None:
            build, left = self._http_client.build_request, call.deadline.remaining()
            limits = [one for one in (attempt.connect_timeout, left) if one is not None]
            times: dict[str, Any] = dict.fromkeys(("read", "write", "pool"), left)
            times["connect"] = min(limits, default=None)
            extensions = {"timeout": times, "trace": attempt.trace_sync}
        request: httpx.Request = build(
            call.operation.method,
            self._make_url(call.url),
            headers=self._make_headers(call.headers),
            content=call.content,
            files=call.request.files or None,
            extensions=extensions,
        )
        for wanted, key in call.keys.items():
            name, value = wanted.header_field(key)
            if name == "Cookie" and name in request.headers:
                request.headers[name] += f"; {value.reveal()}"
            else:
                request.headers[name] = value.reveal()
        return request

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
        parts, size = list[bytes](), 0
        try:
            for chunk in chunks:
                if isinstance(chunk, TransportFailure):
                    return chunk
                parts.append(chunk.reveal())
                size += len(parts[-1])
                if size > most:
                    break
        finally:
            chunks.close()
        return _to_raw(response, Secret(b"".join(parts)), whole=size <= most)

    def _chunks(self, response: httpx.Response, attempt: Attempt, slot: Slot) -> Chunks:
        # A hook of a client that was given may have read the body, or left it.
        read = response.is_stream_consumed
        parts = response.iter_bytes() if read else response.iter_raw()
        try:
            while read or not response.is_closed:
                chunk = self._next(parts, attempt)
                if chunk is None:
                    return
                yield chunk
        finally:
            response.close()
            slot.release()

    def _next(
        self, parts: Iterator[bytes], attempt: Attempt
    ) -> Secret[bytes] | TransportFailure | None:
        """Return the next part of a body; None at its end."""
        try:
            if self._http_client is None:
                chunk = next(parts, None)
            else:
                with sync_time_limit(attempt.deadline):
                    chunk = next(parts, None)
                # Our own streams keep to the deadline; a given client's may not.
                if chunk:
                    attempt.remaining(httpcore.ReadTimeout)
        except Exception as error:  # noqa: BLE001 - as in `send`
            return self._failure(error, attempt)
        return None if chunk is None else Secret(chunk)

    def _failure(self, error: Exception, attempt: Attempt) -> TransportFailure:
        return from_exception(error, attempt, own=self._http_client is None)


def _to_raw(response: httpx.Response, content: Secret[bytes], **how: Any) -> RawResponse:
    return RawResponse(
        status=response.status_code, headers=response.headers, content=content, **how
    )
