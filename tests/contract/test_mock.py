"""The package's own mock, asked in ways in which no client of ours would ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract._gateway import Reply
from tests.contract._package import JSON, Endpoint, document, endpoints, resolve, secret_names
from tests.contract._values import is_documented, parse, sample
from tests.contract.conftest import KEYS, Server
from tests.contract.test_walks import Family, answer_of, families, items_in

DAY = 24.0  # hours
PAGE_SIZES = {"take", "limit", "size", "pageSize", "page_size", "per_page"}
each_family = pytest.mark.parametrize("family", list(families()), ids=str)


@pytest.fixture
def mock(server: Server) -> Iterator[Any]:
    if server.mock is None:
        pytest.skip("it is another server")
    server.mock.reset()
    yield server.mock
    server.mock.reset()


def ask(  # noqa: PLR0913 - a request has so many parts
    mock: Any,
    endpoint: Endpoint,
    identity: str = "x",
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    suffix: str = "",
) -> Reply:
    """Send one request, as it stands."""
    path = "/".join(identity if "{" in one else one for one in endpoint.path.split("/"))
    if body is None:
        value = {} if endpoint.request_schema is None else sample(endpoint.request_schema)
        body = b"" if endpoint.method == "GET" else json.dumps(value).encode()
    fields = {
        "Content-Type": JSON,
        **(endpoint.credentials(KEYS[0]) if headers is None else headers),
    }
    target = urlsplit(mock.base_url).path + path + suffix
    answer = mock.handle(endpoint.method, target, fields.items(), body)
    return Reply(answer.status, answer.content, tuple(answer.headers))


def make(mock: Any, family: Family) -> str:
    """Make a thing, and return its id."""
    return str(json.loads(ask(mock, family.maker).body)[family.identity])


def listed(mock: Any, family: Family, key: str = KEYS[0]) -> list[Any]:
    """Return what a custodian's list shows."""
    endpoint = family.lists[0]
    sizes = [one.name for one in endpoint.parameters("query") if one.name in PAGE_SIZES]
    suffix = f"?{sizes[0]}=100" if sizes else ""
    reply = ask(mock, endpoint, headers=endpoint.credentials(key), suffix=suffix)
    return items_in(json.loads(reply.body))


def assert_error(endpoint: Endpoint, reply: Reply) -> None:
    """Assert that an error says what the document says, and nothing beside it."""
    schema = endpoint.response_schema(reply.status)
    if schema is not None:
        body = json.loads(reply.body)
        assert is_documented(schema, body)
        assert body.keys() == sample(schema).keys()


@pytest.mark.parametrize("endpoint", endpoints(), ids=str)
def test_only_the_documented_scheme_and_a_known_key_will_do(endpoint: Endpoint, mock: Any) -> None:
    credential = endpoint.credential
    if credential is None or credential.scheme is None:
        pytest.skip("it takes no key after a scheme")
    key, scheme, name = KEYS[0], credential.scheme, credential.header
    wrong = [f"{one} {key}" for one in ("Token", "Basic", "Bearer") if one != scheme]
    wrong += [key, f"{scheme}{key}", f"{scheme} {key}x", scheme, f"{scheme} {scheme} {key}", ""]
    wrong += [f"{scheme} {key.upper()}", f"{scheme} {key[:-1]}"]
    for headers in (*({name: value} for value in wrong), {}, {"X-API-Key": key}):
        reply = ask(mock, endpoint, headers=headers)
        assert reply.status == 401, headers
        challenge = dict(reply.headers)["www-authenticate"]
        assert challenge.partition(" ")[0].lower() == scheme.lower(), headers
        assert_error(endpoint, reply)
        assert key[:-1] not in reply.body.decode(), headers
    for value in (f"{scheme.lower()} {key}", f"{scheme.upper()} {key}"):
        assert ask(mock, endpoint, headers={name: value}).status != 401


@each_family
def test_an_id_has_one_spelling(family: Family, mock: Any) -> None:
    one = make(mock, family)
    once = "".join(f"%{ord(c):02X}" for c in one)
    wrong = [once.replace("%", "%25"), one.upper(), f"{one}/", f"/{one}", f"{one}%00", "", "%25"]
    wrong += [f"{one}{end}" for end in ("%20", ".", "%2F", "%CC%81", ";a", "+", "%", "%0A", "*")]
    wrong += [one[:-1], f"x/../{one}", f"%{one[1:]}", f"%20{one}", f"{one}%2F..", f"./{one}"]
    wrong += [f"{one}//", f"{one}/x/y"]
    for endpoint in family.readers:
        right = (one, once, f"%{ord(one[0]):02x}{one[1:]}") if endpoint.method != "DELETE" else ()
        assert all(ask(mock, endpoint, identity).status < 300 for identity in right)
        for identity in wrong:
            assert 400 <= ask(mock, endpoint, identity).status < 500, identity
        nobody = ask(mock, endpoint, "nobody").status
        assert ask(mock, endpoint, f"{one}%2F{one}").status == nobody, "a slash that is encoded"
        for suffix in ("/", "//", "/x/y", "%2F", ";a"):
            assert 400 <= ask(mock, endpoint, one, suffix=suffix).status < 500, suffix
    for endpoint in (family.maker, *family.lists):
        for suffix in ("/", "//", "%2F", "x"):
            assert ask(mock, endpoint, suffix=suffix).status == 404, suffix
    assert len(listed(mock, family)) == 1


@each_family
def test_what_is_refused_makes_nothing(family: Family, mock: Any) -> None:
    maker, schema = family.maker, family.maker.request_schema
    if schema is None:
        pytest.skip("it takes no body")
    header, secret = maker.credentials(KEYS[0]), '"a-secret-of-mine"'
    bodies = ["[]", "null", "{", secret, "{}x", f'{{"stray": {secret}}}', "\xff"]
    bodies += [""] * maker.body.required
    for name in sample(schema):
        bodies += [json.dumps({name: one}) for one in ("a-secret-of-mine", [1], None, 1, 0, "true")]
    with type(mock)(document(), api_keys=KEYS, strict=True) as strict:
        for body in (one.encode("latin-1") for one in bodies):
            if (value := parse(body)) is ... or not is_documented(schema, value):
                reply = ask(strict, maker, body=body)
                assert reply.status == 400, body
                assert b"a-secret-of-mine" not in reply.body, body
        for wrong in (
            {"Content-Type": "text/plain"},
            {"Content-Type": ""},
            dict.fromkeys(header, ""),
        ):
            assert 400 <= ask(strict, maker, headers=header | wrong).status < 500, wrong
        for fault in ("rate_limited", "server_error"):
            with strict.fault(fault, str(maker)):
                assert ask(strict, maker).status >= 400
        assert listed(strict, family) == []
        made = [make(strict, family) for _ in range(45)]
        assert [one[family.identity] for one in listed(strict, family)] == made
        reply = ask(strict, maker, body=f'{{"stray": {secret}}}'.encode())
        assert reply.status < 300 or b"a-secret-of-mine" not in reply.body
        assert reply.status == 400 or "additionalProperties" in json.dumps(schema)


@each_family
def test_a_session_and_a_one_time_password_are_their_items(family: Family, mock: Any) -> None:
    def hand_out(endpoint: Endpoint, identity: str = "") -> set[str]:
        answer = json.loads(ask(mock, endpoint, identity).body)
        made[answer.get(family.identity, identity)] = None
        return {answer[name] for name in secret_names() & answer.keys() - family.lasting}

    made = dict[str, None]()
    tokens = [one for _ in range(7) for one in hand_out(family.maker)]
    readers = [r for r in family.readers if any(one in answer_of(r) for one in secret_names())]
    for endpoint in readers:
        handed = {one: name for name in [*made] * 3 for one in hand_out(endpoint, name)}
        assert endpoint.is_item or len(handed) == 21
        for secret, identity in sorted(handed.items()) if endpoint.method == "GET" else ():
            assert [mock.redeem_otp(secret), mock.redeem_otp(secret)] == [identity, None]
        tokens += handed if endpoint.method != "GET" else ()
    count = len(tokens)
    assert len({*tokens}) == count
    assert mock.redeem_otp("otp-none") is None
    if not tokens:
        return
    for hours, living in ((0, count), (DAY - 0.1, count), (0.2, 1), (DAY - 0.3, 1), (0.4, 0)):
        mock.clock.advance(hours=hours)
        assert sum(map(mock.session_is_live, tokens)) == living
        if hours == DAY - 0.1:
            assert mock.use_session(tokens[3])
    (used,) = hand_out(next(one for one in readers if one.method != "GET"), next(iter(made)))
    for _ in range(7):
        assert mock.use_session(used)
        mock.clock.advance(hours=DAY - 0.01)
    assert mock.use_session(used)
    mock.clock.advance(hours=0.1)
    assert not mock.use_session(used)
    assert not mock.session_is_live("cst-none")


@each_family
def test_an_item_is_the_same_wherever_it_is_shown(family: Family, mock: Any) -> None:
    schema = family.lists[0].response_schema(200)
    if "items" not in schema:
        pytest.skip("its list has pages")
    mock.seed_clients(6, api_key=KEYS[0], has_wallet=True)
    mock.seed_clients(1_100, api_key=KEYS[0])
    shown = listed(mock, family)
    assert len({one[family.identity] for one in shown}) == 1_106
    fields = resolve(schema["items"])["properties"].items()
    nullable = {k: v.get("examples", []) for k, v in fields if "null" in v.get("type", "")}
    (reader,) = (one for one in family.readers if one.is_item and one.method == "GET")
    for number, one in enumerate(shown[:12]):
        item = json.loads(ask(mock, reader, one[family.identity]).body)
        assert not [k for k in item.keys() & one.keys() if item[k] != one[k]]
        for name, examples in nullable.items():
            assert (one[name] is not None) is (number < 6)
            assert number >= 6 or len(examples) < 2 or one[name] == examples[number % len(examples)]
    values = {name: {one[name] for one in shown} - {None} for name in nullable}
    assert not [n for n, v in values.items() if len(v) != 6 and v != {*nullable[n]}]
    assert not values or max(map(len, values.values())) == 6
    assert len({one[name] for one in shown for name in secret_names() & one.keys()}) == 1_106
    assert listed(mock, family, KEYS[1]) == []


@each_family
def test_the_rate_limit_is_each_custodians_own(family: Family, mock: Any) -> None:
    endpoint, wait = family.lists[0], 0
    with type(mock)(document(), api_keys=KEYS, rate_limit=3) as limited:
        for key in KEYS:
            replies = [ask(limited, endpoint, headers=endpoint.credentials(key)) for _ in range(5)]
            assert [one.status for one in replies] == [200] * 3 + [429] * 2
            wait = int(dict(replies[4].headers)["retry-after"])
            assert 50 <= wait <= 60
            assert_error(endpoint, replies[4])
        for seconds, status in ((wait - 3, 429), (4, 200)):
            limited.clock.advance(seconds=seconds)
            assert ask(limited, endpoint).status == status
