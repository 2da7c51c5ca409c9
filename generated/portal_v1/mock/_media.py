# Edited in overrides/package/mock/_media.py, from where `make generate` copies it.
"""Media types: what they are, which one was asked for."""

from __future__ import annotations

from collections.abc import Iterable


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
    if wanted in ("*/*", given):
        return True
    return wanted.endswith("/*") and given.startswith(wanted[:-1])


def best_range(ranges: Iterable[str], media_type: str) -> str | None:
    """The narrowest of the documented ranges that holds the media type."""
    held = [candidate for candidate in ranges if matches(candidate, media_type)]
    return min(held, key=lambda candidate: candidate.count("*"), default=None)


def accepted(header: str) -> list[str]:
    """The media ranges of an Accept header, most wanted first; those with q=0 left out."""
    if header in ("", "*/*"):  # nearly always
        return []
    weighed: list[tuple[float, str]] = []
    for part in header.split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        if media_range and weight > 0:
            weighed.append((weight, media_range))
    weighed.sort(key=lambda pair: -pair[0])
    return [media_range for _, media_range in weighed]
