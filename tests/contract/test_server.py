"""What a server of V1 has to remember, held against a model, and what it has to refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contract._calls import Call, Caller
from tests.contract._package import Endpoint, document, endpoints, fit
from tests.contract.conftest import KEYS, OPTIONS, at_random

NAMES = ["createClient", "listClients", "getClient", "refreshClientSession", "generateClientWebOtp"]
CALLS = [one for name in NAMES for one in endpoints() if str(one) == name]
if len(CALLS) < len(NAMES):
    pytest.skip("It is another document's package.", allow_module_level=True)
CREATE, LIST, GET, REFRESH, OTP = CALLS
REFUSED = range(400, 500)
# Whatever is chosen, is by a number: nothing is drawn from what the server answered.
NUMBERS = st.integers(0, 2**20)


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
        # No two answers have the same.
        self.handed_out: dict[str, dict[str, str]] = {"clientSessionToken": {}, "otp": {}}
        self.turns = 0
        self.look(is_first=True)
        for number, _ in enumerate(self.known):
            self.create(4 * number)

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
            if name in self.handed_out:
                assert value not in self.handed_out[name], "a secret that was handed out before"
                self.handed_out[name][value] = told["id"]
            else:
                known = clients[told["id"]].setdefault(name, value)
                assert known == value, f"{name} is another than before"

    @rule(number=NUMBERS)
    def create(self, number: int) -> None:
        key, clients = [*self.known.items()][number // 4 % len(self.known)]
        told = self.call(CREATE, key, number=number).result().to_dict()
        assert not any(told["id"] in one for one in self.known.values())
        clients[told["id"]] = {"isAccountAbstracted": number % 4 == 1}
        self.learn(told, clients)

    @rule(number=NUMBERS, which=NUMBERS, endpoint=st.sampled_from([GET, REFRESH, OTP]))
    def read(self, number: int, which: int, endpoint: Endpoint) -> None:
        """Call something on a client, as its custodian and, in vain, as another."""
        key, clients = [*self.known.items()][number % len(self.known)]
        identity = [*clients][which % len(clients)]
        self.learn(self.call(endpoint, key, identity, number).result().to_dict(), clients)
        for other in self.known.keys() - {key}:  # It is refused in the same words as nobody's.
            refused = [self.call(endpoint, other, name, number) for name in (identity, "nobody")]
            (one,), (same,) = (call.answers for call in refused)
            assert one.status_code in {400, 404}
            assert (one.status_code, one.content) == (same.status_code, same.content)
            assert one.headers.keys() == same.headers.keys()

    @invariant()
    def look(self, *, is_first: bool = False) -> None:
        """Assert that the lists show what was made, and nothing else."""
        self.turns += 1
        for number, (key, clients) in enumerate(self.known.items()):
            listed = self.call(LIST, key, number=2 * (number + self.turns)).result()
            shown = {one.id: one.to_dict() for one in listed}
            clients.update({name: {} for name in shown} if is_first else {})
            assert len(shown) == len(listed)
            assert [*shown] == [*clients] or (self.mock is None and shown.keys() == clients.keys())
            for told in shown.values():
                self.learn(told, clients)

    def teardown(self) -> None:
        """Assert what each password and session is good for, and for how long."""
        passwords, tokens = self.handed_out["otp"], [*self.handed_out["clientSessionToken"]]
        if (mock := self.mock) is None:
            return
        for word in (*passwords, *tokens, "otp-none"):
            assert [mock.redeem_otp(word), mock.redeem_otp(word)] == [passwords.get(word), None]
        living = []
        for _ in range(7):  # A session lasts a day without use, and seven days with it.
            living.append(sum(map(mock.session_is_live, (*tokens, *passwords, "cst-none"))))
            assert mock.use_session(tokens[0])
            mock.clock.advance(hours=23.99)
        assert living == [len(tokens)] * 2 + [1] * 5
        assert mock.use_session(tokens[0])
        mock.clock.advance(hours=0.1)
        client = self.handed_out["clientSessionToken"][tokens[0]]
        (key,) = (key for key, clients in self.known.items() if client in clients)
        self.call(REFRESH, key, client).result()
        assert not mock.use_session(tokens[0])


def test_walks(caller: Caller, mock: Any) -> None:
    kind = type("Walks", (Walk,), {"caller": caller, "mock": mock})
    how = at_random(max(8, OPTIONS.examples // 4), stateful_step_count=20)
    run_state_machine_as_test(seed(OPTIONS.seed)(kind), settings=how)


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
    body: str = "{}",
    frame: str = "{}",
    **headers: str,
) -> Any:
    """Send one request, as it stands, its target in a frame."""
    fields = {"Content-Type": "application/json"} | endpoint.credentials(KEYS[0]) | headers
    target = urlsplit(mock.base_url).path + endpoint.path.replace("{clientId}", identity)
    content = b"" if endpoint.method == "GET" else body.encode("latin-1")
    return mock.handle(endpoint.method, frame.format(target), fields.items(), content)


def tell(mock: Any, endpoint: Endpoint, identity: str = "x", **headers: str) -> Any:
    """Return what the answer to one request says."""
    return json.loads(ask(mock, endpoint, identity, **headers).content)


def assert_refused(answer: Any, *statuses: int) -> None:
    """Assert that it is what the document says, and nothing beside it."""
    assert answer.status in statuses
    ((name, text),) = json.loads(answer.content).items()
    assert (name, type(text)) == ("error", str)
    assert not [one for one in (KEYS[0][:-1], "a-secret") if one in text]
    assert answer.status != 401 or dict(answer.headers)["www-authenticate"] == "Bearer"


def misspell(one: str) -> Iterator[str]:
    """Yield what resembles an id as a path has it, and is none."""
    once = "".join(f"%{ord(c):02X}" for c in one)
    yield from (once.replace("%", "%25"), one.upper(), one[:-1], one[1:], f"%{one[1:]}", "", "%25")
    yield from (f"./{one}", f"x/../{one}", f"{one}%2F..", f"{one}%2F{one}", f"{one}/x/y", "%FF")
    raw = "/.;,:@&=+*'~!$()%"
    for part in (*raw, *map(quote, raw), *map(quote, ' "\\\0\n\u0301\u200b[]|#?/')):
        yield from (f"{one}{part}", f"{part}{one}", f"{one}{part}a")


def test_only_what_is_documented_is_carried_out(own: Any) -> None:
    bodies = ["[]", "null", "{", '"a-secret"', "{}x", '{"stray": "a-secret"}', "\xff"]
    values = ('"a-secret"', "[1]", "null", "1", "0")
    bodies += [f'{{"isAccountAbstracted": {one}}}' for one in values]
    key = KEYS[0]
    wrong = [f"{one} {key}" for one in ("Token", "Basic", "Bearer Bearer", "Bearer x")]
    wrong += [key, f"Bearer{key}", f"Bearer {key}x", "Bearer", "", f"Bearer {key.upper()}"]
    wrong += [f"Bearer {key[:-1]}"]
    with type(own)(document(), api_keys=KEYS, strict=True) as strict:
        one = tell(strict, CREATE)["id"]
        for endpoint in CALLS:
            for given in wrong:
                elsewhere = {"Authorization": given, "X-API-Key": key, "Cookie": f"api_key={key}"}
                assert_refused(
                    ask(strict, endpoint, one, frame=f"{{}}?api_key={key}", **elsewhere), 401
                )
            for frame in (
                "{}/",
                "{}//",
                "{}%2F",
                "{}%20",
                "{};a",
                "/{}",
                "/API/V1/CUSTODIANS/CLIENTS",
            ):
                assert ask(strict, endpoint, one, frame=frame).status in REFUSED
        for scheme in ("bearer", "BEARER"):
            assert ask(strict, LIST, Authorization=f"{scheme} {key}").status == 200
        for endpoint in (GET, REFRESH, OTP):
            spelled = [one, f"%{ord(one[0]):02x}{one[1:]}", "".join(f"%{ord(c):02X}" for c in one)]
            assert [ask(strict, endpoint, each).status for each in spelled] == [200] * 3
            taken = [
                each for each in misspell(one) if ask(strict, endpoint, each).status not in REFUSED
            ]
            assert not taken
            assert_refused(ask(strict, endpoint, f"{one}%2F{one}"), 400)  # It is one id.
        for body in bodies:
            assert_refused(ask(strict, CREATE, body=body), 400)
        for media_type in ("text/plain", ""):
            assert ask(strict, CREATE, **{"Content-Type": media_type}).status in REFUSED
        for fault in ("rate_limited", "server_error"):
            with strict.fault(fault, str(CREATE)):
                assert ask(strict, CREATE).status >= 400
        assert [client["id"] for client in tell(strict, LIST)] == [one]


def test_a_long_list_shows_each_client_as_it_is(own: Any) -> None:
    own.seed_clients(6, api_key=KEYS[0], has_wallet=True)
    own.seed_clients(1_100, api_key=KEYS[0])
    shown = tell(own, LIST)
    for name in ("id", "clientApiKey"):
        assert len({one[name] for one in shown}) == 1_106
    properties = document()["components"]["schemas"]["ClientSummary"]["properties"]
    for name in ("address", "backupStatus", "signingStatus"):
        values, examples = [one[name] for one in shown], properties[name]["examples"]
        assert values[6:] == [None] * 1_100
        assert values[:6] == (examples * 6)[:6] or len({*values[:6]} - {None}) == 6
    assert tell(own, LIST, **LIST.credentials(KEYS[1])) == []


def test_the_rate_limit_is_each_custodians_own(own: Any) -> None:
    with type(own)(document(), api_keys=KEYS, rate_limit=3) as limited:
        for key in KEYS:
            statuses = [ask(limited, CREATE, **CREATE.credentials(key)).status for _ in range(3)]
            assert statuses == [201] * 3
        limited.clock.advance(seconds=20)
        for key in KEYS * 2:
            answer = ask(limited, CREATE, **CREATE.credentials(key))
            assert_refused(answer, 429)
            assert 30 <= int(dict(answer.headers)["retry-after"]) <= 40
        limited.clock.advance(seconds=37)
        assert ask(limited, LIST).status == 429
        limited.clock.advance(seconds=4)
        assert [ask(limited, LIST).status, len(tell(limited, LIST))] == [200, 3]
