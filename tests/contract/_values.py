"""JSON values that a document allows and does not allow, and what they are in the package."""

from __future__ import annotations

import copy
import datetime
import enum
import json
import re
import types
import typing
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, reduce
from operator import getitem, or_
from typing import Any

import attrs
import jsonschema_rs

from tests.contract._package import document, package, resolve

_PARSERS: dict[Any, Any] = {
    datetime.date: datetime.date.fromisoformat,
    datetime.datetime: datetime.datetime.fromisoformat,
    uuid.UUID: uuid.UUID,
}


_EXAMPLES = {
    "boolean": True,
    "integer": 7,
    "number": 7.5,
    "null": None,
    "date": "2026-11-24",
    "date-time": "2026-11-24T09:30:00.125Z",
    "uuid": "0e8e1f0c-6a3f-4f0e-9d0c-5b8f7a6d4c21",
}
# What a client does not check: a value that is not allowed today may be allowed tomorrow.
_UNCHECKED = {"enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems"}
_UNCHECKED |= {"exclusiveMinimum", "exclusiveMaximum", "minItems", "uniqueItems", "multipleOf"}
_CHANGES: tuple[Any, ...] = (
    None,
    0,
    1,
    -2.5,
    "",
    "false",
    'e\u0301\u00e9 "\\\n\U0001f388 ',
    True,
    False,
    [],
    {},
)


class UnfitError(ValueError):
    """A value that a typed client cannot be given."""


def sample(schema: Any, name: str = "value") -> Any:
    """Return a value of a schema: all properties are there, and no two texts are the same."""
    schema = resolve(schema)
    if parts := schema.get("allOf") or (schema.get("oneOf") or schema.get("anyOf") or [])[:1]:
        return reduce(or_, [sample(one, name) for one in parts])
    if told := [schema[key] for key in ("const", "default") if key in schema]:
        return told[0]
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
    if kind == "object":
        inner = {key: {"type": "string"} for key in schema.get("required", ())}
        inner |= schema.get("properties", {})
        if not inner and schema.get("additionalProperties", True) is True:
            inner = {"more": {"type": "string"}}
        return {key: sample(one, f"{name}.{key}") for key, one in inner.items()}
    if kind == "array":
        return [sample(schema.get("items", {}), f"{name}{index}") for index in range(3)]
    told = [*schema.get("enum", ()), *schema.get("examples", ()), schema.get("example")]
    if told[0] is not None and (kind != "string" or schema.keys() & {"enum", "pattern"}):
        return told[0]
    own = f"the {name} \u00fc"[: schema.get("maxLength")]
    return _EXAMPLES.get(schema.get("format") if kind == "string" else kind, own)


def variations(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value changed in one place, with the place, as often as there is something to try."""
    for path in _places(value, ("$",)):
        place = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)[1:]
        current: Any = reduce(getitem, path, {"$": value})
        changes = [*_CHANGES]
        if isinstance(current, str):
            changes.append(current.swapcase())
        elif isinstance(current, dict):
            changes.append({**current, "news": [1, -2.5, None, {"a": []}]})
        elif isinstance(current, list):
            changes += [(current * 12)[:count] for count in (1, 2, 12)]
        if len(path) > 1 and isinstance(path[-1], str):
            changes.append(...)
        for new in changes:
            root = copy.deepcopy({"$": value})
            above: Any = reduce(getitem, path[:-1], root)
            above[path[-1]] = new
            if new is ...:
                del above[path[-1]]
            yield place, root["$"]


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    keys = [*value] if isinstance(value, dict) else []
    keys += range(len(value))[-1:] if isinstance(value, list) else []
    for key in keys:
        yield from _places(value[key], (*path, key))


def is_documented(schema: Any, value: Any) -> bool:
    """Return whether a value is what a schema says, as far as a client checks that."""
    return bool(_validator(json.dumps(schema)).is_valid(value))


@cache
def _validator(schema: str) -> Any:
    parts = f'{{"allOf": [{schema}], "components": {json.dumps(document().get("components", {}))}}}'
    relaxed = json.loads(parts, object_hook=_relax)
    return jsonschema_rs.validator_for(relaxed, validate_formats=True)


def _relax(node: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without what a client does not check: of alternatives, any will do."""
    unchecked = _UNCHECKED | ({"format"} if node.get("format") not in [*_EXAMPLES] else set())
    if isinstance(node.get("oneOf"), list):
        node["anyOf"] = node.pop("oneOf")
    # What is an object there is the schema of a property that is called so.
    return {k: v for k, v in node.items() if k not in unchecked or isinstance(v, dict)}


def parse(body: bytes) -> Any:
    """Return the JSON of a body as RFC 8259 has it, a byte order mark aside; `...` for none."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=int)
    except ValueError:
        return ...


def fit(value: Any, hint: Any) -> Any:
    """Return the argument of a type that stands for a JSON value, or raise UnfitError."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    is_enum = isinstance(hint, enum.EnumMeta)
    make = _PARSERS.get(hint, getattr(hint, "from_dict", hint if is_enum else None))
    if origin in (typing.Union, types.UnionType):
        for one in inner:
            with suppress(UnfitError):
                return fit(value, one)
    elif origin is list and isinstance(value, list):
        return [fit(one, inner[0]) for one in value]
    elif make:
        with suppress(TypeError, ValueError, AttributeError):
            if plain(made := make(value)) == plain(value):
                return made
    elif origin is typing.Literal or hint in (Any, object):
        if not inner or plain(value) in map(plain, inner):
            return value
    elif type(value) is hint or (hint is float and type(value) is int):
        return value
    raise UnfitError("a value of another type")


def plain(value: Any) -> Any:
    """Return a value of the package, or of JSON, in one form, in which equal values are equal.

    Names are without their style, and what is null or not given is left out.
    """
    if attrs.has(type(value)):
        names = [one.name for one in attrs.fields(type(value)) if one.init]
        value = {one: getattr(value, one) for one in names}
        value |= value.pop("additional_properties", {})
    if isinstance(value, dict):
        unset = package().types.UNSET
        given = {key: one for key, one in value.items() if one is not None and one is not unset}
        return {re.sub(r"[\W_]", "", key).lower(): plain(one) for key, one in given.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, (datetime.date, uuid.UUID)):
        value = str(value)
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        with suppress(ValueError):
            return str(datetime.datetime.fromisoformat(value.upper()))  # RFC 3339 takes any case
    return (isinstance(value, bool), value)  # 1 is not True
