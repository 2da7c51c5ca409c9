# Edited in overrides/package/_lazy.py, from where `make generate` copies it.
"""Packages whose names are imported when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


class Module:
    """A module that is imported when it is first used.

    Args:
        name: Its name.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


def export(
    package: str, places: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package.

    Args:
        package: Its name.
        places: The module of each name that it offers, relative to it; a module that has the name
            itself is what the name stands for.
    """
    namespace = vars(sys.modules[package])

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(places[name], package)
        namespace[name] = getattr(module, name, module)
        return namespace[name]

    def names() -> list[str]:
        return sorted({*namespace, *places})

    return get, names
