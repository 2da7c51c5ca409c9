"""A document of OpenAPI 3.0 in its 3.1 form, in which everything else reads it."""

from __future__ import annotations

from typing import Any

from .nodes import walk

_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_WORDS = ("title", "description", "deprecated", "readOnly", "writeOnly", "examples")


def upgrade(data: dict[str, Any]) -> None:
    """Turn a document of OpenAPI 3.0 into one of 3.1 that says the same."""
    for _, value, is_schema in reversed([*walk(data)]):
        if isinstance(value.get("$ref"), str):
            for key in value.keys() - {"$ref"}:
                del value[key]
        elif is_schema:
            _upgrade_schema(value)
    data["openapi"] = "3.1.0"


def _upgrade_schema(schema: dict[str, Any]) -> None:
    for exclusive, inclusive in _BOUNDS.items():
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive):
            schema[exclusive] = schema.pop(inclusive, None)
    if "example" in schema:
        schema.setdefault("examples", [schema.pop("example")])
    if schema.pop("nullable", False) is not True:
        return
    combined = next((key for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list)), "")
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    elif combined:
        schema[combined] = [*schema[combined], {"type": "null"}]
    elif "allOf" in schema:  # Without any of these, null is among what it takes.
        inner = {key: schema.pop(key) for key in [*schema] if key not in _WORDS}
        schema["anyOf"] = [inner, {"type": "null"}]
