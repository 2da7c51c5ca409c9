"""Walks along the document's links, held against a model: two custodians, faults, lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, cast
from urllib.parse import quote

import hypothesis
from hypothesis import HealthCheck, Phase, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
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


# Whatever stands in an id has to stay within its one segment of the path.
_STRAY_IDS: Final = strategies.text("aZ0?#%&=+;:@!$'()*,[]{}|^~\"<>` é🎈", min_size=1, max_size=8)


_UNKNOWN_KEY: Final = "a-key-that-no-server-knows"


class StateError(AssertionError):
    """The server, the client and the model do not agree. The message says in what."""

    def __init__(self, operation_id: str, problems: Iterable[str]) -> None:
        super().__init__("\n".join(problems))
        self.operation_id = operation_id


@dataclass
class Walk:
    """What walks need.

    Attributes:
        maker: What makes the things that the walks are about.
        endpoints: The package's operations by operationId.
        operations: schemathesis' operations by operationId.
        caller: What carries calls out; its client's pauses take no time.
        credentials: The header that carries a key.
        resource: The class that has an operation's method.
        keys: The custodians' keys.
        secrets: Names of properties that are secrets.
        repeatable: The operations that may be sent again.
        mock: The server, where it is the mock: it is reset before each walk, and faults are set.
        faults: The faults to set, by operationId.
        clock: Where the client's pauses come from.
        note: Called with each call's outcome.
        steps: The calls of the last walk, as Python.
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


def take_walks(plan: Walk, *, seed: int, examples: int, steps: int = 20) -> None:
    """Take walks until one fails.

    Args:
        plan: What they need.
        seed: What all chance follows from.
        examples: How many walks.
        steps: How many steps a walk has, at the most.

    Raises:
        StateError: The model was not met. `plan.steps` has the way there.
        FailureGroup: An answer was not the documented one.
    """
    machine = type("Walks", (_Walks,), {"plan": plan})
    run_state_machine_as_test(
        hypothesis.seed(seed)(machine),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


class _Walks(RuleBasedStateMachine):
    plan: ClassVar[Walk]

    def __init__(self) -> None:
        super().__init__()
        plan = self.plan
        plan.steps.clear()
        if plan.mock is not None:
            plan.mock.reset()
        self.model = Model(plan.maker, plan.secrets, plan.keys)
        for custodian in self.model.custodians:
            custodian.unsure = 10**9  # What was there before is not ours to know.

    @rule(data=strategies.data())
    def make(self, data: strategies.DataObject) -> None:
        custodian = data.draw(strategies.sampled_from(self.model.custodians))
        case, outcome = self.call(custodian, self.plan.maker.operation_id, data)
        self.settle(custodian, case, outcome, None)

    @precondition(lambda self: self.plan.maker.visitors and self.owners())
    @rule(data=strategies.data())
    def visit(self, data: strategies.DataObject) -> None:
        custodian, identity = self.something(data)
        operation = data.draw(strategies.sampled_from(self.plan.maker.visitors))
        case, outcome = self.call(custodian, operation, data, identity)
        self.settle(custodian, case, outcome, identity)

    @precondition(
        lambda self: self.plan.maker.visitors and self.owners() and len(self.plan.keys) > 1
    )
    @rule(data=strategies.data())
    def trespass(self, data: strategies.DataObject) -> None:
        owner, identity = self.something(data)
        others = [one for one in self.model.custodians if one is not owner]
        operation = data.draw(strategies.sampled_from(self.plan.maker.visitors))
        _, outcome = self.call(
            data.draw(strategies.sampled_from(others)), operation, data, identity
        )
        self.refused(operation, outcome, "what is another custodian's")

    @precondition(lambda self: bool(self.plan.maker.visitors))
    @rule(data=strategies.data())
    def stray(self, data: strategies.DataObject) -> None:
        """Ask for what nobody has, by an id of characters that mean something in a URL."""
        identity = data.draw(_STRAY_IDS)
        custodian = data.draw(strategies.sampled_from(self.model.custodians))
        operation = data.draw(strategies.sampled_from(self.plan.maker.visitors))
        case, outcome = self.call(custodian, operation, data, identity)
        self.agree(operation, request_differences(case, outcome))
        self.refused(operation, outcome, "what nobody has")

    @rule(data=strategies.data())
    def intrude(self, data: strategies.DataObject) -> None:
        """Ask with a key that no server knows."""
        maker, owners = self.plan.maker, self.owners()
        visitors = maker.visitors if owners else ()
        operation = data.draw(
            strategies.sampled_from([maker.operation_id, *visitors, *maker.lists])
        )
        identity = self.something(data)[1] if operation in visitors else None
        case, outcome = self.call(Custodian(_UNKNOWN_KEY), operation, data, identity)
        self.agree(operation, request_differences(case, outcome))
        self.refused(operation, outcome, "a key that nobody has")
        self.agree(operation, answer_differences(outcome, valid=True))

    @precondition(lambda self: bool(self.plan.faults))
    @rule(data=strategies.data())
    def disturb(self, data: strategies.DataObject) -> None:
        maker = self.plan.maker
        visitors = maker.visitors if self.owners() else ()
        operation = data.draw(
            strategies.sampled_from([maker.operation_id, *visitors, *maker.lists])
        )
        custodian, identity = (
            self.something(data)
            if operation in visitors
            else (data.draw(strategies.sampled_from(self.model.custodians)), None)
        )
        fault = data.draw(strategies.sampled_from(self.plan.faults[operation]))
        pauses = len(self.plan.clock.pauses)
        self.plan.steps.append(f"# the next exchange of {operation} meets {fault}")
        with self.plan.mock.fault(fault.name, operation, times=1, **fault.settings):
            case, outcome = self.call(custodian, operation, data, identity)
        self.agree(
            operation, broken_promises(outcome, repeatable=operation in self.plan.repeatable)
        )
        self.agree(operation, short_pauses(outcome, self.plan.clock.pauses[pauses:]))
        last = outcome.exchanges[-1].answer
        if last is not None and not is_cut(last):
            valid = validity(case, answered(last, {}))
            self.agree(operation, answer_differences(outcome, valid=valid))
        self.settle(custodian, case, outcome, identity, disturbed=True)

    @invariant()
    def lists_show_what_was_made(self) -> None:
        for custodian in self.model.custodians:
            for operation in self.plan.maker.lists:
                case, outcome = self.call(custodian, operation)
                answer = self.accepted(case, outcome)
                self.agree(operation, self.model.listed(custodian, answer))

    def teardown(self) -> None:
        if self.plan.mock is not None:
            self.plan.mock.clear_faults()

    def owners(self) -> list[Custodian]:
        return [one for one in self.model.custodians if one.things]

    def something(self, data: strategies.DataObject) -> tuple[Custodian, str]:
        custodian = data.draw(strategies.sampled_from(self.owners()))
        return custodian, data.draw(strategies.sampled_from(sorted(custodian.things)))

    def call(
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

    def settle(
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
        answer = self.accepted(case, outcome)
        if endpoint.operation_id == made:
            self.agree(made, self.model.made(custodian, body, answer))
        elif identity is not None:
            self.agree(
                endpoint.operation_id,
                self.model.visited(custodian, identity, endpoint.method, body, answer),
            )

    def accepted(self, case: Case[Any], outcome: Outcome) -> Any:
        """Return the JSON of a documented answer that the client took as what it is."""
        operation_id = outcome.call.endpoint.operation_id
        raw = outcome.exchanges[-1].answer if outcome.exchanges else None
        if raw is None:
            raise StateError(operation_id, [f"no answer: {outcome.error}"])
        response = answered(raw, {})
        case.validate_response(
            response, checks=cast("list[CheckFunction]", CHECKS.get_by_names(list(_CHECKS)))
        )
        self.agree(operation_id, answer_differences(outcome, valid=True))
        if outcome.error is not None:
            raise StateError(operation_id, [f"a valid call was refused: {outcome.error}"])
        return raw.json() if raw.content else None

    def refused(self, operation_id: str, outcome: Outcome, what: str) -> None:
        """Check that the server refused."""
        status = getattr(outcome.error, "status_code", None)
        if status is None or not 400 <= status < 500:
            raise StateError(operation_id, [f"{what} was not refused"])

    def agree(self, operation_id: str, problems: Iterator[str]) -> None:
        found = list(problems)
        if found:
            raise StateError(operation_id, found)
