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
from ..types import File, Unset
from . import json

T = TypeVar("T")
AbsentT = TypeVar("AbsentT")
MemberT = TypeVar("MemberT", bound=enum.Enum)
Decoder = Callable[[Any], T]
ResponseParser = Callable[[bytes], T]
"""Takes a body, returns its value or raises `MismatchError` or `MalformedJSONError`."""

_DATE_TIME: Final = (
    r"(?a)(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)((?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)?)"
)


class _Missing:
    """Given to a decoder in place of a field that is not there, which it then refuses."""


MISSING: Final = _Missing()
NO_NAMES: Final[frozenset[str]] = frozenset()

_JSON_TYPES: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    _Missing: "nothing",
}


class MismatchError(ValueError):
    """A value is not what the specification says. Of the value, only its type is kept."""

    def __init__(self, expected: str, value: object = None) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = _JSON_TYPES.get(type(value), "something else")
        self._steps: list[str] = []

    def at(self, step: str | int) -> MismatchError:
        """Record that it happened under this field or at this index; from the inside out."""
        if not isinstance(step, int):
            is_plain = re.fullmatch(r"[A-Za-z_]\w*", step, re.ASCII)
            self._steps.append(f".{step}" if is_plain else f"[{step!a}]")
        else:
            self._steps.append(f"[{step}]")
        return self

    def __str__(self) -> str:
        return f"{self.path} has to be {self.expected}, and is {self.found}"

    @property
    def path(self) -> str:
        """The place as a JSONPath, such as `$[3].address`."""
        return "$" + "".join(reversed(self._steps))


class UnreadableError(MismatchError):
    """A body is not of its media type at all."""


def field(fields: Mapping[str, Any], name: str, decoder: Decoder[T]) -> T:
    """Return the decoded value of the field `name`."""
    try:
        return decoder(fields.get(name, MISSING))
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
    return frozenset([name for name in names if fields.get(name, MISSING) is None])


def anything(value: Any) -> Any:
    if value is MISSING:
        raise MismatchError("a value", value)
    return value


def null(value: Any) -> None:
    if value is not None:
        raise MismatchError("null", value)


def string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise MismatchError("string", value)


def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise MismatchError("boolean", value)


def integer(value: Any) -> int:
    """Return an integer; 1.0 is one, in JSON Schema's terms."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise MismatchError("integer", value)


def number(value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise MismatchError("number", value)


def date(value: Any) -> datetime.date:
    """Return a date, from a string such as 2026-11-24."""
    return _convert(value, datetime.date.fromisoformat, "date string")


def date_time(value: Any) -> datetime.datetime:
    """Return a point in time, from a string as RFC 3339 has it; a leap second is the one before."""
    return _convert(value, _parse_date_time, "date-time string")


def _parse_date_time(text: str) -> datetime.datetime:
    found = re.fullmatch(_DATE_TIME, text)
    if found is None:
        raise ValueError(text)
    date, time, second, rest = found.groups()
    return datetime.datetime.fromisoformat(
        f"{date}T{time}{'59' if second == '60' else second}{rest.upper()}"
    )


def unique_id(value: Any) -> uuid.UUID:
    return _convert(value, uuid.UUID, "UUID string")


def _convert(value: Any, convert: Callable[[str], T], expected: str) -> T:
    if isinstance(value, str):
        try:
            return convert(value)
        except ValueError:
            pass
    raise MismatchError(expected, value)


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
