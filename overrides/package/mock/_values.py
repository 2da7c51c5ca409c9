"""JSON values and media types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def members(node: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object at a key of another; an empty one where there is none."""
    value: Mapping[str, Any] | None = node.get(key)
    return value or {}


def success_key(by_key: Mapping[str, Any]) -> str:
    """The lowest 2xx, else the lowest 3xx, else what there is."""
    for group in ("2", "3"):
        keys = sorted(key for key in map(str, by_key) if key.startswith(group))
        if keys:
            return keys[0]
    return "default" if "default" in by_key else min(by_key)


def essence(content_type: str) -> str:
    """The media type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Whether a body of this media type is JSON."""
    subtype = essence(media_type).partition("/")[2]
    return subtype == "json" or subtype.endswith("+json")


def matches(media_range: str, media_type: str) -> bool:
    """Whether a range such as `text/*` or `*/*` holds the media type."""
    wanted, given = essence(media_range), essence(media_type)
    return wanted in ("*/*", given) or (wanted.endswith("/*") and given.startswith(wanted[:-1]))


def best_range(ranges: Iterable[str], media_type: str) -> str | None:
    """The narrowest of the documented ranges that holds the media type."""
    held = [candidate for candidate in ranges if matches(candidate, media_type)]
    return min(held, key=lambda candidate: candidate.count("*"), default=None)


def accepted_ranges(header: str) -> list[str]:
    """The media ranges of an Accept header, most wanted first; those with q=0 left out."""
    if header in ("", "*/*"):  # nearly always
        return []
    weighed: list[tuple[float, str]] = []
    for part in header.split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weights = [piece[2:] for piece in parameters if piece.lower().startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        if media_range and weight > 0:
            weighed.append((weight, media_range))
    weighed.sort(key=lambda pair: -pair[0])
    return [media_range for _, media_range in weighed]
