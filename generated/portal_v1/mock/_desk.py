# Edited in overrides/package/mock/_desk.py, from where `make generate` copies it.
"""What every request passes on its way to the core and back: faults, delay, journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from ._core import Core, Found, Served
from ._faults import FaultBook, Strike
from ._journal import Journal, Seen
from ._kinds import NO_ANSWER, Exchange, Latency, delayed
from ._messages import Answer


class Desk:
    """Takes requests in and hands answers out.

    Args:
        core: What answers them.
        faults: What goes wrong with them.
        journal: Where they are written down.
        clock: Gives the time in seconds since 1970.
        latency: By how many seconds every answer is late.
    """

    def __init__(
        self,
        core: Core,
        faults: FaultBook,
        journal: Journal,
        *,
        clock: Callable[[], float],
        latency: float,
    ) -> None:
        self._core = core
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._latency = latency

    def turns_away(self, method: str, target: str, headers: Iterable[tuple[str, str]]) -> bool:
        """Whether the connection of a request is reset before the request is read."""
        if not self._faults.has_early():
            return False
        begun, now = time.perf_counter(), self._clock()
        found = self._core.route(method, target)
        if isinstance(found, Served):
            return False
        strikes = self._faults.draw(found.operation.id, early=True)
        if not strikes:
            return False
        served = Served(Answer(NO_ANSWER, [], b""))
        request = (method, target, list(headers), b"")
        duration = time.perf_counter() - begun
        self._journal.add(
            Seen(found.operation.id, *request, served, _names(strikes), now, duration)
        )
        return True

    def handle(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Answer:
        """Answer one request."""
        begun, now = time.perf_counter(), self._clock()
        headers = list(headers)
        found = self._core.route(method, target)
        strikes: tuple[Strike, ...] = ()
        if isinstance(found, Served):
            served, operation_id = found, None
        else:
            operation_id = found.operation.id
            strikes = self._faults.draw(operation_id, early=False)
            served = self._served(found, headers, body, strikes)
        if self._latency:
            served = delayed(served, self._latency)
        request = (method, target, headers, body)
        duration = time.perf_counter() - begun
        self._journal.add(Seen(operation_id, *request, served, _names(strikes), now, duration))
        return served.answer

    def _served(
        self,
        found: Found,
        headers: list[tuple[str, str]],
        body: bytes,
        strikes: tuple[Strike, ...],
    ) -> Served:
        serve = partial(self._core.serve, found, headers, body)
        refuse = partial(self._core.refuse, found, headers)
        # Delays come last: whatever else happens to the answer, it happens late.
        for kind, random in sorted(strikes, key=lambda strike: isinstance(strike.kind, Latency)):
            serve = partial(kind.apply, Exchange(serve, refuse, random))
        return serve()


def _names(strikes: tuple[Strike, ...]) -> tuple[str, ...]:
    return tuple(strike.kind.name for strike in strikes)
