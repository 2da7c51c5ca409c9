"""Many calls in a row, held against a model of what a server has to remember for two custodians.

The document's links, else the usual shape of its paths, tell what is made and by what it is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contract._calling import Caller, Outcome, arguments_of, fit
from tests.contract._package import Endpoint, endpoints, package, secret_names
from tests.contract._values import sample
from tests.contract.conftest import OPTIONS, Server

# Whatever is chosen, is by a number: nothing is drawn from what the server answered.
NUMBERS = st.integers(0, 2**20)
TEXTS = st.text("aZ0?#%&=+;:@!$'()*,[]|^~\"<>` \u00e9\U0001f388", max_size=8)
LINKED = "$response.body#/"


@dataclass(frozen=True)
class Family:
    """The operations on one kind of thing: one makes it, some take its id, some list all."""

    maker: Endpoint
    identity: str  # the property of the maker's answer that has the id
    readers: tuple[Endpoint, ...]
    lists: tuple[Endpoint, ...]

    def __str__(self) -> str:
        return str(self.maker)

    @cached_property
    def lasting(self) -> set[str]:
        """The properties that reading a thing, or a list of them, shows."""
        shown = [answer_of(one) for one in self.readers if one.is_item and one.method == "GET"]
        shown += [one for each in self.lists for one in items_in(answer_of(each))]
        return {name for one in shown for name in one}


def families() -> Iterator[Family]:
    """Yield the kinds of things that a document tells of."""
    for maker in endpoints():
        links = [pair for link in maker.links for pair in link.parameters.items()]
        linked = {k: v.removeprefix(LINKED) for k, v in links if str(v).startswith(LINKED)}
        below = {one.path.removeprefix(f"{maker.path}/") for one in endpoints()}
        variables = {one[1:].partition("}")[0] for one in below if one.startswith("{")}
        shown = {one: name for one in variables for name in ("id", one) if name in answer_of(maker)}
        for variable, identity in (linked or (shown if maker.method == "POST" else {})).items():
            place = f"{maker.path}/" if variable in shown else "/"
            readers = tuple(
                one
                for one in endpoints()
                if one.path.startswith(place)
                and [each.name for each in one.parameters("path")] == [variable]
            )
            siblings = (one for one in endpoints() if (one.path, one.method) == (maker.path, "GET"))
            lists = (
                one for one in siblings if any(identity in it for it in items_in(answer_of(one)))
            )
            yield Family(maker, identity, readers, tuple(lists))


def answer_of(endpoint: Endpoint) -> Any:
    """Return an example of an operation's answer."""
    return sample(endpoint.response_schema(endpoint.success) or {})


def items_in(answer: Any) -> list[Any]:
    """Return the items of a list that an answer is, or has among its fields."""
    if isinstance(answer, dict):
        answer = next((one for one in answer.values() if isinstance(one, list)), [])
    return [one for one in answer if isinstance(one, dict)]


def to_json(value: Any) -> Any:
    """Return a model, or a list of them, as JSON has it."""
    return [to_json(one) for one in value] if isinstance(value, list) else value.to_dict()


def choose_body(endpoint: Endpoint, flag: bool | None) -> dict[str, Any]:
    """Return a body with all fields, and its booleans as they are given; without them, for None."""
    schema = endpoint.request_schema
    body = {} if schema is None else dict(sample(schema))
    body |= {name: flag for name, value in body.items() if isinstance(value, bool)}
    return {name: value for name, value in body.items() if value is not None}


@dataclass
class Custodian:
    """What one custodian has to see: what is known of each thing by its id, in order."""

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
        for number, _ in enumerate(self.custodians):
            self.make(number=number, flag=None)

    def call(
        self, endpoint: Endpoint, key: str, number: int, identity: str = "", body: Any = None
    ) -> Outcome:
        """Make one call, in one of the public ways."""
        arguments = arguments_of(endpoint)
        arguments |= {one.python_name: identity for one in endpoint.parameters("path")}
        if body is not None and "body" in arguments:
            arguments["body"] = fit(body, endpoint.hints["body"])
        way = endpoint.ways[number % len(endpoint.ways)]
        client = self.caller.client(is_async=way[1], is_given=number % 5 == 0, api_key=key)
        return self.caller.call(endpoint, arguments, way, client)

    def note_secrets(self, answer: dict[str, Any]) -> None:
        """Take the secrets that no list and no later answer shows, each of which has to be new."""
        for name in secret_names() & answer.keys() - self.family.lasting:
            secret = answer.pop(name)
            assert secret not in self.handed_out, "a secret that was handed out before"
            self.handed_out.add(secret)

    @rule(number=NUMBERS, flag=st.sampled_from([True, False, None]))
    def make(self, number: int, flag: bool | None) -> None:
        """Make a thing."""
        maker, custodian = self.family.maker, self.custodians[number % len(self.custodians)]
        body = choose_body(maker, flag)
        outcome = self.call(maker, custodian.key, number // 2, body=body)
        assert outcome.error is None, outcome.error
        told = outcome.value.to_dict()
        assert not [name for name in body if told.get(name, body[name]) != body[name]]
        assert not any(told.get(name) for name in choose_body(maker, True).keys() - body.keys())
        identity = told[self.family.identity]
        assert not any(identity in one.things for one in self.custodians)
        self.note_secrets(told)
        custodian.things[identity] = told

    @rule(number=NUMBERS, which=NUMBERS, flag=st.sampled_from([True, False, None]))
    def read(self, number: int, which: int, flag: bool | None) -> None:
        """Call something on what was made, as its custodian and, in vain, as another."""
        custodian = self.custodians[number % len(self.custodians)]
        if not custodian.things or not self.family.readers:
            return
        identity = [*custodian.things][which % len(custodian.things)]
        endpoint = self.family.readers[which % len(self.family.readers)]
        body = choose_body(endpoint, flag)
        outcome = self.call(endpoint, custodian.key, number // 2, identity, body)
        assert outcome.error is None, outcome.error
        known = custodian.things[identity]
        if endpoint.is_item:
            if endpoint.method == "DELETE":
                del custodian.things[identity]
                self.refuse(endpoint, custodian.key, number, identity)
                return
            gone = choose_body(endpoint, True) if endpoint.method == "PUT" else {}
            custodian.things[identity] = known = {
                name: value
                for name, value in (known | body).items()
                if name in body or name not in gone
            }
        if hasattr(outcome.value, "to_dict"):
            told = outcome.value.to_dict()
            self.note_secrets(told)
            for name, value in told.items():
                assert known.setdefault(name, value) == value, f"{name} is another than before"
        for other in self.custodians:
            if other is not custodian:
                self.refuse(endpoint, other.key, number, identity)

    @rule(number=NUMBERS, which=NUMBERS, text=TEXTS)
    def miss(self, number: int, which: int, text: str) -> None:
        """Call something on what nobody made, some of it spelled nearly as what was made."""
        custodian = self.custodians[number % len(self.custodians)]
        names = [f"x{text}"]
        for one in [*custodian.things][which % (len(custodian.things) or 1) :][:1]:
            names += [one.upper(), one[:-1], f"{one}.", f" {one}", f"{one}%", f"{one}\u0301"]
            names += ["".join(f"%{ord(c):02x}" for c in one), f"%{one[1:]}", "_" * len(one)]
        for name in names if self.family.readers else ():
            if not any(name in one.things for one in self.custodians):
                endpoint = self.family.readers[which % len(self.family.readers)]
                self.refuse(endpoint, custodian.key, number, name)

    def refuse(self, endpoint: Endpoint, key: str, number: int, identity: str) -> None:
        """Assert that an id is refused in the same words as one that nobody has."""
        replies = []
        for one in (identity, "nobody"):
            outcome = self.call(endpoint, key, number // 2, one)
            assert outcome.error is not None, f"{one!r} is taken for an id"
            assert outcome.error.status_code in {400, 404}, outcome.error
            ((request, reply),) = outcome.exchanges
            assert f"/{quote(one, safe='')}" in request.target
            replies.append((reply.status, reply.body, {name.lower() for name, _ in reply.headers}))
        assert replies[0] == replies[1], "another's id is told apart from nobody's"

    @rule(number=NUMBERS)
    def intrude(self, number: int) -> None:
        """Call something with a key that nobody has."""
        for endpoint in (self.family.maker, *self.family.lists, *self.family.readers):
            outcome = self.call(endpoint, "a-key-that-nobody-has", number, "nobody")
            told = outcome.error or "a key that nobody has is taken"
            assert isinstance(told, package().AuthenticationError), told

    @invariant()
    def look(self, *, is_first: bool = False) -> None:
        """Assert that the lists show what was made, and nothing else."""
        for number, custodian in enumerate(self.custodians):
            for endpoint in self.family.lists:
                outcome = self.call(endpoint, custodian.key, number + len(self.handed_out))
                assert outcome.error is None, outcome.error
                shown = items_in(to_json(outcome.value))
                names = [one[self.family.identity] for one in shown]
                if is_first:
                    custodian.things |= dict(zip(names, shown, strict=True))
                if self.server.mock is None:
                    names = sorted(names, key=[*custodian.things, *names].index)
                assert names == [*custodian.things]
                for one, known in zip(shown, custodian.things.values(), strict=True):
                    if one[self.family.identity] == known[self.family.identity]:
                        assert not [k for k, v in one.items() if known.setdefault(k, v) != v]


@pytest.mark.parametrize("family", list(families()), ids=str)
def test_walks(family: Family, caller: Caller, server: Server) -> None:
    if server.is_prism:
        pytest.skip("Prism remembers nothing")
    for one in (family.maker, *family.readers, *family.lists) if server.mock else ():
        said = one.definition.get("x-effect")
        assert str(one) in server.mock.effects or said == "none", f"{one} lost its memory"
    kind = type("Walks", (Walk,), {"family": family, "caller": caller, "server": server})
    run_state_machine_as_test(
        seed(OPTIONS.seed)(kind),
        settings=settings(
            max_examples=max(8, OPTIONS.examples // 4),
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
