"""One stay with a server: calls through the client, held against a model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import quote

import hypothesis
from hypothesis import strategies
from schemathesis import Case
from schemathesis.checks import CHECKS, CheckFunction
from schemathesis.core import NotSet
from schemathesis.schemas import APIOperation

from .agreement import answer_differences, request_differences, validity
from .endpoints import Endpoint
from .expressing import InexpressibleError, expressed
from .faults import FaultSetting
from .model import Custodian, Maker, Model
from .promises import broken_promises, is_cut, short_pauses
from .reproduction import as_python
from .sending import Caller, Outcome
from .transport import answered

_ATTEMPTS: Final = 3
_CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_UNKNOWN_KEY: Final = "a-key-that-no-server-knows"


class StateError(AssertionError):
    """The server, the client and the model do not agree. The message says in what."""

    def __init__(self, operation_id: str, problems: Iterable[str]) -> None:
        super().__init__("\n".join(problems))
        self.operation_id = operation_id


@dataclass
class Plan:
    """What a stay needs.

    Attributes:
        maker: What makes the things that it is about.
        endpoints: The package's operations by operationId.
        operations: schemathesis' operations by operationId.
        caller: What carries calls out; its client's pauses take no time.
        credentials: The header that carries a key.
        resource: The class that has an operation's method.
        keys: The custodians' keys.
        secrets: Names of properties that are secrets.
        repeatable: The operations that may be sent again.
        mock: The server, where it is the mock: it is reset before, and faults are set.
        faults: The faults to set, by operationId.
        clock: Where the client's pauses come from.
        note: Called with each call's outcome.
        steps: The calls of the last stay, as Python.
    """

    maker: Maker
    endpoints: Mapping[str, Endpoint]
    operations: Mapping[str, APIOperation[Any, Any, Any, Any]]
    caller: Caller
    credentials: Callable[[str], dict[str, str]]
    resource: Callable[[Endpoint], type]
    keys: tuple[str, ...]
    secrets: frozenset[str]
    repeatable: frozenset[str]
    mock: Any
    faults: Mapping[str, tuple[FaultSetting, ...]]
    clock: Any
    note: Callable[[Outcome], None]
    steps: list[str] = field(default_factory=list)


class Session:
    """Calls, and what is known after them.

    Args:
        plan: What it needs.

    Each method raises `StateError` where the server, the client and the model do not agree, and
    schemathesis' `FailureGroup` where an answer is not the documented one.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        plan.steps.clear()
        if plan.mock is not None:
            plan.mock.reset()
        self.model = Model(plan.maker, plan.secrets, plan.keys)
        for custodian in self.model.custodians:
            custodian.unsure = 10**9  # What was there before is not ours to know.

    @property
    def operations(self) -> list[str]:
        """The operations that can be called as things are."""
        maker = self.plan.maker
        visitors = maker.visitors if self.owners() else ()
        return [maker.operation_id, *visitors, *maker.lists]

    def make(self, data: strategies.DataObject) -> None:
        """Make something."""
        custodian = data.draw(strategies.sampled_from(self.model.custodians))
        case, outcome = self._call(custodian, self.plan.maker.operation_id, data)
        self._settle(custodian, case, outcome, None)

    def visit(self, data: strategies.DataObject, operation: str) -> None:
        """Call an operation on something that was made."""
        custodian, identity = self._something(data)
        case, outcome = self._call(custodian, operation, data, identity)
        self._settle(custodian, case, outcome, identity)

    def trespass(self, data: strategies.DataObject, operation: str) -> None:
        """Call an operation on something of another custodian's."""
        owner, identity = self._something(data)
        others = [one for one in self.model.custodians if one is not owner]
        custodian = data.draw(strategies.sampled_from(others))
        _, outcome = self._call(custodian, operation, data, identity)
        _refused(operation, outcome, "what is another custodian's")

    def stray(self, data: strategies.DataObject, operation: str, identity: str) -> None:
        """Call an operation on something that nobody has."""
        custodian = data.draw(strategies.sampled_from(self.model.custodians))
        case, outcome = self._call(custodian, operation, data, identity)
        _agree(operation, request_differences(case, outcome))
        _refused(operation, outcome, "what nobody has")

    def intrude(self, data: strategies.DataObject, operation: str) -> None:
        """Call an operation with a key that no server knows."""
        identity = self._something(data)[1] if operation in self.plan.maker.visitors else None
        case, outcome = self._call(Custodian(_UNKNOWN_KEY), operation, data, identity)
        _agree(operation, request_differences(case, outcome))
        _refused(operation, outcome, "a key that nobody has")
        _agree(operation, answer_differences(outcome, valid=True))

    def disturb(self, data: strategies.DataObject, operation: str, fault: FaultSetting) -> None:
        """Call an operation whose first exchange meets a fault."""
        custodian, identity = (
            self._something(data)
            if operation in self.plan.maker.visitors
            else (data.draw(strategies.sampled_from(self.model.custodians)), None)
        )
        plan, pauses = self.plan, len(self.plan.clock.pauses)
        plan.steps.append(f"# the next exchange of {operation} meets {fault}")
        with plan.mock.fault(fault.name, operation, times=1, **fault.settings):
            case, outcome = self._call(custodian, operation, data, identity)
        _agree(operation, broken_promises(outcome, repeatable=operation in plan.repeatable))
        _agree(operation, short_pauses(outcome, plan.clock.pauses[pauses:]))
        last = outcome.exchanges[-1].answer
        if last is not None and not is_cut(last):
            valid = validity(case, answered(last, {}))
            _agree(operation, answer_differences(outcome, valid=valid))
        self._settle(custodian, case, outcome, identity, disturbed=True)

    def compare_lists(self) -> None:
        """Compare every custodian's lists with what was made."""
        for custodian in self.model.custodians:
            for operation in self.plan.maker.lists:
                case, outcome = self._call(custodian, operation)
                _agree(operation, self.model.listed(custodian, _accepted(case, outcome)))

    def owners(self) -> list[Custodian]:
        """Return the custodians that have something."""
        return [one for one in self.model.custodians if one.things]

    def _something(self, data: strategies.DataObject) -> tuple[Custodian, str]:
        custodian = data.draw(strategies.sampled_from(self.owners()))
        return custodian, data.draw(strategies.sampled_from(sorted(custodian.things)))

    def _call(
        self,
        custodian: Custodian,
        operation_id: str,
        data: strategies.DataObject | None = None,
        identity: str | None = None,
    ) -> tuple[Case[Any], Outcome]:
        plan, operation = self.plan, self.plan.operations[operation_id]
        known = custodian in self.model.custodians
        case = operation.Case() if data is None else data.draw(operation.as_strategy())
        if identity is not None:
            case.path_parameters = {plan.maker.parameter: quote(identity, safe="")}
        endpoint = plan.endpoints[operation_id]
        wire = case.as_transport_kwargs(headers=plan.credentials(custodian.key))
        try:
            call = expressed(case, endpoint, wire, plan.resource(endpoint), len(plan.steps))
        except InexpressibleError:
            hypothesis.reject()
        number = self.model.custodians.index(custodian) + 1 if known else 0
        plan.steps.append(as_python(call, client=f"portal_{number}" if known else "stranger"))
        outcome = plan.caller.send(call, max_attempts=_ATTEMPTS)
        plan.note(outcome)
        return case, outcome

    def _settle(
        self,
        custodian: Custodian,
        case: Case[Any],
        outcome: Outcome,
        identity: str | None,
        *,
        disturbed: bool = False,
    ) -> None:
        """Bring the model up to what is known to have been done."""
        endpoint, made = outcome.call.endpoint, self.plan.maker.operation_id
        body = None if isinstance(case.body, NotSet) else case.body
        if disturbed and outcome.error is not None:
            if endpoint.operation_id == made:
                custodian.unsure += bool(getattr(outcome.error, "maybe_processed", True))
            return
        answer = _accepted(case, outcome)
        if endpoint.operation_id == made:
            _agree(made, self.model.made(custodian, body, answer))
        elif identity is not None:
            _agree(
                endpoint.operation_id,
                self.model.visited(custodian, identity, endpoint.method, body, answer),
            )


def _accepted(case: Case[Any], outcome: Outcome) -> Any:
    """Return the JSON of a documented answer that the client took as what it is."""
    operation_id = outcome.call.endpoint.operation_id
    raw = outcome.exchanges[-1].answer if outcome.exchanges else None
    if raw is None:
        raise StateError(operation_id, [f"no answer: {outcome.error}"])
    response = answered(raw, {})
    case.validate_response(
        response, checks=cast("list[CheckFunction]", CHECKS.get_by_names(list(_CHECKS)))
    )
    _agree(operation_id, answer_differences(outcome, valid=True))
    if outcome.error is not None:
        raise StateError(operation_id, [f"a valid call was refused: {outcome.error}"])
    return raw.json() if raw.content else None


def _refused(operation_id: str, outcome: Outcome, what: str) -> None:
    """Check that the server refused."""
    status = getattr(outcome.error, "status_code", None)
    if status is None or not 400 <= status < 500:
        raise StateError(operation_id, [f"{what} was not refused"])


def _agree(operation_id: str, problems: Iterator[str]) -> None:
    found = list(problems)
    if found:
        raise StateError(operation_id, found)
