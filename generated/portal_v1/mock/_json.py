# Edited in overrides/package/mock/_json.py, from where `make generate` copies it.
"""What a JSON value is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def members(node: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object at a key of another; an empty one where there is none."""
    found: Mapping[str, Any] | None = node.get(key)
    return found or {}
