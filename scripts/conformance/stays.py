"""The drill and the walks: many calls in a row, held against a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok

from .credentials import credentials
from .faults import fault_settings
from .findings import Finding, Round
from .ledger import Ledger, told
from .machine import drill, take_walks
from .model import makers, secret_names
from .sending import Outcome, caller
from .session import Plan, StateError
from .subject import Subject
from .transport import ClientTransport, bound

_STEPS_A_WALK: Final = 15


class Stays:
    """The drill and the walks of one round.

    Args:
        subject: What is tested.
        ledger: Where it is noted.
        done: The round that this is part of.
        progress: Called when a phase is over.
    """

    def __init__(
        self,
        subject: Subject,
        ledger: Ledger,
        done: Round,
        progress: Callable[[Round, str], None],
    ) -> None:
        self._subject = subject
        self._ledger = ledger
        self._done = done
        self._progress = progress

    def __call__(self) -> None:
        """Carry them out.

        Raises:
            CannotRunError: The server went away.
        """
        subject, done = self._subject, self._done
        mock = subject.target.mock
        remembered = None if mock is None else set(mock.stateful_operations)
        clock = subject.package.testing.ManualClock()
        calling = caller(subject.package, subject.target.url, done.mode, clock)
        transport = ClientTransport(subject.package, subject.endpoints, calling, done.digest)
        schema = bound(subject.schema(), transport)
        known = {
            one.ok().definition.raw["operationId"]: one.ok()
            for one in schema.get_all_operations()
            if isinstance(one, Ok)
        }
        order = subject.order
        try:
            for maker in makers(subject.document, subject.endpoints, remembered):
                plan = Plan(
                    maker=maker,
                    endpoints=subject.endpoints,
                    operations=known,
                    caller=calling,
                    credentials=lambda key: credentials(subject.document, key),
                    resource=transport.resource,
                    keys=subject.target.keys,
                    secrets=secret_names(subject.document),
                    repeatable=subject.repeatable(),
                    mock=mock,
                    faults=(
                        {}
                        if mock is None
                        else fault_settings(subject.package.mock, subject.document)
                    ),
                    clock=clock,
                    note=lambda outcome: self._walked(outcome, transport),
                )
                self._stay(plan, "drill", partial(drill, plan, seed=order.seed))
                walks = partial(
                    take_walks,
                    plan,
                    seed=order.seed,
                    examples=max(order.examples // 4, 1),
                    steps=_STEPS_A_WALK,
                )
                self._stay(plan, "walks", walks)
        finally:
            calling.close()

    def _stay(self, plan: Plan, phase: str, stay: Callable[[], None]) -> None:
        done = self._done
        found: list[tuple[str, str, str]] = []
        begun, sent = time.monotonic(), done.digest.count
        try:
            stay()
        except StateError as error:
            found.append((error.operation_id, "model", str(error)))
        except Unsatisfiable:
            maker = plan.maker.operation_id
            found.append((maker, "model", "no valid call of it can be made through the client"))
        except FailureGroup as group:
            found += [self._named(failure) for failure in _leaves(group)]
        except Failure as failure:
            found.append(self._named(failure))
        for operation_id, check, message in found:
            way = "\n".join(plan.steps)
            self._ledger.find(Finding(done.mode, phase, operation_id, check, message, python=way))
        done.requests[phase] = done.digest.count - sent
        done.seconds[phase] = time.monotonic() - begun
        self._progress(done, phase)

    def _walked(self, outcome: Outcome, transport: ClientTransport) -> None:
        transport.note(outcome)
        operation_id = outcome.call.endpoint.operation_id
        self._done.calls[operation_id] += 1
        for exchange in outcome.exchanges:
            if exchange.answer is not None:
                self._ledger.answered(
                    operation_id, exchange.answer.status_code, exchange.answer.content
                )
        if not outcome.exchanges or outcome.exchanges[-1].answer is None:
            self._ledger.make_sure_it_is_there(transport, self._done)

    def _named(self, failure: Failure) -> tuple[str, str, str]:
        check = failure.checks[0] if failure.checks else type(failure).__name__
        return self._subject.operation_id(failure.operation), check, told(failure)


def _leaves(group: FailureGroup) -> Iterator[Failure]:
    for error in group.exceptions:
        if isinstance(error, FailureGroup):
            yield from _leaves(error)
        elif isinstance(error, Failure):
            yield error
