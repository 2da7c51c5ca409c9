"""A document that is not OpenAPI: every fault with its place, and the edit that mends it."""

from __future__ import annotations

import re

import pytest
from generation.validation import check_document

from tests.generation._support import document_of, findings


def schema(text: str, version: str = "3.1.0") -> str:
    """A document with one schema, Thing."""
    return (
        f"openapi: {version}\ninfo: {{title: Demo, version: '1'}}\npaths: {{}}\n"
        f"components:\n  schemas:\n    Thing: {text}\n"
    )


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("openapi: 3.1.0\ninfo: {version: '1'}\npaths: {}", "#/info (line 2)", "'title' is a req"),
        ("paths: {/a: {get: {tags: One, responses: OK}}}", "/get/tags (line 3)", "type 'array'"),
        ("paths: {/a: {get: {operationID: x, responses: OK}}}", "/get (", "Leave out 'operationI"),
        (schema("{type: bool}"), "/Thing/type (line 6)", '"type": "boolean"'),
        (schema("{required: true}"), "/Thing/required (line 6)", "Leave out 'required'"),
        (schema("{examples: {a: 1}}"), "/Thing/examples (line 6)", '"examples": [1]'),
        (schema("{format: null}"), "/Thing/format (line 6)", "Leave out 'format'"),
        ("components: {parameters: {P: {name: a, in: query}}}", "/P (", "'content' is a r"),
        (schema("{type: strin}"), "/Thing/type (line 6)", "strin"),
        (schema("{required: id}"), "/Thing/required (line 6)", "array"),
        (schema("{$ref: '#/components/schemas/No'}"), "/Thing/$ref (", "names nothing here"),
        (schema("{$ref: 'other.yaml#/No'}"), "/Thing/$ref (", "is outside of this document"),
        (schema("{$ref: '#/components/schemas/Thing'}"), "/Thing/$ref (", "leads back to itself"),
        (schema("{allOf: [{$ref: '#/components/schemas/Thing'}]}"), "/Thing (line 6)", "of itself"),
        (
            "paths: {/a: {get: &g {operationId: x, responses: OK}, put: *g}}",
            "~1a/put (line 3): several operations",
            "'x'",
        ),
        (
            "paths: {/a: {get: {responses: OK, parameters: [{name: b, in: path}]}}}",
            "/get/parameters/0 (line 3)",
            "'b' is not in the path /a",
        ),
        (
            "paths: {/a: {get: {responses: OK, parameters: [&b {name: b, in: query}, *b]}}}",
            "/get/parameters/1 (line 3)",
            "query parameter 'b' is there twice",
        ),
    ],
)
def test_an_invalid_document(text: str, place: str, what: str) -> None:
    said = findings(text)
    assert "is not valid OpenAPI 3.1.0." in said
    assert place in said
    assert what in said


def test_a_scheme_that_is_not_declared_is_told_once() -> None:
    said = findings(
        "paths:\n"
        "  /a: {get: {operationId: getA, security: [{nope: []}], responses: OK}}\n"
        "  /b: {get: {operationId: getB, security: [{nope: []}], responses: OK}}\n"
    )
    assert said.count("'nope' is not declared") == 1
    assert "~1a/get/security (line 4) getA: the security scheme" in said
    assert "~1b/get/security (line 5) getB" in said
    assert 'components/securitySchemes:\n        "nope": {"type": "http"' in said


def test_all_faults_are_told_at_once() -> None:
    said = findings(
        "servers: {}\npaths: {/a/:id: {get: {tags: x, security: [{no: []}], responses: {}}},"
        " b: {get: {responses: OK}}}\n"
        "components: {schemas: {A: {type: strin}, B: {$ref: '#/components/schemas/C'}}}\n"
    )
    told = ["#/servers", "{id} is not among its", "/tags", "'no'", "`responses` is empty", "strin"]
    assert [what for what in [*told, "schemas/C"] if what not in said] == []
    assert re.search(r'#/paths/~1a~1:id \(line 4\).*\n.*"/a/\{id\}": …', said)
    assert re.search(r'#/paths/b \(line 4\): a path begins with a slash. Write:\n.*"/b": …', said)


@pytest.mark.parametrize(
    ("version", "shown"),
    [("'2.0'", '"2.0"'), ("3.2.0", '"3.2.0"'), ("3.1", "3.1"), ("", "missing")],
)
def test_a_version_that_is_not_supported(version: str, shown: str) -> None:
    said = findings(f"openapi: {version}\ninfo: {{}}\n")
    assert f"`openapi` must say 3.0.x or 3.1.x, as a string; it is {shown}." in said


def test_what_is_odd_is_told_and_taken() -> None:
    notes = check_document(
        document_of(
            "tags: [{name: One}]\npaths: {/a: {get: {tags: [Two], responses: OK}}}\n"
            "components: {schemas: {A: {type: object, required: [x], properties: {y: {}},"
            " nullable: true, requird: [y]}}}\n"
        )
    )
    told = "\n".join(notes)
    for what in ("['Two']", "'x' is required", "`nullable` says nothing in 3.1", "requird"):
        assert what in told


def test_3_0_is_read_in_its_3_1_form() -> None:
    text = schema(
        "{type: object, properties: {"
        "a: {type: string, nullable: true, enum: [x], example: x}, "
        "b: {nullable: true, description: B., allOf: [{$ref: '#/components/schemas/Other'}]}, "
        "c: {type: integer, minimum: 1, exclusiveMinimum: true}, "
        "d: {$ref: '#/components/schemas/Other', description: gone}}}\n"
        "    Other: {oneOf: [{type: string}], nullable: true}",
        "3.0.3",
    )
    document = document_of(text)
    check_document(document)
    assert document.data["openapi"] == "3.1.0"
    assert document.data["components"]["schemas"]["Thing"]["properties"] == {
        "a": {"type": ["string", "null"], "enum": ["x", None], "examples": ["x"]},
        "b": {
            "description": "B.",
            "anyOf": [{"allOf": [{"$ref": "#/components/schemas/Other"}]}, {"type": "null"}],
        },
        "c": {"type": "integer", "exclusiveMinimum": 1},
        "d": {"$ref": "#/components/schemas/Other"},
    }
    assert document.data["components"]["schemas"]["Other"]["oneOf"][1] == {"type": "null"}
