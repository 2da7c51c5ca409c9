"""What changed between two versions of a package for those who use it, read from their source."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

_STARS = {
    griffe.ParameterKind.keyword_only: "*, ",
    griffe.ParameterKind.var_positional: "*",
    griffe.ParameterKind.var_keyword: "**",
}


def compare_modules(name: str, old: str, new: str) -> list[str]:
    """Return what changed on a module's Python surface, below its name; nothing if it is the same.

    `+` stands before what is new, `-` before what is gone, `~` before what is another now.
    """
    modules = (griffe.visit(name, Path(f"{name}.py"), code) for code in (old, new))
    before, after = (
        {item: (owner, more) for owner, item, more in _list_items(module)} for module in modules
    )
    lines: list[str] = []
    for sign, here, there in (("+", after, before), ("-", before, after)):
        for item, (owner, more) in here.items():
            # What is new or gone takes along what belongs to it, without a line for each.
            if item not in there and (not owner or owner in there):
                lines.append(f"  {sign} {item}{more}")
    for item, (_, more) in after.items():
        if item in before and before[item][1] != more:
            lines.append(f"  ~ {item}{before[item][1]} → {more.lstrip(': ->')}")
    return [name, *lines] if lines else []


def _list_items(parent: griffe.Object, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield each public name with what it belongs to, before it, and what follows it."""
    owner = f"class {prefix[:-1]}" if prefix else ""
    for exported in parent.exports or ():
        yield owner, f"exports {exported}", ""
    for name, member in parent.members.items():
        path = f"{prefix}{name}".removesuffix(".__init__")
        if name[0] == "_" and name != "__init__":
            continue
        if isinstance(member, griffe.Class):
            bases = ", ".join(map(str, member.bases))
            yield owner, f"class {path}", f"({bases})" if bases else ""
            yield from _list_items(member, f"{path}.")
        elif isinstance(member, griffe.Function):
            start = "async " if "async" in member.labels else ""
            yield owner, f"{path}()", f" -> {start}{member.returns or ''}"
            for one in member.parameters:
                stars = _STARS.get(one.kind, "") if one.kind else ""
                default = None if stars in {"*", "**"} else one.default
                if one.name != "self":
                    more = f"{_describe(one.annotation, default)})"
                    yield f"{path}()", f"{path}({stars}{one.name}", more
        elif isinstance(member, griffe.Attribute):
            yield owner, path, _describe(member.annotation, member.value)


def _describe(annotation: Any, value: Any) -> str:
    default = "" if value is None else f" = {textwrap.shorten(str(value), 60)}"
    return f"{f': {annotation}' if annotation else ''}{default}"
