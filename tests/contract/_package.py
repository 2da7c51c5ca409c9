"""The package under test: its document and its operations."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, reduce
from operator import getitem
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE_VARIABLE = "CONTRACT_PACKAGE"  # a name that can be imported, or the package's folder
JSON = "application/json"
_IGNORED = {"accept", "authorization", "content-type"}


@cache
def package() -> Any:
    name = os.environ.get(PACKAGE_VARIABLE, "portal_v1")
    if Path(name).is_dir():
        sys.path.insert(0, str(Path(name).resolve().parent))
        name = Path(name).name
    for part in ("mock", "testing", "_document", "api"):
        importlib.import_module(f"{name}.{part}")
    return importlib.import_module(name)


@cache
def document() -> dict[str, Any]:
    """Return the document of the package, without the header parameters that OpenAPI ignores."""
    loaded: dict[str, Any] = package()._document.load_document()  # noqa: SLF001 - no other way
    items = loaded["paths"].values()
    for node in (one for item in items for one in (item, *item.values()) if isinstance(one, dict)):
        given = node.get("parameters", [])
        given[:] = [one for one in given if one.get("name", "").lower() not in _IGNORED]
    return loaded


def resolve(node: Any) -> Any:
    """Return what a node of the document stands for."""
    while isinstance(node, dict) and "$ref" in node:
        steps = node["$ref"].removeprefix("#/").split("/")
        steps = [one.replace("~1", "/").replace("~0", "~") for one in steps]
        node = reduce(getitem, steps, document())
    return node


@cache
def secret_names() -> frozenset[str]:
    """Return the names of all properties that are passwords somewhere."""
    text = json.dumps(document())
    return frozenset(re.findall(r'"(\w+)": \{[^{}]*"format": "password"', text))


@dataclass(frozen=True, eq=False, repr=False)
class Endpoint:
    """One operation: what the package's OPERATION says, and what the document says."""

    module: ModuleType
    method: str
    path: str
    definition: Mapping[str, Any]

    def __repr__(self) -> str:
        return str(self.id)

    @property
    def label(self) -> str:
        """Its name in schemathesis."""
        return f"{self.method} {self.path}"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module.OPERATION, name)

    @property
    def ways(self) -> list[tuple[str, bool]]:
        """The public ways to call it, each sync and async."""
        names = ["function", "detailed", "method", "with_response"]
        names += ["iterate", "iterator"] if self.iterator_name else []
        return [(name, is_async) for name in names for is_async in (False, True)]

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The type of each argument of its functions."""
        names = {**vars(self.module), **vars(package().client)}
        return typing.get_type_hints(self.module.sync_detailed, names)

    def response_schema(self, status: int) -> Any:
        """Return the schema of its JSON answer with a status; None where it has none."""
        told = self.definition["responses"]
        keys = [str(status), f"{status // 100}XX", "default"]
        keys += [str(self.success)] if status // 100 == 2 else []
        found = resolve(next((told[key] for key in keys if key in told), {}))
        media = found.get("content", {}).get(JSON)
        return None if media is None else media.get("schema", {})

    @property
    def success(self) -> int:
        """Its first documented success."""
        return next((int(one) for one in self.definition["responses"] if one[:1] == "2"), 200)

    def credentials(self, key: str) -> dict[str, str]:
        """The header that carries a key; none where it needs none."""
        one = self.credential
        return {} if one is None else {one.header: f"{one.scheme or ''} {key}".strip()}


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return the package's operations, in the order of their paths."""
    places = package().api.OPERATIONS._modules  # noqa: SLF001 - as for users, but told by its id
    found = []
    for path, shared in document()["paths"].items():
        item = resolve(shared)
        for method in {"get", "put", "post", "delete", "patch", "head", "options"} & item.keys():
            place = places[item[method]["operationId"]]
            module = importlib.import_module(place, package().api.__name__)
            found.append(Endpoint(module, method.upper(), path, item[method]))
    return tuple(sorted(found, key=lambda one: (one.path, one.method)))
