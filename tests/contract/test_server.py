"""What a server of V1 has to remember, held against a model, and what it has to refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contract._calls import Call, Caller
from tests.contract._package import Endpoint, document, endpoints, fit, resolve, secret_names
from tests.contract.conftest import KEYS, OPTIONS

# Method and depth below the clients, so that names and paths may change.
PLACES = [("POST", 0), ("GET", 0), ("GET", 1), ("POST", 2), ("GET", 2)]
ROOT = min((one.path for one in endpoints()), key=len)
BY_PLACE = {
    (one.method, one.path.removeprefix(ROOT).count("/")): one
    for one in reversed(endpoints())
    if one.path.startswith(ROOT)
}
CALLS = [BY_PLACE[one] for one in PLACES if one in BY_PLACE]
if len(CALLS) < len(PLACES):
    pytest.skip("It is another document's package.", allow_module_level=True)
CREATE, LIST, GET, REFRESH, OTP = CALLS
FIELDS = {one: resolve(one.response_schema(200)).get("properties", {}) for one in CALLS}
ID = next((one.response_field for one in GET.parameters), "id")
SECRETS = secret_names() - FIELDS[GET].keys()  # No two answers have the same.
TAKEN, REFUSED = range(200, 300), range(400, 500)
# Whatever is chosen, is by a number: nothing is drawn from what the server answered.
NUMBERS = st.integers(0, 2**20)
READERS = st.sampled_from([GET, REFRESH, OTP])


class Walk(RuleBasedStateMachine):
    """Many calls in a row, and what is known of each custodian's clients by their ids, in order."""

    caller: ClassVar[Caller]
    mock: ClassVar[Any]

    def __init__(self) -> None:
        super().__init__()
        if self.mock:
            self.mock.reset()
            self.mock.seed_clients(6, api_key=KEYS[0], has_wallet=True)
        self.known: dict[str, dict[str, Any]] = {key: {} for key in self.caller.keys[:2]}
        self.handed_out: set[str] = set()
        self.look(is_first=True)
        for number, _ in enumerate(self.known):
            self.create(number)

    def choose(self, number: int) -> tuple[str, dict[str, Any]]:
        """Return a custodian's key, and what is known of its clients."""
        return [*self.known.items()][number % len(self.known)]

    def call(self, endpoint: Endpoint, key: str, identity: str = "", number: int = 0) -> Call:
        """Make one call, in one of the public ways; with a body where its number is odd."""
        way = endpoint.ways[number // 2 % len(endpoint.ways)]
        arguments: dict[str, Any] = {one.python_name: identity for one in endpoint.parameters}
        if endpoint is CREATE and number % 2:
            body = {"isAccountAbstracted": number % 4 == 1}
            arguments["body"] = fit(body, endpoint.hints["body"])
        return self.caller.call(endpoint, arguments, way, keys=[key], is_new=number % 5 == 0)

    def learn(self, told: dict[str, Any], clients: dict[str, Any]) -> None:
        """Hold what an answer says of a client against what is known of it."""
        for name, value in told.items():
            if name in SECRETS:
                assert value not in self.handed_out, "a secret that was handed out before"
                self.handed_out.add(value)
            else:
                known = clients[told[ID]].setdefault(name, value)
                assert known == value, f"{name} is another than before"

    @rule(number=NUMBERS)
    def create(self, number: int) -> None:
        key, clients = self.choose(number // 4)
        told = self.call(CREATE, key, number=number).result().to_dict()
        assert not any(told[ID] in one for one in self.known.values())
        clients[told[ID]] = {"isAccountAbstracted": number % 4 == 1}
        self.learn(told, clients)

    @rule(number=NUMBERS, which=NUMBERS, endpoint=READERS)
    def read(self, number: int, which: int, endpoint: Endpoint) -> None:
        """Call something on a client, as its custodian and, in vain, as another."""
        key, clients = self.choose(number)
        if clients:
            identity = [*clients][which % len(clients)]
            self.learn(self.call(endpoint, key, identity, number).result().to_dict(), clients)
            for other in self.known.keys() - {key}:
                self.refuse(endpoint, other, identity, number)

    def refuse(self, endpoint: Endpoint, key: str, identity: str, number: int) -> None:
        """Assert that an id is refused in the same words as one that nobody has."""
        calls = [self.call(endpoint, key, one, number) for one in (identity, "nobody")]
        (one,), (other,) = (call.answers for call in calls)
        assert one.status_code in {400, 404}
        assert (one.status_code, one.content) == (other.status_code, other.content)
        assert one.headers.keys() == other.headers.keys()

    @invariant()
    def look(self, *, is_first: bool = False) -> None:
        """Assert that the lists show what was made, and nothing else."""
        for number, (key, clients) in enumerate(self.known.items()):
            listed = self.call(LIST, key, number=2 * (number + len(self.handed_out))).result()
            shown = {one.to_dict()[ID]: one.to_dict() for one in listed}
            clients.update({name: {} for name in shown} if is_first else {})
            assert len(shown) == len(listed)
            assert [*shown] == [*clients] or (self.mock is None and shown.keys() == clients.keys())
            for told in shown.values():
                self.learn(told, clients)


def test_walks(caller: Caller, mock: Any) -> None:
    kind = type("Walks", (Walk,), {"caller": caller, "mock": mock})
    run_state_machine_as_test(
        seed(OPTIONS.seed)(kind),
        settings=settings(
            max_examples=max(8, OPTIONS.examples // 4),
            stateful_step_count=20,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        ),
    )


@pytest.fixture
def own(mock: Any) -> Any:
    if mock is None:
        pytest.skip("it is another server")
    mock.reset()
    return mock


def ask(
    mock: Any,
    endpoint: Endpoint,
    identity: str = "x",
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
) -> Any:
    """Send one request, as it stands."""
    fields = {"Content-Type": "application/json"} | endpoint.credentials(KEYS[0]) | (headers or {})
    path, *rest = re.split("{[^}]*}", endpoint.path)
    target = urlsplit(mock.base_url).path + path + "".join(identity + one for one in rest)
    body = b"" if endpoint.method == "GET" else body
    return mock.handle(endpoint.method, target, fields.items(), body)


def tell(mock: Any, endpoint: Endpoint, identity: str = "x", **more: Any) -> Any:
    """Return what the answer to one request says."""
    return json.loads(ask(mock, endpoint, identity, **more).content)


def assert_refused(answer: Any, status: int) -> None:
    """Assert that it is what the document says, and nothing beside it."""
    assert answer.status == status
    ((name, text),) = json.loads(answer.content).items()
    assert (name, type(text)) == ("error", str)
    assert not [one for one in (KEYS[0][:-1], "a-secret") if one in text]
    expected = {401: "www-authenticate", 429: "retry-after"}
    assert expected.get(status, "content-type") in dict(answer.headers)


def with_keys(endpoint: Endpoint) -> Iterator[tuple[int | range, dict[str, Any]]]:
    """Yield requests with other keys and other spellings of one, each with its answer's status."""
    key, ((name, value),) = KEYS[0], endpoint.credentials(KEYS[0]).items()
    scheme = value.split()[0]
    wrong = [f"{one} {key}" for one in ("Token", "Digest", f"{scheme} {scheme}")]
    wrong += [key, f"{scheme}{key}", f"{value}x", scheme, "", f"{scheme} {key.upper()}"]
    for one in (*wrong, value[:-1]):
        yield 401, {"headers": {name: one, "X-API-Key": key}}
    for one in (scheme.lower(), scheme.upper()) if endpoint is LIST else ():
        yield TAKEN, {"headers": {name: f"{one} {key}"}}


def with_ids(one: str) -> Iterator[tuple[int | range, dict[str, Any]]]:
    """Yield requests with other ids and other spellings of one, each with its answer's status."""
    once = "".join(f"%{ord(c):02X}" for c in one)
    wrong = [once.replace("%", "%25"), one.upper(), f"{one}/", f"/{one}", f"{one}%00", "", "%25"]
    wrong += [f"{one}{end}" for end in ("%20", ".", "%2F", "%CC%81", ";a", "+", "%", "%0A", "*")]
    wrong += [one[:-1], f"x/../{one}", f"%{one[1:]}", f"%20{one}", f"{one}%2F..", f"./{one}"]
    right = [one, once, f"%{ord(one[0]):02x}{one[1:]}"]
    yield from ((TAKEN, {"identity": other}) for other in right)
    yield from ((REFUSED, {"identity": other}) for other in (*wrong, f"{one}//", f"{one}/x/y"))
    # A slash that is encoded is part of an id.
    yield from ((400, {"identity": other}) for other in ("nobody", f"{one}%2F{one}"))


def test_only_what_is_documented_is_carried_out(own: Any) -> None:
    bodies = ["[]", "null", "{", '"a-secret"', "{}x", '{"stray": "a-secret"}', "\xff"]
    values = ('"a-secret"', "[1]", "null", "1", "0")
    bodies += [f'{{"isAccountAbstracted": {one}}}' for one in values]
    with type(own)(document(), api_keys=KEYS, strict=True) as strict:
        one = tell(strict, CREATE)[ID]
        sent = [(endpoint, *how) for endpoint in CALLS for how in with_keys(endpoint)]
        sent += [(endpoint, *how) for endpoint in (GET, REFRESH, OTP) for how in with_ids(one)]
        sent += [(CREATE, 400, {"body": body.encode("latin-1")}) for body in bodies]
        for media_type in ("text/plain", ""):
            sent.append((CREATE, REFUSED, {"headers": {"Content-Type": media_type}}))
        for endpoint, end in product(CALLS, ("/", "//", "%2F")):
            longer = replace(endpoint, path=endpoint.path + end)
            sent.append((longer, REFUSED, {"identity": one}))
        for endpoint, status, request in sent:
            answer = ask(strict, endpoint, **request)
            if isinstance(status, int):
                assert_refused(answer, status)
            else:
                assert answer.status in status, (endpoint, request)
        for fault in ("rate_limited", "server_error"):
            with strict.fault(fault, str(CREATE)):
                assert ask(strict, CREATE).status >= 400
        assert [client[ID] for client in tell(strict, LIST)] == [one]


def test_a_session_and_a_one_time_password_are_their_clients(own: Any) -> None:
    ((token,), (password,)) = (SECRETS & FIELDS[one].keys() for one in (REFRESH, OTP))
    made = [tell(own, CREATE) for _ in range(7)]
    passwords = {tell(own, OTP, one[ID])[password]: one[ID] for one in made * 3}
    tokens = [one[token] for one in made]
    tokens += [tell(own, REFRESH, one[ID])[token] for one in made * 3]
    assert (len(passwords), len({*tokens})) == (21, 28)
    assert not [*filter(own.redeem_otp, tokens), *filter(own.session_is_live, passwords)]
    for otp, identity in [*sorted(passwords.items()), ("otp-none", None)]:
        assert [own.redeem_otp(otp), own.redeem_otp(otp)] == [identity, None]
    living = []
    for _ in range(7):  # A session lasts a day without use, and seven days with it.
        living.append(sum(map(own.session_is_live, tokens)))
        assert own.use_session(tokens[3])
        own.clock.advance(hours=23.99)
    assert living == [28, 28, 1, 1, 1, 1, 1]
    assert own.use_session(tokens[3])
    own.clock.advance(hours=0.1)
    assert not own.use_session(tokens[3])
    assert not own.session_is_live("cst-none")


def test_a_long_list_shows_each_client_as_it_is(own: Any) -> None:
    own.seed_clients(6, api_key=KEYS[0], has_wallet=True)
    own.seed_clients(1_100, api_key=KEYS[0])
    shown = tell(own, LIST)
    for name in (ID, *secret_names() & shown[0].keys()):
        assert len({one[name] for one in shown}) == 1_106
    for name, schema in resolve(LIST.response_schema(200)["items"])["properties"].items():
        if "null" in schema["type"]:
            values, examples = [one[name] for one in shown], schema.get("examples", ())
            assert values[6:] == [None] * 1_100
            assert None not in values[:6]
            assert values[:6] == (examples * 6)[:6] or len({*values[:6]}) == 6
    assert tell(own, LIST, headers=LIST.credentials(KEYS[1])) == []


def test_the_rate_limit_is_each_custodians_own(own: Any) -> None:
    wait = 0
    with type(own)(document(), api_keys=KEYS, rate_limit=3) as limited:
        for key in KEYS:
            sent = [ask(limited, LIST, headers=LIST.credentials(key)) for _ in range(5)]
            assert [one.status for one in sent] == [200] * 3 + [429] * 2
            assert_refused(sent[4], 429)
            wait = int(dict(sent[4].headers)["retry-after"])
            assert 50 <= wait <= 60
        for seconds, statuses in ((wait - 3, [429]), (4, [200] * 3)):
            limited.clock.advance(seconds=seconds)
            assert [ask(limited, LIST).status for _ in statuses] == statuses
