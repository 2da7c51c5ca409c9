"""The document is edited as people edit it; the answers follow."""

from __future__ import annotations

from typing import Any

import pytest
from portal_v1.mock import MockPortal

from tests.mock._support import ask

CLIENTS = "/api/v1/custodians/clients"


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def walk(document: dict[str, Any]) -> dict[str, Any]:
    """Call all five operations; every answer must be a documented success."""
    with MockPortal(document) as mock:
        created = ask(mock, "POST", CLIENTS, b'{"isAccountAbstracted":true}')
        path = f"{CLIENTS}/{created.json.get('id')}"
        replies = {
            "created": created,
            "got": ask(mock, "GET", path),
            "listed": ask(mock, "GET", CLIENTS),
            "session": ask(mock, "POST", path + "/session"),
            "otp": ask(mock, "GET", path + "/web-otp"),
        }
    for name, reply in replies.items():
        assert reply.status in (200, 201), (name, reply)
    return {name: reply.json for name, reply in replies.items()}


def test_a_schema_is_renamed(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Wallet"] = document["components"]["schemas"].pop("Client")
    content = document["paths"]["/custodians/clients/{clientId}"]["get"]["responses"]["200"]
    content["content"]["application/json"]["schema"]["$ref"] = "#/components/schemas/Wallet"
    answers = walk(document)
    assert answers["got"]["id"] == answers["created"]["id"]


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ({"type": "string", "examples": ["2026-01-01"]}, "2026-01-01"),
        ({"type": "integer", "minimum": 7}, 7),
        ({"type": ["null", "string"], "format": "date"}, "2024-01-15"),
    ],
)
def test_a_required_field_is_added(document: dict[str, Any], added: Any, expected: Any) -> None:
    for name in ("Client", "ClientSummary"):
        schema(document, name)["properties"]["since"] = added
        schema(document, name)["required"].append("since")
    answers = walk(document)
    assert answers["got"]["since"] == expected
    assert answers["listed"][0]["since"] == expected
    assert answers["got"]["id"] == answers["created"]["id"]


def test_a_field_is_made_nullable(document: dict[str, Any]) -> None:
    for name in ("CreatedClient", "Client", "ClientSummary"):
        schema(document, name)["properties"]["clientApiKey"]["type"] = ["string", "null"]
    answers = walk(document)
    assert answers["got"]["clientApiKey"] == answers["created"]["clientApiKey"]


def test_a_nullable_field_is_made_required_and_not_nullable(document: dict[str, Any]) -> None:
    schema(document, "Client")["properties"]["address"]["type"] = "string"
    schema(document, "Client")["required"].append("address")
    assert walk(document)["got"]["address"] == "0x8F2559F2D5C8D4B3a7E2F9BcE6E4c1A0b3D7e9F1"


def test_a_field_that_may_no_longer_be_null_is_left_out(document: dict[str, Any]) -> None:
    schema(document, "Client")["properties"]["address"]["type"] = "string"
    assert "address" not in walk(document)["got"]


def test_a_field_is_taken_away(document: dict[str, Any]) -> None:
    client = schema(document, "Client")
    client["additionalProperties"] = False
    del client["properties"]["isAccountAbstracted"]
    client["required"].remove("isAccountAbstracted")
    answers = walk(document)
    assert answers["got"].keys() == {"id", "address", "clientApiKey"}
    assert answers["got"]["id"] == answers["created"]["id"]


def test_a_field_changes_its_type(document: dict[str, Any]) -> None:
    schema(document, "Client")["properties"]["isAccountAbstracted"] = {"enum": ["yes", "no"]}
    answers = walk(document)
    assert answers["got"]["isAccountAbstracted"] == "yes"
    assert answers["got"]["id"] == answers["created"]["id"]


def test_a_path_parameter_is_renamed(document: dict[str, Any]) -> None:
    document["components"]["parameters"]["ClientId"]["name"] = "id"
    document["paths"] = {
        path.replace("{clientId}", "{id}"): item for path, item in document["paths"].items()
    }
    walk(document)


def test_a_schema_is_composed(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    schemas["Base"] = schemas.pop("Client")
    schemas["Client"] = {
        "allOf": [
            {"$ref": "#/components/schemas/Base"},
            {
                "required": ["tier"],
                "properties": {"tier": {"type": "string", "enum": ["gold", "tin"]}},
            },
        ]
    }
    answers = walk(document)
    assert answers["got"]["tier"] == "gold"
    assert answers["got"]["id"] == answers["created"]["id"]


def test_a_sixth_operation_is_served(document: dict[str, Any]) -> None:
    document["paths"]["/custodians/clients/{clientId}"]["delete"] = {
        "operationId": "deleteClient",
        "tags": ["Maintenance"],
        "security": [{"portalApiKey": []}],
        "parameters": [
            {
                "name": "mode",
                "in": "query",
                "required": True,
                "schema": {"type": "string", "enum": ["soft", "hard"]},
            }
        ],
        "responses": {
            "204": {"description": "Gone."},
            "400": {"$ref": "#/components/responses/BadRequest"},
        },
    }
    with MockPortal(document) as mock:
        gone = ask(mock, "DELETE", CLIENTS + "/x?mode=soft")
        assert (gone.status, gone.body) == (204, b"")
        assert "content-type" not in gone.headers
        wrong = ask(mock, "DELETE", CLIENTS + "/x?mode=odd")
        assert wrong.status == 400
        assert "'mode'" in wrong.json["error"]
        assert "(enum)" in wrong.json["error"]
        missing = ask(mock, "DELETE", CLIENTS + "/x")
        assert "is required" in missing.json["error"]
        assert ask(mock, "PUT", CLIENTS + "/x").headers["allow"] == "DELETE, GET"
        assert ask(mock, "DELETE", CLIENTS + "/x?mode=soft", headers=()).status == 401


def test_an_operation_of_its_own_is_taken_away(document: dict[str, Any]) -> None:
    del document["paths"]["/custodians/clients/{clientId}/web-otp"]
    with MockPortal(document) as mock:
        assert ask(mock, "GET", CLIENTS + "/x/web-otp").status == 404


def test_errors_without_an_error_text_come_from_their_example(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Error"] = {
        "type": "object",
        "additionalProperties": False,
        "required": ["code"],
        "properties": {"code": {"type": "integer", "examples": [17]}},
    }
    for name in ("BadRequest", "Unauthorized", "TooManyRequests"):
        del document["components"]["responses"][name]["content"]["application/json"]["example"]
    with MockPortal(document) as mock:
        reply = ask(mock, "GET", CLIENTS + "/x")
        assert (reply.status, reply.json) == (400, {"code": 17})
        assert ask(mock, "GET", CLIENTS, headers=()).json == {"code": 17}


def test_what_the_document_makes_impossible_is_not_answered(document: dict[str, Any]) -> None:
    schema(document, "Client")["properties"]["address"] = {"type": "string", "not": {}}
    schema(document, "Client")["required"].append("address")
    with MockPortal(document) as mock:
        created = ask(mock, "POST", CLIENTS, b"{}").json
        reply = ask(mock, "GET", f"{CLIENTS}/{created['id']}")
    assert reply.status == 500
    assert "getClient" in reply.text
    assert "$.address" in reply.text
    assert "(not)" in reply.text


def test_the_path_of_the_first_server_is_the_base_path(document: dict[str, Any]) -> None:
    document["servers"] = [
        {"url": "https://{host}/{version}/", "variables": {"version": {"default": "v9"}}}
    ]
    with MockPortal(document) as mock:
        assert ask(mock, "GET", "/v9/custodians/clients").status == 200
        assert mock.base_url.endswith("/v9")
    del document["servers"]
    with MockPortal(document) as mock:
        assert ask(mock, "GET", "/custodians/clients").status == 200
