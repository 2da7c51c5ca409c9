"""The Python surface of a package: what its users can name, read from its source, not run.

Public is what no part of its name hides with an underscore. What a public module exports out of a
private one counts as the public module's own, and so does what a class inherits from a private one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import griffe

# The decorators that write an __init__ out of a class's fields.
_MAKERS = re.compile(r"(^|\.)(attrs|attr\.s|dataclass|define|frozen|mutable)\b")

_OWN_DUNDERS = {"__init__", "__call__"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function."""

    name: str
    kind: str
    annotation: str | None
    default: str | None


@dataclass(frozen=True)
class Function:
    """A function or a method, without `self`."""

    parameters: tuple[Parameter, ...]
    returns: str | None
    is_async: bool
    overloads: tuple[Function, ...] = ()


@dataclass(frozen=True)
class Class:
    """A class; its members stand in the surface by themselves."""

    bases: tuple[str, ...]


class Argument(StrEnum):
    """How a field is given to its class."""

    POSITIONAL = "positional"
    KEYWORD = "keyword-only"


@dataclass(frozen=True)
class Value:
    """A field, a property, an enum's member or a constant.

    Attributes:
        annotation: Its type.
        value: Its value or, of a field, its default.
        argument: How its class takes it when one is made; None where it does not.
    """

    annotation: str | None
    value: str | None
    argument: Argument | None = None


@dataclass
class Surface:
    """What a package's users can name.

    Attributes:
        items: What there is, by module (relative to the package, "" for itself) and name.
        exports: The names in each module's `__all__`.
    """

    items: dict[tuple[str, str], Function | Class | Value] = field(default_factory=dict)
    exports: dict[str, frozenset[str]] = field(default_factory=dict)


def read_surface(package: Path) -> Surface:
    """Read the surface of the package in folder `package`.

    Raises:
        griffe.GriffeError, SyntaxError, OSError: The package cannot be read.
    """
    root = griffe.load(
        package.name,
        search_paths=[package.parent],
        try_relative_path=False,
        allow_inspection=False,
        resolve_aliases=False,
    )
    if not isinstance(root, griffe.Module):
        raise griffe.LoadingError(f"{package.name} is no package")
    surface = Surface()
    for module in _public_modules(root):
        name = module.path[len(root.path) + 1 :]
        exported = frozenset(str(item) for item in module.exports or ())
        if exported:
            surface.exports[name] = exported
        for member_name, member in _members(module, root, exported):
            _add(surface, name, member_name, member, root)
    return surface


def _public_modules(module: griffe.Module) -> Iterator[griffe.Module]:
    yield module
    for name, member in module.members.items():
        if isinstance(member, griffe.Module) and not name.startswith("_"):
            yield from _public_modules(member)


def _members(
    module: griffe.Module, root: griffe.Module, exported: frozenset[str]
) -> Iterator[tuple[str, griffe.Object]]:
    for name, member in module.members.items():
        if name.startswith("_") or isinstance(member, griffe.Module):
            continue
        if not isinstance(member, griffe.Alias):
            yield name, member
        elif name in exported:
            target = _target(member)
            if target is not None and _is_hidden(target, root):
                yield name, target


def _target(member: griffe.Object | griffe.Alias) -> griffe.Object | None:
    if not isinstance(member, griffe.Alias):
        return member
    try:
        return member.final_target
    except griffe.GriffeError:  # Of another package, most often.
        return None


def _is_hidden(target: griffe.Object, root: griffe.Module) -> bool:
    """Is this of the package, in a place that its users do not name?"""
    if not target.path.startswith(f"{root.path}."):
        return False
    parents = target.path[len(root.path) + 1 :].split(".")[:-1]
    return any(part.startswith("_") for part in parents)


def _add(
    surface: Surface, module: str, name: str, member: griffe.Object, root: griffe.Module
) -> None:
    key = (module, name)
    if isinstance(member, griffe.Class):
        surface.items[key] = Class(tuple(str(base) for base in member.bases))
        for inner_name, inner in _class_members(member, root):
            _add(surface, module, f"{name}.{inner_name}", inner, root)
    elif isinstance(member, griffe.Function):
        surface.items[key] = _function(member)
    elif isinstance(member, griffe.Attribute):
        surface.items[key] = _value(member)


def _class_members(owner: griffe.Class, root: griffe.Module) -> Iterator[tuple[str, griffe.Object]]:
    members: dict[str, griffe.Object | griffe.Alias] = {}
    for base in reversed(_bases(owner)):
        if _is_hidden(base, root) or base.name.startswith("_"):
            members.update(base.members)
    members.update(owner.members)
    for name, member in members.items():
        target = _target(member)
        if target is None or (name.startswith("_") and name not in _OWN_DUNDERS):
            continue
        # A dataclass's fields say what the __init__ says that griffe derives from them.
        if name != "__init__" or "dataclass" not in owner.labels:
            yield name, target


def _bases(owner: griffe.Class) -> list[griffe.Class]:
    try:
        return owner.mro()
    except (ValueError, griffe.GriffeError):  # An order that Python would refuse as well.
        return []


def _function(function: griffe.Function) -> Function:
    parameters = tuple(_parameter(parameter) for parameter in function.parameters)
    if isinstance(function.parent, griffe.Class) and "staticmethod" not in function.labels:
        parameters = parameters[1:]
    return Function(
        parameters,
        _text(function.returns),
        "async" in function.labels,
        tuple(_function(overload) for overload in function.overloads or ()),
    )


def _parameter(parameter: griffe.Parameter) -> Parameter:
    kind = parameter.kind or griffe.ParameterKind.positional_or_keyword
    # griffe notes () and {} as the defaults of *args and **kwargs.
    variadic = kind in {griffe.ParameterKind.var_positional, griffe.ParameterKind.var_keyword}
    default = None if variadic else _text(parameter.default)
    return Parameter(parameter.name, kind.value, _text(parameter.annotation), default)


def _value(attribute: griffe.Attribute) -> Value:
    annotation, value = _text(attribute.annotation), _text(attribute.value)
    if value is None or (annotation and _is_made(attribute)):
        return Value(annotation, None, _argument(attribute))
    return Value(annotation, _default(value), _argument(attribute))


def _argument(attribute: griffe.Attribute) -> Argument | None:
    owner = attribute.parent
    if not isinstance(owner, griffe.Class) or attribute.annotation is None:
        return None
    if "property" in attribute.labels or "ClassVar" in str(attribute.annotation):
        return None
    makers = [str(decorator.value) for decorator in owner.decorators]
    if not any(_MAKERS.search(maker) for maker in makers):
        return None
    shut = any("kw_only=True" in text for text in (*makers, str(attribute.value)))
    return Argument.KEYWORD if shut else Argument.POSITIONAL


def _is_made(attribute: griffe.Attribute) -> bool:
    """Is this a module's own object, whose type says all that its users need?"""
    return isinstance(attribute.parent, griffe.Module) and isinstance(
        attribute.value, griffe.ExprCall
    )


def _default(value: str) -> str | None:
    """Return the default that an attrs or dataclass field has; of anything else, its value."""
    try:
        call = ast.parse(value, mode="eval").body
    except SyntaxError:
        return value
    if not isinstance(call, ast.Call) or not ast.unparse(call.func).endswith(("field", "attr.ib")):
        return value
    for keyword in call.keywords:
        if keyword.arg in {"default", "factory", "default_factory"}:
            made = "" if keyword.arg == "default" else "()"
            return ast.unparse(keyword.value) + made
    return None


def _text(expression: griffe.Expr | str | None) -> str | None:
    return None if expression is None else str(expression)
