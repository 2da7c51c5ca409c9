"""A document that is not OpenAPI: every finding with its place, and nothing is touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.generation._support import CLIENT, CLIENTS, Tree

Change = Callable[[dict[str, Any]], object]


def line_of(tree: Tree, text: str, nth: int = 0) -> int:
    lines = tree.spec.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if line.strip() == text][nth]


def answer(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][CLIENTS]["post"]["responses"]["201"]
    return found


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


@pytest.mark.parametrize(
    ("change", "place", "what"),
    [
        (lambda d: d["info"].pop("title"), "#/info ", "'title' is a required property"),
        (
            lambda d: answer(d).pop("description"),
            "#/paths/~1custodians~1clients/post/responses/201 ",
            "'description' is a required property",
        ),
        (
            lambda d: d["paths"][CLIENTS]["post"].update(tags="Clients"),
            "#/paths/~1custodians~1clients/post/tags ",
            "'Clients' is not of type 'array'",
        ),
        (
            lambda d: d["paths"][CLIENTS]["post"].update(operationID="x"),
            "#/paths/~1custodians~1clients/post ",
            "OpenAPI has no such key here: 'operationID' was unexpected",
        ),
        (
            lambda d: d["components"]["parameters"]["ClientId"].pop("schema"),
            "#/components/parameters/ClientId ",
            "'schema' is a required property or 'content' is a required property",
        ),
        (
            lambda d: schema(d, "Client").update(type="strin"),
            "#/components/schemas/Client/type ",
            "'strin' is not one of",
        ),
        (
            lambda d: schema(d, "Client").update(required="id"),
            "#/components/schemas/Client/required ",
            "'id' is not of type 'array'",
        ),
        (
            lambda d: schema(d, "Client")["properties"]["id"].update(default=3),
            "#/components/schemas/Client/properties/id ",
            "3 is not of type 'string'",
        ),
        (
            lambda d: d["paths"][CLIENT].pop("parameters"),
            "#/paths/~1custodians~1clients~1{clientId}/get ",
            "Path parameter 'clientId'",
        ),
        (
            lambda d: d["paths"][CLIENTS]["post"].update(operationId="listClients"),
            "#/paths/~1custodians~1clients/",
            "'listClients'",
        ),
        (
            lambda d: answer(d)["content"]["application/json"]["schema"].update(
                {"$ref": "#/components/schemas/Nobody"}
            ),
            "/responses/201/content/application~1json/schema/$ref ",
            "'#/components/schemas/Nobody' names nothing here",
        ),
        (
            lambda d: answer(d)["content"]["application/json"]["schema"].update(
                {"$ref": "https://example.org/models.yaml#/Client"}
            ),
            "/responses/201/content/application~1json/schema/$ref ",
            "is outside of this document",
        ),
    ],
)
def test_an_invalid_document(tree: Tree, change: Change, place: str, what: str) -> None:
    tree.edit(change)
    said = tree.refused()
    assert "portal-v1.yaml is not valid OpenAPI 3.1.0." in said
    assert f"{place}" in said
    assert "(line " in said
    assert what in said


def test_a_schema_that_is_made_of_itself(tree: Tree) -> None:
    with tree.edited() as document:
        itself = {"allOf": [{"$ref": "#/components/schemas/Itself"}]}
        document["components"]["schemas"]["Itself"] = itself
    assert "A schema is made of itself" in tree.refused()


def test_a_path_that_is_a_reference(tree: Tree) -> None:
    with tree.edited() as document:
        document["components"]["pathItems"] = {"Clients": document["paths"][CLIENTS]}
        document["paths"][CLIENTS] = {"$ref": "#/components/pathItems/Clients"}
    said = tree.refused()
    assert "the generator would leave out a part of it." in said
    assert "#/paths/~1custodians~1clients (line " in said


def test_a_parameter_without_a_schema(tree: Tree) -> None:
    content = {"application/json": {"schema": {"type": "object"}}}
    with tree.edited() as document:
        document["components"]["parameters"]["Filter"] = {
            "name": "filter",
            "in": "query",
            "content": content,
        }
    said = tree.refused()
    assert "#/components/parameters/Filter (line " in said
    assert "'filter' needs a `schema`" in said


def test_several_findings_at_once(tree: Tree) -> None:
    with tree.edited() as document:
        del document["info"]["title"]
        document["paths"][CLIENTS]["get"]["tags"] = "Clients"
        document["servers"] = {}
    said = tree.refused()
    assert said.count("\n  - ") == 3
    assert f"#/info (line {line_of(tree, 'info:')})" in said
    assert "#/servers" in said
    assert "#/paths/~1custodians~1clients/get/tags" in said


def test_a_great_many_findings_are_counted(tree: Tree) -> None:
    with tree.edited() as document:
        for number in range(30):
            document["paths"][f"/p{number}"] = {"get": {"responses": {"200": {}}}}
    assert "… and 10 more" in tree.refused()


@pytest.mark.parametrize(
    ("version", "shown"), [("2.0", '"2.0"'), ("3.2.0", '"3.2.0"'), (3.1, "3.1"), (None, "missing")]
)
def test_a_version_that_is_not_supported(tree: Tree, version: Any, shown: str) -> None:
    tree.edit(lambda document: document.update(openapi=version))
    said = tree.refused()
    assert "`openapi` must say 3.0.x or 3.1.x, as a string" in said
    assert f"it is {shown}." in said


def test_the_version_is_missing(tree: Tree) -> None:
    tree.edit(lambda document: document.pop("openapi"))
    assert "it is missing." in tree.refused()
