"""What changed between two surfaces, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from .surface import Class, Function, Parameter, Surface, Value

Item = Function | Class | Value

_LONGEST_VALUE = 60
_SIGNS = "+-~"


def compare_surfaces(old: Surface, new: Surface, package: str) -> list[str]:
    """Return what changed from `old` to `new`, grouped by module; nothing when they are equal.

    `+` stands before what is new, `-` before what is gone, `~` before what is another now.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for module, line in (*_changes(old, new), *_export_changes(old, new)):
        groups.setdefault(module, []).append((line[0], line))
    lines: list[str] = []
    for module, found in sorted(groups.items()):
        lines.append(f"{package}.{module}" if module else package)
        found.sort(key=lambda entry: _SIGNS.index(entry[0]))
        lines.extend(f"  {line}" for _, line in found)
    return lines


def count_surface(surface: Surface) -> str:
    """Say in a few words how much a surface holds."""
    kinds = {Class: "classes", Function: "functions and methods", Value: "fields and constants"}
    return ", ".join(
        f"{sum(type(item) is kind for item in surface.items.values())} {name}"
        for kind, name in kinds.items()
    )


def _changes(old: Surface, new: Surface) -> Iterator[tuple[str, str]]:
    for key, item in new.items.items():
        before = old.items.get(key)
        if before is None:
            yield key[0], f"+ {item_text(key[1], item)}"
        elif before != item:
            yield key[0], f"~ {_change(key[1], before, item)}"
    for key, item in old.items.items():
        owner = key[1].rpartition(".")[0]
        # A class that is gone takes its members with it, without a line for each.
        if key not in new.items and (not owner or (key[0], owner) in new.items):
            yield key[0], f"- {item_text(key[1], item)}"


def _export_changes(old: Surface, new: Surface) -> Iterator[tuple[str, str]]:
    for module in sorted(old.exports.keys() | new.exports.keys()):
        before = old.exports.get(module, frozenset())
        after = new.exports.get(module, frozenset())
        if after - before:
            yield module, f"+ exports {', '.join(sorted(after - before))}"
        if before - after:
            yield module, f"- exports {', '.join(sorted(before - after))}"


def item_text(name: str, item: Item) -> str:
    """Return an item as it is written in Python, after its name."""
    if isinstance(item, Class):
        return f"class {name}({', '.join(item.bases)})" if item.bases else f"class {name}"
    if isinstance(item, Function):
        start = "async " if item.is_async else ""
        return f"{start}{name.removesuffix('.__init__')}{signature_text(item)}"
    return f"{name}{_field(item)}"


def _field(item: Value) -> str:
    annotation = f": {item.annotation}" if item.annotation else ""
    return annotation if item.value is None else f"{annotation} = {short(item.value)}"


def signature_text(item: Function) -> str:
    """Return a function's parameters and what it returns."""
    parts: list[str] = []
    for before, parameter in pairwise((None, *item.parameters)):
        parts.extend(_markers(before, parameter))
        if parameter is not None:
            parts.append(parameter_text(parameter))
    if item.parameters and item.parameters[-1].kind == "positional-only":
        parts.append("/")
    returns = f" -> {item.returns}" if item.returns else ""
    return f"({', '.join(parts)}){returns}"


def _markers(before: Parameter | None, parameter: Parameter | None) -> Iterator[str]:
    kind = parameter.kind if parameter else None
    kind_before = before.kind if before else None
    if kind_before == "positional-only" and kind != "positional-only":
        yield "/"
    if kind == "keyword-only" and kind_before not in {"keyword-only", "variadic positional"}:
        yield "*"


def parameter_text(parameter: Parameter) -> str:
    """Return a parameter with its type and default."""
    stars = {"variadic positional": "*", "variadic keyword": "**"}.get(parameter.kind, "")
    annotation = f": {parameter.annotation}" if parameter.annotation else ""
    if parameter.default is None:
        return f"{stars}{parameter.name}{annotation}"
    equals = " = " if annotation else "="
    return f"{parameter.name}{annotation}{equals}{short(parameter.default)}"


def _change(name: str, old: Item, new: Item) -> str:
    if isinstance(old, Function) and isinstance(new, Function):
        found = [*_function_changes(old, new)]
        if found:
            return f"{name.removesuffix('.__init__')}(): {'; '.join(found)}"
    if isinstance(old, Value) and isinstance(new, Value):
        return f"{name}{_value_change(old, new)}"
    return f"{item_text(name, old)} → {item_text(name, new)}"


def _value_change(old: Value, new: Value) -> str:
    if (old.annotation, old.value) == (new.annotation, new.value):
        return f": {old.argument or 'no'} argument → {new.argument or 'no'} argument"
    if old.value == new.value:
        return f": {old.annotation or 'no type'} → {new.annotation or 'no type'}"
    if old.annotation == new.annotation and None not in (old.value, new.value):
        return f" = {short(old.value or '')} → {short(new.value or '')}"
    return f"{_field(old) or ' without a type'} → {_field(new).removeprefix(': ') or 'no type'}"


def _function_changes(old: Function, new: Function) -> Iterator[str]:
    before = {parameter.name: parameter for parameter in old.parameters}
    after = {parameter.name: parameter for parameter in new.parameters}
    for name, parameter in after.items():
        if name not in before:
            yield f"+ {parameter_text(parameter)}"
        elif before[name] != parameter:
            yield f"~ {_parameter_change(before[name], parameter)}"
    for name, parameter in before.items():
        if name not in after:
            yield f"- {parameter_text(parameter)}"
    order_before, order_after = _order(old, new), _order(new, old)
    if order_before != order_after:
        yield f"order {', '.join(order_before)} → {', '.join(order_after)}"
    if old.returns != new.returns:
        yield f"returns {old.returns or 'no type'} → {new.returns or 'no type'}"
    if old.is_async != new.is_async:
        yield "async now" if new.is_async else "no longer async"
    if old.overloads != new.overloads:
        yield "overloads " + ", ".join(signature_text(overload) for overload in new.overloads)


def _parameter_change(old: Parameter, new: Parameter) -> str:
    kind = f" ({old.kind} → {new.kind})" if old.kind != new.kind else ""
    before, after = parameter_text(old), parameter_text(new).removeprefix(f"{new.name}: ")
    return f"{before} → {after}{kind}" if before != parameter_text(new) else f"{before}{kind}"


def _order(function: Function, other: Function) -> list[str]:
    """Return the parameters that are given by position in both, as `function` orders them."""
    shared = {item.name for item in other.parameters if item.kind.startswith("positional")}
    return [
        item.name
        for item in function.parameters
        if item.name in shared and item.kind.startswith("positional")
    ]


def short(value: str) -> str:
    """Return a value on one line, cut where it is long."""
    text = " ".join(value.split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
