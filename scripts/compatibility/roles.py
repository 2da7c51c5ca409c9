"""Which classes of a package its callers make, and which they are handed."""

from __future__ import annotations

from collections.abc import Iterable

from generation.surface import Class, Function, Surface, Value

from .annotations import names_in


class Roles:
    """Tells a model that is sent from one that is answered, by the signatures that name them.

    Args:
        surface: The package's surface.
    """

    def __init__(self, surface: Surface) -> None:
        self._fields: dict[str, set[str]] = {}
        given: set[str] = set()
        received: set[str] = set()
        for (_, name), item in surface.items.items():
            if isinstance(item, Class):
                self._fields.setdefault(name, set())
            elif isinstance(item, Value) and "." in name:
                self._fields.setdefault(name.rpartition(".")[0], set()).update(
                    names_in(item.annotation)
                )
            elif isinstance(item, Function):
                for parameter in item.parameters:
                    given |= names_in(parameter.annotation)
                received |= names_in(item.returns)
        self._given = self._reached(given)
        self._received = self._reached(received)

    def is_given(self, name: str) -> bool:
        """Tell whether callers hand over a class of this name, on its own or within another."""
        return name in self._given

    def is_received(self, name: str) -> bool:
        """Tell whether callers are handed a class of this name, on its own or within another."""
        return name in self._received

    def _reached(self, names: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        open_names = [name for name in names if name in self._fields]
        while open_names:
            name = open_names.pop()
            if name not in reached:
                reached.add(name)
                open_names.extend(inner for inner in self._fields[name] if inner in self._fields)
        return reached
