"""The mappings of a document that are OpenAPI: where references and schemas stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from .reading import Place

# Under these keys of a schema stand a schema, a list of them, or schemas by name.
SINGLE = (
    *("items", "not", "additionalProperties", "contains", "propertyNames", "if", "then", "else"),
    *("unevaluatedProperties", "unevaluatedItems"),
)
SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")

# Under these keys stand data, not OpenAPI: nothing in them is a reference or a schema.
_DATA = {"example", "examples", "default", "const", "enum"}
# Under these keys stand names that somebody chose: "default" or "example" is a name like any other.
_NAMES = {
    *("callbacks", "content", "encoding", "headers", "links", "parameters", "pathItems", "paths"),
    *("requestBodies", "responses", "schemas", "securitySchemes", "variables", "webhooks"),
}


class Node(NamedTuple):
    """A mapping of a document that is OpenAPI: no list of names, no example data."""

    place: Place
    value: dict[str, Any]
    is_schema: bool


def walk(value: Any, place: Place = (), *, schema: bool = False) -> Iterator[Node]:
    """Yield each mapping of a part of a document that is OpenAPI, outer ones first."""
    if not isinstance(value, dict):
        return
    yield Node(place, value, schema)
    for key, inner in value.items():
        if schema:
            below, named = key in {*SINGLE, *SEVERAL, *NAMED}, key in NAMED
        else:
            below, named = key not in _DATA and not key.startswith("x-"), key in _NAMES
        schemas = schema or key in {"schema", "schemas"}
        if below and isinstance(inner, list):
            for index, item in enumerate(inner):
                yield from walk(item, (*place, key, index), schema=schemas)
        elif below and named and isinstance(inner, dict):
            for name, item in inner.items():
                yield from walk(item, (*place, key, name), schema=schemas)
        elif below:
            yield from walk(inner, (*place, key), schema=schemas)
