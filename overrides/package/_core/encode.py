"""From Python values to what is sent: JSON values, path segments, queries, headers, forms."""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from types import UnionType
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote, urlencode

from .._lazy import uuid
from ..errors import InvalidRequestError
from ..types import UNSET, File, FileTypes, RequestFiles, Unset
from . import json
from .frames import is_of_a_signal

T = TypeVar("T")

_VALUES: Final = {
    "header": r"[\t\x20-\x7e]*",
    "cookie": r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*",
}
_NOT_IN_A_SEGMENT: Final = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def json_value(value: Any) -> Any:
    """Return `value` as JSON has it: models, dates, UUIDs and enums become plain values."""
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, datetime.datetime):
        whole_milliseconds = value.microsecond and value.microsecond % 1000 == 0
        text = value.isoformat(timespec="milliseconds" if whole_milliseconds else "auto")
        return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [json_value(item) for item in cast("list[Any]", value)]
    if isinstance(value, Mapping):
        return {key: json_value(item) for key, item in cast("dict[Any, Any]", value).items()}
    return str(value) if isinstance(value, uuid.UUID) else value


def text(value: Any) -> str:
    """Return `value` as it stands in a path, a query, a header, a cookie or a form."""
    value = json_value(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def segment(value: Any, name: str, kind: type | UnionType = str, *, explode: bool = False) -> str:
    """Return the value of a path parameter, which is a `kind`, as one path segment.

    With `explode` the fields of an object are pairs with an equals sign.
    """
    if not isinstance(value, kind):
        expected = getattr(kind, "__name__", str(kind))
        raise InvalidRequestError(f"{name} has to be {expected}, not {type(value).__name__}.")
    parts = [text(value)] if isinstance(value, str) else _simple(value, explode=explode)
    segment = ",".join(parts)
    if segment in {"", ".", ".."}:
        raise InvalidRequestError(
            f"{name} is {segment!r}, which would lead to another path. Pass the whole id."
        )
    if _NOT_IN_A_SEGMENT.search(segment):
        raise InvalidRequestError(
            f"{name} holds a slash, a backslash, a control character or half a surrogate pair, "
            "which cannot stand in a path segment. Pass the id as the API gave it."
        )
    return ",".join(quote(part, safe="=" if explode else "") for part in parts)


def query(parameters: Mapping[str, Any], styles: Mapping[str, str] | None = None) -> str:
    """Return a query string with its question mark, or an empty string.

    A list gives the name once an item, an object its own fields. `styles` has the names that are
    written in another way: "," "|" or " " between the items of one value, "deepObject" for fields
    in brackets, "json" for a value of JSON.
    """
    pairs: list[str] = []
    for name, value in _given(parameters):
        style, key = (styles or {}).get(name), quote(name, safe="")
        if style == "json":
            pairs.append(f"{key}={quote(json_body(value), safe='')}")
        elif style == "deepObject":
            pairs += _deep_pairs(key, value)
        elif style is None:
            pairs += (f"{quote(n, safe='')}={_quoted(v, n)}" for n, v in _pairs({name: value}))
        elif parts := [_quoted(part, name) for part in _simple(value)]:
            pairs.append(f"{key}={(style if style == ',' else quote(style)).join(parts)}")
    return f"?{'&'.join(pairs)}" if pairs else ""


def _quoted(value: Any, name: str) -> str:
    return quote(_encodable(text(value), name), safe="")


def _deep_pairs(name: str, value: Any) -> Iterable[str]:
    plain = json_value(value)
    if isinstance(plain, dict):
        for key, inner in _given(cast("dict[str, Any]", plain)):
            yield from _deep_pairs(f"{name}[{quote(key, safe='')}]", inner)
    else:
        yield from (f"{name}={_quoted(item, name)}" for item in _listed(plain))


def _simple(value: Any, *, explode: bool = False) -> list[str]:
    """Return the parts of a value as they stand between commas."""
    plain = json_value(value)
    if not isinstance(plain, dict):
        return [*map(text, _listed(plain))]
    pairs = _given(cast("dict[str, Any]", plain))
    if explode:
        return [f"{name}={text(inner)}" for name, inner in pairs]
    return [part for name, inner in pairs for part in (name, text(inner))]


def headers(values: Mapping[str, Any], exploded: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return the header fields whose values are given; `exploded` ones have pairs for fields."""
    return [
        (name, _checked("header", name, ", ".join(_simple(value, explode=name in exploded))))
        for name, value in _given(values)
    ]


def cookies(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the Cookie header for the values that are given, or no header."""
    pairs = [f"{name}={_checked('cookie', name, text(value))}" for name, value in _given(values)]
    return [("Cookie", "; ".join(pairs))] if pairs else []


def _checked(kind: str, name: str, value: str) -> str:
    if not re.fullmatch(_VALUES[kind], value):
        raise InvalidRequestError(f"The value for the {kind} {name} cannot stand in a {kind}.")
    return value


def json_body(value: Any) -> bytes:
    try:
        return json.dump(json_value(value))
    except (TypeError, ValueError, RecursionError) as error:
        if is_of_a_signal(error):
            raise
        problem = f"The body cannot be written as JSON ({type(error).__name__})."
    raise InvalidRequestError(problem + " Check the types of the values in it.")


def form_body(fields: Mapping[str, Any]) -> bytes:
    pairs = [(name, _encodable(value, name)) for name, value in _pairs(fields)]
    return urlencode(pairs).encode()


def _encodable(value: str, name: str) -> str:
    if value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value):
        return value
    raise InvalidRequestError(f"{name} holds half a surrogate pair, which cannot be sent.")


def _given(values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return (
        (name, value) for name, value in values.items() if value is not UNSET and value is not None
    )


def _listed(value: Any) -> Iterable[Any]:
    return cast("list[Any]", value) if isinstance(value, (list, tuple)) else (value,)


def _pairs(values: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in _given(values):
        if isinstance(json_value(value), dict):
            yield from _pairs(json_value(value))
        else:
            yield from ((name, text(item)) for item in _listed(value))


def optional_body(
    operation_id: str, model: Callable[..., T], required: tuple[str, ...], /, **fields: Any
) -> T | Unset:
    """Return the body of the fields that are given, or UNSET where none is."""
    given = {name: value for name, value in fields.items() if value is not UNSET}
    if not given:
        return UNSET
    missing = [name for name in required if name not in given]
    if missing:
        raise InvalidRequestError(
            f"A body needs {', '.join(missing)} as well.", operation_id=operation_id
        )
    return model(**given)


def multipart(fields: Mapping[str, Any]) -> RequestFiles:
    """Return the parts of a multipart body: files as they are, objects as JSON, else text."""
    return [(name, _part(item, name)) for name, value in _given(fields) for item in _listed(value)]


def _part(value: Any, name: str) -> FileTypes:
    if isinstance(value, File):
        return value.to_tuple()
    if isinstance(json_value(value), (dict, list)):
        return (None, json_body(value), "application/json")
    return (None, _encodable(text(value), name).encode(), "text/plain")
