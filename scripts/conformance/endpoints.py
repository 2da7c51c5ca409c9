"""The operations as the generated package has them: its functions, methods and parameters."""

from __future__ import annotations

import copy
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from generation.naming import iterator_name, method_name
from openapi_python_client.parser.openapi import generate_operation_id
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonIdentifier

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_OPTIONS = {"client", "timeout", "max_attempts"}
_PREFIX = "field_"  # What openapi-python-client puts before a name that starts with a digit.


@dataclass(frozen=True)
class Endpoint:
    """One operation of the package.

    Attributes:
        operation_id: Its operationId.
        method: Its HTTP method, in capitals.
        path: Its path below the base URL, as the document writes it.
        module: Its module below `api`.
        resource: The attribute of the client that has its method.
        resource_method: The name of that method.
        parameters: The argument's name for each documented parameter, by where it is sent and
            how it is called there.
        annotations: What each argument may be.
        body: What the argument `body` may be; None where the operation takes none.
        defaulted: The arguments that have a value when nothing is said, other than none.
        bodies: The media types that the operation takes.
        key_headers: The headers that carry a key somewhere in the document, in lower case.
        unset: What an argument is of which nothing is said.
        service: The facts that concern every operation of the package.
    """

    operation_id: str
    method: str
    path: str
    module: ModuleType
    resource: str
    resource_method: str
    parameters: Mapping[tuple[str, str], str]
    annotations: Mapping[str, Any]
    body: Any = None
    defaulted: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    key_headers: frozenset[str] = frozenset()
    unset: Any = None
    service: Any = None

    @property
    def items_method(self) -> str:
        """The name of the method that reads the answer item by item; not each operation has it."""
        return iterator_name(self.resource_method)


def endpoints(package: ModuleType, document: Mapping[str, Any]) -> dict[str, Endpoint]:
    """Return the package's operations by operationId.

    Args:
        package: The generated package.
        document: The OpenAPI document that it was generated from.
    """
    modules = {module.OPERATION.id: module for module in _modules(package)}
    needed = [one.OPERATION.credential for one in modules.values()]
    key_headers = frozenset(one.header.lower() for one in needed if one is not None)
    found = {}
    for path, method, operation, parameters in operations(document):
        module = modules[operation["operationId"]]
        annotations = _annotations(module.sync_detailed, package)
        tag = (operation.get("tags") or ["default"])[0]
        found[operation["operationId"]] = Endpoint(
            operation_id=operation["operationId"],
            method=method.upper(),
            path=path,
            module=module,
            resource=str(PythonIdentifier(UntrustedString(tag), prefix="tag")),
            resource_method=method_name(operation, operation["operationId"], tag),
            parameters=_arguments(parameters, annotations),
            annotations=annotations,
            body=annotations.get("body"),
            defaulted=_defaulted(module.sync_detailed),
            bodies=frozenset(resolved(document, operation.get("requestBody", {})).get("content", {})),
            key_headers=key_headers,
            unset=package.types.UNSET,
            service=package.client.SERVICE,
        )
    return found


def named(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with an operationId on each operation: where it has none, the package's."""
    complete = copy.deepcopy(dict(document))
    for path, method, operation, _ in operations(complete):
        name = generate_operation_id(path=UntrustedString(path), method=method, prefix=_PREFIX)
        operation.setdefault("operationId", str(name))
    return complete


def operations(
    document: Mapping[str, Any],
) -> Iterator[tuple[str, str, dict[str, Any], list[dict[str, Any]]]]:
    """Yield path, method, operation and parameters of everything under `paths`."""
    for path, item in document["paths"].items():
        shared = [resolved(document, one) for one in item.get("parameters", [])]
        for method in _METHODS:
            if method in item:
                own = [resolved(document, one) for one in item[method].get("parameters", [])]
                taken = {(one["in"], one["name"]) for one in own}
                yield (
                    path,
                    method,
                    item[method],
                    [one for one in shared if (one["in"], one["name"]) not in taken] + own,
                )


def resolved(document: Mapping[str, Any], value: Any) -> Any:
    """Return what a `$ref` into the document stands for, or the value itself."""
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        target: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value


def python_name(name: str) -> str:
    """Return what the package calls a parameter or property of this name."""
    return str(PythonIdentifier(UntrustedString(name), prefix=_PREFIX))


def _defaulted(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in _OPTIONS
        and parameter.default is not parameter.empty
        and type(parameter.default).__name__ != "Unset"
    )


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(package.api.__path__, f"{package.api.__name__}."):
        module = importlib.import_module(info.name)
        if hasattr(module, "OPERATION"):
            yield module


def _annotations(function: Callable[..., Any], package: ModuleType) -> dict[str, Any]:
    names = dict(vars(inspect.getmodule(function)))
    names.update(vars(package.client))
    return {
        name: eval(parameter.annotation, names)  # noqa: S307 - the package's own annotations
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in _OPTIONS
    }


def _arguments(
    parameters: list[dict[str, Any]], annotations: Mapping[str, Any]
) -> dict[tuple[str, str], str]:
    arguments = {}
    for parameter in parameters:
        name, place = parameter["name"], parameter["in"]
        argument = python_name(name)
        if f"{argument}_{place}" in annotations:
            argument = f"{argument}_{place}"
        arguments[place, name] = argument
    return arguments
