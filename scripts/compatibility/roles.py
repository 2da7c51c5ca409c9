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
        self._modules = {module.rpartition(".")[2] for module, _ in surface.items}
        given: set[str] = set()
        received: set[str] = set()
        for (_, name), item in surface.items.items():
            if isinstance(item, Class):
                self._fields.setdefault(name, set())
            elif isinstance(item, Value) and "." in name:
                fields = self._fields.setdefault(name.rpartition(".")[0], set())
                fields |= self._own_names(item.annotation)
            elif isinstance(item, Function):
                for parameter in item.parameters:
                    given |= self._own_names(parameter.annotation)
                received |= self._own_names(item.returns)
        self._given = self._reached(given)
        self._received = self._reached(received)

    def is_given(self, name: str) -> bool:
        """Tell whether callers hand over a class of this name, on its own or within another."""
        return name in self._given

    def is_received(self, name: str) -> bool:
        """Tell whether callers are handed a class of this name, on its own or within another."""
        return name in self._received

    def _own_names(self, annotation: str | None) -> set[str]:
        """Return the last word of each name that may be of this package: httpx.Client is not."""
        found = (name.rpartition(".") for name in names_in(annotation))
        return {
            name
            for owner, _, name in found
            if not owner or owner.rpartition(".")[2] in self._modules
        }

    def _reached(self, names: Iterable[str]) -> set[str]:
        reached: set[str] = set()
        open_names = [name for name in names if name in self._fields]
        while open_names:
            name = open_names.pop()
            if name not in reached:
                reached.add(name)
                open_names.extend(inner for inner in self._fields[name] if inner in self._fields)
        return reached
