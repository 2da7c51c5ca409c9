"""JSON values that a document allows, and those that it does not, one place at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs

from tests.contract._gateway import Reply
from tests.contract._package import JSON, resolve

_REMOVED = object()
_TEXT = 'e\u0301\u00e9 "\\\n\U0001f388 '
_REPLACEMENTS: list[Any] = [_REMOVED, None, 0, 1, -2.5, "", "false", _TEXT, True, False, [], {}]
# What a client does not check: a value that is not allowed today may be allowed tomorrow.
_UNCHECKED = {"enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems"}
_UNCHECKED |= {"exclusiveMinimum", "exclusiveMaximum", "minItems", "uniqueItems", "multipleOf"}
_FORMATS = {
    "date": "2026-11-24",
    "date-time": "2026-11-24T09:30:00.125Z",
    "uuid": "0e8e1f0c-6a3f-4f0e-9d0c-5b8f7a6d4c21",
}
_PLAIN = {"boolean": True, "integer": 7, "number": 7.5, "null": None}


def sample(schema: Any, name: str = "value") -> Any:  # noqa: C901 - a case for each keyword
    """Return a value of a schema: all properties are there, and no two texts are the same."""
    schema = resolve(schema)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "allOf" in schema:
        return {k: v for one in schema["allOf"] for k, v in dict(sample(one, name)).items()}
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return sample(schema[key][0], name)
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
    if kind == "object":
        inner = schema.get("properties", {})
        inner |= {one: {"type": "string"} for one in schema.get("required", ()) if one not in inner}
        if not inner and schema.get("additionalProperties", True) is True:
            return {"more": f"the {name} \u00fc"}
        return {key: sample(one, f"{name}.{key}") for key, one in inner.items()}
    if kind == "array":
        return [sample(schema.get("items", {}), f"{name}{index}") for index in range(3)]
    told = [*schema.get("enum", ()), *schema.get("examples", ()), schema.get("example")]
    if kind != "string":
        return _PLAIN[kind] if told[0] is None else told[0]
    if "enum" in schema or ("pattern" in schema and told[0]):
        return told[0]
    return _FORMATS.get(schema.get("format"), f"the {name} \u00fc"[: schema.get("maxLength")])


def variations(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value changed in one place, with the place, as often as there is something to try."""
    for place, current, put in _places(value, "$", lambda new: new):
        for new in _REPLACEMENTS:
            if new is not _REMOVED or not place.endswith(("$", "]")):
                yield place, put(new)
        if isinstance(current, str):
            yield place, put(current.swapcase())
        if isinstance(current, dict):
            yield place, put({**current, "news": [1, -2.5, None, {"a": []}]})
        if isinstance(current, list):
            yield from ((place, put((current * 12)[:count])) for count in (1, 2, 12))


def is_documented(schema: Any, value: Any) -> bool:
    """Return whether a value is what a schema says, as far as a client checks that."""
    return jsonschema_rs.validator_for(_relax(schema), validate_formats=True).is_valid(value)


def parse(body: bytes) -> Any:
    """Return the JSON of a body as RFC 8259 has it, a byte order mark aside; `...` for none."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=int)
    except ValueError:
        return ...


def reply(status: int, value: Any, *headers: tuple[str, str], **more: Any) -> Reply:
    """Return a JSON answer; bytes stand for themselves."""
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, body, (("Content-Type", JSON), *headers), **more)


def _places(
    value: Any, path: str, put: Callable[[Any], Any]
) -> Iterator[tuple[str, Any, Callable[[Any], Any]]]:
    """Yield each place of a value, what is there, and how to put something else there."""
    yield path, value, put
    if isinstance(value, dict):
        for key, inner in value.items():

            def put_field(new: Any, key: str = key) -> Any:
                changed = {**value, key: new}
                return put({name: one for name, one in changed.items() if one is not _REMOVED})

            yield from _places(inner, f"{path}.{key}", put_field)
    elif isinstance(value, list) and value:
        head, last = value[:-1], len(value) - 1
        yield from _places(value[last], f"{path}[{last}]", lambda new: put([*head, new]))


def _relax(schema: Any) -> Any:
    """Return a schema without what a client does not check: of alternatives, any will do."""
    if isinstance(schema, list):
        return [_relax(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    unchecked = _UNCHECKED | ({"format"} if schema.get("format") not in _FORMATS else set())
    relaxed = {}
    for key in schema.keys() - unchecked:
        inner = schema[key]
        is_named = key == "properties" and isinstance(inner, dict)
        relaxed["anyOf" if key == "oneOf" else key] = (
            {name: _relax(one) for name, one in inner.items()} if is_named else _relax(inner)
        )
    return relaxed
