"""JSON values that a document allows, and those that it does not, one place at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.contract._gateway import Reply
from tests.contract._package import is_valid, resolve

_REMOVED = object()
_REPLACEMENTS = (
    *(
        _REMOVED,
        None,
        0,
        1,
        -2.5,
        "",
        "false",
        'e\u0301\u00e9 "\\\n\U0001f388',
        True,
        False,
        [],
        {},
    ),
)
# What a client does not check: values that are not allowed yet may be allowed tomorrow.
_UNCHECKED = {"enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems"} | {
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "uniqueItems",
    "multipleOf",
    "maxProperties",
}


def sample(schema: Any, name: str = "value") -> Any:
    """Return a value of a schema: all properties are there, and no two texts are the same."""
    schema = resolve(schema)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][-1]
    if "allOf" in schema:
        return {k: v for one in schema["allOf"] for k, v in dict(sample(one, name)).items()}
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return sample(schema[key][0], name)
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
    if kind == "object":
        properties = schema.get("properties", {})
        return {key: sample(inner, f"{name}.{key}") for key, inner in properties.items()}
    if kind == "array":
        return [sample(schema.get("items", {}), f"{name}{index}") for index in range(3)]
    if kind == "string" and ("format" not in schema or schema["format"] == "password"):
        return f"the {name} \u00fc"[: schema.get("maxLength")]
    examples = schema.get("examples") or [schema.get("example")]
    kinds = {"boolean": True, "integer": 7, "number": 7.5, "null": None, "string": "2026-11-24"}
    return examples[0] if examples[0] is not None else kinds[kind]


def variations(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value changed in one place, with the place, as often as there is something to try."""
    for place, current, put in _places(value, "$", lambda new: new):
        for new in _REPLACEMENTS:
            if new is not _REMOVED or not place.endswith(("$", "]")):
                yield f"{place} is {'missing' if new is _REMOVED else repr(new)}", put(new)
        if isinstance(current, dict):
            yield f"{place} has a field more", put({**current, "news": [1, -2.5, None, {"a": []}]})
        if isinstance(current, list):
            for count in (1, 2, 12):
                yield f"{place} has {count} items", put((current * 12)[:count])


def is_documented(schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a value is what a schema says, as far as a client checks that."""
    return is_valid(_relaxed(schema), value)


def reply(status: int, value: Any, *headers: tuple[str, str], **more: Any) -> Reply:
    """Return a JSON answer."""
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, body, (("Content-Type", "application/json"), *headers), **more)


def _places(
    value: Any, path: str, put: Callable[[Any], Any]
) -> Iterator[tuple[str, Any, Callable[[Any], Any]]]:
    """Yield each place of a value, what is there, and how to put something else there."""
    yield path, value, put
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(
                inner, f"{path}.{key}", lambda new, key=key: put(_with(value, key, new))
            )
    elif isinstance(value, list) and value:
        last = len(value) - 1
        yield from _places(value[last], f"{path}[{last}]", lambda new: put([*value[:last], new]))


def _with(value: Mapping[str, Any], key: str, new: Any) -> dict[str, Any]:
    changed = {**value, key: new}
    return {name: one for name, one in changed.items() if one is not _REMOVED}


def _relaxed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_relaxed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _relaxed(inner) for key, inner in schema.items() if key not in _UNCHECKED}
