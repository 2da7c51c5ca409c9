"""JSON values as the arguments that the package's functions take."""

from __future__ import annotations

import datetime
import enum
import json
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any, Final
from uuid import UUID

from .values import value_differences

_PARSERS: Final[dict[Any, Callable[[str], Any]]] = {
    datetime.datetime: datetime.datetime.fromisoformat,
    datetime.date: datetime.date.fromisoformat,
    UUID: UUID,
}


class UnfitError(ValueError):
    """A JSON value that no argument of the type stands for."""


def fitted(value: Any, annotation: Any) -> Any:
    """Return the argument that stands for a JSON value.

    Raises:
        UnfitError: None does.
    """
    if annotation is Any or annotation is object:
        return value
    origin = typing.get_origin(annotation)
    if origin in {typing.Union, types.UnionType}:
        return _first(value, typing.get_args(annotation))
    if origin is list:
        if not isinstance(value, list):
            raise UnfitError
        return [fitted(one, typing.get_args(annotation)[0]) for one in value]
    if origin is typing.Literal:
        if not any(
            value == one and type(value) is type(one) for one in typing.get_args(annotation)
        ):
            raise UnfitError
        return value
    if annotation in {str, int, bool, float, type(None), None}:
        return _plain(value, annotation)
    if annotation in _PARSERS:
        return _parsed(value, _PARSERS[annotation])
    return _made(value, annotation)


def alike(one: Any, other: Any) -> bool:
    """Whether two JSON values say the same: as they stand, but for the two ways to write UTC."""
    if isinstance(one, str) and isinstance(other, str):
        return one == other or one.replace("+00:00", "Z") == other.replace("+00:00", "Z")
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def fitted_text(value: Any, annotation: Any) -> Any:
    """Return the argument that stands for a value of a path, a query, a header or a cookie.

    Such values may have been turned into text already: then the argument is what turns into the
    same text again.

    Raises:
        UnfitError: None does.
    """
    for one in _readings(value, annotation):
        try:
            return fitted(one, annotation)
        except UnfitError:
            continue
    raise UnfitError


def _readings(value: Any, annotation: Any) -> Iterator[Any]:
    """Yield what a value may stand for: itself, and where it is text, what it is the text of."""
    yield value
    if not isinstance(value, str):
        return
    try:
        plain = json.loads(value)
    except (ValueError, RecursionError):
        plain = None
    if isinstance(plain, int | float) and json.dumps(plain) == value:
        yield plain
    for part in (annotation, *typing.get_args(annotation)):
        if typing.get_origin(part) is list:
            (item,) = typing.get_args(part)
            try:
                yield [fitted_text(one, item) for one in value.split(",")]
            except UnfitError:
                continue


def _first(value: Any, annotations: tuple[Any, ...]) -> Any:
    for annotation in annotations:
        try:
            return fitted(value, annotation)
        except UnfitError:
            continue
    raise UnfitError


def _plain(value: Any, kind: Any) -> Any:
    if kind is None or kind is type(None):
        if value is not None:
            raise UnfitError
    elif kind is float:
        if type(value) not in {int, float}:
            raise UnfitError
    elif type(value) is not kind:
        raise UnfitError
    return value


def _parsed(value: Any, parse: Callable[[str], Any]) -> Any:
    if not isinstance(value, str):
        raise UnfitError
    try:
        parsed = parse(value)
    except ValueError:
        raise UnfitError from None
    text = parsed.isoformat() if isinstance(parsed, datetime.date) else str(parsed)
    if not alike(text, value):
        raise UnfitError
    return parsed


def _made(value: Any, kind: Any) -> Any:
    make = getattr(kind, "from_dict", kind if isinstance(kind, enum.EnumMeta) else None)
    if make is None:
        raise UnfitError
    try:
        made = make(value)
    except ValueError:
        raise UnfitError from None
    # Not by to_dict(), which is among what is tested: a model that has all of it may be sent.
    if any(value_differences(made, value)):
        raise UnfitError
    return made
