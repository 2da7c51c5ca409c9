"""What changed between two versions of a package for those who use it, read from their source."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

# The name of what something belongs to, its own name, and what follows it.
_Item: TypeAlias = tuple[str, str, str]


def compare_packages(old: Path, new: Path) -> list[str]:
    """Return what changed on the Python surface, grouped by module; nothing when it is the same.

    `+` stands before what is new, `-` before what is gone, `~` before what is another now. Modules
    whose name begins with an underscore do not count.
    """
    lines: list[str] = []
    modules = {p.relative_to(folder) for folder in (old, new) for p in folder.rglob("*.py")}
    for path in sorted(modules, key=lambda p: p.with_suffix("").parts):
        parts = [part for part in path.with_suffix("").parts if part != "__init__"]
        if not any(part.startswith("_") for part in parts):
            before, after = (_read(folder / path) for folder in (old, new))
            changes = [] if before == after else _compare(before, after)
            lines += [".".join((new.name, *parts)), *changes] if changes else []
    return lines


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _compare(old: str, new: str) -> list[str]:
    before, after = (
        {name: (owner, more) for node in ast.parse(code).body for owner, name, more in _items(node)}
        for code in (old, new)
    )
    lines: list[str] = []
    for sign, here, there in (("+", after, before), ("-", before, after)):
        for name, (owner, more) in here.items():
            # What is new or gone takes along what belongs to it, without a line for each.
            if name not in there and (not owner or owner in there):
                lines.append(f"  {sign} {name}{more}")
    for name, (_, more) in after.items():
        if name in before and before[name][1] != more:
            lines.append(f"  ~ {name}{before[name][1]} → {more.lstrip(': ->')}")
    return lines


def _items(node: ast.stmt, owner: str = "") -> Iterator[_Item]:
    """Yield the public names that a statement makes, members of a class and parameters too."""
    within = f"class {owner}" if owner else ""
    prefix = f"{owner}." if owner else ""
    match node:
        case ast.Assign([ast.Name("__all__")], ast.List(names)):
            yield from (("", f"exports {ast.literal_eval(name)}", "") for name in names)
        case ast.ClassDef(name, bases) if name[0] != "_":
            shown = ", ".join(map(ast.unparse, bases))
            yield within, f"class {prefix}{name}", f"({shown})" if bases else ""
            for inner in node.body:
                yield from _items(inner, f"{prefix}{name}")
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
            if name[0] != "_" or name == "__init__":
                yield from _function_items(node, within, f"{prefix}{name}")
        case ast.AnnAssign(ast.Name(name), annotation, value) if name[0] != "_":
            yield within, f"{prefix}{name}", f": {ast.unparse(annotation)}{_default(value)}"
        case ast.Assign([ast.Name(name)], value) if name[0] != "_":
            yield within, f"{prefix}{name}", _default(value)


def _function_items(
    node: ast.FunctionDef | ast.AsyncFunctionDef, within: str, name: str
) -> Iterator[_Item]:
    name = name.removesuffix(".__init__")
    start = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    yield within, f"{name}()", f" -> {start}{ast.unparse(node.returns) if node.returns else ''}"
    given = node.args
    positional = [*given.posonlyargs, *given.args][::-1]
    for argument, default in zip_longest(positional, given.defaults[::-1]):
        if argument.arg != "self":
            yield f"{name}()", f"{name}({argument.arg}", _parameter(argument, default)
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield f"{name}()", f"{name}(*, {argument.arg}", _parameter(argument, default)
    for stars, variadic in (("*", given.vararg), ("**", given.kwarg)):
        if variadic is not None:
            yield f"{name}()", f"{name}({stars}{variadic.arg}", _parameter(variadic, None)


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {ast.unparse(argument.annotation)}" if argument.annotation else ""
    return f"{annotation}{_default(default)})"


def _default(value: ast.expr | None) -> str:
    return "" if value is None else f" = {textwrap.shorten(ast.unparse(value), 60)}"
