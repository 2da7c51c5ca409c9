"""Schemas in one form, so that two ways to say the same do not count as a change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from generation.document import Document

# Words for people: no value is taken or refused for them.
ANNOTATIONS: Final = {
    "$comment",
    "$id",
    "$anchor",
    "$schema",
    "$defs",
    "definitions",
    "description",
    "example",
    "examples",
    "externalDocs",
    "summary",
    "title",
    "xml",
}
_HIGHEST = {"minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum"}
_LOWEST = {"maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"}
# These speak of the properties beside them: two of them in one object do not simply add up.
_LEFTOVER = {"additionalProperties", "unevaluatedProperties"}

Keywords = dict[str, Any]


def name_of(schema: Any) -> str:
    """Return the last word of a schema's reference; nothing where it is none."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""


def normal(document: Document, schema: Any) -> Keywords:
    """Return the keywords of a schema, references followed, in the form of JSON Schema 2020-12.

    `allOf` is united where that is plain; `type` is a list, in which "null" stands for what OpenAPI
    3.0 calls nullable and for an alternative that is null only; `const` is an `enum` of one; a
    schema that takes nothing is an `enum` of none. Annotations are left out.
    """
    return _normal(document, schema, frozenset())


def expanded(document: Document, value: Any) -> Any:
    """Return a value with what its references name put in their place, once on each way down."""
    return _expanded(document, value, frozenset())


def _expanded(document: Document, value: Any, open_references: frozenset[str]) -> Any:
    if isinstance(value, list):
        return [_expanded(document, item, open_references) for item in value]
    if not isinstance(value, dict):
        return value
    result = {
        key: _expanded(document, inner, open_references)
        for key, inner in value.items()
        if key != "$ref"
    }
    reference = value.get("$ref")
    if isinstance(reference, str):
        result["$ref"] = reference
        if reference not in open_references:
            target = document.look_up(reference)
            result["$ref"] = _expanded(document, target, open_references | {reference})
    return result


def _normal(document: Document, schema: Any, open_references: frozenset[str]) -> Keywords:
    if schema is False:
        return {"enum": []}
    if not isinstance(schema, dict):
        return {}
    own = {name: value for name, value in schema.items() if name not in ANNOTATIONS}
    parts: list[Keywords] = []
    reference = own.pop("$ref", None)
    if isinstance(reference, str) and reference not in open_references:
        target = document.look_up(reference)
        parts.append(_normal(document, target, open_references | {reference}))
        if _is_version_3_0(document):
            return parts[0]  # There, nothing beside a reference counts.
    parts.extend(_normal(document, part, open_references) for part in own.pop("allOf", ()))
    parts.append(_plain(document, own, open_references))
    return _united([part for part in parts if part])


def _is_version_3_0(document: Document) -> bool:
    return str(document.data.get("openapi", "")).startswith("3.0")


def _plain(document: Document, own: Keywords, open_references: frozenset[str]) -> Keywords:
    result = dict(own)
    types = result.pop("type", None)
    if types is not None:
        result["type"] = _types(types if isinstance(types, list) else [types])
    if _is_version_3_0(document):
        _translate_3_0(result)
    if "const" in result:
        result["enum"] = [result.pop("const")]
    if "null" in result.get("type", ()) and None not in result.get("enum", [None]):
        result["type"] = [name for name in result["type"] if name != "null"]
    for keyword in ("anyOf", "oneOf"):
        if keyword in result:
            result = _without_null_branch(document, result, keyword, open_references)
    return result


def _types(names: list[str]) -> list[str]:
    kept = set(names) - ({"integer"} if "number" in names else set())
    return sorted(kept, key=lambda name: (name == "null", name))


def _translate_3_0(schema: Keywords) -> None:
    # Without a type beside it, it means nothing to the standard and something to most tools: it
    # stays, to be compared as a keyword of its own.
    if schema.get("nullable") is not True or "type" in schema:
        nullable = schema.pop("nullable", False)
        if nullable is True:
            schema["type"] = _types([*schema["type"], "null"])
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.pop(exclusive, False) is True and limit in schema:
            schema[exclusive] = schema.pop(limit)


def _without_null_branch(
    document: Document, schema: Keywords, keyword: str, open_references: frozenset[str]
) -> Keywords:
    """Say "X or null" and "one of X alone" as X, with its type widened."""
    others = [branch for branch in schema[keyword] if not _is_null(document, branch)]
    if len(schema) > 1 or len(others) != 1:
        return schema
    inner = _normal(document, others[0], open_references)
    if len(others) < len(schema[keyword]) and "type" in inner:
        inner = {**inner, "type": _types([*inner["type"], "null"])}
        if "enum" in inner and None not in inner["enum"]:
            inner["enum"] = [*inner["enum"], None]
    elif len(others) < len(schema[keyword]) and inner:
        return schema
    return inner


def _is_null(document: Document, schema: Any) -> bool:
    target = document.resolve(schema)
    return isinstance(target, dict) and target.get("type") in ("null", ["null"])


def _united(parts: list[Keywords]) -> Keywords:
    if len(parts) < 2:  # noqa: PLR2004 - nothing to unite
        return parts[0] if parts else {}
    # Each such keyword looks at the properties of its own part only.
    if any(part.keys() & _LEFTOVER for part in parts):
        shut = [part for part in parts if any(part.get(key, True) is not True for key in _LEFTOVER)]
        others = [part for part in parts if "properties" in part and part not in shut]
        if shut and (len(shut) > 1 or others):
            return {"allOf": parts}
    result: Keywords = {}
    for part in parts:
        for keyword, value in part.items():
            if keyword not in result or result[keyword] == value:
                result[keyword] = value
            elif keyword in _UNITING:
                result[keyword] = _UNITING[keyword](result[keyword], value)
            else:
                return {"allOf": parts}
    return result


def _both(one: Any, other: Any) -> list[Any]:
    return [value for value in one if json.dumps(value) in {json.dumps(each) for each in other}]


def _both_types(one: list[str], other: list[str]) -> list[str]:
    shared = set(one) & set(other)
    if ("integer" in one and "number" in other) or ("number" in one and "integer" in other):
        shared.add("integer")
    return _types([*shared])


def _both_properties(one: Keywords, other: Keywords) -> Keywords:
    return {
        name: {"allOf": [one[name], other[name]]}
        if name in one and name in other and one[name] != other[name]
        else one.get(name, other.get(name))
        for name in (one | other)
    }


_UNITING: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "type": _both_types,
    "enum": _both,
    "required": lambda one, other: [*dict.fromkeys([*one, *other])],
    "properties": _both_properties,
    **dict.fromkeys(_HIGHEST, max),
    **dict.fromkeys(_LOWEST, min),
}
