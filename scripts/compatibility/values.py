"""What changed in the keywords that speak of one value: its type, its form, its limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from .findings import ABSENT, Effect, Step, effect_of, json_text
from .normal import Keywords

# Keywords that set a limit: what a higher number does.
_LIMITS: Final = {
    **dict.fromkeys(
        ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum"), Effect.NARROWER
    ),
    **dict.fromkeys(
        ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum"), Effect.WIDER
    ),
}
# There, it takes less; gone, it takes more; another, nobody can tell.
_CONDITIONS: Final = {"pattern", "multipleOf", "uniqueItems"}
_OPPOSITE: Final = {Effect.WIDER: Effect.NARROWER, Effect.NARROWER: Effect.WIDER}
# Formats that are remarks, not promises about the value.
_REMARKS: Final = {"password"}
_WIDER_FORMATS: Final = {("int32", "int64"), ("float", "double")}
VALUE_KEYWORDS: Final = {"enum", "format", "nullable", "type", *_LIMITS, *_CONDITIONS}


def value_steps(old: Keywords, new: Keywords) -> Iterator[Step]:
    """Yield what changed from one schema's keywords to the other's, of those in VALUE_KEYWORDS."""
    yield from _types(old, new)
    yield from _nullability(old, new)
    yield from _enums(old, new)
    yield from _formats(old, new)
    for keyword, effect in _LIMITS.items():
        yield from _limit(keyword, effect, old, new)
    for keyword in sorted(_CONDITIONS):
        yield from _condition(keyword, old, new)


def _types(old: Keywords, new: Keywords) -> Iterator[Step]:
    before, after = old.get("type"), new.get("type")
    if before == after:
        return
    wider = after is None or (before is not None and _takes_all(after, before))
    narrower = before is None or (after is not None and _takes_all(before, after))
    yield Step(_type_text(before), _type_text(after), effect_of(wider=wider, narrower=narrower))


def _nullability(old: Keywords, new: Keywords) -> Iterator[Step]:
    if ("nullable" in old) != ("nullable" in new):
        words = ("nullable", "not nullable") if "nullable" in old else ("not nullable", "nullable")
        yield Step(*words, Effect.NARROWER if "nullable" in old else Effect.WIDER)


def _enums(old: Keywords, new: Keywords) -> Iterator[Step]:
    before, after = old.get("enum"), new.get("enum")
    if before is None and after is None:
        return
    if before is None or after is None:
        effect = Effect.NARROWER if before is None else Effect.WIDER
        yield Step(_enum_text(before), _enum_text(after), effect)
        return
    known, now = ({json.dumps(value) for value in values} for values in (before, after))
    if known != now:
        effect = effect_of(wider=now >= known, narrower=now <= known)
        yield Step(_enum_text(before), _enum_text(after), effect)


def _formats(old: Keywords, new: Keywords) -> Iterator[Step]:
    before, after = old.get("format"), new.get("format")
    if before == after:
        return
    told_before = None if before in _REMARKS else before
    told_after = None if after in _REMARKS else after
    if told_before == told_after:
        yield Step(
            f"format {before or ABSENT}",
            f"format {after or ABSENT}",
            Effect.NONE,
            "the same values on the wire",
        )
        return
    wider = told_after is None or (told_before, told_after) in _WIDER_FORMATS
    narrower = told_before is None or (told_after, told_before) in _WIDER_FORMATS
    yield Step(
        f"format {before or ABSENT}",
        f"format {after or ABSENT}",
        effect_of(wider=wider, narrower=narrower),
    )


def _limit(keyword: str, higher: Effect, old: Keywords, new: Keywords) -> Iterator[Step]:
    before, after = old.get(keyword), new.get(keyword)
    if before == after:
        return
    if before is None:
        effect = Effect.NARROWER
    elif after is None:
        effect = Effect.WIDER
    else:
        effect = higher if after > before else _OPPOSITE[higher]
    yield Step(_pair(keyword, before), _pair(keyword, after), effect)


def _condition(keyword: str, old: Keywords, new: Keywords) -> Iterator[Step]:
    before, after = (schema.get(keyword) or None for schema in (old, new))
    if before != after:
        effect = effect_of(wider=after is None, narrower=before is None)
        yield Step(_pair(keyword, before), _pair(keyword, after), effect)


def _takes_all(types: list[str], others: list[str]) -> bool:
    return all(name in types or (name == "integer" and "number" in types) for name in others)


def _type_text(types: list[str] | None) -> str:
    return "any type" if types is None else " or ".join(types) or "no type"


def _enum_text(values: list[Any] | None) -> str:
    return (
        "any value" if values is None else f"one of {', '.join(map(json_text, values)) or 'none'}"
    )


def _pair(keyword: str, value: Any) -> str:
    return f"{keyword} {ABSENT if value is None else json_text(value)}"
