"""The rules of the house: each says where, and what to write there."""

from __future__ import annotations

from typing import Any

import pytest
from generation.document import Document
from generation.errors import GenerationError
from generation.house_rules import check_house_rules, smells_of_secrets

from tests.generation._support import CLIENTS, Tree

POST = "#/paths/~1custodians~1clients/post"


def findings(document: dict[str, Any]) -> list[str]:
    try:
        check_house_rules(Document("api.yaml", document))
    except GenerationError as error:
        return error.problems
    return []


def with_properties(**properties: Any) -> dict[str, Any]:
    return {"components": {"schemas": {"Thing": {"type": "object", "properties": properties}}}}


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("operationId", "needs an operationId"),
        ("summary", "needs a summary"),
        ("tags", "needs a tag"),
        ("security", "needs its own `security`"),
    ],
)
def test_an_operation_lacks_something(tree: Tree, key: str, what: str) -> None:
    tree.edit(lambda document: document["paths"][CLIENTS]["post"].pop(key))
    said = tree.refused()
    assert "does not keep the rules of this house" in said
    assert f"{POST} (line " in said
    assert what in said


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("operationId", " ", "needs an operationId"),
        ("summary", "", "needs a summary"),
        ("tags", [], "needs a tag"),
        ("security", [{"portalKey": []}], "'portalKey' is not in components/securitySchemes"),
        ("x-repeatable", "", "x-repeatable must be the reason"),
        ("x-repeatable", True, "x-repeatable must be the reason"),
    ],
)
def test_an_operation_says_nothing_of_use(tree: Tree, key: str, value: Any, what: str) -> None:
    tree.edit(lambda document: document["paths"][CLIENTS]["post"].update({key: value}))
    said = tree.refused()
    assert POST in said
    assert what in said


def test_everything_that_is_amiss_is_said_at_once(tree: Tree) -> None:
    with tree.edited() as document:
        for item in document["paths"].values():
            for operation in item.values():
                if isinstance(operation, dict):
                    del operation["summary"]
        del document["components"]["schemas"]["ClientWebOtp"]["properties"]["otp"]["format"]
    said = tree.refused()
    assert said.count("needs a summary") == 5
    assert "#/components/schemas/ClientWebOtp/properties/otp (line " in said
    assert "'otp' smells of a secret: say `format: password`" in said


def test_open_operations_say_so() -> None:
    operation = {"operationId": "a", "summary": "A.", "tags": ["A"], "security": []}
    assert findings({"paths": {"/a": {"get": operation}}}) == []


@pytest.mark.parametrize(
    "name",
    [
        "clientApiKey",
        "apikey",
        "api_key",
        "KEY",
        "accessToken",
        "refresh-tokens",
        "otp",
        "webOTP",
        "OTPCode",
        "secret",
        "passwordHash",
        "userpassword",
        "seedPhrase",
        "pin",
        "credentials",
        "clientSessionToken",
    ],
)
def test_names_that_smell(name: str) -> None:
    assert smells_of_secrets(name)


@pytest.mark.parametrize(
    "name", ["monkey", "id", "address", "keyboard", "pinned", "spinning", "option", "seedling"]
)
def test_names_that_do_not(name: str) -> None:
    assert not smells_of_secrets(name)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": ["string", "null"]},
        {"type": "string", "format": "uuid"},
        {"type": "string", "nullable": True},
        {"anyOf": [{"type": "string", "format": "password"}, {"type": "string"}]},
        {"allOf": [{"type": "string"}]},
        {"type": "array", "items": {"type": "string"}},
        {"$ref": "#/components/schemas/Plain"},
        {"oneOf": [{"$ref": "#/components/schemas/Plain"}, {"type": "null"}]},
    ],
)
def test_a_secret_that_does_not_say_so(schema: dict[str, Any]) -> None:
    document = with_properties(token=schema)
    document["components"]["schemas"]["Plain"] = {"type": "string"}
    (problem,) = findings(document)
    assert problem.startswith("#/components/schemas/Thing/properties/token: 'token' smells")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "format": "password"},
        {"type": ["string", "null"], "format": "password"},
        {"type": "integer"},
        {"type": "boolean"},
        {"type": "object"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "enum": ["bearer"]},
        {"const": "x", "type": "string"},
        {"$ref": "#/components/schemas/Masked"},
        {"type": "array", "items": {"type": "string", "format": "password"}},
        {"type": "string", "x-not-secret": "The address of a contract, public on the chain."},
        {"$ref": "#/components/schemas/Loop"},
    ],
)
def test_what_need_not_say_so(schema: dict[str, Any]) -> None:
    document = with_properties(token=schema)
    document["components"]["schemas"]["Masked"] = {"type": "string", "format": "password"}
    document["components"]["schemas"]["Loop"] = {"allOf": [{"$ref": "#/components/schemas/Loop"}]}
    assert findings(document) == []


def test_not_being_secret_has_a_reason() -> None:
    (problem,) = findings(with_properties(token={"type": "string", "x-not-secret": True}))
    assert "x-not-secret must be the reason, in words, why 'token' may be shown" in problem


def test_parameters_and_inline_schemas_are_seen() -> None:
    inner = {"type": "object", "properties": {"pin": {"type": "string"}}}
    body = {"type": "object", "properties": {"inner": inner}}
    body_place = "#/paths/~1a/post/requestBody/content/application~1json/schema"
    operation = {
        "operationId": "a",
        "summary": "A.",
        "tags": ["A"],
        "security": [],
        "parameters": [{"in": "query", "name": "otp", "schema": {"type": "string"}}],
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {"default": {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    }
    problems = findings({"paths": {"/a": {"post": operation}}})
    assert [problem.split(":")[0] for problem in problems] == [
        "#/paths/~1a/post/parameters/0/schema",
        f"{body_place}/properties/inner/properties/pin",
    ]


def test_examples_are_data_and_names_are_names() -> None:
    document = with_properties(
        example={"type": "object", "properties": {"key": {"type": "string"}}},
        plain={"example": {"properties": {"key": {"type": "string"}}}},
    )
    assert [problem.split(":")[0] for problem in findings(document)] == [
        "#/components/schemas/Thing/properties/example/properties/key"
    ]


def test_without_house_rules(tree: Tree) -> None:
    with tree.edited() as document:
        del document["paths"][CLIENTS]["post"]["summary"]
    tree.refused()
    assert "portal_v1" in tree.generated("--no-house-rules")
