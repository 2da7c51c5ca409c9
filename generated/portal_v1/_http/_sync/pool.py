# Edited in overrides/package/_http/_async/pool.py, of which `make generate` makes this sync twin.
"""Connections to one server that are kept for the next request, and the attempts that wait."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict, deque
from functools import partial
from typing import Any

from ..attempt import Attempt, Slot
from ..library import httpcore, httpx
from ..waits_sync import Signal
from .connector import Connector
from .http11 import HTTP11Connection

CLOSED = "the client was closed"


class Pool:
    """Has places for so many attempts at once, and connections that they send over.

    The other attempts wait, first come first served. They wait here, and not within a pool of the
    library's: that one looks at every waiting request and every connection each time that either
    of them changes.

    A place is free again when its slot is released, or else when that is gone. So nothing
    stays open, wherever a call is ended from outside.
    """

    def __init__(self, connector: Connector | None, at_once: int) -> None:
        self._connector = connector
        self._at_once = at_once
        self._lock = threading.RLock()  # One that is gone may be freed within any line.
        self._places: dict[weakref.ref[Slot], list[Any]] = {}
        self._waiting: OrderedDict[Signal, Slot] = OrderedDict()
        self._connections: set[HTTP11Connection] = set()
        self._idle: deque[HTTP11Connection] = deque()
        self._closed = False

    def acquire(self, slot: Slot, attempt: Attempt) -> None:
        """Wait for a place."""
        with self._lock:
            if self._closed:
                raise httpcore.ConnectError(CLOSED)
            if self._has_room():
                self._admit(slot)
                return
            turn = Signal()
            self._waiting[turn] = slot
        try:
            came = turn.wait(attempt.remaining(httpcore.PoolTimeout))
        finally:
            with self._lock:
                self._waiting.pop(turn, None)
        if self._closed:
            raise httpcore.ConnectError(CLOSED)
        if not came:
            raise httpcore.PoolTimeout("timed out")

    def handle_request(self, request: Any) -> httpcore.Response:
        """Send a request and return its answer, whose body is still to come."""
        attempt: Attempt = request.extensions["attempt"]
        connection = self._take(attempt)
        answer = connection.request(request, attempt)
        return httpcore.Response(**answer, content=connection.body(attempt, self._give_back))

    def warm(self, slot: Slot, attempt: Attempt) -> None:
        """Have a connection ready for the next request."""
        self.acquire(slot, attempt)
        self._give_back(self._take(attempt), attempt)

    def close_all(self, *, idle: bool = False) -> None:
        """Close every connection, or those alone that no answer is coming over."""
        connections = [*(self._idle if idle else self._connections)]
        self._idle.clear()
        for connection in connections:
            connection.close()

    def close(self) -> None:
        """Close every connection, let no more attempts in, and have those that wait end."""
        with self._lock:
            self._closed = True
            for turn in self._waiting:
                turn.set()
            self.close_all()

    def _has_room(self) -> bool:
        if len(self._places) >= self._at_once:
            # What ends a call from outside may strike while its place is freed, too.
            for place in [one for one in self._places if one() is None]:
                self._clear(place)
        return len(self._places) < self._at_once

    def _admit(self, slot: Slot) -> None:
        # In one step: a reference that was never a key cannot be looked up once all else is gone.
        self._places.setdefault(place := weakref.ref(slot, self._free), slot.owned)
        slot.free = partial(self._free, place)

    def _free(self, place: weakref.ref[Slot]) -> None:
        self._clear(place)
        with self._lock:
            while self._waiting and not self._closed and self._has_room():
                turn = next(iter(self._waiting))
                turn.set()
                self._admit(self._waiting.pop(turn))

    def _clear(self, place: weakref.ref[Slot]) -> None:
        if owned := self._places.get(place):
            for one in [*owned]:
                one.close()
            owned.clear()
        self._places.pop(place, None)

    def _give_back(self, connection: HTTP11Connection, attempt: Attempt) -> None:
        """Keep a connection for the next request, where it can carry one."""
        connection.idle_since = attempt.deadline.now()
        with self._lock:
            if self._closed or not attempt.owned or not connection.start_next():
                connection.close()
                return
            self._idle.append(attempt.owned.pop())
            while self._idle and not attempt.trusts(self._idle[0], repeatable=True):
                self._idle.popleft().close()

    def _take_idle(self, attempt: Attempt) -> HTTP11Connection | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                attempt.owned.append(self._idle.pop())
            connection: HTTP11Connection = attempt.owned[-1]
            if attempt.trusts(connection, repeatable=attempt.repeatable):
                if connection.is_quiet():
                    return connection
            elif attempt.trusts(connection, repeatable=True):
                self._idle.append(attempt.owned.pop())
                return None  # Others were idle for longer.
            attempt.owned.pop().close()

    def _take(self, attempt: Attempt) -> HTTP11Connection:
        idle = self._take_idle(attempt)
        if idle is not None:
            return idle
        connector: Any = self._connector
        connection: HTTP11Connection = connector.connect(attempt, self._connections)
        attempt.owned[:] = [connection]
        if self._closed:
            raise httpcore.ConnectError(CLOSED)
        return connection


class PooledTransport(httpx.HTTPTransport):
    """httpx's transport over a pool of ours; without a base URL, it limits a given client's calls.

    It is a subclass, and leaves the sending to httpx, so that what instruments httpx (such as
    OpenTelemetry) sees it.
    """

    def __init__(self, at_once: int, base_url: str | None = None) -> None:
        # httpx's own initialiser would load the certificates again, for a pool not used.
        connector = None if base_url is None else Connector(base_url)
        self.pool = Pool(connector, at_once)
        self._pool: Any = self.pool
