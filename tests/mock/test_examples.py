"""What an operation without a memory answers: the document's example, else the smallest value."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from tests.mock._support import get_thing, one_operation

PERSON = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
}
FORMATS = ("date", "date-time", "duration", "email", "uuid", "uri", "hostname", "ipv6", "own")

SCHEMAS: list[Any] = [
    True,
    {"type": "string", "minLength": 42, "maxLength": 44},
    {"type": "string", "maxLength": 2},
    *({"type": "string", "format": form} for form in FORMATS),
    {"type": "string", "pattern": r"^0x[a-fA-F0-9]{40}$"},
    {"type": "string", "pattern": r"^[A-Z]{3}$"},
    {"type": "integer", "exclusiveMinimum": 5, "multipleOf": 4},
    {"type": "integer", "maximum": -10},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": ["null", "boolean"]},
    {"const": {"a": [1]}},
    {"type": "array", "items": {"type": "integer"}, "minItems": 3},
    {"type": "array", "prefixItems": [{"type": "integer"}], "items": False, "minItems": 1},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    {"type": "object", "required": ["x"], "additionalProperties": {"type": "boolean"}},
    {"properties": {"nested": PERSON, "list": {"type": "array", "items": PERSON}}},
    {"allOf": [PERSON, {"required": ["age"], "properties": {"age": {"minimum": 18}}}]},
    {"anyOf": [{"type": "null"}, PERSON]},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"},
    {"oneOf": [{"type": "object"}, {"required": ["a", "b"]}, {"required": ["a"]}, PERSON]},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_schema_without_examples_gets_a_value_that_fits(schema: Any) -> None:
    reply = get_thing(one_operation(schema))
    assert reply.status == 200, reply.text
    jsonschema_rs.validate(schema, reply.json, validate_formats=True)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^[a-z]{3}-[0-9]{4}$"},
        {"$ref": "#/components/schemas/Endless"},
        False,
    ],
)
def test_where_none_can_be_made_the_missing_example_is_named(schema: Any) -> None:
    endless = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"$ref": "#/components/schemas/Endless"}},
    }
    reply = get_thing(one_operation(schema, schemas={"Endless": endless}))
    assert reply.status == 500
    assert "add one to the document at GET /thing, response 200" in reply.text


def test_a_union_names_its_branch() -> None:
    schemas = {
        name: {
            "type": "object",
            "required": ["kind", name],
            "properties": {"kind": {"type": "string"}, name: {"type": "boolean"}},
        }
        for name in ("Cat", "Dog")
    }
    union = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"feline": "#/components/schemas/Cat"},
        },
    }
    assert get_thing(one_operation(union, schemas=schemas)).json == {"kind": "feline", "Cat": True}


def test_alternatives_that_are_open_objects_are_answered() -> None:
    schemas = {
        name: {"type": "object", "properties": {name: {"type": "string"}}}
        for name in ("from", "hash")
    }
    union = {"oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas]}
    assert get_thing(one_operation(union, schemas=schemas)).status == 200


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ({"example": {"name": "Ada"}}, {"name": "Ada"}),
        ({"examples": {"one": {"value": {"name": "Bea"}}}}, {"name": "Bea"}),
        ({"examples": {"one": {"externalValue": "x"}}}, {"name": "string"}),
        ({"example": {"name": 1}}, {"name": "string"}),
    ],
    ids=["example", "examples", "elsewhere", "invalid"],
)
def test_examples_beside_the_schema_come_first(media: Any, expected: Any) -> None:
    assert get_thing(one_operation(PERSON, **media)).json == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "examples": ["first", "second"]}, "first"),
        ({"type": "string", "examples": [1, "second"]}, "second"),
        ({"type": "string", "example": "old style"}, "old style"),
        ({"type": "string", "default": "given"}, "given"),
        (
            {
                "allOf": [
                    {**PERSON, "examples": [{"name": "Ada"}]},
                    {"required": ["b"], "properties": {"b": {"examples": [2]}}},
                ]
            },
            {"name": "string", "b": 2},
        ),
        (
            {
                "required": ["id", "password"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "password": {"type": "string", "writeOnly": True},
                },
            },
            {"id": 1},
        ),
    ],
    ids=["the first", "the valid one", "3.0", "default", "not of a part", "not write-only"],
)
def test_the_schemas_own_examples_come_next(schema: Any, expected: Any) -> None:
    assert get_thing(one_operation(schema)).json == expected
