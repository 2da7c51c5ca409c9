"""What changed between two versions of a package for those who use it, read from their source."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe


def compare_modules(name: str, old: str, new: str) -> list[str]:
    """Return what changed on a module's Python surface, below its name; nothing if it is the same.

    `+` stands before what is new, `-` before what is gone, `~` before what is another now.
    """
    modules = (griffe.visit(name, Path(f"{name}.py"), code) for code in (old, new))
    before, after = (dict(_list_items(module)) for module in modules)
    lines: list[str] = []
    for sign, here, there in (("+", after, before), ("-", before, after)):
        for path, more in here.items():
            # What is new or gone takes along what belongs to it, without a line for each.
            if path not in there and (not path[1:] or path[:-1] in there):
                lines.append(f"  {sign} {'.'.join(path)}{more}")
    for path, more in after.items():
        if before.get(path, more) != more:
            lines.append(f"  ~ {'.'.join(path)}{before[path]} → {more.lstrip('(): ->')}")
    return [name, *lines] if lines else []


def _list_items(owner: griffe.Object, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, str]]:
    """Yield the path of each public name and of each parameter, and what follows it."""
    for exported in owner.exports or ():
        yield (*path, f"exports {exported}"), ""
    for name, member in owner.members.items():
        here = (*path, name)
        if name[0] == "_" and name != "__init__":
            continue
        if isinstance(member, griffe.Class):
            yield here, f": class({', '.join(map(str, member.bases))})"
            yield from _list_items(member, here)
        elif isinstance(member, griffe.Function):
            start = "async " if "async" in member.labels else ""
            yield here, f"() -> {start}{member.returns or ''}"
            for one in member.parameters:
                if one.name != "self" and one.kind is not None:
                    kind = f" ({one.kind.value})"
                    yield (*here, one.name), _describe(one.annotation, one.default) + kind
        elif isinstance(member, griffe.Attribute):
            yield here, _describe(member.annotation, member.value)


def _describe(annotation: Any, value: Any) -> str:
    default = "" if value is None else f" = {textwrap.shorten(str(value), 60)}"
    return f"{f': {annotation}' if annotation else ''}{default}"
