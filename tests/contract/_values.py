"""JSON values, and what they are in the package."""

from __future__ import annotations

import datetime
import enum
import inspect
import json
import re
import types
import typing
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import attrs

from tests.contract._package import package

_PARSERS: dict[Any, Any] = {
    datetime.date: datetime.date.fromisoformat,
    datetime.datetime: datetime.datetime.fromisoformat,
    uuid.UUID: uuid.UUID,
}


class UnfitError(ValueError):
    """A value that a typed client cannot be given."""


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


def flatten(method: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a method, which takes the fields of some bodies one by one."""
    names, flat = inspect.signature(method).parameters, dict(arguments)
    if "body" in names or "body" not in flat:
        return flat
    body = flat.pop("body")
    return flat | {name: getattr(body, name) for name in names if hasattr(body, name)}


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
