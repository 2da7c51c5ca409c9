"""The package under test: its document, its operations, and every public way to call one."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs

# A name that can be imported, or the package's folder. `--package` sets it.
PACKAGE_VARIABLE = "CONTRACT_PACKAGE"
WAYS = ("function", "detailed", "method", "iterate", "iterator")
SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Endpoint:
    """One operation of the package.

    Attributes:
        operation: The package's own description of it.
        module: The module of its functions.
        definition: The document's.
    """

    operation: Any
    module: ModuleType
    definition: Mapping[str, Any]

    def __str__(self) -> str:
        return str(self.operation.id)

    @property
    def ways(self) -> list[tuple[str, bool]]:
        """The ways to call it, each sync and async."""
        names = WAYS if self.operation.iterator_name else WAYS[:3]
        return [(name, is_async) for name in names for is_async in (False, True)]

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The type of each argument of its functions."""
        names = {**vars(self.module), **vars(package().client)}
        return typing.get_type_hints(self.module.sync_detailed, names)

    def parameter_schema(self, location: str, name: str) -> Any:
        """The schema of one of its parameters."""
        found = map(resolve, self.definition.get("parameters", ()))
        return next(one for one in found if (one["in"], one["name"]) == (location, name)).get(
            "schema", {}
        )

    def request_schema(self, media_type: str) -> dict[str, Any]:
        """The schema of its body."""
        content = resolve(self.definition["requestBody"])["content"]
        return dict(content[media_type].get("schema", {}))

    @property
    def identity(self) -> str | None:
        """The property of its answer that has to be what its path names, as a link tells it."""
        names = [one.name for one in self.operation.parameters if one.location == "path"]
        for other in package().api.OPERATIONS.values():
            for link in other.links:
                told = link.parameters.get(names[-1]) if names else None
                if isinstance(told, str) and told.startswith("$response.body#/"):
                    return told.removeprefix("$response.body#/")
        return None

    def response_schema(self, status: int) -> dict[str, Any] | None:
        """The schema of its JSON response with a status, as a schema that stands alone."""
        responses = self.definition["responses"]
        key = next(
            (k for k in (str(status), f"{status // 100}XX", "default") if k in responses), ""
        )
        content = resolve(responses.get(key, {})).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else {**schema, "components": document()["components"]}

    def credentials(self, key: str) -> dict[str, str]:
        """Return the header that carries a key; none where it needs none."""
        credential = self.operation.credential
        if credential is None:
            return {}
        return {credential.header: f"{credential.scheme} {key}" if credential.scheme else key}

    @property
    def success(self) -> int:
        """Its first documented success status."""
        statuses = (str(one) for one in self.definition["responses"])
        return next((int(s) for s in statuses if s.isdecimal() and int(s) in SUCCESS), 200)


@cache
def package() -> Any:
    """Return the package, imported."""
    name = os.environ.get(PACKAGE_VARIABLE, "portal_v1")
    if Path(name).is_dir():
        sys.path.insert(0, str(Path(name).resolve().parent))
        name = Path(name).name
    importlib.import_module(f"{name}.mock")
    importlib.import_module(f"{name}.testing")
    return importlib.import_module(name)


@cache
def document() -> dict[str, Any]:
    """Return the document that the package was generated from."""
    loader = importlib.import_module(f"{package().__name__}._document")
    return {"components": {}, **loader.load_document()}


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return the package's operations."""
    definitions = {
        (method.upper(), path): {
            **operation,
            "parameters": [*item.get("parameters", ()), *operation.get("parameters", ())],
        }
        for path, item in document()["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    }
    return tuple(
        Endpoint(
            module.OPERATION, module, definitions[module.OPERATION.method, module.OPERATION.path]
        )
        for module in _modules(importlib.import_module(f"{package().__name__}.api"))
        if hasattr(module, "OPERATION")
    )


def client_class(*, is_async: bool) -> Any:
    """Return the package's client class."""
    name = package().client.SERVICE.name
    return getattr(package(), f"Async{name}" if is_async else name)


def resolve(node: Any) -> Any:
    """Return what a node of the document stands for."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document()
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def is_valid(schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a value is what a schema says."""
    return jsonschema_rs.validator_for(dict(schema), validate_formats=True).is_valid(value)


def _modules(folder: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(folder.__path__, f"{folder.__name__}."):
        yield importlib.import_module(info.name)
