"""Find what breaks for callers of a package: griffe's check, and a caller checked by mypy.

griffe compares names, kinds, order and defaults, but no types. For these a caller is written from
the older package: a module that uses every public function, property and field with the types
that they had. mypy checks it against the newer package.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import griffe

_Kind: Final = griffe.ParameterKind
_ERROR: Final = re.compile(r"(.*?):(\d+): error: (.*?)(?:  \[[a-z-]+\])?")
_GIVES: Final = re.compile(
    r'Incompatible types in assignment \(expression has type (.*), variable .*? (".*")\)'
)
_SUBJECT: Final = "  #: "


class NotComparableError(Exception):
    """There is nothing that could be compared; the message says why."""


def find_breaks(old: Path, new: Path, name: str) -> list[tuple[str, str]]:
    """Return what breaks for callers of a package, then in folder `old`, now in folder `new`.

    A break is a public name, and what is wrong with it.
    """
    package = _Package(old, name)
    breaks = {*_compare(package, _Package(new, name))}
    caller = _Caller(package).text
    errors = _type_errors(caller, new)
    # What a caller could not do before, either, is no break.
    known = _type_errors(caller, old) if errors else {}
    for line, message in errors.items():
        subject = caller.splitlines()[line - 1].partition(_SUBJECT)[2]
        if subject and line not in known:  # An import that fails is in griffe's check.
            breaks.add((subject, message))
    return sorted(breaks)


class _Package:
    """A package's source: its public names, each with its meaning and the class that has it."""

    def __init__(self, folder: Path, name: str) -> None:
        with tempfile.TemporaryDirectory() as copy:
            try:
                shutil.copytree(folder / name, Path(copy) / name)
                for source in Path(copy, name).rglob("*.py"):
                    text = source.read_text("utf-8")
                    ast.parse(text, source)  # griffe passes over a file that is no Python.
                    source.write_text(_with_dataclasses(text), "utf-8")
                self.module = griffe.load(
                    name, search_paths=[copy], resolve_aliases=True, allow_inspection=False
                )
            except (OSError, ImportError, SyntaxError) as error:
                raise NotComparableError(f"{name} cannot be read as Python: {error}.") from None
        self.names: dict[str, str] = {}  # The first public name, by where it is defined.
        self.public = {path: (item, owner) for path, item, owner in self._walk(self.module)}
        self._find_roles()

    def _walk(self, scope: Any) -> Iterator[tuple[str, Any, str | None]]:
        for member in scope.members.values():
            item = member.final_target if member.is_alias and member.resolved else member
            if not member.is_public or item.is_alias:
                continue  # Nobody's business, or another library's.
            yield member.path, item, None
            is_new = self.names.setdefault(item.path, member.path) == member.path
            if item.is_module:
                yield from self._walk(item)
            elif item.is_class and is_new:
                for own in item.all_members.values():
                    inner = own.final_target if own.is_alias else own
                    # What is inherited from a public class is looked at there.
                    inherits = own.is_alias and inner.parent.is_public
                    if inner.is_public and not inherits and own.name != "__new__":
                        yield f"{member.path}.{own.name}", inner, member.path

    def _find_roles(self) -> None:
        """Tell the classes that callers send from those that they receive."""
        sent, received = set[str](), set[str]()
        fields: dict[str | None, set[str]] = {}
        for item, owner in self.public.values():
            if item.is_function and not _is_made(item):
                received |= _names_in(item.returns)
                sent |= {name for one in item.parameters for name in _names_in(one.annotation)}
            elif item.is_attribute and owner:
                fields.setdefault(item.parent.path, set()).update(_names_in(item.annotation))
                received |= _names_in(item.annotation) if "property" in item.labels else set()
        for reached in (sent, received):
            for _ in fields:
                reached.update(*(fields.get(name, ()) for name in list(reached)))
        self._only_sent, self._only_received = sent - received, received - sent

    def is_used(self, item: Any) -> bool:
        """Tell whether callers of it exist: answers are not made by them, nor arguments read."""
        if item.is_function:
            return not _is_made(item) or item.parent.path not in self._only_received
        return item.parent.path not in self._only_sent

    def value(self, path: str) -> Any:
        """Return the value of a constant or of an enum's member; None where it is no literal."""
        item, owner = self.public.get(path, (None, None))
        if item is None or not item.is_attribute or (owner and item.annotation is not None):
            return None
        try:
            return ast.literal_eval(str(item.value))
        except (SyntaxError, ValueError):
            return None


def _with_dataclasses(text: str) -> str:
    """Turn attrs classes into dataclasses, of which griffe knows the constructors."""
    text = re.sub(r"\bfactory=", "default_factory=", text)
    text = re.sub(r"\battrs\.(define|frozen)\b", "dataclasses.dataclass", text)
    text = re.sub("^(from|import) attrs\\b", r"\1 dataclasses", text, flags=re.MULTILINE)
    names = re.compile(r"^from dataclasses .*", re.MULTILINE)
    return names.sub(lambda one: re.sub("define|frozen", r"dataclass as \g<0>", one[0]), text)


def _is_made(function: Any) -> bool:
    """Tell whether a constructor follows from a class's fields."""
    return function.name == "__init__" and not function.lineno


def _names_in(annotation: Any) -> set[str]:
    parts = annotation.iterate(flat=True) if isinstance(annotation, griffe.Expr) else ()
    return {part.canonical_path for part in parts if isinstance(part, griffe.Expr)}


def _compare(old: _Package, new: _Package) -> Iterator[tuple[str, str]]:
    """Yield what griffe finds, and constants with another value."""
    for breakage in griffe.find_breaking_changes(old.module, new.module):
        item: Any = breakage.obj
        where = old.names.get(item.path, item.path).removesuffix(".__init__")
        if item.is_function and not old.is_used(item):
            continue
        words = breakage.kind.value
        if isinstance(breakage.old_value or breakage.new_value, griffe.Parameter):
            words += f': "{(breakage.old_value or breakage.new_value).name}"'
        if breakage.kind is griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT:
            words += f" from {breakage.old_value.default} to {breakage.new_value.default}"
        yield where, words
    for path, (item, _) in old.public.items():
        before, after = old.value(path), new.value(path)
        if None not in (before, after) and before != after and not item.name.startswith("__"):
            yield path, f"The value was {before!r} and is {after!r}"


class _Caller:
    """A module that uses all that is public in a package: a line, a function, a use."""

    def __init__(self, package: _Package) -> None:
        self._names = package.names
        self._root = package.module.name
        self._imports = {"typing", self._root}
        self._lines: list[str] = []
        for path, (item, owner) in package.public.items():
            if item.is_module:
                self._imports.add(path)
            elif owner is None and self._names[item.path] != path:
                self._add(path, None, [], path)
            elif item.is_function and (owner is None or package.is_used(item)):
                self._call(path, item, owner)
            elif item.is_attribute and item.annotation is not None and package.is_used(item):
                value = f"self.{item.name}" if owner else path
                self._add(path, owner, [], f"_: {self._type(item.annotation, owner)} = {value}")
            elif item.is_class:
                for base in item.bases:
                    if self._type(base, path).startswith(f"{self._root}."):
                        self._add(path, path, [], f"_: {self._type(base, path)} = self")
        imports = "; ".join(f"import {name}" for name in sorted(self._imports))
        self.text = "\n".join([imports, *self._lines, ""])

    def _add(self, subject: str, owner: str | None, parameters: list[str], statement: str) -> None:
        parameters = [f"self: {owner}", *parameters] if owner else parameters
        head = f"async def _({', '.join(parameters)}) -> None"
        self._lines.append(f"{head}: {statement}{_SUBJECT}{subject}")

    def _call(self, path: str, function: Any, owner: str | None) -> None:
        parameters, arguments = [], []
        is_bound = owner is not None and "staticmethod" not in function.labels
        for number, one in enumerate([*function.parameters][is_bound:]):
            type_ = self._type(one.annotation, owner)
            sign = f"{one.name}=" if one.kind is _Kind.keyword_only else ""
            if one.kind is _Kind.var_positional:
                type_, sign = f"list[{type_}]", "*"
            elif one.kind is _Kind.var_keyword:
                type_, sign = f"dict[str, {type_}]", "**"
            parameters.append(f"a{number}: {type_}")
            arguments.append(f"{sign}a{number}")
        is_init = function.name == "__init__"
        target = owner if is_init else f"self.{function.name}" if owner else path
        call = f"{target}({', '.join(arguments)})"
        returns = self._type(function.returns, owner)
        if "async" in function.labels and not re.match(r"[a-z.]+\.Async[GI]", returns):
            call = f"await {call}"
        decorators = {decorator.callable_path for decorator in function.decorators}
        if not is_init and returns != "None" and decorators <= {"staticmethod", "classmethod"}:
            call = f"_: {returns} = {call}"
        self._add(path.removesuffix(".__init__"), owner, parameters, call)

    def _type(self, annotation: Any, owner: str | None) -> str:
        """Return an annotation by public names; typing.Any where there is none."""
        if isinstance(annotation, griffe.ExprName | griffe.ExprAttribute):
            path = annotation.canonical_path
            if path.startswith(f"{self._root}."):
                return self._names.get(path, "typing.Any")
            if path == "typing.Self" and owner:
                return owner
            self._imports.update({path.rpartition(".")[0]} - {""})
            return "typing.Any" if path == "typing.Final" else path
        if isinstance(annotation, griffe.Expr):
            text = "".join(self._type(part, owner) for part in annotation.iterate(flat=False))
            return "typing.Any" if re.match(r"typing\.(Any|ClassVar)\[", text) else text
        return "typing.Any" if annotation is None else str(annotation)


def _type_errors(caller: str, packages: Path) -> dict[int, str]:
    """Return what mypy says of a caller of the packages in a folder, by its line."""
    options = ["--config-file=", "--no-implicit-reexport", "--follow-imports=silent"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "caller.py")
        file.write_text(caller, encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "mypy", *options, "--cache-dir", os.devnull, str(file)],
            env={**os.environ, "MYPYPATH": str(packages)},
            capture_output=True,
            text=True,
            check=False,
        )
    found = [match for line in run.stdout.splitlines() if (match := _ERROR.fullmatch(line))]
    if run.returncode > 1 or any(Path(match[1]).name != file.name for match in found):
        raise NotComparableError(f"mypy: {run.stdout.strip()}{run.stderr.strip()}")
    return {int(match[2]): _GIVES.sub(r"It gives \1, not \2", match[3]) for match in found}
