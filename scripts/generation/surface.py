"""What changed between two versions of a package for those who use it, read from their source."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

import griffe


def list_changes(name: str, before: dict[str, bytes], after: dict[str, bytes]) -> Iterator[str]:
    """Yield each module whose Python surface changed, and what is new (+) or gone (-) in it."""
    for path in map(Path, sorted({*before, *after})):
        module = ".".join([name, *path.with_suffix("").parts]).removesuffix(".__init__")
        old, new = (files.get(path.as_posix(), b"") for files in (before, after))
        if old == new or path.suffix != ".py" or "._" in module:
            continue
        visited = (griffe.visit(module, path, code.decode()) for code in (old, new))
        gone, made = ({*_list_lines(one)} for one in visited)
        if gone != made:
            yield module
            yield from (f"  {'+' if one in made else '-'} {one}" for one in sorted(gone ^ made))


def _list_lines(owner: griffe.Object, prefix: str = "") -> Iterator[str]:
    """Yield a line for each public name and for each parameter."""
    yield from (f"exports {exported}" for exported in owner.exports or ())
    for name, member in owner.members.items():
        path = f"{prefix}{name}"
        if name[0] == "_" and name != "__init__":
            continue
        if isinstance(member, griffe.Class):
            yield f"{path}: class({', '.join(map(str, member.bases))})"
            yield from _list_lines(member, f"{path}.")
        elif isinstance(member, griffe.Function):
            start = "async " if "async" in member.labels else ""
            yield f"{path}() -> {start}{member.returns or ''}"
            for one in member.parameters:
                kind = one.kind.value if one.kind else ""
                yield f"{path}.{_describe(one.name, one.annotation, one.default)} ({kind})"
        elif isinstance(member, griffe.Attribute):
            yield _describe(path, member.annotation, member.value)


def _describe(name: str, annotation: object, value: object) -> str:
    default = "" if value is None else f" = {textwrap.shorten(str(value), 60)}"
    return f"{name}: {annotation}{default}" if annotation else f"{name}{default}"
