"""Walks along the document's links, and a drill that leaves nothing to chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, TypeAlias

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from .faults import FaultSetting
from .session import Plan, Session

_Part: TypeAlias = Callable[[Session, strategies.DataObject], None]

# Whatever stands in an id has to stay within its one segment of the path.
_STRAY_IDS: Final = strategies.text("aZ0?#%&=+;:@!$'()*,[]{}|^~\"<>` é🎈", min_size=1, max_size=8)


def take_walks(plan: Plan, *, seed: int, examples: int, steps: int) -> None:
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
        settings=settings(_settings(examples), stateful_step_count=steps),
    )


def drill(plan: Plan, *, seed: int) -> None:
    """Do with every operation what chance may leave out, and compare the lists after each.

    Each is called twice on the same thing, on another custodian's, and with an unknown key; and
    each meets every fault.

    Raises:
        StateError: As `take_walks`.
        FailureGroup: As `take_walks`.
    """
    maker = plan.maker

    def routine(session: Session, data: strategies.DataObject) -> None:
        for operation in maker.visitors:
            if session.owners():  # It may have been a DELETE.
                session.visit(data, operation)
            if session.owners():
                session.visit(data, operation)
            session.make(data)
            if len(plan.keys) > 1:
                session.trespass(data, operation)
        for operation in session.operations:
            session.intrude(data, operation)

    def meeting(operation: str, fault: FaultSetting) -> _Part:
        return lambda session, data: session.disturb(data, operation, fault)

    parts: list[_Part] = [routine]
    for operation in (maker.operation_id, *maker.visitors, *maker.lists):
        parts += [meeting(operation, fault) for fault in plan.faults.get(operation, ())]
    for part in parts:
        _run(plan, seed, part)


def _run(plan: Plan, seed: int, part: _Part) -> None:
    @hypothesis.seed(seed)
    @_settings(1)
    @given(strategies.data())
    def alone(data: strategies.DataObject) -> None:
        session = Session(plan)
        session.compare_lists()
        session.make(data)
        part(session, data)
        session.compare_lists()

    alone()


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


class _Walks(RuleBasedStateMachine):
    plan: ClassVar[Plan]

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(self.plan)

    @rule(data=strategies.data())
    def make(self, data: strategies.DataObject) -> None:
        self.session.make(data)

    @precondition(lambda self: self.plan.maker.visitors and self.session.owners())
    @rule(data=strategies.data())
    def visit(self, data: strategies.DataObject) -> None:
        self.session.visit(data, self.visitor(data))

    @precondition(
        lambda self: self.plan.maker.visitors and self.session.owners() and len(self.plan.keys) > 1
    )
    @rule(data=strategies.data())
    def trespass(self, data: strategies.DataObject) -> None:
        self.session.trespass(data, self.visitor(data))

    @precondition(lambda self: bool(self.plan.maker.visitors))
    @rule(data=strategies.data(), identity=_STRAY_IDS)
    def stray(self, data: strategies.DataObject, identity: str) -> None:
        self.session.stray(data, self.visitor(data), identity)

    @rule(data=strategies.data())
    def intrude(self, data: strategies.DataObject) -> None:
        self.session.intrude(data, data.draw(strategies.sampled_from(self.session.operations)))

    @precondition(lambda self: bool(self.plan.faults))
    @rule(data=strategies.data())
    def disturb(self, data: strategies.DataObject) -> None:
        operation = data.draw(strategies.sampled_from(self.session.operations))
        fault = data.draw(strategies.sampled_from(self.plan.faults[operation]))
        self.session.disturb(data, operation, fault)

    @invariant()
    def lists_show_what_was_made(self) -> None:
        self.session.compare_lists()

    def teardown(self) -> None:
        if self.plan.mock is not None:
            self.plan.mock.clear_faults()

    def visitor(self, data: strategies.DataObject) -> str:
        return data.draw(strategies.sampled_from(self.plan.maker.visitors))
