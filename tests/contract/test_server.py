"""What a server of V1 has to remember, held against a model, and what it has to refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.contract._calls import Call, Caller, load_schema
from tests.contract._package import DOCUMENT, ENDPOINTS, Endpoint
from tests.contract.conftest import KEYS, OPTIONS

NAMES = ["createClient", "listClients", "getClient", "refreshClientSession", "generateClientWebOtp"]
CALLS = [one for name in NAMES for one in ENDPOINTS.values() if str(one) == name]
if len(CALLS) < len(NAMES):
    pytest.skip("It is another document's package.", allow_module_level=True)
CREATE, LIST, GET, REFRESH, OTP = CALLS
OF_A_CLIENT = [GET, REFRESH, OTP]
SCHEMA = load_schema()
REFUSED = range(400, 500)


class Walk:
    """Many calls in a row, and what is known of each custodian's clients by their ids, in order."""

    def __init__(self, caller: Caller, mock: Any, chance: Random) -> None:
        self.caller, self.mock, self.chance = caller, mock, chance
        if mock:
            mock.reset()
            mock.seed_clients(6, api_key=KEYS[0], has_wallet=True)
        self.known: dict[str, dict[str, Any]] = {key: {} for key in caller.keys[:2]}
        # No two answers have the same.
        self.handed_out: dict[str, dict[str, str]] = {"clientSessionToken": {}, "otp": {}}
        for key, clients in self.known.items():
            clients.update({one.id: {} for one in self.call(LIST, key).value})
            self.create(key)

    def call(self, endpoint: Endpoint, key: str, identity: str = "", **parts: Any) -> Call:
        """Make one call, in one of the public ways."""
        if endpoint in OF_A_CLIENT:
            parts["path_parameters"] = {"clientId": quote(identity, safe="")}
        case = SCHEMA[endpoint.path][endpoint.method].Case(**parts)
        way, is_given = self.chance.choice(endpoint.ways), self.chance.random() < 0.2
        return self.caller.call(case, way, keys=[key], is_given=is_given)

    def learn(self, told: dict[str, Any], clients: dict[str, Any]) -> None:
        """Hold what an answer says of a client against what is known of it."""
        for name, value in told.items():
            if name in self.handed_out:
                assert value not in self.handed_out[name], "a secret that was handed out before"
                self.handed_out[name][value] = told["id"]
            else:
                known = clients[told["id"]].setdefault(name, value)
                assert known == value, f"{name} is another than before"

    def create(self, key: str) -> None:
        flag = self.chance.choice([None, True, False])
        parts: dict[str, Any] = {} if flag is None else {"body": {"isAccountAbstracted": flag}}
        told = self.call(CREATE, key, **parts).value.to_dict()
        assert not any(told["id"] in one for one in self.known.values())
        self.known[key][told["id"]] = {"isAccountAbstracted": bool(flag)}
        self.learn(told, self.known[key])

    def read(self, key: str) -> None:
        """Call something on a client, as its custodian and, in vain, as another."""
        endpoint, clients = self.chance.choice(OF_A_CLIENT), self.known[key]
        identity = self.chance.choice([*clients])
        self.learn(self.call(endpoint, key, identity).value.to_dict(), clients)
        for other in self.known.keys() - {key}:  # It is refused in the same words as nobody's.
            refused = [self.call(endpoint, other, one) for one in (identity, "nobody")]
            (one,), (same,) = (call.answers for call in refused)
            assert one.status_code in {400, 404}
            assert (one.status_code, one.content) == (same.status_code, same.content)
            assert one.headers.keys() == same.headers.keys()

    def look(self) -> None:
        """Assert that the lists show what was made, and nothing else."""
        for key, clients in self.known.items():
            listed = [one.to_dict() for one in self.call(LIST, key).value]
            shown = [one["id"] for one in listed]
            assert shown == [*clients] or (self.mock is None and {*shown} == clients.keys())
            for told in listed:
                self.learn(told, clients)

    def end(self) -> None:
        """Assert what each password and session is good for, and for how long."""
        mock, passwords = self.mock, self.handed_out["otp"]
        tokens = [*self.handed_out["clientSessionToken"]]
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
        self.learn(self.call(REFRESH, key, client).value.to_dict(), self.known[key])
        assert not mock.use_session(tokens[0])


def test_walks(caller: Caller, mock: Any) -> None:
    chance = Random(OPTIONS.seed)
    for _ in range(max(8, OPTIONS.examples // 4)):
        walk = Walk(caller, mock, chance)
        for _ in range(chance.randint(10, 20)):
            chance.choice([walk.create, walk.read])(chance.choice([*walk.known]))
            walk.look()
        if mock:
            walk.end()


@pytest.fixture
def own(mock: Any) -> Any:
    if mock is None:
        pytest.skip("it is another server")
    mock.reset()
    return mock


def ask(mock: Any, endpoint: Endpoint, identity: str = "x", **how: str) -> Any:
    """Send one request, as it stands: its body, its target in a frame, and header fields."""
    body, frame = how.pop("body", "{}"), how.pop("frame", "{}")
    fields = {"Content-Type": "application/json"} | endpoint.credentials(KEYS[0]) | how
    target = urlsplit(mock.base_url).path + endpoint.path.replace("{clientId}", identity)
    content = b"" if endpoint.method == "GET" else body.encode("latin-1")
    return mock.handle(endpoint.method, frame.format(target), fields.items(), content)


def assert_refused(answer: Any, status: int) -> None:
    """Assert that it is what the document says, and nothing beside it."""
    assert answer.status == status
    ((name, text),) = json.loads(answer.content).items()
    assert (name, type(text)) == ("error", str)
    assert not [one for one in (KEYS[0][:-1], "a-secret") if one in text]
    assert status != 401 or dict(answer.headers)["www-authenticate"] == "Bearer"


def misspell(one: str) -> Iterator[str]:
    """Yield what resembles an id as a path has it, and is none."""
    once = "".join(f"%{ord(c):02X}" for c in one)
    yield from (once.replace("%", "%25"), one.upper(), one[:-1], one[1:], f"%{one[1:]}", "", "%25")
    yield from (f"./{one}", f"x/../{one}", f"{one}%2F..", f"{one}%2F{one}", f"{one}/x/y", "%FF")
    raw = "/.;,:@&=+*'~!$()%"
    for part in (*raw, *map(quote, raw), *map(quote, ' "\\\0\n\u0301\u200b[]|#?/')):
        yield from (f"{one}{part}", f"{part}{one}", f"{one}{part}a")


def test_only_what_is_documented_is_carried_out(own: Any) -> None:
    key = KEYS[0]
    bodies = ["[]", "null", "{", '"a-secret"', "{}x", '{"stray": "a-secret"}', "\xff"]
    values = ('"a-secret"', "[1]", "null", "1", "0")
    bodies += [f'{{"isAccountAbstracted": {one}}}' for one in values]
    strangers = [f"{one} {key}" for one in ("Token", "Basic", "Bearer Bearer", "Bearer x")]
    strangers += [key, f"Bearer{key}", f"Bearer {key}x", "Bearer", "", f"Bearer {key.upper()}"]
    strangers += [f"Bearer {key[:-1]}"]
    elsewhere = {"X-API-Key": key, "Cookie": f"api_key={key}", "frame": f"{{}}?api_key={key}"}
    frames = ["{}/", "{}//", "{}%2F", "{}%20", "{};a", "/{}", "/API/V1/CUSTODIANS/CLIENTS"]
    with type(own)(api_keys=KEYS, strict=True) as strict:
        one = json.loads(ask(strict, CREATE).content)["id"]
        for endpoint in CALLS:
            for given in strangers:
                assert_refused(ask(strict, endpoint, one, Authorization=given, **elsewhere), 401)
            for frame in frames:
                assert ask(strict, endpoint, one, frame=frame).status in REFUSED
        for scheme in ("bearer", "BEARER"):
            assert ask(strict, LIST, Authorization=f"{scheme} {key}").status == 200
        for endpoint in OF_A_CLIENT:
            spelled = [one, f"%{ord(one[0]):02x}{one[1:]}", "".join(f"%{ord(c):02X}" for c in one)]
            assert [ask(strict, endpoint, each).status for each in spelled] == [200] * 3
            statuses = {each: ask(strict, endpoint, each).status for each in misspell(one)}
            assert not [each for each, status in statuses.items() if status not in REFUSED]
            assert_refused(ask(strict, endpoint, f"{one}%2F{one}"), 400)  # It is one id.
        for body in bodies:
            assert_refused(ask(strict, CREATE, body=body), 400)
        for media_type in ("text/plain", ""):
            assert ask(strict, CREATE, **{"Content-Type": media_type}).status in REFUSED
        for fault in ("rate_limited", "server_error"):
            with strict.fault(fault, str(CREATE)):
                assert ask(strict, CREATE).status >= 400
        assert [client["id"] for client in json.loads(ask(strict, LIST).content)] == [one]


def test_a_long_list_shows_each_client_as_it_is(own: Any) -> None:
    own.seed_clients(6, api_key=KEYS[0], has_wallet=True)
    own.seed_clients(1_100, api_key=KEYS[0])
    shown = json.loads(ask(own, LIST).content)
    for name in ("id", "clientApiKey"):
        assert len({one[name] for one in shown}) == 1_106
    properties = DOCUMENT["components"]["schemas"]["ClientSummary"]["properties"]
    for name in ("address", "backupStatus", "signingStatus"):
        values, examples = [one[name] for one in shown], properties[name]["examples"]
        assert values[6:] == [None] * 1_100
        assert values[:6] == (examples * 6)[:6] or len({*values[:6]} - {None}) == 6
    assert json.loads(ask(own, LIST, **LIST.credentials(KEYS[1])).content) == []


def test_the_rate_limit_is_each_custodians_own(own: Any) -> None:
    with type(own)(api_keys=KEYS, rate_limit=3) as limited:

        def create() -> list[Any]:
            return [ask(limited, CREATE, **CREATE.credentials(key)) for key in KEYS]

        statuses = [[answer.status for answer in create()] for _ in range(3)]
        assert statuses == [[201] * 3] * 3
        limited.clock.advance(seconds=20)
        for answer in create() + create():
            assert_refused(answer, 429)
            assert 30 <= int(dict(answer.headers)["retry-after"]) <= 40
        limited.clock.advance(seconds=37)
        assert ask(limited, LIST).status == 429
        limited.clock.advance(seconds=4)
        assert len(json.loads(ask(limited, LIST).content)) == 3
