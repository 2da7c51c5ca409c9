"""Many calls in a row, held against a model of what a server has to remember, for two custodians.

What makes, reads and lists is told by the document's links.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.contract._calling import Caller, Outcome, fit
from tests.contract._package import Endpoint, endpoints, package, resolve
from tests.contract._values import sample
from tests.contract.conftest import OPTIONS, Server

NUMBERS = st.integers(0, 2**32)  # an index or a choice: never drawn from what the server answered
SAFE = {"GET", "HEAD"}


@dataclass(frozen=True)
class Family:
    """The operations on one kind of thing: one makes it, some read it by its id, some list all.

    Attributes:
        maker: The operation that makes one.
        identity: The property of its answer that the others take in their path.
        readers: Those that take it, and nothing else, in their path.
        lists: Those that answer with all of them.
    """

    maker: Endpoint
    identity: str
    readers: tuple[Endpoint, ...]
    lists: tuple[Endpoint, ...]

    def __str__(self) -> str:
        return str(self.maker)


def families() -> Iterator[Family]:
    """Yield what the links of the document tell."""
    for maker in endpoints():
        names = {
            (told.removeprefix("$response.body#/"), name)
            for link in maker.operation.links
            for name, told in link.parameters.items()
            if str(told).startswith("$response.body#/")
        }
        for identity, name in sorted(names):
            paths = [
                (one, [p.name for p in one.operation.parameters if p.location == "path"])
                for one in endpoints()
            ]
            yield Family(
                maker,
                identity,
                tuple(one for one, taken in paths if taken == [name]),
                tuple(
                    one
                    for one, _ in paths
                    if one.operation.path == maker.operation.path and one.operation.iterator_name
                ),
            )


def secrets_of(endpoint: Endpoint) -> set[str]:
    """Return the properties of an operation's answer that are secrets."""
    properties = resolve(endpoint.response_schema(endpoint.success) or {}).get("properties", {})
    return {name for name, one in properties.items() if resolve(one).get("format") == "password"}


@dataclass
class Custodian:
    """What one custodian has to see: what is known of each thing, by its id, in order."""

    key: str = field(repr=False)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)


class Walk(RuleBasedStateMachine):
    """The model, and the steps of a walk."""

    family: ClassVar[Family]
    caller: ClassVar[Caller]
    server: ClassVar[Server]

    def __init__(self) -> None:
        super().__init__()
        if self.server.mock is not None:
            self.server.mock.reset()
        self.custodians = [Custodian(key) for key in self.server.keys]
        self.handed_out: set[str] = set()
        self.look(is_first=True)

    def call(
        self, endpoint: Endpoint, key: str, number: int, identity: str | None = None
    ) -> Outcome:
        """Make one call, in one of the public ways."""
        arguments: dict[str, Any] = {}
        operation = endpoint.operation
        if identity is not None:
            (parameter,) = (one for one in operation.parameters if one.location == "path")
            arguments[parameter.python_name] = identity
        if operation.body is not None:
            body = sample(endpoint.request_schema(operation.body.media_types[0]))
            for name in [*body]:
                body[name] = number % 2 == 0 if isinstance(body[name], bool) else body[name]
                if number % 3 == 0:
                    del body[name]
            arguments["body"] = fit(body, endpoint.hints["body"])
            self.asked = body
        way = endpoint.ways[number % len(endpoint.ways)]
        client = self.caller.client(is_async=way[1], api_key=key)
        return self.caller.call(endpoint, arguments, way, client)

    def told(self, outcome: Outcome) -> dict[str, Any]:
        """Return what a successful answer says, attribute by attribute."""
        assert outcome.error is None, outcome.error
        return dict(outcome.value.to_dict())

    def hand_out(self, secret: Any) -> None:
        """Note a secret that has to be new."""
        assert secret not in self.handed_out, "a secret that was handed out before"
        self.handed_out.add(secret)

    @rule(number=NUMBERS)
    def make(self, number: int) -> None:
        """Make a thing."""
        custodian = self.custodians[number // 7 % len(self.custodians)]
        told = self.told(self.call(self.family.maker, custodian.key, number))
        for name, value in told.items():
            assert self.asked.get(name, value) == value, f"{name} is not what was asked for"
            if value is False:
                assert self.asked.get(name, False) is False
        identity = told[self.family.identity]
        assert not any(identity in one.things for one in self.custodians)
        for name in secrets_of(self.family.maker):
            self.hand_out(told[name])
        custodian.things[identity] = told

    @precondition(lambda self: self.family.readers and any(one.things for one in self.custodians))
    @rule(number=NUMBERS, which=NUMBERS)
    def read(self, number: int, which: int) -> None:
        """Call something on what was made; and the same as the other custodian, in vain."""
        custodian = [one for one in self.custodians if one.things][number % 2 - 1 :][0]
        identity = [*custodian.things][which % len(custodian.things)]
        endpoint = self.family.readers[number // 3 % len(self.family.readers)]
        known = custodian.things[identity]
        outcome = self.call(endpoint, custodian.key, number, identity)
        if endpoint.operation.method == "DELETE":
            assert outcome.error is None
            del custodian.things[identity]
            return
        told = self.told(outcome)
        secrets = secrets_of(endpoint)
        for name, value in told.items():
            if name in secrets and (endpoint.operation.method not in SAFE or name not in known):
                self.hand_out(value)  # No lasting property: a new one each time.
                known.pop(name, None)
            else:
                assert known.setdefault(name, value) == value, f"{name} is another than before"
        for other in self.custodians:
            if other is not custodian:
                self.refuse(endpoint, other.key, number, identity)

    @rule(
        number=NUMBERS, which=NUMBERS, text=st.text("aZ0?#%&=+;:@!$'()*,[]|^~\"<>` é🎈", max_size=8)
    )
    def miss(self, number: int, which: int, text: str) -> None:
        """Call something on what was never made, some of it spelled nearly like what was."""
        custodian = self.custodians[number % len(self.custodians)]
        names = [f"x{text}"]
        if custodian.things:
            one = [*custodian.things][which % len(custodian.things)]
            names += [
                one.upper(),
                one[:-1],
                f"{one}.",
                f" {one}",
                f"{one}%",
                quote(one[0]) + one[1:],
            ]
            names += [
                "".join(f"%{ord(c):02x}" for c in one),
                f"{one}\u0301",
                f"%{one[1:]}",
                "_" * len(one),
            ]
        for name in names:
            if self.family.readers and name not in custodian.things:
                endpoint = self.family.readers[number // 3 % len(self.family.readers)]
                self.refuse(endpoint, custodian.key, number, name)

    def refuse(self, endpoint: Endpoint, key: str, number: int, identity: str) -> None:
        """Assert that an id is refused, in the same words as one that nobody has."""
        refused = self.call(endpoint, key, number, identity)
        nobody = self.call(endpoint, key, number, "nobody")
        assert refused.error is not None, f"{identity!r} is taken for another's id"
        assert refused.error.status_code in {400, 404}
        replies = [one.exchanges[0].reply for one in (refused, nobody)]
        assert replies[0].body == replies[1].body
        assert replies[0].status == replies[1].status
        names = [{name for name, _ in one.headers} for one in replies]
        assert names[0] == names[1]
        target = refused.exchanges[0].target
        assert target.count(quote(identity, safe="")) == 1

    @rule(number=NUMBERS)
    def intrude(self, number: int) -> None:
        """Call something with a key that nobody has."""
        if len(self.custodians) > 1:
            endpoint = (self.family.maker, *self.family.lists)[number % 2 - 1]
            outcome = self.call(endpoint, "a-key-that-nobody-has", number)
            assert isinstance(outcome.error, package().AuthenticationError), outcome.error

    @invariant()
    def look(self, *, is_first: bool = False) -> None:
        """Assert that the lists show what was made, and nothing else."""
        for endpoint in self.family.lists:
            for number, custodian in enumerate(self.custodians):
                outcome = self.call(endpoint, custodian.key, number + len(custodian.things))
                assert outcome.error is None, outcome.error
                shown = [one.to_dict() for one in outcome.value]
                identities = [one[self.family.identity] for one in shown]
                assert len(set(identities)) == len(identities)
                if is_first:
                    custodian.things |= dict(zip(identities, shown, strict=True))
                assert set(identities) == set(custodian.things)
                if self.server.mock is not None:
                    assert identities == [*custodian.things], "the order is another than before"
                for one in shown:
                    known = custodian.things[one[self.family.identity]]
                    for name, value in one.items():
                        assert known.setdefault(name, value) == value, f"{name} is another"


@pytest.mark.parametrize("family", list(families()), ids=str)
def test_walks(family: Family, caller: Caller, server: Server) -> None:
    if server.prism:
        pytest.skip("Prism remembers nothing")
    stateful = None if server.mock is None else set(server.mock.stateful_operations)
    for one in (family.maker, *family.readers, *family.lists):
        assert stateful is None or str(one) in stateful, f"{one} has lost its memory"
    kind = type("Walk", (Walk,), {"family": family, "caller": caller, "server": server})
    run_state_machine_as_test(
        seed(OPTIONS.seed)(kind),
        settings=settings(
            max_examples=max(2, OPTIONS.examples // 5),
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
