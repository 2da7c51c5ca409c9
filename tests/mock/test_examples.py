"""An operation without a behaviour is answered from the document."""

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

SCHEMAS: list[Any] = [
    True,
    {},
    {"type": "string", "minLength": 12, "maxLength": 14},
    {"type": "string", "maxLength": 2},
    *(
        {"type": "string", "format": form}
        for form in (
            "date",
            "date-time",
            "time",
            "duration",
            "email",
            "uuid",
            "uri",
            "hostname",
            "ipv4",
            "ipv6",
            "json-pointer",
            "regex",
            "unheard-of",
        )
    ),
    *(
        {"type": "string", "pattern": pattern}
        for pattern in (
            "^[a-z]{3}-[0-9]{4,}$",
            "^(cat|dog)s?$",
            r"^\d+\.\d{2}$",
            r"^0x[a-fA-F0-9]{40}$",
            "^[^/]+$",
            r"^(?:ab)+\s\w*$",
            r"^[\w.-]+@[\w]+\.[a-z]{2,}$",
            "^A?B*C+$",
            r"^[A-Z][\-_]\u00e9$",
        )
    ),
    {"type": "string", "pattern": "^[a-z]+$", "minLength": 9},
    {"type": "integer", "minimum": 3, "maximum": 3},
    {"type": "integer", "exclusiveMinimum": 5, "multipleOf": 4},
    {"type": "integer", "maximum": -10},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": "number", "minimum": 0, "maximum": 0.5},
    {"type": "number", "multipleOf": 0.25},
    {"type": ["null", "boolean"]},
    {"type": "null"},
    {"const": {"a": [1]}},
    {"enum": ["red", "green"]},
    {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "maxItems": 0},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 2},
    {"type": "object", "required": ["x"], "additionalProperties": {"type": "boolean"}},
    {"properties": {"nested": PERSON, "list": {"type": "array", "items": PERSON}}},
    {"allOf": [PERSON, {"required": ["age"], "properties": {"age": {"minimum": 18}}}]},
    {"allOf": [{"type": "integer", "minimum": 2}, {"maximum": 4}, {"minimum": 4}]},
    {"anyOf": [{"type": "null"}, PERSON]},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"},
    {"type": "object", "properties": {"a": {"type": "string"}, "b": False}},
    {"type": "object", "properties": {"a": {}, "b": {}}, "maxProperties": 0},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_schema_without_examples_gets_a_value_that_fits(schema: Any) -> None:
    reply = get_thing(one_operation(schema))
    assert reply.status == 200, reply.text
    jsonschema_rs.validate(schema, reply.json, validate_formats=True)


def test_optional_properties_are_shown() -> None:
    assert get_thing(one_operation(PERSON)).json == {"name": "string", "age": 1}


def test_recursion_comes_to_an_end() -> None:
    node = {
        "type": "object",
        "required": ["name", "children"],
        "properties": {
            "name": {"type": "string"},
            "parent": {"$ref": "#/components/schemas/Node"},
            "twin": {"oneOf": [{"$ref": "#/components/schemas/Node"}, {"type": "null"}]},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    }
    reply = get_thing(one_operation({"$ref": "#/components/schemas/Node"}, schemas={"Node": node}))
    assert reply.status == 200
    assert reply.json["children"][0]["children"] == []


def test_recursion_without_an_end_is_not_answered() -> None:
    node = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"$ref": "#/components/schemas/N"}},
    }
    reply = get_thing(one_operation({"$ref": "#/components/schemas/N"}, schemas={"N": node}))
    assert reply.status == 500
    assert "GET /thing" in reply.text


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


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ({"example": {"name": "Ada"}}, {"name": "Ada"}),
        ({"examples": {"one": {"value": {"name": "Bea"}}}}, {"name": "Bea"}),
        ({"examples": {"one": {"externalValue": "x"}}}, {"name": "string", "age": 1}),
        ({"example": {"age": 36}}, {"age": 36, "name": "string"}),
        ({"example": {"name": 1}}, {"name": "string", "age": 1}),
    ],
    ids=["example", "examples", "elsewhere", "lacks what is required", "invalid"],
)
def test_examples_beside_the_schema_come_first(media: Any, expected: Any) -> None:
    assert get_thing(one_operation(PERSON, **media)).json == expected


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"examples": ["first", "second"]}, "first"),
        ({"examples": [1, "second"]}, "second"),
        ({"example": "old style"}, "old style"),
        ({"default": "given"}, "given"),
    ],
)
def test_the_schemas_own_examples_come_next(own: Any, expected: Any) -> None:
    assert get_thing(one_operation({"type": "string", **own})).json == expected


def test_examples_of_a_part_are_not_taken_for_the_whole() -> None:
    whole = {
        "allOf": [
            {**PERSON, "examples": [{"name": "Ada"}]},
            {"required": ["b"], "properties": {"b": {"examples": [2]}}, "example": {"b": 3}},
        ]
    }
    assert get_thing(one_operation(whole)).json == {"name": "string", "age": 1, "b": 2}


def test_what_is_write_only_is_not_answered() -> None:
    schema = {
        "type": "object",
        "required": ["id", "password"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "password": {"type": "string", "writeOnly": True},
        },
    }
    assert get_thing(one_operation(schema)).json == {"id": 1}
