"""Whether a value of the package is what a JSON value says, by its attributes."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import attrs

from .names import python_name


def is_unset(value: Any) -> bool:
    """Whether an argument or field says nothing."""
    return type(value).__name__ == "Unset"


def value_differences(value: Any, raw: Any, path: str = "$") -> Iterator[str]:
    """Yield where a returned value differs from the JSON that it was made of; never the values."""
    if attrs.has(type(value)) and isinstance(raw, dict):
        yield from _model_differences(value, raw, path)
    elif isinstance(value, list) and isinstance(raw, list):
        if len(value) != len(raw):
            yield f"{path}: {len(value)} items were made of {len(raw)}"
        for index, (one, other) in enumerate(zip(value, raw, strict=False)):
            yield from value_differences(one, other, f"{path}[{index}]")
    elif not _is_same(value, raw):
        yield f"{path}: another value than in the answer"


def _is_same(value: Any, raw: Any) -> bool:
    """Whether a scalar is what the package makes of this JSON."""
    if isinstance(value, datetime.datetime | UUID):
        try:
            return value == (UUID(raw) if isinstance(value, UUID) else value.fromisoformat(raw))
        except (TypeError, ValueError):
            return False
    if isinstance(value, enum.Enum):
        return bool(value.value == raw)
    if isinstance(raw, str) and not isinstance(value, str):
        return value is not None and str(value) == raw
    return bool(value == raw) and isinstance(value, bool) == isinstance(raw, bool)


def _model_differences(value: Any, raw: Mapping[str, Any], path: str) -> Iterator[str]:
    names = {one.name for one in attrs.fields(type(value))} - {"additional_properties"}
    additional = getattr(value, "additional_properties", {})
    unread = set(names)
    for key, inner in raw.items():
        place = f"{path}.{key}"
        name = python_name(key)
        if key in additional:
            yield from value_differences(additional[key], inner, place)
        elif name in names:
            unread.discard(name)
            yield from value_differences(getattr(value, name), inner, place)
        else:
            yield f"{place}: it is in the answer and not in the {type(value).__name__}"
    for name in sorted(unread):
        if getattr(value, name) is not None and not is_unset(getattr(value, name)):
            yield f"{path}: {name} has a value, and the answer has none for it"
