# Edited in overrides/package/mock/_merging.py, from where `make generate` copies it.
"""Several schemas that must all hold, as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ._json import is_object

_WHOLE = ("example", "examples", "default")


def merged(parts: Iterable[Mapping[str, Any]], own: Mapping[str, Any]) -> dict[str, Any]:
    """One schema that asks for what all parts ask for, as far as examples need it.

    Args:
        parts: The schemas that are combined. Where several of them describe an object, their
            examples are left out: each shows its own part only.
        own: What stands beside the combination. Its examples always hold.
    """
    listed = [*parts, own]
    result: dict[str, Any] = {}
    several = sum("properties" in part for part in listed) > 1
    for part in listed:
        for key, value in part.items():
            if several and key in _WHOLE and part is not own:
                continue
            combine = _RULES.get(key)
            result[key] = combine(result[key], value) if combine and key in result else value
    return result


def _properties(left: Any, right: Any) -> Any:
    return {**left, **{name: _both(left.get(name), schema) for name, schema in right.items()}}


def _union(left: Any, right: Any) -> Any:
    return [*left, *(value for value in right if value not in left)]


def _intersection(left: Any, right: Any) -> Any:
    return [value for value in _listed(left) if value in _listed(right)] or right


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _both(left: Any, right: Any) -> Any:
    if left is None or left is True or left == right:
        return right
    if is_object(right) and right.keys() == {"default"} and is_object(left):
        pinned = {key: value for key, value in left.items() if key not in _WHOLE}
        return {**pinned, **right} if "const" not in left and "enum" not in left else left
    return {"allOf": [left, right]}


_RULES: Mapping[str, Callable[[Any, Any], Any]] = {
    "properties": _properties,
    "required": _union,
    "allOf": _union,
    "enum": _intersection,
    "type": _intersection,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), min),
}
