"""Find what breaks for callers of a package: griffe's check, and mypy's types then and now.

griffe compares names, kinds, order and defaults, but no types. For these mypy reads both versions:
what a name gives has to fit where the older one was used, and it has to take what that took.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import griffe
from mypy.build import BuildSource, build
from mypy.errors import CompileError
from mypy.messages import format_type_distinctly, pretty_callable
from mypy.nodes import MypyFile, TypeInfo, Var
from mypy.options import Options
from mypy.subtypes import find_member, is_subtype
from mypy.type_visitor import TypeTranslator
from mypy.types import AnyType, CallableType, Instance, Type, TypeAliasType, TypeOfAny, TypeVarType
from mypy.types import get_proper_type as resolve

_THEN: Final = "then_"  # begins the older package's name, where both are read at once
_PRIVATE: Final = re.compile(r"\._(?!_init__$)|-")  # of paths; mypy makes names with a hyphen
_ANY: Final = AnyType(TypeOfAny.special_form)
_OPTIONS: Final = Options()
_OPTIONS.incremental = _OPTIONS.implicit_reexport = False
_OPTIONS.cache_dir, _OPTIONS.follow_imports = os.devnull, "silent"


class NotComparableError(Exception):
    """There is nothing that could be compared; the message says why."""


def find_breaks(old: Path, new: Path) -> list[tuple[str, str]]:
    """Return what breaks for callers of a package, whose two versions are in folders.

    A break is a public name, and what is wrong with it.
    """
    names, sources = (_THEN + new.name, new.name), list[BuildSource]()
    with tempfile.TemporaryDirectory() as folder:
        for package, copy in zip((old, new), names, strict=True):
            shutil.copytree(package, Path(folder, copy))
            for file in Path(folder, copy).rglob("*.py"):
                module = ".".join(file.relative_to(folder).with_suffix("").parts)
                sources.append(BuildSource(str(file), module.removesuffix(".__init__")))
        try:
            files = build(sources, _OPTIONS).files
        except CompileError as error:
            told = error.messages[0].removeprefix(f"{folder}/").removeprefix(_THEN)
            raise NotComparableError(f"it cannot be read as Python: {told}.") from None
        loader = griffe.GriffeLoader(search_paths=[folder], allow_inspection=False)
        modules = [loader.load(one) for one in names]
        loader.resolve_aliases()
    comparison = _Comparison(*(dict(_find_names(files, one)) for one in names))
    breaks = {*comparison.compare_names(*modules)}
    return sorted(breaks | {*comparison.compare_types({where for where, _ in breaks})})


class _Item(NamedTuple):
    """What a name stands for."""

    node: Any
    owner: TypeInfo | None = None  # the class in which it is
    is_made: bool = False  # by attrs, from the fields of that class

    @property
    def type(self) -> Any:
        if self.owner:
            instance = Instance(self.owner, [_ANY] * len(self.owner.type_vars))
            return resolve(find_member(self.node.name, instance, instance) or _ANY)
        return resolve(getattr(self.node, "target", None) or getattr(self.node, "type", 0) or _ANY)


def _find_names(files: dict[str, MypyFile], package: str) -> Iterator[tuple[str, _Item]]:
    """Yield each name that a package's modules and classes have, as the newer one calls it."""
    for module in sorted(one for one in files if f"{one}.".startswith(f"{package}.")):
        yield module.removeprefix(_THEN), _Item(files[module])
        for name, symbol in files[module].names.items():
            node: Any = symbol.node
            path = f"{module}.{name}".removeprefix(_THEN)
            if symbol.module_public and getattr(node, "fullname", "").startswith(f"{package}."):
                yield path, _Item(node)
                for base in reversed(node.mro[:-1]) if isinstance(node, TypeInfo) else ():
                    for member, one in base.names.items():
                        item = _Item(one.node, node, is_made=one.plugin_generated)
                        yield f"{path}.{member}", item


def _name(item: Any) -> str:
    """Return where something is defined, as the newer package calls it."""
    name: str = item.fullname if hasattr(item, "fullname") else item.path
    return name.removeprefix(_THEN)


def _classes_in(*types: Type) -> set[str]:
    return {name for one in types for name in re.findall(rf"\b{_THEN}([\w.]+)", str(one))}


def _value(module: Any, path: str) -> Any:
    """Return the value of a constant or a field's default; ... where it is no literal."""
    try:
        value = module[path.partition(".")[2]].value
        return ... if value is None else ast.literal_eval(str(value))
    except (AttributeError, KeyError, SyntaxError, ValueError):
        return ...


class _Comparison(TypeTranslator):
    """Two versions of a package. What it translates is an older type, into the newer classes."""

    def __init__(self, then: dict[str, _Item], now: dict[str, _Item]) -> None:
        super().__init__()
        self._now = now
        public = {path: one for path, one in then.items() if not _PRIVATE.search(path)}
        # The first public name, by where it is defined.
        self._names = {_name(one.node): path for path, one in reversed(public.items())}
        # What a class has of a public one is looked at there.
        self._then = {path: one for path, one in public.items() if path == self._place(path, one)}
        self._find_roles()

    def _place(self, path: str, one: _Item) -> str:
        if one.owner is None:
            return path
        owner = getattr(one.node, "info", one.owner)
        owner = owner if _name(owner) in self._names else one.owner
        return f"{self._names[_name(owner)]}.{path.rpartition('.')[2]}"

    def _find_newer(self, info: TypeInfo) -> TypeInfo | None:
        """Return what an older class is now; it may have moved behind its public name."""
        places = (self._names.get(_name(info), ""), _name(info))
        found = (self._now[one].node for one in places if one in self._now)
        return next((node for node in found if isinstance(node, TypeInfo)), None)

    def visit_instance(self, instance: Instance, /) -> Type:
        arguments = [one.accept(self) for one in instance.args]
        return Instance(self._find_newer(instance.type) or instance.type, arguments)

    def visit_type_var(self, _: TypeVarType, /) -> Type:
        return _ANY

    def visit_type_alias_type(self, alias: TypeAliasType, /) -> Type:
        return alias if alias.is_recursive else resolve(alias).accept(self)

    def _find_roles(self) -> None:
        """Tell the classes that callers send from those that they receive."""
        sent, received, fields = set[str](), set[str](), defaultdict[str, set[str]](set)
        for one in self._then.values():
            if isinstance(one.node, Var) and one.owner:
                fields[_name(one.owner)] |= _classes_in(one.type)
            elif isinstance(one.type, CallableType) and not one.is_made:
                received |= _classes_in(one.type.ret_type)
                sent |= _classes_in(*one.type.arg_types)
            elif one.owner:  # a property
                received |= _classes_in(one.type)
        for reached in (sent, received):
            for _ in fields:
                reached.update(*(fields.get(name, ()) for name in [*reached]))
        self._only_sent, self._only_received = sent - received, received - sent

    def compare_names(self, old: Any, new: Any) -> Iterator[tuple[str, str]]:
        """Yield what griffe finds, and constants and defaults that changed."""
        for breakage in griffe.find_breaking_changes(old, new):
            item: Any = breakage.obj
            words, changed = breakage.kind.value, breakage.old_value or breakage.new_value
            if isinstance(changed, griffe.Parameter):
                words += f': "{changed.name}"'
            if breakage.kind is griffe.BreakageKind.PARAMETER_CHANGED_DEFAULT:
                words += f" from {breakage.old_value.default} to {breakage.new_value.default}"
            owner = self._names.get(_name(item.parent), _name(item.parent))
            where = self._names.get(_name(item), f"{owner}.{item.name}")
            yield where.removesuffix(".__init__"), words
        for path, one in self._then.items():
            before, after = _value(old, path), _value(new, path)
            is_made = one.owner and _name(one.owner) in self._only_received
            if before != after and ... not in (before, after) and not is_made:
                yield path, f"The value was {before!r} and is {after!r}"

    def compare_types(self, told: set[str]) -> Iterator[tuple[str, str]]:
        """Yield what is gone or has another type; griffe has told what is wrong with some."""
        for path, one in self._then.items():
            now, where = self._now.get(path), path.removesuffix(".__init__")
            is_field = isinstance(one.node, Var)
            unused = self._only_received if one.is_made else self._only_sent if is_field else ()
            if now is None:
                if path.rpartition(".")[0] in self._now:
                    yield where, griffe.BreakageKind.OBJECT_REMOVED.value
            elif isinstance(one.node, TypeInfo) and isinstance(now.node, TypeInfo):
                for base in (self._find_newer(base) or base for base in one.node.mro):
                    is_gone = base.fullname.startswith(_THEN)
                    if not is_gone and not now.node.has_base(base.fullname):
                        yield where, f'It is no "{base.name}" any more'
            elif one.owner is None or _name(one.owner) not in unused:
                then = resolve(one.type.accept(self))
                for what in self._explain(then, now.type, is_told=where in told):
                    yield where, what

    def _explain(self, then: Type, now: Type, *, is_told: bool) -> Iterator[str]:
        """Yield why a type does not fit where the other did."""
        parts, whole = [("It gives {}, not {}", now, then)], ""
        if isinstance(then, CallableType) and isinstance(now, CallableType):
            parts = [("It gives {}, not {}", now.ret_type, then.ret_type)]
            for one in then.formal_arguments():
                if same := now.argument_by_name(one.name) or now.argument_by_position(one.pos):
                    parts.append((f'"{one.name}" was {{}} and is {{}}', one.typ, same.typ))
            whole = f"It is {pretty_callable(now, _OPTIONS)}, not {pretty_callable(then, _OPTIONS)}"
        wrong = [part for part in parts if not is_subtype(*part[1:])]
        for text, *types in wrong:
            yield text.format(*format_type_distinctly(*types, options=_OPTIONS))
        if not (wrong or is_told or is_subtype(now, then)):
            yield whole
