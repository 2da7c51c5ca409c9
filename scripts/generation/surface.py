"""What changed between two versions of a package for those who use it, read from their source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

_KEYWORD = griffe.ParameterKind.keyword_only
_VARIADIC = (griffe.ParameterKind.var_positional, griffe.ParameterKind.var_keyword)
_LONGEST = 60


def compare_packages(old: Path, new: Path) -> list[str]:
    """Return what changed on the Python surface, grouped by module; nothing when it is the same.

    `+` stands before what is new, `-` before what is gone, `~` before what is another now. Modules
    whose name begins with an underscore do not count.
    """
    lines: list[str] = []
    modules = {p.relative_to(f): None for f in (old, new) for p in sorted(f.rglob("*.py"))}
    for path in sorted(modules, key=lambda p: p.with_suffix("").parts):
        parts = [part for part in path.with_suffix("").parts if part != "__init__"]
        if any(part.startswith("_") for part in parts):
            continue
        before, after = (_read(folder / path) for folder in (old, new))
        if before != after:
            module = ".".join((new.name, *parts))
            changes = [*_changes(_items(module, before), _items(module, after))]
            changes.sort(key=lambda line: "+-~".index(line[0]))
            lines += [module, *(f"  {line}" for line in changes)] if changes else []
    return lines


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _items(module: str, code: str) -> dict[str, Any]:
    """Return the public items of a module by name, members of classes among them."""
    root = griffe.visit(module, Path(f"{module}.py"), code)
    items: dict[str, Any] = {}
    if root.exports is not None:
        items["__all__"] = root.exports
    for name, member in root.members.items():
        if member.is_alias or name.startswith("_"):
            continue
        items[name] = member
        for inner_name, inner in member.members.items() if member.is_class else ():
            if not inner.is_alias and (inner_name == "__init__" or not inner_name.startswith("_")):
                items[
                    f"{name}.{inner_name}".removesuffix(".__init__")
                    + "()" * (inner_name == "__init__")
                ] = inner
    return items


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name, item in new.items():
        if name == "__all__":
            exported = {*map(str, item)}, {*map(str, old.get(name, ()))}
            for sign, names in (("+", exported[0] - exported[1]), ("-", exported[1] - exported[0])):
                if names and (old or sign == "+"):
                    yield f"{sign} exports {', '.join(sorted(names))}"
        elif name not in old:
            yield f"+ {_text(name, item)}"
        elif _text(name, old[name]) != _text(name, item):
            yield f"~ {_difference(name, old[name], item)}"
    for name, item in old.items():
        # A class that is gone takes its members with it, without a line for each.
        owner = name.rpartition(".")[0]
        if name not in new and name != "__all__" and (not owner or owner in new):
            yield f"- {_text(name, item)}"


def _difference(name: str, old: Any, new: Any) -> str:
    if not (old.is_function and new.is_function):
        return f"{_text(name, old)} → {_text(name, new).removeprefix(name).lstrip(': ')}"
    before = {p.name: _parameter(p) for p in old.parameters}
    after = {p.name: _parameter(p) for p in new.parameters}
    parts = [f"+ {text}" for n, text in after.items() if n not in before]
    parts += [f"- {text}" for n, text in before.items() if n not in after]
    parts += [
        f"~ {before[n]} → {text}" for n, text in after.items() if n in before and before[n] != text
    ]
    if str(old.returns) != str(new.returns):
        parts.append(f"returns {old.returns} → {new.returns}")
    if not parts:
        return f"{_text(name, old)} → {_text(name, new)}"
    return f"{name.removesuffix('()')}(): {'; '.join(parts)}"


def _text(name: str, item: Any) -> str:
    if item.is_class:
        bases = ", ".join(map(str, item.bases))
        return f"class {name}({bases})" if bases else f"class {name}"
    if item.is_function:
        start = "async " if "async" in item.labels else ""
        returns = f" -> {item.returns}" if item.returns and not name.endswith("()") else ""
        shown, keyword = [], False
        for parameter in item.parameters:
            if parameter.kind is _KEYWORD and not keyword:
                shown.append("*")
            keyword |= parameter.kind is _KEYWORD or parameter.kind in _VARIADIC
            shown.append(_parameter(parameter))
        shown = [text for text in shown if text != "self"]
        return f"{start}{name.removesuffix('()')}({', '.join(shown)}){returns}"
    annotation = f": {item.annotation}" if item.annotation else ""
    value = "" if item.value is None else f" = {_short(item.value)}"
    return f"{name}{annotation}{value}"


def _parameter(parameter: Any) -> str:
    stars = {_VARIADIC[0]: "*", _VARIADIC[1]: "**"}.get(parameter.kind, "")
    annotation = f": {parameter.annotation}" if parameter.annotation else ""
    if stars or parameter.default is None:
        return f"{stars}{parameter.name}{annotation}"
    return f"{parameter.name}{annotation} = {_short(parameter.default)}"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
