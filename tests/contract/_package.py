"""The package under test: its document and its operations."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE_VARIABLE = "CONTRACT_PACKAGE"  # a name that can be imported, or the package's folder
JSON = "application/json"


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One operation: as the package has it, and as the document has it."""

    operation: Any
    module: ModuleType
    method: str
    path: str
    definition: Mapping[str, Any]

    def __str__(self) -> str:
        return str(self.operation.id)

    @property
    def ways(self) -> list[tuple[str, bool]]:
        """The public ways to call it, each sync and async."""
        names = ["function", "detailed", "method"]
        names += ["iterate", "iterator"] if self.operation.iterator_name else []
        return [(name, is_async) for name in names for is_async in (False, True)]

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The type of each argument of its functions."""
        names = {**vars(self.module), **vars(package().client)}
        return typing.get_type_hints(self.module.sync_detailed, names)

    def parameters(self, location: str) -> list[Any]:
        """Its parameters that are sent there, as the package has them."""
        return [one for one in self.operation.parameters if one.location == location]

    def parameter_schema(self, parameter: Any) -> Any:
        """The schema of one of its parameters."""
        wanted = (parameter.location, parameter.name)
        found = map(resolve, self.definition["parameters"])
        return next(one.get("schema", {}) for one in found if (one["in"], one["name"]) == wanted)

    def request_schema(self, media_type: str = JSON) -> Any:
        """The schema of its body."""
        return resolve(self.definition["requestBody"])["content"][media_type].get("schema", {})

    def response_schema(self, status: int) -> dict[str, Any] | None:
        """The schema of its JSON answer with a status, as a schema that stands alone."""
        responses = self.definition["responses"]
        key = next(
            (k for k in (str(status), f"{status // 100}XX", "default") if k in responses), ""
        )
        content = resolve(responses.get(key, {})).get("content", {})
        if "schema" not in content.get(JSON, {}):
            return None
        return {**content[JSON]["schema"], "components": document()["components"]}

    @property
    def is_repeatable(self) -> bool:
        """Whether the document lets it be sent again when nobody knows what became of it."""
        return self.method in {"GET", "HEAD", "PUT", "DELETE"} or "x-repeatable" in self.definition

    @property
    def success(self) -> int:
        """Its first documented success."""
        return next((int(one) for one in self.definition["responses"] if one[:1] == "2"), 200)

    @property
    def identity(self) -> tuple[str, str] | None:
        """The property of its answer that has to be what an argument is, and that argument."""
        pairs = ((one.response_field, one.python_name) for one in self.operation.parameters)
        return next(((name, argument) for name, argument in pairs if name is not None), None)

    def credentials(self, key: str) -> dict[str, str]:
        """The header that carries a key; none where it needs none."""
        credential = self.operation.credential
        if credential is None:
            return {}
        return {credential.header: f"{credential.scheme} {key}" if credential.scheme else key}


@cache
def package() -> Any:
    """Return the package, imported."""
    name = os.environ.get(PACKAGE_VARIABLE, "portal_v1")
    if Path(name).is_dir():
        sys.path.insert(0, str(Path(name).resolve().parent))
        name = Path(name).name
    for part in ("mock", "testing", "_document", "api"):
        importlib.import_module(f"{name}.{part}")
    return importlib.import_module(name)


@cache
def document() -> dict[str, Any]:
    """Return the document that the package was generated from."""
    return {"components": {}, **package()._document.load_document()}  # noqa: SLF001


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return the package's operations, in the document's order."""
    folder, found = package().api, []
    modules = [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(folder.__path__, f"{folder.__name__}.")
    ]
    by_id = {one.OPERATION.id: one for one in modules if hasattr(one, "OPERATION")}
    by_place = {(one.OPERATION.method, one.OPERATION.path): one for one in by_id.values()}
    for path, item in document()["paths"].items():
        for method in item.keys() & {"get", "put", "post", "delete", "patch", "head", "options"}:
            place, definition = (method.upper(), path), item[method]
            parameters = [*item.get("parameters", ()), *definition.get("parameters", ())]
            module = by_id.get(definition.get("operationId")) or by_place[place]
            full = {**definition, "parameters": parameters}
            found.append(Endpoint(module.OPERATION, module, *place, full))
    return tuple(sorted(found, key=lambda one: (one.path, one.method)))


def resolve(node: Any) -> Any:
    """Return what a node of the document stands for."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document()
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node
