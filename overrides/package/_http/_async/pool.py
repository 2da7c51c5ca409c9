"""Connections to one server that are kept for the next request, and the calls that wait."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from ..._core.runtime import yield_async
from ..attempt import Attempt
from ..library import httpcore
from ..sockets_async import AsyncSignal
from .connector import AsyncConnector
from .http11 import AsyncHTTP11Connection

_IDLE_AT_MOST = 20  # connections that are kept, as httpx does


def closed_error() -> Exception:
    """Return the failure of a request whose client was closed meanwhile."""
    failure: Exception = httpcore.ConnectError("the client was closed")
    return failure


class AsyncSlot:
    """The right to send one request, and what is open for it.

    When it is released, or else when it is gone, it is free again and what it owns is closed. So
    nothing stays open, wherever a call is ended from outside.
    """

    __slots__ = ("__weakref__", "owned", "release")

    def __init__(self, free: Callable[[], None]) -> None:
        self.owned: list[Any] = []
        self.release = weakref.finalize(self, _release, self.owned, free)
        self.release.atexit = False


def _release(owned: list[Any], free: Callable[[], None]) -> None:
    while owned:
        owned.pop().close()
    free()


class AsyncSlots:
    """Lets only so many requests be sent at once; the others wait, first come first served.

    They wait here, and not within a pool of the library's: that one looks at every waiting
    request and every connection each time that either of them changes.
    """

    def __init__(self, count: int) -> None:
        self._lock = threading.RLock()  # A slot that is gone may be freed within any line.
        self._count = self._free = count
        self._waiting: OrderedDict[AsyncSignal, list[AsyncSlot]] = OrderedDict()
        self._closed = False

    @property
    def taken(self) -> int:
        """How many slots are in use, or about to be."""
        return self._count - self._free

    async def acquire(self, attempt: Attempt) -> AsyncSlot:
        """Wait for a slot and return it."""
        with self._lock:
            if self._closed:
                raise closed_error()
            if self._free:
                self._free -= 1
                return AsyncSlot(self._free_one)
            turn, granted = AsyncSignal(), list[AsyncSlot]()
            self._waiting[turn] = granted
        came = False
        try:
            came = await turn.wait(attempt.remaining(httpcore.PoolTimeout))
        finally:
            with self._lock:
                self._waiting.pop(turn, None)
                came = came and not self._closed
            for slot in () if came else granted:
                slot.release()
        if self._closed:
            raise closed_error()
        if not came:
            raise httpcore.PoolTimeout("timed out")
        return granted[0]

    def close(self) -> None:
        """Let no more requests in, and have those that wait end."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, OrderedDict()
        for turn in waiting:
            turn.set()

    def _free_one(self) -> None:
        with self._lock:
            if self._waiting:
                turn, granted = self._waiting.popitem(last=False)
                granted.append(AsyncSlot(self._free_one))
                turn.set()
            else:
                self._free += 1


class AsyncPool:
    """Sends over connections that are kept, or new ones."""

    def __init__(self, connector: AsyncConnector, slots: AsyncSlots) -> None:
        self._connector = connector
        self._slots = slots
        self._connections: set[AsyncHTTP11Connection] = set()
        self._idle: deque[Any] = deque()
        self._closed = False

    async def handle_request(self, request: Any) -> httpcore.Response:
        """Send a request and return its answer, whose body is still to come."""
        attempt: Attempt = request.extensions["attempt"]
        connection = await self._take_idle(attempt) or await self._connect(attempt)
        answer = await connection.request(request, attempt)
        return httpcore.Response(**answer, content=_AsyncBody(self, connection, attempt))

    async def warm(self, attempt: Attempt) -> None:
        """Have a connection ready for the next request."""
        connection = await self._take_idle(attempt) or await self._connect(attempt)
        self.give_back(connection, attempt)

    def give_back(self, connection: AsyncHTTP11Connection, attempt: Attempt) -> None:
        """Keep a connection for the next request, where it can carry one."""
        if not attempt.owned or not connection.start_next():
            connection.close()
            return
        connection.idle_since = attempt.now()
        self._idle.append(attempt.owned.pop())
        try:
            while self._closed or (
                self._idle[0] is not connection
                and (self._has_surplus() or not attempt.trusts(self._idle[0], repeatable=True))
            ):
                self._idle.popleft().close()
        except IndexError:
            pass  # Another thread took the last one meanwhile.

    def close_idle(self) -> None:
        """Close the connections that no answer is coming over."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def close_all(self) -> None:
        """Close every connection; in a fork, the copies of the parent's."""
        self._idle.clear()
        for connection in list(self._connections):
            connection.close()

    def close(self) -> None:
        """Close every connection, and let no more requests in."""
        self._closed = True
        self._slots.close()
        self.close_all()

    async def _take_idle(self, attempt: Attempt) -> AsyncHTTP11Connection | None:
        while self._idle:
            try:
                attempt.owned.append(self._idle.pop())
            except IndexError:  # Another thread took the last one meanwhile.
                break
            connection: AsyncHTTP11Connection = attempt.owned[-1]
            if attempt.trusts(connection, repeatable=attempt.repeatable):
                if await connection.is_quiet():
                    return connection
            elif attempt.trusts(connection, repeatable=True):
                self._idle.append(attempt.owned.pop())
                break  # Others were idle for longer.
            attempt.owned.pop().close()
        return None

    async def _connect(self, attempt: Attempt) -> AsyncHTTP11Connection:
        await yield_async()  # A crowd that comes at once must not hold the event loop at once.
        connection = await self._connector.connect(attempt, self._connections)
        attempt.owned[:] = [connection]
        if self._closed:
            raise closed_error()
        return connection

    def _has_surplus(self) -> bool:
        # Each call that has a slot needs a connection, or will at once.
        return len(self._idle) > _IDLE_AT_MOST and len(self._connections) > self._slots.taken


class _AsyncBody:
    """The body of an answer, whose end gives the connection back."""

    def __init__(
        self, pool: AsyncPool, connection: AsyncHTTP11Connection, attempt: Attempt
    ) -> None:
        self._pool = pool
        self._connection: AsyncHTTP11Connection | None = connection
        self._attempt = attempt
        self._parts = connection.body(attempt)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._parts

    async def aclose(self) -> None:
        """Give the connection back, or close it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._parts.aclose()
            self._pool.give_back(connection, self._attempt)
