"""Runs the phases, and the walks after them, with the sync and the async client."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any, Final

import schemathesis
from hypothesis.errors import Unsatisfiable
from schemathesis.core import NotSet
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.engine.run import INTERNAL_PHASES
from schemathesis.openapi.checks import JsonSchemaError
from schemathesis.schemas import BaseSchema

from . import (
    agreement,  # noqa: F401 - importing it registers the check
    sending,
)
from .coverage import Coverage
from .credentials import credentials
from .document import operations
from .endpoints import endpoints, named
from .errors import CannotRunError
from .faults import fault_settings
from .findings import Finding, Order, Result, Round
from .machine import drill, take_walks
from .masking import Masking
from .model import makers, secret_names
from .probing import probe
from .reproduction import as_python, repeatable_curl
from .sending import Mode, Outcome, caller
from .session import Plan, StateError
from .settings import configured
from .target import Target
from .transport import PATIENCE, ClientTransport, bound

MODES: Final[tuple[Mode, ...]] = ("sync", "async")
_STEPS_A_WALK: Final = 15


class Run:
    """One run of everything against one server.

    Args:
        package: The generated package, whose client sends.
        document: The OpenAPI document that the answers are held to.
        target: The server.
        order: What was asked for.
        progress: Called with the round and the phase's name when a phase is over.
    """

    def __init__(
        self,
        package: ModuleType,
        document: Mapping[str, Any],
        target: Target,
        order: Order,
        *,
        progress: Callable[[Round, str], None],
    ) -> None:
        self._package = package
        self._document = named(document)
        self._target = target
        self._progress = progress
        self._endpoints = endpoints(package, self._document)
        self._masking = Masking(secret_names(self._document), target.keys)
        self.result = Result(
            target.name, order, Coverage(self._document), left_out=dict(target.left_out)
        )
        # The client tells of each repeat; there will be many, and all are looked at.
        logging.getLogger(package.client.SERVICE.logger).addHandler(logging.NullHandler())

    def __call__(self) -> Result:
        """Run everything.

        Raises:
            CannotRunError: The server is not the API, refuses the key, or went away.
        """
        if self._target.mock is None:
            probe(self._package, self._document, self._endpoints, self._target)
        for mode in MODES:
            done = Round(mode)
            self.result.rounds.append(done)
            self._phases(done)
            if "walks" not in self.result.left_out:
                self._walks(done)
        return self.result

    def _phases(self, done: Round) -> None:
        if self._target.mock is not None:
            self._target.mock.reset()
        calling = caller(self._package, self._target.url, _mode(done))
        transport = ClientTransport(self._package, self._endpoints, calling, done.digest)
        schema = bound(self._schema(), transport)
        stream, begun, sent = from_schema(schema).execute(), time.monotonic(), 0
        try:
            for event in stream:
                if isinstance(event, events.ScenarioFinished):
                    self._record(event.recorder, transport, done, str(event.phase))
                    transport.forget()
                elif isinstance(event, events.NonFatalError | events.FatalError):
                    self._error(event, transport, done)
                elif isinstance(event, events.Interrupted):
                    raise KeyboardInterrupt
                elif isinstance(event, events.PhaseFinished):
                    name = str(event.phase.name)
                    if event.phase.name not in INTERNAL_PHASES:
                        done.requests[name] = transport.digest.count - sent
                        done.seconds[name] = time.monotonic() - begun
                        self._progress(done, name)
                    begun, sent = time.monotonic(), transport.digest.count
        finally:
            calling.close()
        done.calls.update(transport.calls)
        done.raw.update(transport.raw)
        done.refused.update(transport.refused)

    def _walks(self, done: Round) -> None:
        mock = self._target.mock
        remembered = None if mock is None else set(mock.stateful_operations)
        clock = self._package.testing.ManualClock()
        calling = caller(self._package, self._target.url, _mode(done), clock)
        transport = ClientTransport(self._package, self._endpoints, calling, done.digest)
        schema = bound(self._schema(), transport)
        known = {
            one.ok().definition.raw["operationId"]: one.ok()
            for one in schema.get_all_operations()
            if isinstance(one, Ok)
        }
        order = self.result.order
        try:
            for maker in makers(self._document, self._endpoints, remembered):
                plan = Plan(
                    maker=maker,
                    endpoints=self._endpoints,
                    operations=known,
                    caller=calling,
                    credentials=lambda key: credentials(self._document, key),
                    resource=transport.resource,
                    keys=self._target.keys,
                    secrets=secret_names(self._document),
                    repeatable=_repeatable(self._document),
                    mock=mock,
                    faults=(
                        {} if mock is None else fault_settings(self._package.mock, self._document)
                    ),
                    clock=clock,
                    note=lambda outcome: self._walked(outcome, transport, done),
                )
                self._stay(plan, done, "drill", partial(drill, plan, seed=order.seed))
                walks = partial(
                    take_walks,
                    plan,
                    seed=order.seed,
                    examples=max(order.examples // 4, 1),
                    steps=_STEPS_A_WALK,
                )
                self._stay(plan, done, "walks", walks)
        finally:
            calling.close()

    def _stay(self, plan: Plan, done: Round, phase: str, stay: Callable[[], None]) -> None:
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
            self._find(Finding(done.mode, phase, operation_id, check, message, python=way))
        done.requests[phase] = done.digest.count - sent
        done.seconds[phase] = time.monotonic() - begun
        self._progress(done, phase)

    def _walked(self, outcome: Outcome, transport: ClientTransport, done: Round) -> None:
        transport.note(outcome)
        operation_id = outcome.call.endpoint.operation_id
        done.calls[operation_id] += 1
        for exchange in outcome.exchanges:
            if exchange.answer is not None:
                self._answered(operation_id, exchange.answer.status_code, exchange.answer.content)
        if not outcome.exchanges or outcome.exchanges[-1].answer is None:
            self._make_sure_it_is_there(transport, done)

    def _record(
        self, recorder: ScenarioRecorder, transport: ClientTransport, done: Round, phase: str
    ) -> None:
        for case_id, node in recorder.cases.items():
            case = node.value
            operation_id = case.operation.definition.raw["operationId"]
            interaction = recorder.interactions.get(case_id)
            if interaction is None or interaction.response is None:
                continue
            response = interaction.response
            if case.method.upper() == self._endpoints[operation_id].method:
                self._sent(operation_id, case)
                self._answered(operation_id, response.status_code, response.content)
            for check in recorder.checks.get(case_id, []):
                self.result.checks[operation_id, check.name, check.status.value] += 1
                if check.status is Status.FAILURE and check.failure_info is not None:
                    outcome = transport.outcome(case)
                    self._find(
                        Finding(
                            done.mode,
                            phase,
                            operation_id,
                            check.name,
                            _told(check.failure_info.failure),
                            curl=check.failure_info.code_sample,
                            python=as_python(outcome.call) if outcome else "",
                        )
                    )

    def _sent(self, operation_id: str, case: schemathesis.Case[Any]) -> None:
        coverage = self.result.coverage
        for place, values in (
            ("path", case.path_parameters),
            ("query", case.query),
            ("header", case.headers),
            ("cookie", case.cookies),
        ):
            for name, value in (values or {}).items() if isinstance(values, Mapping) else ():
                coverage.sent(operation_id, f"{place} {name}", value)
        if not isinstance(case.body, NotSet | bytes):
            coverage.sent(operation_id, "request body", case.body)

    def _answered(self, operation_id: str, status: int, content: bytes) -> None:
        self.result.statuses[operation_id, status] += 1
        try:
            value = json.loads(content)
        except ValueError:
            value = None
        self._masking.learn(value)
        self.result.coverage.answered(operation_id, status, value)

    def _error(
        self,
        event: events.NonFatalError | events.FatalError,
        transport: ClientTransport,
        done: Round,
    ) -> None:
        self._make_sure_it_is_there(transport, done)
        if isinstance(event, events.FatalError):
            raise CannotRunError(
                f"schemathesis could not go on: {type(event.exception).__name__}: {event.exception}"
            ) from None
        message = f"{event.info.title}: {event.info.message}"
        label, phase = self._id_of(event.label), str(event.phase or "")
        self._find(Finding(done.mode, phase, label, "an answer", message))

    def _make_sure_it_is_there(self, transport: ClientTransport, done: Round) -> None:
        if transport.is_silent:
            raise CannotRunError(
                f"The server at {self._target.url} takes connections and no longer answers: the "
                f"last {PATIENCE} requests of the {done.mode} client were given up after "
                f"{sending.SECONDS_A_CALL:g} s each. Look into the server's own log."
            )
        if not self._target.is_there():
            raise CannotRunError(
                f"The server at {self._target.url} stopped answering, after "
                f"{sum(self.result.statuses.values())} answers, while the {done.mode} client was "
                "used. Nothing listens there any more: look into the server's own log."
            )

    def _id_of(self, label: str | None) -> str:
        """Return the operationId for what schemathesis calls an operation."""
        for one in self._endpoints.values():
            if label == f"{one.method} {one.path}":
                return one.operation_id
        return label or "the document"

    def _named(self, failure: Failure) -> tuple[str, str, str]:
        check = failure.checks[0] if failure.checks else type(failure).__name__
        return self._id_of(failure.operation), check, _told(failure)

    def _find(self, found: Finding) -> None:
        for excuse in self._target.excuses:
            if found.check == excuse.check and excuse.words in found.message:
                self.result.excused[excuse.reason] += 1
                return
        cut = self._masking.cut
        self.result.findings.append(
            replace(
                found,
                message=cut(found.message),
                curl=cut(repeatable_curl(found.curl, self._target, self._shell_credentials())),
                python=cut(found.python),
            )
        )

    def _shell_credentials(self) -> dict[str, str]:
        variable = f"${self._package.client.SERVICE.environment}_API_KEY"
        return credentials(self._document, variable)

    def _schema(self) -> BaseSchema:
        config = configured(
            self._document,
            self._target,
            seed=self.result.order.seed,
            examples=self.result.order.examples,
            excluded=[name for name in self.result.left_out if name != "walks"],
        )
        return schemathesis.openapi.from_dict(dict(self._document), config=config)


def _repeatable(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        operation["operationId"]
        for _, method, operation, _ in operations(document)
        if method in {"get", "head", "put", "delete"} or operation.get("x-repeatable")
    )


def _mode(done: Round) -> Mode:
    return "sync" if done.mode == "sync" else "async"


def _leaves(group: FailureGroup) -> Iterator[Failure]:
    for error in group.exceptions:
        if isinstance(error, FailureGroup):
            yield from _leaves(error)
        elif isinstance(error, Failure):
            yield error


def _told(failure: Failure) -> str:
    if isinstance(failure, JsonSchemaError):
        path = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in failure.instance_path
        )
        return f"{failure.title}: ${path}: {failure.message.strip().splitlines()[0]}"
    return f"{failure.title}: {failure.message.strip()}" if failure.message else failure.title
