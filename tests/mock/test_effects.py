"""What the mock remembers follows from the document, whatever things are called there."""

from __future__ import annotations

from typing import Any

import pytest
from sample.mock import DocumentError, Mock, MockSample

from tests.mock._support import PARCELS, TEXT, WHOLE, ask, fields, list_of, paths, said

SECRET = {**TEXT, "format": "password", "readOnly": True}
CLIENT = fields(
    *("id", "since"),
    id={**TEXT, "readOnly": True},
    since={**TEXT, "format": "date-time", "readOnly": True},
    apiKey=SECRET,
    name={"type": ["string", "null"]},
    wallets=list_of({"properties": {"id": TEXT}}),
)
PAGE = fields(total=WHOLE, hasMore={"type": "boolean"}, next={"type": ["string", "null"]})
LIST = fields(data=list_of(CLIENT), page=PAGE)
NOT_FOUND = said(fields(message=TEXT))["200"]
CLIENTS = "/v3/clients"


def operation(schema: Any, status: str = "200", **more: Any) -> dict[str, Any]:
    return {"responses": {**said(schema, status), "404": NOT_FOUND}, **more}


def query(name: str, schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "explode": False, "schema": schema}


def vendor(**edits: Any) -> dict[str, Any]:
    """A document without operationIds, links and examples."""
    body: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": CLIENT}}}}
    token, card = fields(token=SECRET), fields(cardId=WHOLE)
    listing = [
        *(query("take", {**WHOLE, "default": 2}), query("offset", WHOLE)),
        *(query("cursor", TEXT), query("name", TEXT), query("ids", list_of(TEXT))),
    ]
    item: dict[str, Any] = {
        "parameters": [{"name": "clientId", "in": "path", "required": True, "schema": {}}],
        "get": operation(CLIENT),
        "put": operation(CLIENT, **body),
        "patch": operation(CLIENT, **body),
        "delete": {"responses": {"204": {"description": "Gone."}, "404": NOT_FOUND}},
    }
    below = f"{CLIENTS}/{{clientId}}"
    return paths(
        {
            CLIENTS: {
                "post": operation({"allOf": [CLIENT, token]}, "201", **body),
                "get": operation(LIST, parameters=listing),
            },
            below: {**item, **edits},
            f"{below}/sessions": {"post": operation(token), "get": operation(token)},
            f"{below}/balance": {"get": {"x-effect": "none", **operation(CLIENT)}},
            f"{below}/wallets/{{walletId}}": {"get": operation(CLIENT)},
            f"{below}/cards": {"post": operation(card), "get": operation(list_of(card))},
            f"{below}/cards/{{cardId}}": {"get": operation(card)},
        }
    )


def test_what_is_made_is_read_listed_and_renewed(mock: MockSample) -> None:
    assert mock.effects == {
        "listParcels": "list /parcels/{parcelId} by id",
        "createParcel": "create /parcels/{parcelId} by id, new each time: labelToken",
        "getParcel": "read /parcels/{parcelId} by id",
        "renewLabel": "use /parcels/{parcelId} by id, new each time: labelToken",
    }
    parcel = ask(mock, "POST", PARCELS, {"isExpress": True}).json
    assert parcel.keys() == {"id", "pickupCode", "labelToken", "isExpress"}
    shown = {"id": parcel["id"], "pickupCode": parcel["pickupCode"]}
    path = f"{PARCELS}/{parcel['id']}"
    assert ask(mock, "GET", path).json == {**shown, "address": None, "isExpress": True}
    assert ask(mock, "GET", PARCELS).json == [{**shown, "address": None, "status": None}]
    labels = [ask(mock, "POST", f"{path}/label").json for _ in range(2)]
    assert {one["id"] for one in labels} == {parcel["id"]}
    assert len({parcel["labelToken"], *(one["labelToken"] for one in labels)}) == 3
    assert ask(mock, "POST", PARCELS, {}).json["isExpress"] is False


def test_without_links_the_shape_of_paths_says_it() -> None:
    with Mock(vendor()) as mock:
        assert len(mock.effects) == 12
        given = {"name": "a", "id": "mine", "since": "2001-01-01T00:00:00Z"}
        made = [ask(mock, "POST", CLIENTS, given).json for _ in range(2)]
        first, other = (f"{CLIENTS}/{one['id']}" for one in made)
        assert given.items() & made[0].items() == {("name", "a")}  # the rest is read-only
        assert {**ask(mock, "GET", first).json, "token": made[0]["token"]} == made[0]
        changed = ask(mock, "PATCH", first, {"name": "z", "id": "mine"}).json
        assert changed == {**ask(mock, "GET", first).json, "name": "z", "id": made[0]["id"]}
        replaced = ask(mock, "PUT", first, {}).json
        assert ("name" in replaced, replaced["apiKey"]) == (False, made[0]["apiKey"])
        tokens = [ask(mock, "POST", f"{first}/sessions").json["token"] for _ in range(2)]
        assert len({*tokens}) == 2
        code = ask(mock, "GET", f"{first}/sessions").json["token"]  # works once
        redeemed = [mock.redeem_otp(one) for one in (code, code, tokens[0], "unknown")]
        assert redeemed == [made[0]["id"], None, None, None]
        assert [mock.session_is_live(one) for one in (code, tokens[0])] == [False, True]
        # An id beyond an item is not the item's.
        assert ask(mock, "GET", f"{first}/wallets/w1").json["id"] == "w1"
        card = ask(mock, "POST", f"{first}/cards").json
        assert ask(mock, "GET", f"{first}/cards").json == [card]
        assert ask(mock, "GET", f"{first}/cards/{card['cardId']}").json == card
        assert ask(mock, "GET", f"{other}/cards").json == []
        assert ask(mock, "GET", f"{other}/cards/{card['cardId']}").status == 404
        assert ask(mock, "GET", f"{CLIENTS}/x/balance").status == 200
        assert ask(mock, "DELETE", first).status == 204
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/sessions"), ("GET", "/cards")):
            assert ask(mock, method, first + path).json == {"message": "Client not found"}
        assert ask(mock, "POST", CLIENTS, {}).json["id"] not in [one["id"] for one in made]


@pytest.mark.parametrize("is_read", [True, False])
def test_a_list_has_pages_and_filters(is_read: bool) -> None:
    document = vendor()
    with Mock(document if is_read else paths({CLIENTS: document["paths"][CLIENTS]})) as mock:
        a, b, c = (ask(mock, "POST", CLIENTS, {"name": name}).json["id"] for name in "aba")
        for suffix, ids, total, following in (
            ("", [a, b], 3, b),  # as many as the document says where none are asked for
            (f"?cursor={b}", [c], 3, None),
            ("?take=1&offset=1", [b], 3, b),
            ("?name=a", [a, c], 2, None),
            (f"?ids={c},{a}", [a, c], 2, None),
            ("?ids=nobody", [], 0, None),
        ):
            listed = ask(mock, "GET", CLIENTS + suffix).json
            assert [one["id"] for one in listed["data"]] == ids
            more = following is not None
            assert listed["page"] == {"total": total, "hasMore": more, "next": following}


def test_the_document_can_say_otherwise() -> None:
    effect: dict[str, Any] = {"x-effect": {"does": "use", "fresh": ["apiKey"]}}
    listing: Any = {"x-effect": {"does": "list", "item": f"{CLIENTS}/{{clientId}}"}}
    document = vendor(patch=operation(CLIENT, **effect))
    found = operation(list_of(CLIENT, maxItems=1), **listing)
    document["paths"]["/found"] = {"get": found}
    with Mock(document) as mock:
        made = ask(mock, "POST", CLIENTS, {}).json
        assert ask(mock, "GET", "/found").json[0]["id"] == made["id"]
        path = f"{CLIENTS}/{made['id']}"
        renewed = ask(mock, "PATCH", path).json
        assert renewed["apiKey"] != made["apiKey"]
        assert ask(mock, "GET", path).json["apiKey"] == renewed["apiKey"]
        ask(mock, "POST", CLIENTS, {})
        assert "status 200: $: " in ask(mock, "GET", "/found").text  # two are not documented
    with Mock(vendor(get=operation(fields(x={})))) as mock:
        assert "POST " + CLIENTS not in mock.effects  # what reads it does not fit
    wrong: Any
    for wrong, text in (
        ("delete", r"x-effect is one of create, list, .*none"),
        ({"fresh": ["no"]}, r"not all fields of \['no'\]"),
        ({"does": "create", "identifier": "no"}, "no field of its answer"),
        ({"does": "create", "item": CLIENTS}, "no field of its answer"),
    ):
        with pytest.raises(DocumentError, match=text):
            Mock(vendor(get=operation(CLIENT, **{"x-effect": wrong})))


def test_ids_that_requests_bring() -> None:
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    named = fields("name", name=TEXT)
    made = {"post": operation(fields(bucket=named), "201", requestBody=body)}
    with Mock(paths({"/buckets": made, "/buckets/{name}": {"get": operation(named)}})) as mock:
        assert ask(mock, "POST", "/buckets", {"name": "mine"}).json == {"bucket": {"name": "mine"}}
        assert ask(mock, "GET", "/buckets/mine").json == {"name": "mine"}
        assert ask(mock, "POST", "/buckets", {"name": "mine"}).status == 409


def test_an_edit_of_the_document_is_answered(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("Parcel", "ParcelSummary"):
        schemas[name]["properties"]["since"] = {"examples": ["2026-01-01"]}
        schemas[name]["properties"]["rank"] = {"type": "integer", "minimum": 7}
        schemas[name]["required"] += ["since", "rank"]
    schemas["Parcel"]["properties"]["isExpress"] = {"enum": ["yes", "no"]}
    schemas["Parcel"]["properties"]["address"]["type"] = "string"
    added = {"since": "2026-01-01", "rank": 7}
    with MockSample(document) as mock:
        created = ask(mock, "POST", PARCELS, {}).json
        shown = {"id": created["id"], "pickupCode": created["pickupCode"], **added}
        path = f"{PARCELS}/{created['id']}"
        assert ask(mock, "GET", path).json == {**shown, "isExpress": "yes"}
        assert ask(mock, "GET", PARCELS).json == [{**shown, "address": None, "status": None}]
