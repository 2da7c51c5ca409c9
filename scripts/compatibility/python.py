"""What changed for those who call the package, read from its source.

Each difference of the two surfaces is one, and counts as a break unless it surely is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from generation.surface import Argument, Class, Function, Surface, Value
from generation.surface_diff import item_text, short

from .annotations import takes_all
from .changes import Change, Where
from .findings import ABSENT
from .functions import Difference, function_differences
from .roles import Roles

Item = Function | Class | Value
Key = tuple[str, str]

_MAKERS_ONLY = "it matters to those who make one by hand, as in tests"


def python_changes(old: Surface, new: Surface) -> Iterator[Change]:
    """Yield what changed from one surface to the other."""
    roles = Roles(old)
    modules, modules_now = _modules(old), _modules(new)
    for module in sorted(modules - modules_now):
        yield Change(Where.PYTHON, f"module {module}", "there", ABSENT, breaking=True)
    for module in sorted(modules_now - modules):
        yield Change(Where.PYTHON, f"module {module}", ABSENT, "there", breaking=False)
    for key, item in old.items.items():
        after = new.items.get(key)
        if after is not None:
            yield from _altered(key, item, after, roles)
        elif key[0] in modules_now and _stands_alone(key, new):
            yield _change(key, item, item_text(_last(key), item), ABSENT, breaking=True)
    for key, item in new.items.items():
        if key not in old.items and key[0] in modules and _stands_alone(key, old):
            yield _added(key, item, roles)
    for key, item in old.items.items():
        if isinstance(item, Class) and isinstance(new.items.get(key), Class):
            yield from _order(key, old, new, roles)
    yield from _exports(old, new)


def _modules(surface: Surface) -> set[str]:
    return {module for module, _ in surface.items} | set(surface.exports)


def _stands_alone(key: Key, other: Surface) -> bool:
    """Is this no member of a class that is not in the other surface, either?"""
    owner = key[1].rpartition(".")[0]
    return not owner or (key[0], owner) in other.items


def _last(key: Key) -> str:
    return key[1].removesuffix(".__init__").rpartition(".")[2]


def _named(key: Key) -> str:
    module, name = key
    return f"{module}.{name}" if module else name


def _kind(key: Key, item: Item) -> str:
    if isinstance(item, Class):
        return "class"
    inside = "." in key[1]
    if isinstance(item, Function):
        return "method" if inside else "function"
    return "field" if inside else "constant"


def _change(  # noqa: PLR0913 - a row has its columns
    key: Key, item: Item, old: str, new: str, *, breaking: bool, remark: str = ""
) -> Change:
    what = f"{_kind(key, item)} {key[1].removesuffix('.__init__')}"
    return Change(Where.PYTHON, what, old, new, breaking, remark, (key[0] or "the package",))


def _added(key: Key, item: Item, roles: Roles) -> Change:
    owner = key[1].rpartition(".")[0]
    needed = isinstance(item, Value) and item.argument is not None and item.value is None
    breaking = needed and roles.is_given(owner)
    remark = _MAKERS_ONLY if needed and not breaking else ""
    text = item_text(_last(key), item)
    return _change(key, item, ABSENT, text, breaking=breaking, remark=remark)


def _altered(key: Key, old: Item, new: Item, roles: Roles) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, Function) and isinstance(new, Function):
        for difference in function_differences(old, new):
            yield _of_function(key, difference)
    elif isinstance(old, Value) and isinstance(new, Value):
        yield _of_value(key, old, new, roles)
    else:
        same_kind = isinstance(old, Class) and isinstance(new, Class)
        breaking = not (same_kind and _keeps_bases(old, new))
        texts = (item_text(_last(key), item) for item in (old, new))
        yield _change(key, old, *texts, breaking=breaking)


def _keeps_bases(old: Item, new: Item) -> bool:
    bases = [item.bases if isinstance(item, Class) else () for item in (old, new)]
    return set(bases[0]) <= set(bases[1])


def _of_function(key: Key, difference: Difference) -> Change:
    return Change(
        Where.PYTHON,
        difference.what,
        difference.old,
        difference.new,
        difference.breaking,
        difference.remark,
        (f"{_named(key).removesuffix('.__init__')}()",),
    )


def _of_value(key: Key, old: Value, new: Value, roles: Roles) -> Change:
    owner = key[1].rpartition(".")[0]
    given = roles.is_given(owner)
    received = roles.is_received(owner) or not given
    read = not received or takes_all(old.annotation, new.annotation)
    written = not given or takes_all(new.annotation, old.annotation)
    made = _is_made_as_before(old, new)
    # A constant, or the member of an enum: its value is what it is for.
    fixed = old.argument is None and new.argument is None and old.value != new.value
    breaking = not read or not written or fixed or (given and not made)
    remark = "" if breaking or made else _MAKERS_ONLY
    texts = (_value_text(value) for value in (old, new))
    return _change(key, old, *texts, breaking=breaking, remark=remark)


def _is_made_as_before(old: Value, new: Value) -> bool:
    if old.argument is Argument.POSITIONAL and new.argument is not Argument.POSITIONAL:
        return False
    if old.argument is not None and new.argument is None:
        return False
    return old.value is None or old.value == new.value


def _value_text(value: Value) -> str:
    text = value.annotation or "no type"
    text = text if value.value is None else f"{text} = {short(value.value)}"
    return f"{text} ({value.argument})" if value.argument is Argument.KEYWORD else text


def _order(key: Key, old: Surface, new: Surface, roles: Roles) -> Iterator[Change]:
    """Yield whether values that are given by position now reach other fields."""
    before, after = _positional(key, old), _positional(key, new)
    kept = [name for name in before if (key[0], f"{key[1]}.{name}") in new.items]
    if roles.is_given(key[1]) and after[: len(kept)] != kept:
        what = f"order of the fields of {key[1]}"
        texts = (", ".join(kept), ", ".join(after))
        yield Change(Where.PYTHON, what, *texts, breaking=True, users=(key[0],))


def _positional(key: Key, surface: Surface) -> list[str]:
    return [
        name.removeprefix(f"{key[1]}.")
        for (module, name), item in surface.items.items()
        if module == key[0]
        and name.startswith(f"{key[1]}.")
        and isinstance(item, Value)
        and item.argument is Argument.POSITIONAL
    ]


def _exports(old: Surface, new: Surface) -> Iterator[Change]:
    for module in sorted(old.exports.keys() & new.exports.keys()):
        before, after = old.exports[module], new.exports[module]
        user = (module or "the package",)
        for name in sorted(before - after):
            yield Change(Where.PYTHON, f"export {name}", "there", ABSENT, breaking=True, users=user)
        for name in sorted(after - before):
            yield Change(
                Where.PYTHON, f"export {name}", ABSENT, "there", breaking=False, users=user
            )
