from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from portal_v1._http import httpx
from portal_v1.mock import MockPortal

from tests.mock._support import JSON, KEY, ask

CLIENTS = "/api/v1/custodians/clients"


def create(http: httpx.Client, body: object = None) -> dict[str, object]:
    response = http.post("/custodians/clients", json=body or {})
    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    created: dict[str, object] = response.json()
    return created


def test_a_created_client_is_fetched_and_listed(http: httpx.Client) -> None:
    created = create(http, {"isAccountAbstracted": True})
    assert created.keys() == {"id", "clientApiKey", "clientSessionToken", "isAccountAbstracted"}
    assert created["isAccountAbstracted"] is True
    fetched = http.get(f"/custodians/clients/{created['id']}")
    assert fetched.status_code == 200
    assert fetched.json() == {
        "id": created["id"],
        "address": None,
        "clientApiKey": created["clientApiKey"],
        "isAccountAbstracted": True,
    }
    listed = http.get("/custodians/clients").json()
    assert listed == [
        {
            "id": created["id"],
            "address": None,
            "backupStatus": None,
            "clientApiKey": created["clientApiKey"],
            "signingStatus": None,
        }
    ]


def test_a_list_is_empty_before_and_in_order_after(http: httpx.Client) -> None:
    assert http.get("/custodians/clients").json() == []
    ids = [create(http)["id"] for _ in range(5)]
    assert len(set(ids)) == 5
    assert [one["id"] for one in http.get("/custodians/clients").json()] == ids


def test_abstraction_is_off_unless_asked_for(http: httpx.Client) -> None:
    assert create(http)["isAccountAbstracted"] is False


def test_sessions_and_otps_are_new_each_time(http: httpx.Client) -> None:
    created = create(http, {"isAccountAbstracted": True})
    path = f"/custodians/clients/{created['id']}"
    sessions = [http.post(f"{path}/session", json={}).json() for _ in range(2)]
    assert {one["id"] for one in sessions} == {created["id"]}
    assert {one["isAccountAbstracted"] for one in sessions} == {True}
    tokens = {created["clientSessionToken"], *(one["clientSessionToken"] for one in sessions)}
    assert len(tokens) == 3
    otps = [http.get(f"{path}/web-otp").json() for _ in range(2)]
    assert {one["id"] for one in otps} == {created["id"]}
    assert len({one["otp"] for one in otps}) == 2


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/{}"), ("POST", "/{}/session"), ("GET", "/{}/web-otp")]
)
@pytest.mark.parametrize("client_id", ["unknown", "..", "%2E%2E", "a%2Fb", "%00", "%F0%9F%8C%8D"])
def test_an_unknown_client_is_a_400_with_words(
    mock: MockPortal, method: str, path: str, client_id: str
) -> None:
    reply = ask(mock, method, CLIENTS + path.format(client_id))
    assert (reply.status, reply.json) == (400, {"error": "Client not found"})


def test_an_id_that_is_not_utf8_is_a_400(mock: MockPortal) -> None:
    assert ask(mock, "GET", CLIENTS + "/%FF").status == 400


def test_a_custodian_sees_only_its_own_clients(mock: MockPortal) -> None:
    mine = ask(mock, "POST", CLIENTS, b"{}").json
    other = (("authorization", "bearer two"), JSON)
    assert ask(mock, "GET", CLIENTS, headers=other).json == []
    assert ask(mock, "GET", f"{CLIENTS}/{mine['id']}", headers=other).status == 400
    assert ask(mock, "GET", f"{CLIENTS}/{mine['id']}").status == 200


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic b25l", "one", "Bearerone"]
)
def test_without_a_key_there_is_no_answer(mock: MockPortal, header: str | None) -> None:
    headers = [JSON] if header is None else [JSON, ("Authorization", header)]
    reply = ask(mock, "POST", CLIENTS, b"{}", headers=headers)
    assert reply.status == 401
    assert reply.json == {"error": "The API key is missing"}
    assert reply.headers["www-authenticate"] == "Bearer"
    assert ask(mock, "GET", CLIENTS).json == []


def test_only_the_given_keys_are_accepted_when_some_are_given() -> None:
    with MockPortal(api_keys=["good"]) as mock:
        good, bad = ("Authorization", "Bearer good"), ("Authorization", "Bearer bad")
        assert ask(mock, "GET", CLIENTS, headers=[good]).status == 200
        reply = ask(mock, "GET", CLIENTS, headers=[bad])
        assert (reply.status, reply.json) == (401, {"error": "The API key is not known"})


def test_api_keys_must_not_be_one_string() -> None:
    with pytest.raises(TypeError, match="list of keys"):
        MockPortal(api_keys="secret")


@pytest.mark.parametrize(
    "body", [b"{", b"nope", b"\xff", b"NaN", b"[" * 100_000, b'{"isAccountAbstracted": tru}']
)
def test_a_body_that_is_not_json_is_a_400(mock: MockPortal, body: bytes) -> None:
    reply = ask(mock, "POST", CLIENTS, body)
    assert reply.status == 400
    assert "not JSON" in reply.json["error"]


@pytest.mark.parametrize(
    ("body", "path", "rule"),
    [
        (b'{"isAccountAbstracted": 1}', "$.isAccountAbstracted", "(type)"),
        (b'{"isAccountAbstracted": null}', "$.isAccountAbstracted", "(type)"),
        (b'{"isAccountAbstracted": 1e999}', "$.isAccountAbstracted", "(type)"),
        (b'{"extra": 1}', "$: ", "(additionalProperties)"),
        (b"[]", "$: ", "(type)"),
        (b"null", "$: ", "(type)"),
        (b'{"\\ud800": true}', "$: ", "surrogate"),
    ],
)
def test_a_body_against_its_schema_names_path_and_rule(
    mock: MockPortal, body: bytes, path: str, rule: str
) -> None:
    reply = ask(mock, "POST", CLIENTS, body)
    assert reply.status == 400
    assert path in reply.json["error"]
    assert rule in reply.json["error"]


def test_an_error_text_never_shows_the_value(mock: MockPortal) -> None:
    reply = ask(mock, "POST", CLIENTS, b'{"isAccountAbstracted": "hush"}')
    assert reply.status == 400
    assert b"hush" not in reply.body


def test_a_required_body_cannot_be_left_out(mock: MockPortal) -> None:
    reply = ask(mock, "POST", CLIENTS)
    assert (reply.status, reply.json["error"]) == (400, "request body: is required, and missing")


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_a_body_of_another_media_type_is_a_400(mock: MockPortal, content_type: str | None) -> None:
    headers = [KEY] if content_type is None else [KEY, ("content-type", content_type)]
    reply = ask(mock, "POST", CLIENTS, b"{}", headers=headers)
    assert reply.status == 400
    assert "application/json" in reply.json["error"]


def test_a_charset_in_the_media_type_does_no_harm(mock: MockPortal) -> None:
    headers = [KEY, ("content-type", "Application/JSON; charset=utf-8")]
    assert ask(mock, "POST", CLIENTS, b"{}", headers=headers).status == 201


@pytest.mark.parametrize(("body", "status"), [(b"", 200), (b"{}", 200), (b'{"a":1}', 400)])
def test_a_post_without_a_documented_body_takes_nothing_or_an_empty_object(
    mock: MockPortal, body: bytes, status: int
) -> None:
    client_id = ask(mock, "POST", CLIENTS, b"{}").json["id"]
    assert ask(mock, "POST", f"{CLIENTS}/{client_id}/session", body).status == status


@pytest.mark.parametrize(
    "target", ["/", "", "/custodians/clients", CLIENTS + "/", "/api/v1", "/api/v1x", "/api/v1/x"]
)
def test_another_path_is_a_404(mock: MockPortal, target: str) -> None:
    assert ask(mock, "GET", target).status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"])
def test_another_method_is_a_405_that_says_what_is_allowed(mock: MockPortal, method: str) -> None:
    reply = ask(mock, method, CLIENTS)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


def test_the_same_seed_and_requests_give_the_same_bytes() -> None:
    def run(seed: int) -> bytes:
        with MockPortal(seed=seed) as mock:
            created = ask(mock, "POST", CLIENTS, b"{}")
            path = f"{CLIENTS}/{created.json['id']}"
            rest = [ask(mock, "POST", path + "/session"), ask(mock, "GET", path + "/web-otp")]
            return b"".join(reply.body for reply in [created, *rest])

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_many_threads_share_one_mock(mock: MockPortal) -> None:
    def work(number: int) -> str:
        headers = (("authorization", f"Bearer {number % 4}"), JSON)
        client_id = ask(mock, "POST", CLIENTS, b"{}", headers).json["id"]
        assert ask(mock, "GET", f"{CLIENTS}/{client_id}", headers=headers).status == 200
        return str(client_id)

    with ThreadPoolExecutor(32) as pool:
        ids = list(pool.map(work, range(400)))
    assert len(set(ids)) == 400
    for number in range(4):
        headers = [("authorization", f"Bearer {number}")]
        assert len(ask(mock, "GET", CLIENTS, headers=headers).json) == 100


def test_a_list_longer_than_a_batch_is_whole(mock: MockPortal) -> None:
    ids = [ask(mock, "POST", CLIENTS, b"{}").json["id"] for _ in range(2_001)]
    assert [one["id"] for one in ask(mock, "GET", CLIENTS).json] == ids


def test_async_clients_share_the_state_of_sync_ones(mock: MockPortal, http: httpx.Client) -> None:
    created = create(http)

    async def fetch() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=mock.async_transport(), base_url=mock.base_url
        ) as client:
            return await client.get("/custodians/clients", headers={"Authorization": "Bearer one"})

    assert [one["id"] for one in asyncio.run(fetch()).json()] == [created["id"]]


def test_the_clients_real_url_reaches_the_mock_too(mock: MockPortal) -> None:
    with httpx.Client(transport=mock.transport()) as client:
        response = client.get("https://api.portalhq.io" + CLIENTS, headers=dict([KEY]))
    assert json.loads(response.content) == []
