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
from functools import cache, cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE_VARIABLE = "CONTRACT_PACKAGE"  # a name that can be imported, or the package's folder
JSON = "application/json"
_IGNORED = {"authorization", "content-type", "accept"}


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

    def __getattr__(self, name: str) -> Any:
        return getattr(self.operation, name)

    @property
    def is_item(self) -> bool:
        """Whether its path is that of one thing."""
        return self.path.endswith("}")

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

    def parameters(self, location: str) -> list[Any]:
        """Its parameters that are sent there, as the package has them."""
        return [one for one in self.operation.parameters if one.location == location]

    def parameter_definition(self, parameter: Any) -> Any:
        """What the document says of one of its parameters."""
        wanted = (parameter.location, parameter.name)
        found = self.definition["parameters"]
        return next(one for one in found if (one["in"], one["name"]) == wanted)

    @property
    def request_schema(self) -> Any:
        """The schema of its body; None where it has none."""
        if self.body is None:
            return None
        content = resolve(self.definition["requestBody"])["content"]
        return stand_alone(content[self.body.media_types[0]].get("schema", {}))

    def response(self, status: int) -> tuple[str, Any]:
        """The media type and the schema of its answer with a status; none where it says none."""
        responses = self.definition["responses"]
        keys = (str(status), f"{status // 100}XX", "default")
        found = resolve(next((responses[key] for key in keys if key in responses), {}))
        content = found.get("content") or {"": {}}
        media_type = JSON if JSON in content else next(iter(content))
        return media_type, stand_alone(content[media_type].get("schema", {}))

    def response_schema(self, status: int) -> Any:
        """The schema of its JSON answer with a status; None where that is not JSON."""
        media_type, schema = self.response(status)
        return schema if media_type == JSON else None

    @property
    def is_repeatable(self) -> bool:
        """Whether the document lets it be sent again when nobody knows what became of it."""
        return self.method in {"GET", "HEAD", "PUT", "DELETE"} or "x-repeatable" in self.definition

    @property
    def success(self) -> int:
        """Its first documented success."""
        return next((int(one) for one in self.definition["responses"] if one[:1] == "2"), 200)

    @property
    def empty_body(self) -> bytes:
        """What it sends where there is nothing to say."""
        is_json = package().client.SERVICE.content_type == JSON
        return b"{}" if is_json and self.method in {"POST", "PUT", "PATCH"} else b""

    def credentials(self, key: str) -> dict[str, str]:
        """The header that carries a key; none where it needs none."""
        one = self.credential
        return {} if one is None else {one.header: f"{one.scheme or ''} {key}".strip()}


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
    """Return the document that the package was generated from.

    Header parameters that OpenAPI says to ignore are left out.
    """
    made = {"components": {}, **package()._document.load_document()}  # noqa: SLF001 - no other way
    made["paths"] = {path: resolve(item, made) for path, item in made["paths"].items()}
    for item in made["paths"].values():
        for node in (item, *item.values()):
            if isinstance(node, dict) and "parameters" in node:
                found = (resolve(one, made) for one in node["parameters"])
                node["parameters"] = [one for one in found if one["name"].lower() not in _IGNORED]
    return made


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return the package's operations, in the order of their paths."""
    operations, found = package().api.OPERATIONS, []
    for path, item in document()["paths"].items():
        for method in {"get", "put", "post", "delete", "patch", "head", "options"} & item.keys():
            own, shared = item[method], item.get("parameters", [])
            name = own["operationId"]
            place = operations._modules[name]  # noqa: SLF001 - as for users, but told by its id
            module = importlib.import_module(place, package().api.__name__)
            full = {**own, "parameters": shared + own.get("parameters", [])}
            found.append(Endpoint(module.OPERATION, module, method.upper(), path, full))
    return tuple(sorted(found, key=lambda one: (one.path, one.method)))


def resolve(node: Any, within: dict[str, Any] | None = None) -> Any:
    """Return what a node of the document stands for."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = within or document()
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def stand_alone(schema: Any) -> dict[str, Any]:
    """Return a schema with what it refers to."""
    return {**schema, "components": document()["components"]}


@cache
def secret_names() -> frozenset[str]:
    """Return the names of all properties that are passwords somewhere."""
    text = json.dumps(document())
    return frozenset(re.findall(r'"(\w+)": \{[^{}]*"format": "password"', text))
