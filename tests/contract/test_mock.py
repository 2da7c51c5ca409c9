"""The package's own mock, asked in ways in which no client of ours would ask."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract._gateway import Reply, Request, send
from tests.contract._package import JSON, Endpoint, document, endpoints
from tests.contract._values import is_documented, parse, sample
from tests.contract.conftest import KEYS, Server
from tests.contract.test_walks import Family, families, items_in

DAY = 24.0  # hours
PAGE_SIZES = {"take", "limit", "size", "pageSize", "page_size", "per_page"}
WALLET_STEPS = (
    ("STORED_CUSTODIAN_BACKUP_SHARE", "INCOMPLETE"),
    ("STORED_CLIENT_BACKUP_SHARE_KEY", "STORED_DATABASE"),
    ("STORED_CLIENT_BACKUP_SHARE", "STORED_CLIENT"),
)
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


@pytest.fixture
def clients(mock: Any) -> Any:
    """The first custodian's clients, where the mock is of Portal's API."""
    if "createClient" not in mock.operations:
        pytest.skip("it is another API")
    return mock.client(KEYS[0]).clients


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


def listed(server: Server, family: Family) -> list[Any]:
    """Return what the first custodian's list shows."""
    sizes = [one.name for one in family.lists[0].parameters("query") if one.name in PAGE_SIZES]
    suffix = f"?{sizes[0]}=100" if sizes else ""
    return items_in(json.loads(ask(server, family.lists[0], suffix=suffix).body))


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
    wrong = [f"Token {key}", f"Basic {key}", key, f"{scheme}{key}", f"{scheme} {key}x", scheme]
    wrong += [f"{scheme} {key.upper()}", f"{scheme} {key[:-1]}", f"{scheme} {scheme} {key}", ""]
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


def test_a_session_and_a_one_time_password_are_their_clients(mock: Any, clients: Any) -> None:
    made = [clients.create(is_account_abstracted=number % 2 == 0) for number in range(7)]
    passwords = {clients.generate_web_otp(one.id).otp: one.id for one in made for _ in range(3)}
    assert len(passwords) == 21
    for password, identity in sorted(passwords.items()):
        assert mock.redeem_otp(password) == identity
        assert mock.redeem_otp(password) is None
    tokens = [one.client_session_token for one in made]
    tokens += [clients.refresh_session(one.id).client_session_token for one in made]
    assert len(set(tokens)) == 14
    for hours, living in ((0, 14), (DAY - 0.1, 14), (0.2, 1), (DAY - 0.3, 1), (0.4, 0)):
        mock.clock.advance(hours=hours)
        assert sum(map(mock.session_is_live, tokens)) == living
        if hours == DAY - 0.1:
            assert mock.use_session(tokens[3])
    used = clients.refresh_session(made[0].id).client_session_token
    for _ in range(7):
        assert mock.use_session(used)
        mock.clock.advance(hours=DAY - 0.01)
    assert mock.use_session(used)
    mock.clock.advance(hours=0.1)
    assert not mock.use_session(used)
    assert not mock.session_is_live("cst-none")
    assert mock.redeem_otp("otp-none") is None


def test_a_wallet_is_shown_wherever_its_client_is(mock: Any, clients: Any) -> None:
    mock.seed_clients(6, api_key=KEYS[0], has_wallet=True)
    mock.seed_clients(1_100, api_key=KEYS[0])
    shown = clients.list()
    assert shown == [*clients.iter()]
    assert len({one.id for one in shown}) == len({one.client_api_key for one in shown}) == 1_106
    for number, one in enumerate(shown[:12]):
        client = clients.get(one.id)
        told = (client.id, client.client_api_key, client.address, client.is_account_abstracted)
        assert told == (one.id, one.client_api_key, one.address, False)
        step = (None, None) if number >= 6 else WALLET_STEPS[number % 3]
        assert (one.backup_status, one.signing_status) == step
        assert (one.address is not None) is (number < 6)
    assert len({one.address for one in shown}) == 7
    assert mock.client(KEYS[1]).clients.list() == []


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
