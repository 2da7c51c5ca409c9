"""The package's own mock, asked in ways in which no client of ours would ask."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract._gateway import Reply, Request, send
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


@pytest.fixture
def strict(mock: Any) -> Iterator[Server]:
    """A server that refuses what the document does not describe."""
    with type(mock)(document(), api_keys=KEYS, strict=True) as one, one.serve() as served:
        yield Server(served.url, KEYS, one)


def ask(  # noqa: PLR0913 - a request has so many parts
    server: Server,
    endpoint: Endpoint,
    identity: str = "x",
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    suffix: str = "",
) -> Reply:
    """Send one request, as it stands."""
    parts = urlsplit(server.url)
    path = "/".join(identity if "{" in one else one for one in endpoint.path.split("/"))
    if body is None:
        value = {} if endpoint.request_schema is None else sample(endpoint.request_schema)
        body = b"" if endpoint.method == "GET" else json.dumps(value).encode()
    fields = {"Host": parts.netloc, "Content-Type": JSON, "Content-Length": str(len(body))}
    fields |= endpoint.credentials(KEYS[0]) if headers is None else headers
    request = Request(endpoint.method, parts.path + path + suffix, tuple(fields.items()), body)
    connection = http.client.HTTPConnection(parts.netloc)
    try:
        return send(connection, request)
    finally:
        connection.close()


def make(server: Server, family: Family) -> str:
    """Make a thing, and return its id."""
    return str(json.loads(ask(server, family.maker).body)[family.identity])


def listed(server: Server, family: Family, key: str = KEYS[0]) -> list[Any]:
    """Return what a custodian's list shows."""
    sizes = [one.name for one in family.lists[0].parameters("query") if one.name in PAGE_SIZES]
    suffix = f"?{sizes[0]}=100" if sizes else ""
    headers = family.lists[0].credentials(key)
    return items_in(json.loads(ask(server, family.lists[0], headers=headers, suffix=suffix).body))


def assert_error(endpoint: Endpoint, reply: Reply) -> None:
    """Assert that an error says what the document says, and nothing beside it."""
    schema = endpoint.response_schema(reply.status)
    if schema is not None:
        body = json.loads(reply.body)
        assert is_documented(schema, body)
        assert body.keys() == sample(schema).keys()


@pytest.mark.parametrize("endpoint", endpoints(), ids=str)
def test_only_the_documented_scheme_and_a_known_key_will_do(
    endpoint: Endpoint, mock: Any, server: Server
) -> None:
    credential = endpoint.operation.credential
    if credential is None or credential.scheme is None:
        pytest.skip("it takes no key after a scheme")
    key, scheme, name = KEYS[0], credential.scheme, credential.header
    wrong = [f"{one} {key}" for one in ("Token", "Basic", "Bearer") if one != scheme]
    wrong += [key, f"{scheme}{key}", f"{scheme} {key}x", scheme, f"{scheme} {scheme} {key}", ""]
    wrong += [f"{scheme} {key.upper()}", f"{scheme} {key[:-1]}"]
    for headers in (*({name: value} for value in wrong), {}, {"X-API-Key": key}):
        reply = ask(server, endpoint, headers=headers)
        assert reply.status == 401, headers
        challenge = {k.lower(): v for k, v in reply.headers}["www-authenticate"]
        assert challenge.partition(" ")[0].lower() == scheme.lower(), headers
        assert_error(endpoint, reply)
        assert key[:-1] not in reply.body.decode(), headers
    for value in (f"{scheme.lower()} {key}", f"{scheme.upper()} {key}"):
        assert ask(server, endpoint, headers={name: value}).status != 401


@each_family
def test_an_id_has_one_spelling(family: Family, mock: Any, server: Server) -> None:
    one = make(server, family)
    once = "".join(f"%{ord(c):02X}" for c in one)
    wrong = [once.replace("%", "%25"), one.upper(), f"{one}/", f"/{one}", f"{one}%00", "", "%25"]
    wrong += [f"{one}{end}" for end in ("%20", ".", "%2F", "%CC%81", ";a", "+", "%", "%0A", "*")]
    wrong += [one[:-1], f"x/../{one}", f"%{one[1:]}", f"%20{one}", f"{one}%2F..", f"./{one}"]
    for endpoint in family.readers:
        right = (one, once, f"%{ord(one[0]):02x}{one[1:]}") if endpoint.method != "DELETE" else ()
        for identity in right:
            assert ask(server, endpoint, identity).status < 300, identity
        for identity in wrong:
            assert 400 <= ask(server, endpoint, identity).status < 500, identity
        for suffix in ("/", "//", "/x/y", "%2F", ";a"):
            assert 400 <= ask(server, endpoint, one, suffix=suffix).status < 500, suffix
    for endpoint in (family.maker, *family.lists):
        for suffix in ("/", "//", "%2F", "x"):
            assert ask(server, endpoint, suffix=suffix).status == 404, suffix
    assert len(listed(server, family)) == 1


@each_family
def test_what_is_refused_makes_nothing(family: Family, strict: Server) -> None:
    server, kind = strict, family.maker.operation.body
    if kind is None:
        pytest.skip("it takes no body")
    header, secret = family.maker.credentials(KEYS[0]), '"a-secret-of-mine"'
    bodies = ["[]", "null", "{", secret, "{}x", f'{{"stray": {secret}}}', "\xff"]
    bodies += [""] * kind.required
    schema = family.maker.request_schema
    for name in sample(schema):
        bodies += [json.dumps({name: one}) for one in ("a-secret-of-mine", [1], None, 1, 0, "true")]
    before = len(listed(server, family))
    for body in (one.encode("latin-1") for one in bodies):
        if not is_documented(schema, parse(body) if parse(body) is not ... else 0):
            reply = ask(server, family.maker, body=body)
            assert reply.status == 400, body
            assert b"a-secret-of-mine" not in reply.body, body
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        dict.fromkeys(header, ""),
    ):
        assert 400 <= ask(server, family.maker, headers=header | headers).status < 500, headers
    for fault in ("rate_limited", "server_error"):
        with server.mock.fault(fault, str(family.maker)):
            assert ask(server, family.maker).status >= 400
    assert len(listed(server, family)) == before
    made = [make(server, family) for _ in range(45)]
    assert [one[family.identity] for one in listed(server, family)] == made


@each_family
def test_a_session_and_a_one_time_password_are_their_items(
    family: Family, mock: Any, server: Server
) -> None:
    def hand_out(endpoint: Endpoint, identity: str = "") -> set[str]:
        answer = json.loads(ask(server, endpoint, identity).body)
        made[answer.get(family.identity, identity)] = None
        return {answer[name] for name in secret_names() & answer.keys() - family.lasting}

    made = dict[str, None]()
    tokens = [one for _ in range(7) for one in hand_out(family.maker)]
    readers = [
        one for one in family.readers if any(name in answer_of(one) for name in secret_names())
    ]
    for endpoint in readers:
        handed = {
            one: name for name in [*made] for _ in (0, 1, 2) for one in hand_out(endpoint, name)
        }
        assert endpoint.is_item or len(handed) == 21
        for secret, identity in sorted(handed.items()) if endpoint.method == "GET" else ():
            assert mock.redeem_otp(secret) == identity
            assert mock.redeem_otp(secret) is None
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
def test_an_item_is_the_same_wherever_it_is_shown(
    family: Family, mock: Any, server: Server
) -> None:
    schema = family.lists[0].response_schema(200)
    if "items" not in schema:
        pytest.skip("its list has pages")
    mock.seed_clients(6, api_key=KEYS[0], has_wallet=True)
    mock.seed_clients(1_100, api_key=KEYS[0])
    shown = listed(server, family)
    assert len({one[family.identity] for one in shown}) == 1_106
    fields = resolve(schema["items"])["properties"].items()
    nullable = {k: v.get("examples", []) for k, v in fields if "null" in v.get("type", "")}
    (reader,) = (one for one in family.readers if one.is_item and one.method == "GET")
    for number, one in enumerate(shown[:12]):
        item = json.loads(ask(server, reader, one[family.identity]).body)
        assert not [k for k in item.keys() & one.keys() if item[k] != one[k]]
        for name, examples in nullable.items():
            assert (one[name] is not None) is (number < 6)
            assert number >= 6 or len(examples) < 2 or one[name] == examples[number % len(examples)]
    values = {name: {one[name] for one in shown} - {None} for name in nullable}
    assert not [n for n, v in values.items() if len(v) != 6 and v != {*nullable[n]}]
    assert not values or max(map(len, values.values())) == 6
    secrets = {one[name] for one in shown for name in secret_names() & one.keys()}
    assert len(secrets) == 1_106
    assert listed(server, family, KEYS[1]) == []


@each_family
def test_the_rate_limit_is_each_custodians_own(family: Family, mock: Any) -> None:
    with type(mock)(document(), api_keys=KEYS, rate_limit=3) as limited, limited.serve() as served:
        server, wait = Server(served.url, KEYS, limited), 0
        for key in KEYS:
            header = family.lists[0].credentials(key)
            replies = [ask(server, family.lists[0], headers=header) for _ in range(5)]
            assert [one.status for one in replies] == [200] * 3 + [429] * 2
            wait = int({k.lower(): v for k, v in replies[4].headers}["retry-after"])
            assert 50 <= wait <= 60
            assert_error(family.lists[0], replies[4])
        for seconds, status in ((wait - 3, 429), (4, 200)):
            limited.clock.advance(seconds=seconds)
            assert ask(server, family.lists[0]).status == status
