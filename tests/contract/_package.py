"""The package under test: its document, its operations, and how they are called."""

from __future__ import annotations

import inspect
import os
import pkgutil
import sys
import types
import typing
from importlib import import_module
from pathlib import Path
from typing import Any

_folder = Path(os.environ.get("CONTRACT_PACKAGE", "generated/portal_v1")).resolve()
sys.path.insert(0, str(_folder.parent))
NAME = _folder.name
PACKAGE: Any = import_module(NAME)
for _part in ("api", "mock", "testing", "_document"):
    import_module(f"{NAME}.{_part}")
DOCUMENT: dict[str, Any] = PACKAGE._document.load_document()  # noqa: SLF001 - no other way
SERVICE = PACKAGE.client.SERVICE
JSON = "application/json"


class Endpoint:
    """One operation, with all that its OPERATION says."""

    def __init__(self, module: types.ModuleType) -> None:
        self.module = module
        names = {**vars(module), **vars(PACKAGE.client)}
        self.hints = typing.get_type_hints(module.sync_detailed, names)

    def __repr__(self) -> str:
        return str(self.id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module.OPERATION, name)

    @property
    def ways(self) -> list[str]:
        """The public ways to call it, sync and async in turn: functions and methods."""
        names = ["sync", "asyncio", "sync_detailed", "asyncio_detailed", "method", "async method"]
        names += ["with_response", "async with_response"]
        of_list = ["iterate", "iterate_async", "iterator", "async iterator"]
        return names + of_list * bool(self.iterator_name)

    def call(self, way: str, client: Any, **arguments: Any) -> Any:
        """Begin a call in one of these ways, with the arguments of its functions."""
        name = way.removeprefix("async ")
        if function := getattr(self.module, name, None):
            return function(client=client, **arguments)
        resource = getattr(client, self.resource)
        resource = resource.with_response if name == "with_response" else resource
        method = getattr(resource, self.iterator_name if name == "iterator" else self.method_name)
        names = inspect.signature(method).parameters
        if "body" in arguments and "body" not in names:  # It takes the fields one by one.
            body = arguments.pop("body")
            arguments |= {name: getattr(body, name) for name in names if hasattr(body, name)}
        return method(**arguments)

    def credentials(self, key: str) -> dict[str, str]:
        """The header that carries a key; none where it needs none."""
        one = self.credential
        return {} if one is None else {one.header: f"{one.scheme or ''} {key}".strip()}


_found = pkgutil.walk_packages(PACKAGE.api.__path__, f"{NAME}.api.")
_modules = [import_module(one.name) for one in _found if not one.ispkg]
ENDPOINTS = {f"{one.method} {one.path}": one for one in map(Endpoint, _modules)}
