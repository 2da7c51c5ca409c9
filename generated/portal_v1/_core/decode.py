# Edited in overrides/package/_core/decode.py, from where `make generate` copies it.
"""From JSON values to Python values, with a check at each step.

A decoder takes a JSON value and returns a Python value or raises `MismatchError`, which knows
where in the answer it happened and what was expected there. It never holds the value.
"""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Callable, Container, Mapping
from io import BytesIO
from operator import length_hint
from typing import Any, Final, TypeGuard, TypeVar, cast

import attrs

from .._lazy import uuid
from ..types import UNSET, File, Unset
from . import json
from .json import MismatchError

T = TypeVar("T")
AbsentT = TypeVar("AbsentT")
MemberT = TypeVar("MemberT", bound=enum.Enum)
Decoder = Callable[[Any], T]
ResponseParser = Callable[[bytes], T]
"""Takes a body, returns its value or raises `MismatchError`."""

_DATE_TIME: Final = (
    r"(?a)(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)((?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)?)"
)
NO_NAMES: Final[frozenset[str]] = frozenset()


def field(fields: Mapping[str, Any], name: str, decoder: Decoder[T]) -> T:
    """Return the decoded value of the field `name`."""
    try:
        return decoder(fields.get(name, UNSET))
    except MismatchError as mismatch:
        raise mismatch.at(name) from None


def optional(
    fields: Mapping[str, Any], name: str, decoder: Decoder[T], absent: AbsentT
) -> T | AbsentT:
    """Return the decoded value of the field `name`, or what stands for its absence."""
    return field(fields, name, decoder) if name in fields else absent


def fields(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    raise MismatchError("object", value)


def additional(
    fields: Mapping[str, Any], known: Container[str], decoder: Decoder[T]
) -> dict[str, T]:
    """Return the decoded fields that the specification does not name."""
    unknown = {name: value for name, value in fields.items() if name not in known}
    if decoder is anything:
        return unknown
    return {name: field(unknown, name, decoder) for name in unknown}


def nothing_else(fields: Mapping[str, Any], known: Container[str]) -> None:
    """Refuse fields that the specification does not name, where it allows no other."""
    for name in additional(fields, known, anything):
        raise MismatchError("no field", fields[name]).at(name)


def with_defaults(model: Any) -> Any:
    """Return a model of a subclass with the defaults of the fields that the subclass adds."""
    factory: Any = attrs.Factory
    for one in attrs.fields(model.__class__):
        default: Any = one.default
        if not hasattr(model, one.name) and default is not attrs.NOTHING:
            if isinstance(default, factory):
                default = default.factory(*[model] * default.takes_self)
            setattr(model, one.name, default)
    return model


def nulls(fields: Mapping[str, Any], names: tuple[str, ...]) -> frozenset[str]:
    """Return which of the fields `names` are null, and not absent."""
    return frozenset([name for name in names if fields.get(name, UNSET) is None])


def anything(value: Any) -> Any:
    if value is UNSET:
        raise MismatchError("a value", value)
    return value


def _plain(expected: str, *kinds: type) -> Decoder[Any]:
    """Return a decoder that takes values of these classes as they are; no boolean is a number."""

    def decode(value: Any) -> Any:
        if isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool)):
            return value
        raise MismatchError(expected, value)

    return decode


null: Decoder[None] = _plain("null", type(None))
string: Decoder[str] = _plain("string", str)
boolean: Decoder[bool] = _plain("boolean", bool)
number: Decoder[float] = _plain("number", int, float)


def integer(value: Any) -> int:
    """Return an integer; 1.0 is one, in JSON Schema's terms."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise MismatchError("integer", value)


def _parsed(expected: str, parse: Callable[[str], T]) -> Decoder[T]:
    """Return a decoder of strings, of which it returns what they say."""

    def decode(value: Any) -> T:
        if isinstance(value, str):
            try:
                return parse(value)
            except ValueError:
                pass
        raise MismatchError(expected, value)

    return decode


def _parse_date_time(text: str) -> datetime.datetime:
    """Return a point in time, as RFC 3339 has it; a leap second is the one before."""
    found = re.fullmatch(_DATE_TIME, text)
    if found is None:
        raise ValueError(text)
    date, time, second, rest = found.groups()
    return datetime.datetime.fromisoformat(
        f"{date}T{time}{'59' if second == '60' else second}{rest.upper()}"
    )


date = _parsed("date string", datetime.date.fromisoformat)
date_time = _parsed("date-time string", _parse_date_time)
unique_id = _parsed("UUID string", lambda text: uuid.UUID(text))  # noqa: PLW0108 - it is imported late


def constant(value: Any, only: T) -> T:
    if type(value) is type(only) and value == only:
        return only
    raise MismatchError(f"the constant {only!r}", value)


def member(value: Any, kind: type[MemberT]) -> MemberT:
    """Return a member of an enumeration of strings or of integers."""
    return kind(string(value) if issubclass(kind, str) else integer(value))


def file(value: Any) -> File:
    """Return a file; JSON has none, so only Python values come here."""
    if isinstance(value, File):
        return value
    if isinstance(value, bytes):
        return File(payload=BytesIO(value))
    raise MismatchError("bytes", value)


def nullable(value: Any, decoder: Decoder[T]) -> T | None:
    """Return None for null, and else what the decoder returns."""
    if value is None:
        return None
    try:
        return decoder(value)
    except MismatchError as mismatch:
        mismatch.expected += " or null"
        raise


def array(value: Any, decoder: Decoder[T]) -> list[T]:
    if not _is_list(value):
        raise MismatchError("array", value)
    rest = iter(value)
    try:
        return [decoder(item) for item in rest]
    except MismatchError as mismatch:
        raise mismatch.at(len(value) - length_hint(rest) - 1) from None


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def union(value: Any, *decoders: Decoder[Any]) -> Any:
    """Return what the decoder makes of the value that fits it best; of equals, the first.

    What fits has all required fields and types. Of these, the one counts whose constants and known
    enum values are there, and then the one that documents the most of the fields that are there.
    """
    results: list[Any] = []
    expected: list[str] = []
    for decoder in decoders:
        try:
            results.append(decoder(value))
        except MismatchError as mismatch:
            expected.append(mismatch.expected)
    if results:
        return max(results, key=_fit)
    raise MismatchError(" or ".join(dict.fromkeys(expected)), value)


def _fit(result: Any) -> tuple[int, int]:
    """Return how many values of a model are among the documented ones, and how many fields."""
    if _is_list(result):
        fits = [_fit(item) for item in result]
        return sum(known for known, _ in fits), sum(count for _, count in fits)
    known: bool | None = getattr(result, "is_known", None)
    if known is not None:
        return (1 if known else -1), 0
    kind: Any = result.__class__
    if not attrs.has(kind):
        return 0, 0
    values = declared = 0
    for attribute in attrs.fields(kind):
        value = getattr(result, attribute.name)
        if value is None or isinstance(value, Unset):
            continue
        if attribute.init and attribute.name != "additional_properties":
            inner_values, inner_declared = _fit(value)
            values += inner_values + str(attribute.type).startswith("Literal[")
            declared += inner_declared + 1
    return values, declared + len(getattr(result, "_nulls", ()))


def discriminated(
    value: Any, name: str, by_value: Mapping[str, Decoder[Any]], *decoders: Decoder[Any]
) -> Any:
    """Return what the decoder makes of an object that its field `name` tells; else as `union`."""
    told = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
    decoder = by_value.get(told) if isinstance(told, str) else None
    return union(value, *decoders) if decoder is None else decoder(value)


def json_parser(decoder: Decoder[T]) -> ResponseParser[T]:
    return lambda content: decoder(json.load(content))


def text_parser(decoder: Decoder[T]) -> ResponseParser[T]:
    """Return a reader of bodies of plain UTF-8 text."""
    return lambda content: decoder(content.decode("utf-8", "replace"))


def file_parser(content: bytes) -> File:
    return File(payload=BytesIO(content))


def empty_parser(content: bytes) -> None:
    """Return nothing, whatever the body."""
