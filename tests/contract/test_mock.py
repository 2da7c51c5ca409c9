"""The package's own mock, asked in ways in which no client of ours would ask."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.contract._gateway import Reply
from tests.contract._package import Endpoint, document, endpoints, resolve
from tests.contract.conftest import KEYS, Server
from tests.contract.test_walks import Family, families

DAY = 24.0  # hours
all_families = pytest.mark.parametrize("family", list(families()), ids=str)


@pytest.fixture
def mock(server: Server) -> Iterator[Any]:
    if server.mock is None:
        pytest.skip("it is another server")
    server.mock.reset()
    yield server.mock
    server.mock.reset()


def ask(
    server: Server,
    endpoint: Endpoint,
    identity: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"{}",
    suffix: str = "",
) -> Reply:
    """Send one request as it stands."""
    parts = urlsplit(server.url)
    path = "/".join(identity if "{" in one else one for one in endpoint.operation.path.split("/"))
    connection = http.client.HTTPConnection(parts.netloc)
    headers = endpoint.credentials(KEYS[0]) if headers is None else headers
    headers = {"Content-Type": "application/json", **headers}
    target = parts.path + path + suffix
    method = endpoint.operation.method
    connection.request(method, target, body if method != "GET" else None, headers)
    answer = connection.getresponse()
    reply = Reply(answer.status, answer.read(), tuple(answer.getheaders()))
    connection.close()
    return reply


def make(mock: Any, family: Family, key: str = KEYS[0]) -> str:
    """Make a thing, and return its id."""
    operation = family.maker.operation
    made = getattr(getattr(mock.client(key), operation.resource), operation.method_name)()
    return str(made.to_dict()[family.identity])


def count(server: Server, family: Family) -> int:
    """Return how many things the first custodian has."""
    return len(json.loads(ask(server, family.lists[0]).body))


@pytest.mark.parametrize("endpoint", endpoints(), ids=str)
def test_only_the_documented_scheme_and_a_known_key_will_do(
    endpoint: Endpoint, mock: Any, server: Server
) -> None:
    credential = endpoint.operation.credential
    if credential is None or credential.scheme is None:
        pytest.skip("it takes no key after a scheme")
    key, scheme = KEYS[0], credential.scheme
    for value in (
        f"Token {key}",
        f"Basic {key}",
        key,
        f"{scheme}{key}",
        f"{scheme} {key}x",
        scheme,
    ):
        for headers in ({credential.header: value}, {}, {"X-API-Key": key}):
            reply = ask(server, endpoint, "c1", headers)
            assert reply.status == 401, value
            assert dict(reply.headers)["www-authenticate"] == scheme, value
            assert json.loads(reply.body).keys() == {"error"}
            assert key not in reply.body.decode()
    for value in (f"{scheme.lower()} {key}", f"{scheme.upper()} {key}"):
        assert ask(server, endpoint, "c1", {credential.header: value}).status != 401


@all_families
def test_an_id_is_one_spelling(family: Family, mock: Any, server: Server) -> None:
    identity = make(mock, family)
    once = "".join(f"%{ord(c):02X}" for c in identity)
    right = (identity, once, f"%{ord(identity[0]):02x}{identity[1:]}")
    wrong = [quote(once), identity.upper(), f"{identity}/", f"/{identity}", f"{identity}%00", ""]
    wrong += [f"{identity}%20", f"{identity}.", f"{identity}%2F", f"{identity}%CC%81", "%25"]
    wrong += [
        identity[:-1],
        f"x/../{identity}",
        f"{identity};a",
        f"%{identity[1:]}",
        f"{identity}+",
    ]
    for endpoint in family.readers:
        for one in right:
            assert ask(server, endpoint, one).status < 300, one
        for one in wrong:
            assert 400 <= ask(server, endpoint, one).status < 500, one
    for endpoint in (family.maker, *family.lists):
        for one in ("/", "//", "%2F", "x"):
            assert ask(server, endpoint, suffix=one).status == 404, one


@all_families
def test_what_is_refused_makes_nothing(family: Family, mock: Any, server: Server) -> None:
    header = family.maker.credentials(KEYS[0])
    bodies = (b"", b"[]", b"null", b"{", b'"a"', b'{"stray": "a-secret-of-mine"}', b"\xff", b"{}x")
    properties = family.maker.request_schema("application/json")
    for name in resolve(properties).get("properties", {}):
        bodies += tuple(
            f'{{"{name}": {one}}}'.encode() for one in ('"a-secret-of-mine"', "[1]", "null", "1")
        )
    before = count(server, family)
    for body in bodies:
        reply = ask(server, family.maker, headers=header, body=body)
        assert reply.status == 400, body
        assert b"a-secret-of-mine" not in reply.body
    for headers in ({**header, "Content-Type": "text/plain"}, {}, {**header, "Content-Type": ""}):
        assert 400 <= ask(server, family.maker, headers=headers).status < 500
    assert count(server, family) == before
    made = [make(mock, family) for _ in range(45)]
    shown = json.loads(ask(server, family.lists[0]).body)
    assert [one[family.identity] for one in shown] == made
    fresh = {one for made in shown for one in made.values()}
    assert len(fresh) > 45


def test_a_session_and_a_one_time_password_are_their_clients(mock: Any) -> None:
    if not hasattr(mock.client(KEYS[0]), "clients") or "createClient" not in mock.operations:
        pytest.skip("it is another API")
    clients = mock.client(KEYS[0]).clients
    made = [clients.create(is_account_abstracted=number % 2 == 0) for number in range(7)]
    passwords = {clients.generate_web_otp(one.id).otp: one.id for one in made for _ in range(3)}
    assert len(passwords) == 21
    for password, identity in sorted(passwords.items()):
        assert mock.redeem_otp(password) == identity
        assert mock.redeem_otp(password) is None
    assert mock.redeem_otp("otp-none") is None
    tokens = [one.client_session_token for one in made]
    tokens += [clients.refresh_session(one.id).client_session_token for one in made]
    assert len(set(tokens)) == 14
    assert all(map(mock.session_is_live, tokens))
    for hours, living in ((DAY - 0.1, 14), (0.2, 1), (DAY - 0.3, 1), (0.4, 0)):
        mock.clock.advance(hours=hours)
        assert sum(map(mock.session_is_live, tokens)) == living
        if living == 14:
            assert mock.use_session(tokens[3])
    used = clients.refresh_session(made[0].id).client_session_token
    for _ in range(7):
        assert mock.use_session(used)
        mock.clock.advance(hours=DAY - 0.01)
    mock.clock.advance(hours=0.1)
    assert not mock.use_session(used)
    assert not mock.session_is_live("cst-none")


def test_wallets_are_shown_wherever_their_client_is(mock: Any, server: Server) -> None:
    if "createClient" not in mock.operations:
        pytest.skip("it is another API")
    clients = mock.client(KEYS[0]).clients
    mock.seed_clients(6, api_key=KEYS[0], has_wallet=True)
    mock.seed_clients(1_100, api_key=KEYS[0])
    listed = clients.list()
    assert [one.id for one in listed] == [one.id for one in clients.iter()]
    assert len({one.id for one in listed}) == len({one.client_api_key for one in listed}) == 1_106
    for number, one in enumerate(listed[:12]):
        client = clients.get(one.id)
        assert (client.id, client.client_api_key) == (one.id, one.client_api_key)
        assert client.address == one.address
        assert not client.is_account_abstracted
        wallet = (one.backup_status, one.signing_status)
        is_made = ("STORED_CLIENT_BACKUP_SHARE", "STORED_CLIENT") if number < 6 else (None, None)
        assert wallet == is_made
        assert (one.address is not None) is (number < 6)
    assert len({one.address for one in listed}) == 7
    assert mock.client(KEYS[1]).clients.list() == []


def test_the_rate_limit_is_each_custodians_own(mock: Any) -> None:
    listing = next((one for one in endpoints() if one.operation.iterator_name), None)
    if listing is None:
        pytest.skip("there is no list")
    with type(mock)(document(), api_keys=KEYS, rate_limit=3) as limited, limited.serve() as served:
        server = Server(served.url, KEYS, limited)
        for key in KEYS:
            header = listing.credentials(key)
            assert [ask(server, listing, headers=header).status for _ in range(4)] == [200] * 3 + [
                429
            ]
            reply = ask(server, listing, headers=header)
            wait = int(dict(reply.headers)["retry-after"])
            assert 58 <= wait <= 60
            assert json.loads(reply.body).keys() == {"error"}
        limited.clock.advance(seconds=wait - 3)
        assert ask(server, listing).status == 429
        limited.clock.advance(seconds=4)
        assert ask(server, listing).status == 200
