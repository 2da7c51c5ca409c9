# Edited in overrides/package/_http/pool.py, from where `make generate` copies it.
"""The library's connection pools, which lose no connection to a call that is given up.

A pool of the library's own counts a connection as one in use for ever, and has none left after a
hundred of them, where a call is cancelled or its time is up at one of these moments:

* after a new connection was assigned to it, before it has begun to connect
  (encode/httpcore#1093): so a connection can be given up until its request has taken it;
* after it has connected, before it has begun to send: so what is then left is closed;
* while its whole answer is being closed: so that is done in a task of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpcore
    from httpcore import AsyncConnectionPool as _AsyncPool
    from httpcore import ConnectionPool as _Pool
else:
    from .library import httpcore

    # Mixed into the pools, each of which makes its own kind of connection.
    _Pool = _AsyncPool = object


class _PendingConnection:
    """A connection that was made for a request, which may or may not come to take it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._taken = False
        self._given_up = False

    def give_up(self) -> None:
        """Have the pool drop it, unless its request has taken it."""
        with self._lock:
            self._given_up = not self._taken

    def is_closed(self) -> bool:
        """Return whether the pool is to drop it."""
        closed: bool = self._given_up or self._connection.is_closed()
        return closed

    def handle_request(self, request: Any) -> Any:
        """Send a request over it, connecting first."""
        self._take()
        return self._connection.handle_request(request)

    async def handle_async_request(self, request: Any) -> Any:
        """Send a request over it, connecting first."""
        first = self._take()
        try:
            return await self._connection.handle_async_request(request)
        except BaseException:
            # Of later requests, several may be on their way to it while one has it.
            if first and not self._connection.is_closed():
                await _shielded(self._connection.aclose())
            raise

    def _take(self) -> bool:
        """Return whether this is the first request."""
        with self._lock:
            if self._given_up:
                # The pool has the request wait for another one, before those that came later.
                raise httpcore.ConnectionNotAvailable
            first, self._taken = not self._taken, True
            return first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _Closing:
    """The stream of an answer, whose end a cancelled task cannot cut short."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        parts: AsyncIterator[bytes] = aiter(self._stream)
        return parts

    async def aclose(self) -> None:
        """Give the connection back to the pool, or close it."""
        await _shielded(self._stream.aclose())


async def _shielded(closing: Coroutine[Any, Any, None]) -> None:
    """Await something to its end, also where this task is cancelled meanwhile."""
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


class _ReclaimingPool(_Pool):
    def create_connection(self, origin: httpcore.Origin) -> Any:
        return _PendingConnection(super().create_connection(origin))

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        try:
            return super().handle_request(request)
        except BaseException:
            _reclaim(self.connections)
            raise


class _AsyncReclaimingPool(_AsyncPool):
    def create_connection(self, origin: httpcore.Origin) -> Any:
        return _PendingConnection(super().create_connection(origin))

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        try:
            response = await super().handle_async_request(request)
        except BaseException:
            _reclaim(self.connections)
            raise
        response.stream = _Closing(response.stream)
        return response


def _reclaim(connections: Iterable[Any]) -> None:
    for connection in connections:
        connection.give_up()


@cache
def pool_class(name: str) -> Any:
    """Return the installed library's pool class of this name, made to take back connections.

    Args:
        name: One of its pools, such as `AsyncHTTPProxy`.
    """
    own = _AsyncReclaimingPool if name.startswith("Async") else _ReclaimingPool
    return type(name, (own, getattr(httpcore, name)), {})
