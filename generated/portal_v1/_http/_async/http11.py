# Edited in overrides/package/_http/_async/http11.py, from where `make generate` copies it.
"""HTTP/1.1 over a connection: one request after the other, each with its own answer."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from typing import Any

from ..attempt import Attempt
from ..library import h11, httpcore
from .sockets import AsyncSocketStream
from .tls import AsyncTLSStream

_HEAD_AT_MOST = 100 * 1024  # bytes
_TOGETHER = 65536  # bytes of a request that are sent at once
_KEPT_FOR = re.compile(rb"(?:^|[,;\s])timeout\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


class AsyncHTTP11Connection:
    """A connection that requests are sent over.

    Attributes:
        idle_since: When its last answer was over.
        promised: Seconds for which the server says that it keeps it; None where it does not say.
    """

    def __init__(
        self, stream: AsyncSocketStream | AsyncTLSStream, siblings: set[AsyncHTTP11Connection]
    ) -> None:
        self.idle_since = 0.0
        self.promised: float | None = None
        self.stream = stream
        self._siblings = siblings
        siblings.add(self)
        self._h11: Any = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_AT_MOST)

    async def request(self, request: httpcore.Request, attempt: Attempt) -> dict[str, Any]:
        """Send a request; return its answer's `status`, `headers` and `extensions`."""
        try:  # noqa: SIM105 - `suppress` takes time in every call
            await self._send(request, attempt)
        except httpcore.WriteError:
            pass  # A server may answer before it has read all.
        head: Any = None
        while not isinstance(head, h11.Response):
            head = await self._next_event(attempt)
        headers: list[tuple[bytes, bytes]] = head.headers.raw_items()
        self.promised = None
        for name, value in headers:
            if name.lower() == b"keep-alive" and (found := _KEPT_FOR.search(value)):
                self.promised = float(found[1])
        version = b"HTTP/" + head.http_version
        extensions = {"http_version": version, "reason_phrase": head.reason}
        return {"status": head.status_code, "headers": headers, "extensions": extensions}

    async def body(
        self, attempt: Attempt, give_back: Callable[[Any, Attempt], None]
    ) -> AsyncGenerator[bytes, None]:
        """Yield the parts of the answer's body; at its end, the connection is given back."""
        try:
            while isinstance(event := await self._next_event(attempt), h11.Data):
                yield event.data
        finally:
            give_back(self, attempt)

    def is_quiet(self) -> bool:
        """Return whether it is open, and nothing came that no request asked for."""
        return self._h11.trailing_data == (b"", False) and self.stream.poll() is None

    def start_next(self) -> bool:
        """Make it ready for another request; return False where it can carry none."""
        state = self._h11.our_state
        if state is h11.IDLE:
            return True
        done = state is h11.DONE and self._h11.their_state is h11.DONE
        if not done or self._h11.trailing_data != (b"", False):
            return False
        self._h11.start_next_cycle()
        return True

    def close(self) -> None:
        """Close the connection."""
        self._siblings.discard(self)
        self.stream.close()

    async def _send(self, request: httpcore.Request, attempt: Attempt) -> None:
        method, target = request.method, request.url.target
        head = h11.Request(method=method, target=target, headers=request.headers)
        pending = bytearray(self._h11.send(head))  # Head and body leave together.
        stream: Any = request.stream
        async for part in stream:
            pending += self._h11.send(h11.Data(data=part))
            if len(pending) >= _TOGETHER:
                attempt.sent |= method != b"CONNECT"
                await self.stream.write(memoryview(pending), attempt)
                pending = bytearray()
        pending += self._h11.send(h11.EndOfMessage())
        attempt.sent |= method != b"CONNECT"
        await self.stream.write(memoryview(pending), attempt)

    async def _next_event(self, attempt: Attempt) -> Any:
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError as error:
                raise httpcore.RemoteProtocolError(str(error)) from None
            if event is not h11.NEED_DATA:
                return event
            data = await self.stream.read(attempt)
            if not data and self._h11.their_state is h11.SEND_RESPONSE:
                raise httpcore.RemoteProtocolError("the server closed without an answer")
            self._h11.receive_data(data)
