"""A document of OpenAPI 3.0 in its 3.1 form, in which everything else reads it."""

from __future__ import annotations

import copy
from typing import Any

_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
# Under these keys of a schema stand a schema, a list of them, or schemas by name.
SINGLE = (
    *("items", "not", "additionalProperties", "contains", "propertyNames", "if", "then", "else"),
    *("unevaluatedProperties", "unevaluatedItems"),
)
SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")


def upgrade(data: dict[str, Any]) -> dict[str, Any]:
    """Return a document of OpenAPI 3.0 as one of 3.1 that says the same."""
    result: dict[str, Any] = _upgrade_object(copy.deepcopy(data))
    result["openapi"] = "3.1.0"
    return result


def _upgrade_object(value: Any) -> Any:
    """Upgrade the schemas within a part of the document that is not a schema itself."""
    if isinstance(value, list):
        return [_upgrade_object(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        return {"$ref": value["$ref"]}
    for key, item in value.items():
        if key == "schema":
            value[key] = upgrade_schema(item)
        elif key == "schemas" and isinstance(item, dict):
            value[key] = {name: upgrade_schema(schema) for name, schema in item.items()}
        elif key not in {"example", "examples", "default"} and not key.startswith("x-"):
            value[key] = _upgrade_object(item)
    return value


def upgrade_schema(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 as one of 3.1."""
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}
    for key, value in schema.items():
        if key in SINGLE:
            schema[key] = upgrade_schema(value)
        elif key in SEVERAL and isinstance(value, list):
            schema[key] = [upgrade_schema(part) for part in value]
        elif key in NAMED and isinstance(value, dict):
            schema[key] = {name: upgrade_schema(part) for name, part in value.items()}
    for exclusive, inclusive in _BOUNDS.items():
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive):
            schema[exclusive] = schema.pop(inclusive, None)
    if "example" in schema:
        schema.setdefault("examples", [schema.pop("example")])
    return _with_null(schema) if schema.pop("nullable", False) is True else schema


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        return schema
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            schema[key] = [*schema[key], {"type": "null"}]
            return schema
    if "allOf" not in schema:
        return schema  # Without a type, null is among what it takes.
    outer: dict[str, Any] = {
        key: schema.pop(key)
        for key in ("title", "description", "deprecated", "readOnly", "writeOnly", "examples")
        if key in schema
    }
    return {**outer, "anyOf": [schema, {"type": "null"}]}
