"""What changed between two signatures, and whether calls that worked still do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from generation.surface import Function, Parameter
from generation.surface_diff import parameter_text, signature_text

from .annotations import takes_all
from .findings import ABSENT

_EITHER: Final = "positional or keyword"
_KEYWORD: Final = "keyword-only"
_POSITIONAL: Final = "positional-only"
# An argument that was taken in the first way is taken in the second as well.
_KINDS_KEPT: Final = {(_KEYWORD, _EITHER), (_POSITIONAL, _EITHER)}


@dataclass(frozen=True)
class Difference:
    """One difference of two signatures."""

    what: str
    old: str
    new: str
    breaking: bool
    remark: str = ""


def function_differences(old: Function, new: Function) -> Iterator[Difference]:
    """Yield what changed from one signature to the other."""
    known = {parameter.name: parameter for parameter in old.parameters}
    after = {parameter.name: parameter for parameter in new.parameters}
    for name, parameter in known.items():
        if name not in after:
            yield Difference(f"argument {name}", parameter_text(parameter), ABSENT, breaking=True)
        elif parameter != after[name]:
            yield _parameter(parameter, after[name])
    for name, parameter in after.items():
        if name not in known:
            needed = parameter.default is None and "variadic" not in parameter.kind
            yield Difference(f"argument {name}", ABSENT, parameter_text(parameter), breaking=needed)
    yield from _order(old, new)
    if old.returns != new.returns:
        kept = takes_all(old.returns, new.returns)
        words = (old.returns or "no type", new.returns or "no type")
        yield Difference("what it returns", words[0], words[1], breaking=not kept)
    if old.is_async != new.is_async:
        now, then = ("async", "not async") if new.is_async else ("not async", "async")
        yield Difference("how it is called", then, now, breaking=True)
    if old.overloads != new.overloads:
        kept = set(old.overloads) <= set(new.overloads)
        yield Difference("overloads", _overloads(old), _overloads(new), breaking=not kept)


def _parameter(old: Parameter, new: Parameter) -> Difference:
    same_kind = old.kind == new.kind or (old.kind, new.kind) in _KINDS_KEPT
    same_default = old.default is None or old.default == new.default
    taken = takes_all(new.annotation, old.annotation)
    remark = ""
    if not same_default and new.default is not None:
        remark = "calls that leave it out mean something else"
    before, after = parameter_text(old), parameter_text(new)
    if old.kind != new.kind:
        before, after = f"{before} ({old.kind})", f"{after} ({new.kind})"
    breaking = not (same_kind and same_default and taken)
    return Difference(f"argument {old.name}", before, after, breaking, remark)


def _order(old: Function, new: Function) -> Iterator[Difference]:
    """Yield whether values that are given by position now reach other arguments."""
    now = _positional(new)
    names = {parameter.name for parameter in new.parameters if parameter.kind != _KEYWORD}
    kept = [name for name in _positional(old) if name in names]
    if now[: len(kept)] != kept:
        yield Difference("order of arguments", ", ".join(kept), ", ".join(now), breaking=True)


def _positional(function: Function) -> list[str]:
    return [one.name for one in function.parameters if one.kind in {_EITHER, _POSITIONAL}]


def _overloads(function: Function) -> str:
    return ", ".join(map(signature_text, function.overloads)) or "none"
