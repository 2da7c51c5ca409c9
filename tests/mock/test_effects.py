"""What the mock remembers follows from the document, whatever things are called there."""

from __future__ import annotations

from typing import Any

import pytest
from sample.mock import DocumentError, Mock, MockSample

from tests.mock._support import JSON, PARCELS, ask, paths, said

SECRET = {"type": "string", "format": "password"}
CLIENT = {
    "type": "object",
    "required": ["id", "since"],
    "properties": {
        "id": {"type": "string"},
        "since": {"type": "string", "format": "date-time"},
        "apiKey": SECRET,
        "name": {"type": ["string", "null"]},
        "wallets": {"type": "array", "items": {"properties": {"id": {"type": "string"}}}},
    },
}
NAMED = {"type": "object", "properties": {"name": {"type": "string"}}}
NOT_FOUND = said({"type": "object", "properties": {"message": {"type": "string"}}})["200"]
CLIENTS = "/v3/clients"


def operation(schema: Any, status: str = "200", **more: Any) -> dict[str, Any]:
    return {"responses": {**said(schema, status), "404": NOT_FOUND}, **more}


def list_of(item: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["data", "page"],
        "properties": {
            "data": {"type": "array", "items": item},
            "page": {
                "type": "object",
                "required": ["total", "hasMore", "next"],
                "properties": {
                    "total": {"type": "integer"},
                    "hasMore": {"type": "boolean"},
                    "next": {"type": ["string", "null"]},
                },
            },
        },
    }


def query(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": kind}}


def vendor(**edits: Any) -> dict[str, Any]:
    """A document without operationIds, links and examples."""
    body = {"content": {"application/json": {"schema": NAMED}}}
    token = {"type": "object", "properties": {"token": SECRET}}
    card = {"type": "object", "properties": {"cardId": {"type": "integer"}}}
    listing = [query("take", "integer"), query("cursor", "string"), query("name", "string")]
    item: dict[str, Any] = {
        "parameters": [{"name": "clientId", "in": "path", "required": True, "schema": {}}],
        "get": operation(CLIENT),
        "put": operation(CLIENT, requestBody=body),
        "patch": operation(CLIENT, requestBody=body),
        "delete": {"responses": {"204": {"description": "Gone."}, "404": NOT_FOUND}},
    }
    below = f"{CLIENTS}/{{clientId}}"
    return paths(
        {
            CLIENTS: {
                "post": operation({"allOf": [CLIENT, token]}, "201", requestBody=body),
                "get": operation(list_of(CLIENT), parameters=listing),
            },
            below: {**item, **edits},
            f"{below}/sessions": {"post": operation(token)},
            f"{below}/balance": {"get": {"x-effect": "none", **operation(CLIENT)}},
            f"{below}/cards": {
                "post": operation(card),
                "get": operation({"type": "array", "items": card}),
            },
            f"{below}/cards/{{cardId}}": {"get": operation(card)},
        }
    )


def test_what_was_taken_can_be_read(mock: MockSample) -> None:
    assert mock.effects == {
        "listParcels": "list /parcels/{parcelId} by id",
        "createParcel": "create /parcels/{parcelId} by id, new each time: labelToken",
        "getParcel": "read /parcels/{parcelId} by id",
        "renewLabel": "use /parcels/{parcelId} by id, new each time: labelToken",
    }


def test_what_is_made_is_read_listed_and_renewed(mock: MockSample) -> None:
    created = ask(mock, "POST", PARCELS, {"isExpress": True})
    assert (created.status, created.headers["content-type"]) == (201, "application/json")
    parcel = created.json
    assert parcel.keys() == {"id", "pickupCode", "labelToken", "isExpress"}
    shown = {"id": parcel["id"], "pickupCode": parcel["pickupCode"]}
    path = f"{PARCELS}/{parcel['id']}"
    assert ask(mock, "GET", path).json == {**shown, "address": None, "isExpress": True}
    assert ask(mock, "GET", PARCELS).json == [{**shown, "address": None, "status": None}]
    labels = [ask(mock, "POST", f"{path}/label").json for _ in range(2)]
    assert {one["id"] for one in labels} == {parcel["id"]}
    assert len({parcel["labelToken"], *(one["labelToken"] for one in labels)}) == 3
    assert ask(mock, "POST", PARCELS, {}).json["isExpress"] is False
    ids = [one["id"] for one in ask(mock, "GET", PARCELS).json]
    assert ids[0] == parcel["id"]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("parcel", ["unknown", "..", "%2E%2E", "a%2Fb", "%00", "%F0%9F%8C%8D"])
def test_what_nobody_made_is_not_found(mock: MockSample, parcel: str) -> None:
    for method, path in (("GET", parcel), ("POST", f"{parcel}/label")):
        reply = ask(mock, method, f"{PARCELS}/{path}")
        assert (reply.status, reply.json) == (400, {"error": "Parcel not found"})
    assert ask(mock, "GET", PARCELS + "/%FF").status == 400


def test_a_custodian_sees_only_its_own(mock: MockSample) -> None:
    mine = ask(mock, "POST", PARCELS, {}).json
    other = (("authorization", "bearer two"), JSON)
    assert ask(mock, "GET", PARCELS, headers=other).json == []
    assert ask(mock, "GET", f"{PARCELS}/{mine['id']}", headers=other).status == 400


def test_without_links_the_shape_of_paths_says_it() -> None:
    with Mock(vendor()) as mock:
        assert len(mock.effects) == 10
        made = [ask(mock, "POST", CLIENTS, {"name": name}).json for name in "abc"]
        first = f"{CLIENTS}/{made[0]['id']}"
        assert made[0]["name"] == "a"
        assert {**ask(mock, "GET", first).json, "token": made[0]["token"]} == made[0]
        assert ask(mock, "PATCH", first, {"name": "z"}).json["name"] == "z"
        replaced = ask(mock, "PUT", first, {}).json
        assert ("name" in replaced, replaced["apiKey"]) == (False, made[0]["apiKey"])
        tokens = {ask(mock, "POST", f"{first}/sessions").json["token"] for _ in range(2)}
        assert len(tokens) == 2
        assert ask(mock, "GET", f"{CLIENTS}/x/balance").status == 200
        assert ask(mock, "DELETE", first).status == 204
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/sessions"), ("GET", "/cards")):
            gone = ask(mock, method, first + path)
            assert (gone.status, gone.json) == (404, {"message": "Client not found"})
        assert ask(mock, "POST", CLIENTS, {}).json["id"] not in [one["id"] for one in made]


def test_a_list_has_pages_and_filters() -> None:
    with Mock(vendor()) as mock:
        ids = [ask(mock, "POST", CLIENTS, {"name": name}).json["id"] for name in "aba"]
        first = ask(mock, "GET", CLIENTS + "?take=2").json
        assert [one["id"] for one in first["data"]] == ids[:2]
        assert first["page"] == {"total": 3, "hasMore": True, "next": ids[1]}
        last = ask(mock, "GET", f"{CLIENTS}?take=2&cursor={ids[1]}").json
        assert [one["id"] for one in last["data"]] == ids[2:]
        assert last["page"] == {"total": 3, "hasMore": False, "next": None}
        named = ask(mock, "GET", CLIENTS + "?name=a").json
        assert [one["id"] for one in named["data"]] == [ids[0], ids[2]]


HOOK = {
    "type": "object",
    "required": ["id", "url"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "url": {"type": "string"},
        "madeAt": {"type": "string", "readOnly": True},
    },
}
SHOWN = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {"type": "array", "items": HOOK},
        "metadata": {
            "type": "object",
            "properties": {"total": {"type": "integer"}, "cursor": {"type": ["string", "null"]}},
        },
    },
}


def hooks(*, is_read: bool = True) -> dict[str, Any]:
    """A document whose list has pages, filters, and no example; what is read-only is in bodies."""
    body = {"content": {"application/json": {"schema": HOOK}}}
    ids = {"type": "array", "items": {"type": "string"}}
    listing = [
        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
        {"name": "offset", "in": "query", "schema": {"type": "integer"}},
        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        {"name": "ids", "in": "query", "explode": False, "schema": ids},
    ]
    made = {
        "post": operation(HOOK, "201", requestBody=body),
        "get": operation(SHOWN, parameters=listing),
    }
    one = {"parameters": [{"name": "hookId", "in": "path", "required": True, "schema": {}}]}
    edits = {
        "get": operation(HOOK),
        "put": operation(HOOK, requestBody=body),
        "patch": operation(HOOK, requestBody=body),
    }
    return paths({"/hooks": made} | ({"/hooks/{hookId}": one | edits} if is_read else {}))


@pytest.mark.parametrize("document", [hooks(), hooks(is_read=False)], ids=["read", "listed"])
def test_pages_are_told_where_no_example_has_them(document: dict[str, Any]) -> None:
    with Mock(document) as mock:
        ids = [ask(mock, "POST", "/hooks", {"url": url}).json["id"] for url in "abc"]
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = ask(mock, "GET", "/hooks?limit=2" + (f"&cursor={cursor}" if cursor else ""))
            seen += [one["id"] for one in page.json["results"]]
            assert page.json["metadata"]["total"] == 3
            cursor = page.json["metadata"]["cursor"]
        assert seen == ids
        for query, expected in (
            ("limit=1&offset=1", ids[1:2]),
            (f"ids={ids[2]},{ids[0]}", [ids[0], ids[2]]),
            ("ids=nobody", []),
        ):
            page = ask(mock, "GET", f"/hooks?{query}")
            assert [one["id"] for one in page.json["results"]] == expected


def test_what_is_read_only_cannot_be_set() -> None:
    with Mock(hooks()) as mock:
        made = ask(mock, "POST", "/hooks", {"url": "a", "id": "mine", "madeAt": "then"}).json
        assert "mine" not in made.values()
        assert "then" not in made.values()
        assert ask(mock, "GET", "/hooks/mine").status == 404
        for method in ("PUT", "PATCH"):
            changed = ask(mock, method, f"/hooks/{made['id']}", {"url": "b", "id": "x"}).json
            assert changed == {**made, "url": "b"}


def test_an_id_beyond_an_item_is_not_the_items() -> None:
    below = {"get": operation(HOOK)}
    document = hooks()
    document["paths"]["/hooks/{hookId}/tries/{tryId}"] = below
    with Mock(document) as mock:
        made = ask(mock, "POST", "/hooks", {"url": "a"}).json
        assert ask(mock, "GET", f"/hooks/{made['id']}/tries/first").json["id"] == "first"
        assert ask(mock, "GET", "/hooks/nobody/tries/first").status == 404


def test_items_below_an_item_are_its_own() -> None:
    with Mock(vendor()) as mock:
        one, other = (f"{CLIENTS}/{ask(mock, 'POST', CLIENTS, {}).json['id']}" for _ in range(2))
        card = ask(mock, "POST", f"{one}/cards").json
        assert ask(mock, "GET", f"{one}/cards").json == [card]
        assert ask(mock, "GET", f"{one}/cards/{card['cardId']}").json == card
        assert ask(mock, "GET", f"{other}/cards").json == []
        assert ask(mock, "GET", f"{other}/cards/{card['cardId']}").status == 404


def test_the_document_can_say_otherwise() -> None:
    effect: dict[str, Any] = {"x-effect": {"does": "use", "fresh": ["apiKey"]}}
    with Mock(vendor(patch=operation(CLIENT, **effect))) as mock:
        made = ask(mock, "POST", CLIENTS, {}).json
        path = f"{CLIENTS}/{made['id']}"
        renewed = ask(mock, "PATCH", path).json
        assert renewed["apiKey"] != made["apiKey"]
        assert ask(mock, "GET", path).json["apiKey"] == renewed["apiKey"]
    with Mock(vendor(get=operation({"type": "object", "properties": {"x": {}}}))) as mock:
        assert "POST " + CLIENTS not in mock.effects  # what reads it does not fit
    with pytest.raises(DocumentError, match=r"x-effect is one of create, list, .*none"):
        Mock(vendor(get=operation(CLIENT, **{"x-effect": "delete"})))


def test_ids_that_requests_bring() -> None:
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    named = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    document = paths(
        {
            "/buckets": {"post": operation(named, "201", requestBody=body)},
            "/buckets/{name}": {"get": operation(named)},
        }
    )
    with Mock(document) as mock:
        assert ask(mock, "POST", "/buckets", {"name": "mine"}).json == {"name": "mine"}
        assert ask(mock, "GET", "/buckets/mine").json == {"name": "mine"}
        assert ask(mock, "POST", "/buckets", {"name": "mine"}).status == 409


def test_a_code_works_once(document: dict[str, Any]) -> None:
    with MockSample(document) as mock:
        created = ask(mock, "POST", PARCELS, {}).json
        path = f"{PARCELS}/{created['id']}/door-code"
        first, second = (ask(mock, "GET", path).json["code"] for _ in range(2))
        assert first.startswith("door-")
        assert mock.redeem_otp(first) == created["id"]
        assert mock.redeem_otp(first) is None
        assert mock.redeem_otp(second) == created["id"]
        assert mock.redeem_otp(created["labelToken"]) is mock.redeem_otp("unknown") is None
        assert not mock.session_is_live(second)


@pytest.mark.parametrize(
    ("added", "expected"),
    [({"examples": ["2026-01-01"]}, "2026-01-01"), ({"type": "integer", "minimum": 7}, 7)],
)
def test_a_required_field_is_added(document: dict[str, Any], added: Any, expected: Any) -> None:
    for name in ("Parcel", "ParcelSummary"):
        schema = document["components"]["schemas"][name]
        schema["properties"]["since"] = added
        schema["required"].append("since")
    with MockSample(document) as mock:
        created = ask(mock, "POST", PARCELS, {}).json
        assert ask(mock, "GET", f"{PARCELS}/{created['id']}").json["since"] == expected
        assert ask(mock, "GET", PARCELS).json[0]["since"] == expected


def test_fields_change(document: dict[str, Any]) -> None:
    parcel = document["components"]["schemas"]["Parcel"]
    parcel["properties"]["isExpress"] = {"enum": ["yes", "no"]}
    parcel["properties"]["pickupCode"]["type"] = ["string", "null"]
    parcel["properties"]["address"]["type"] = "string"
    with MockSample(document) as mock:
        created = ask(mock, "POST", PARCELS, {}).json
        got = ask(mock, "GET", f"{PARCELS}/{created['id']}").json
    assert got == {"id": created["id"], "pickupCode": created["pickupCode"], "isExpress": "yes"}


def test_what_the_document_makes_impossible_is_not_answered(document: dict[str, Any]) -> None:
    parcel = document["components"]["schemas"]["Parcel"]
    parcel["properties"]["address"] = {"type": "string", "not": {}}
    parcel["required"].append("address")
    with MockSample(document) as mock:
        created = ask(mock, "POST", PARCELS, {}).json
        reply = ask(mock, "GET", f"{PARCELS}/{created['id']}")
        assert reply.status == 500
        for part in ("getParcel", "add one to the document at GET /parcels/{parcelId}"):
            assert part in reply.text
        assert "getParcel" in str(mock.calls("getParcel")[0].answer_problem)
