"""What every request passes on its way to the engine and back: faults, delay, journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from ._engine import Engine, RouteMatch
from ._fault_types import Exchange, Latency, delay
from ._faults import ActiveFault, FaultRegistry
from ._journal import Journal, Record
from ._messages import Answer, Headers, Outcome

_NO_ANSWER = Outcome(Answer(0, [], b""))  # to a request that was not even read


class Dispatcher:
    """Takes requests in and hands answers out."""

    def __init__(
        self,
        engine: Engine,
        faults: FaultRegistry,
        journal: Journal,
        clock: Callable[[], float],
        latency: float,
    ) -> None:
        self._engine = engine
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._latency = latency

    def should_reset(self, method: str, target: str, headers: Headers) -> bool:
        """Whether the connection of a request is reset before the request is read."""
        if not self._faults.has_pre_read():
            return False
        begun, now = time.perf_counter(), self._clock()
        match = self._engine.route(method, target)
        if isinstance(match, Outcome):
            return False
        active = self._faults.select(match.operation.id, pre_read=True)
        if active:
            request = (match.operation.id, method, target, list(headers), b"")
            self._write_down(request, _NO_ANSWER, active, now, begun)
        return bool(active)

    def handle(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """Answer one request."""
        begun, now = time.perf_counter(), self._clock()
        headers = list(headers)
        match, operation_id = self._engine.route(method, target), None
        active: tuple[ActiveFault, ...] = ()
        if isinstance(match, Outcome):
            outcome = match
        else:
            operation_id = match.operation.id
            active = self._faults.select(operation_id, pre_read=False)
            outcome = self._serve(match, headers, body, active)
        if self._latency:
            outcome = delay(outcome, self._latency)
        request = (operation_id, method, target, headers, body)
        self._write_down(request, outcome, active, now, begun)
        return outcome.answer

    def _serve(
        self,
        match: RouteMatch,
        headers: list[tuple[str, str]],
        body: bytes,
        active: tuple[ActiveFault, ...],
    ) -> Outcome:
        serve = partial(self._engine.serve, match, headers, body)
        refuse = partial(self._engine.refuse, match, headers)
        # Delays come last: whatever else happens to the answer, it happens late.
        for fault, random in sorted(active, key=lambda one: isinstance(one.type, Latency)):
            serve = partial(fault.apply, Exchange(serve, refuse, random))
        return serve()

    def _write_down(
        self,
        request: tuple[str | None, str, str, list[tuple[str, str]], bytes],
        outcome: Outcome,
        active: tuple[ActiveFault, ...],
        now: float,
        begun: float,
    ) -> None:
        faults, duration = tuple(one.type.name for one in active), time.perf_counter() - begun
        self._journal.add(Record(*request, outcome, faults, now, duration))
