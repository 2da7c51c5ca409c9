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

from .credentials import Credential, credential_of, credentials
from .document import operations, resolved
from .errors import CannotRunError
from .names import PREFIX, python_name

_OPTIONS = {"client", "timeout", "max_attempts"}


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
        credential: How the document wants the key; None where it wants none.
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
    credential: Credential | None = None
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

    Raises:
        CannotRunError: It was generated from another one.
    """
    modules = {module.OPERATION.id: module for module in _modules(package)}
    key_headers = frozenset(name.lower() for name in credentials(document, ""))
    found = {}
    for path, method, operation, parameters in operations(document):
        name = operation["operationId"]
        if name not in modules:
            raise _unfit(package, f"it has no operation {name}")
        module = modules[name]
        annotations = _annotations(module.sync_detailed, package)
        tag = (operation.get("tags") or ["default"])[0]
        found[name] = Endpoint(
            operation_id=name,
            method=method.upper(),
            path=path,
            module=module,
            resource=str(PythonIdentifier(UntrustedString(tag), prefix="tag")),
            resource_method=method_name(operation, name, tag),
            parameters=_arguments(parameters, annotations),
            annotations=annotations,
            body=annotations.get("body"),
            credential=credential_of(document, operation),
            defaulted=_defaulted(module.sync_detailed),
            bodies=frozenset(_body(document, operation).get("content", {})),
            key_headers=key_headers,
            unset=package.types.UNSET,
            service=package.client.SERVICE,
        )
        _check(found[name], package)
    return found


def _check(endpoint: Endpoint, package: ModuleType) -> None:
    """Refuse a package that was made from another document, as far as a call would show it."""
    name = endpoint.operation_id
    resource = getattr(getattr(package, package.client.SERVICE.name), endpoint.resource, None)
    if resource is None:
        raise _unfit(package, f"its client has no {endpoint.resource}, where {name} belongs")
    kind = getattr(package.resources, resource.fget.__annotations__["return"])
    if not hasattr(kind, endpoint.resource_method):
        raise _unfit(package, f"{endpoint.resource} has no {endpoint.resource_method} for {name}")
    for (place, documented), argument in endpoint.parameters.items():
        if argument not in endpoint.annotations:
            raise _unfit(package, f"{name} does not take the {place} parameter {documented}")


def _unfit(package: ModuleType, why: str) -> CannotRunError:
    return CannotRunError(
        f"{package.__name__} was not generated from this document: {why}. "
        "Run `make generate` first."
    )


def named(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with an operationId on each operation, if need be the package's."""
    complete = copy.deepcopy(dict(document))
    for path, method, operation, _ in operations(complete):
        name = generate_operation_id(path=UntrustedString(path), method=method, prefix=PREFIX)
        operation.setdefault("operationId", str(name))
    return complete


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = resolved(document, operation.get("requestBody", {}))
    return found


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
