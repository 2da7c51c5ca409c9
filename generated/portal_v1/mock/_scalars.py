# Edited in overrides/package/mock/_scalars.py, from where `make generate` copies it.
"""Strings and numbers that fit a schema."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ._patterns import matching

_FORMATS = {
    "byte": "c3RyaW5n",
    "date": "2024-01-15",
    "date-time": "2024-01-15T09:30:00Z",
    "duration": "PT1H",
    "email": "person@example.com",
    "hostname": "host.example.com",
    "idn-email": "person@example.com",
    "idn-hostname": "host.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "iri": "https://example.com/",
    "iri-reference": "/resource",
    "json-pointer": "/resource",
    "regex": "^a$",
    "relative-json-pointer": "1/resource",
    "time": "09:30:00Z",
    "uri": "https://example.com/",
    "uri-reference": "/resource",
    "uri-template": "https://example.com/{id}",
    "url": "https://example.com/",
    "uuid": "3f2b9f04-6a51-4a0e-9d5b-3f1c7f0a9c11",
}


def string_for(schema: Mapping[str, Any]) -> str:
    """A string of the schema's format or pattern, and of a length that it allows."""
    least = int(schema.get("minLength", 0))
    most = schema.get("maxLength")
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        return matching(pattern, least)
    form = schema.get("format")
    if isinstance(form, str) and form in _FORMATS:
        return _FORMATS[form]
    text = "string"
    text += "x" * (least - len(text))
    return text if most is None else text[: int(most)]


def number_for(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    """A number within the schema's bounds; a whole one, or a multiple, where it says so."""
    step = schema.get("multipleOf") or (1 if whole else 0)
    if whole and step != int(step):
        step = 1
    low, over = _bound(schema, "minimum", "exclusiveMinimum", max)
    high, under = _bound(schema, "maximum", "exclusiveMaximum", min)
    value: float = 1 if whole else 1.5
    if low is not None and value <= low:
        value = low + (step or 1) if over else low
    if high is not None and value >= high:
        value = high - (step or 1) if under else high
        if low is not None and (value < low or (over and value == low)):
            value = (low + high) / 2
    if step:
        value = math.ceil(value / step) * step
        if high is not None and value > high:
            value -= step
    return int(value) if whole else value


def _bound(
    schema: Mapping[str, Any], inclusive: str, exclusive: str, tighter: Any
) -> tuple[float | None, bool]:
    closed, open_ = schema.get(inclusive), schema.get(exclusive)
    if open_ is None or isinstance(open_, bool):
        return closed, False
    if closed is None or tighter(closed, open_) == open_:
        return open_, True
    return closed, False


SCALARS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "string": string_for,
    "integer": lambda schema: number_for(schema, whole=True),
    "number": lambda schema: number_for(schema, whole=False),
    "boolean": lambda _schema: True,
    "null": lambda _schema: None,
}
