"""What an operation without a memory answers: the document's example, else the smallest value."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from tests.mock._support import TEXT, WHOLE, fields, get_thing, list_of, one_operation

PERSON = fields("name", name=TEXT, age=WHOLE)
FORMATS = ("date", "date-time", "duration", "email", "uuid", "uri", "hostname", "ipv6", "own")
SCHEMAS: list[Any] = [
    True,
    {"type": "string", "minLength": 42, "maxLength": 44},
    {"type": "string", "maxLength": 2},
    *({"type": "string", "format": form} for form in FORMATS),
    {"type": "string", "pattern": r"^0x[a-fA-F0-9]{40}$"},
    {"type": "integer", "exclusiveMinimum": 5, "maximum": 6},
    {"type": "number", "minimum": 1, "multipleOf": 0.75},
    {"type": "integer", "maximum": -10},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"type": ["null", "boolean"]},
    {"const": {"a": [1]}},
    list_of(WHOLE, minItems=3),
    {"type": "object", "required": ["x"], "additionalProperties": {"type": "boolean"}},
    {"allOf": [PERSON, {"required": ["age"], "properties": {"age": {"minimum": 18}}}]},
    {"anyOf": [{"type": "null"}, PERSON]},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"},
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
    endless = fields("a", a={"$ref": "#/components/schemas/Endless"})
    reply = get_thing(one_operation(schema, schemas={"Endless": endless}))
    assert reply.status == 500
    assert "add one to the document at GET /thing, response 200" in reply.text


def test_alternatives_are_answered() -> None:
    schemas = {name: fields(kind=TEXT, **{name: {}}) for name in ("Cat", "Dog")}
    union: dict[str, Any] = {"oneOf": [{"$ref": f"#/components/schemas/{one}"} for one in schemas]}
    assert get_thing(one_operation(union, schemas=schemas)).status == 200
    for name, schema in schemas.items():
        schema["required"] = ["kind", name]
    mapping = {"feline": "#/components/schemas/Cat"}
    union["discriminator"] = {"propertyName": "kind", "mapping": mapping}
    assert get_thing(one_operation(union, schemas=schemas)).json == {"kind": "feline", "Cat": {}}


PARTS = [
    {**PERSON, "examples": [{"name": "Ada"}]},
    {"required": ["b"], "properties": {"b": {"examples": [2]}}},
]
SECRET = fields(
    *("id", "password"), id={**WHOLE, "readOnly": True}, password={**TEXT, "writeOnly": True}
)


@pytest.mark.parametrize(
    ("schema", "media", "expected"),
    [
        (PERSON, {"example": {"name": "Ada"}}, {"name": "Ada"}),
        (PERSON, {"examples": {"one": {"value": {"name": "Bea"}}}}, {"name": "Bea"}),
        (PERSON, {"examples": {"one": {"externalValue": "x"}}}, {"name": "string"}),
        (PERSON, {"example": {"name": 1}}, {"name": "string"}),
        ({"type": "string", "examples": ["first", "second"]}, {"example": "beside"}, "beside"),
        ({"type": "string", "examples": [1, "second"]}, {}, "second"),
        ({"type": "string", "example": "old style"}, {}, "old style"),
        ({"type": "string", "default": "given"}, {}, "given"),
        ({"allOf": PARTS}, {}, {"name": "string", "b": 2}),
        (SECRET, {}, {"id": 1}),
    ],
)
def test_examples_of_the_document_come_first(schema: Any, media: Any, expected: Any) -> None:
    assert get_thing(one_operation(schema, **media)).json == expected
