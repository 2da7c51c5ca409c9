"""JSON values as the arguments that the package's functions take."""

from __future__ import annotations

import datetime
import enum
import types
import typing
import uuid
from typing import Any


class UnfitError(ValueError):
    """A JSON value that no argument of the type stands for. Its message names the types."""


def fitted(value: Any, annotation: Any) -> Any:
    """Return the argument that stands for a JSON value.

    Args:
        value: The value.
        annotation: What the argument may be.

    Raises:
        UnfitError: It stands for none.
    """
    origin = typing.get_origin(annotation)
    if annotation is Any or annotation is object:
        return value
    if origin in {typing.Union, types.UnionType}:
        for one in typing.get_args(annotation):
            try:
                return fitted(value, one)
            except UnfitError:
                continue
    elif origin is list:
        if isinstance(value, list):
            return [fitted(one, typing.get_args(annotation)[0]) for one in value]
    elif origin is typing.Literal:
        if value in typing.get_args(annotation):
            return value
    elif isinstance(annotation, type):
        return _of_class(value, annotation)
    raise UnfitError(f"{type(value).__name__} where {_name(annotation)} is wanted")


def _of_class(value: Any, kind: type) -> Any:
    try:
        if kind in {str, int, bool, types.NoneType}:
            if type(value) is kind:
                return value
        elif kind is float:
            if type(value) in {int, float}:
                return float(value)
        elif issubclass(kind, datetime.date):
            return kind.fromisoformat(value)
        elif issubclass(kind, uuid.UUID | enum.Enum):
            return kind(value)
        elif hasattr(kind, "from_dict"):
            return kind.from_dict(value)
    except (ValueError, TypeError, AttributeError):
        pass
    raise UnfitError(f"{type(value).__name__} where {kind.__name__} is wanted")


def _name(annotation: Any) -> str:
    return getattr(annotation, "__name__", None) or str(annotation)
