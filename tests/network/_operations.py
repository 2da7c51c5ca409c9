"""Every operation of the package, found in the package itself, and how to call it."""

from __future__ import annotations

import copy
import datetime
import enum
import importlib
import json
import pkgutil
import types
import typing
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self
from urllib.parse import quote

import attrs
import portal_v1.api
from portal_v1 import AsyncPortal, Portal
from portal_v1._core.operation import ListOperation
from portal_v1._document import load_document
from portal_v1.mock._engine import Engine, base_path
from portal_v1.mock._state import State

from tests.network._server import Answer, Peer, head

TEXT = "one"
_SAMPLES: dict[Any, Any] = {
    str: TEXT,
    bool: True,
    int: 7,
    float: 1.5,
    uuid.UUID: uuid.UUID(int=7),
    datetime.date: datetime.date(2025, 1, 2),
    datetime.datetime: datetime.datetime(2025, 1, 2, tzinfo=datetime.UTC),
}


def _sample(hint: Any) -> Any:
    if hint in _SAMPLES:
        return _SAMPLES[hint]
    origin = typing.get_origin(hint)
    if origin is list:
        return [_sample(typing.get_args(hint)[0])]
    if origin in {typing.Union, types.UnionType}:
        return _sample(typing.get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next(iter(hint))
    if attrs.has(hint):
        hints = typing.get_type_hints(hint)
        needed = [field for field in attrs.fields(hint) if field.init]
        needed = [field for field in needed if field.default is attrs.NOTHING]
        return hint(**{field.name: _sample(hints[field.name]) for field in needed})
    raise TypeError(f"There is no sample for {hint}.")


class Operation:
    """An operation, with arguments that suit it and its documented answer.

    Attributes:
        id: Its operationId.
        module: The name of its module in the package.
        repeatable: Whether it may be sent again when nobody knows what became of it.
        method: Its HTTP method.
        accept: What it asks for.
        credential: How it sends the key; None where it sends none.
        has_body: Whether a request body is documented.
        status: The status of its documented success.
        body: A documented body for that.
        path: The path that its request goes to, below the base URL, encoded.
        in_path: The arguments that are strings in the path, with what stands for them there.
    """

    def __init__(self, module: types.ModuleType, document: dict[str, Any]) -> None:
        self._module = module
        self.module = module.__name__
        self.id: str = module.OPERATION.id
        self.repeatable: bool = module.OPERATION.repeatable
        self.method: str = module.OPERATION.method
        self.accept: str = module.OPERATION.accept
        self.credential = module.OPERATION.credential
        self.is_list = isinstance(module.OPERATION, ListOperation)
        described = next(
            one
            for one in Engine(document, State(None, float), seed=0, api_keys=None).operations
            if one.id == self.id
        )
        self.has_body = described.body is not None
        self.status, response = described.responses.success
        self.example: Any = response.media[0].example if response.media else None
        self.has_media = bool(response.media)
        self.parameters = module.OPERATION.parameters
        self.template = described.path
        hints = typing.get_type_hints(module._request)  # noqa: SLF001 - it names the arguments alone
        hints.pop("return")
        self.arguments = {name: _sample(hint) for name, hint in hints.items()}
        # The function takes the path's first, as the document has them.
        in_path = [one.name for one in described.parameters if one.location == "path"]
        self.in_path = dict(zip(self.arguments, in_path, strict=False))
        self._repeat_arguments()

    @property
    def path(self) -> str:
        path = self.template
        for name, wanted in self.in_path.items():
            path = path.replace(f"{{{wanted}}}", quote(str(self.arguments[name]), safe=""))
        return path

    def with_argument(self, name: str, value: Any) -> Self:
        """The same operation, called with another argument."""
        changed = copy.copy(self)
        changed.arguments = {**self.arguments, name: value}
        changed._repeat_arguments()  # noqa: SLF001 - a copy of its own
        return changed

    def _repeat_arguments(self) -> None:
        """Have the answer repeat what it is to repeat of the request."""
        repeated = {
            one.response_field: self.arguments[one.python_name]
            for one in self.parameters
            if one.response_field and isinstance(self.arguments[one.python_name], str)
        }
        if repeated:
            self.example = {**self.example, **repeated}
        self.body = json.dumps(self.example).encode() if self.has_media else b""

    def call(self, client: Portal, **options: Any) -> Any:
        """Call it through a sync client; the whole answer comes back."""
        return self._module.sync_detailed(client=client, **self.arguments, **options)

    async def call_async(self, client: AsyncPortal, **options: Any) -> Any:
        """Call it through an async client."""
        return await self._module.asyncio_detailed(client=client, **self.arguments, **options)

    def iterate(self, client: Portal, **options: Any) -> Iterator[Any]:
        """Stream its answer through a sync client."""
        items: Iterator[Any] = self._module.iterate(client=client, **self.arguments, **options)
        return items

    def iterate_async(self, client: AsyncPortal, **options: Any) -> AsyncIterator[Any]:
        """Stream its answer through an async client."""
        items: AsyncIterator[Any] = self._module.iterate_async(
            client=client, **self.arguments, **options
        )
        return items

    def __repr__(self) -> str:
        return self.id


def _modules() -> Iterator[types.ModuleType]:
    for found in pkgutil.walk_packages(portal_v1.api.__path__, "portal_v1.api."):
        module = importlib.import_module(found.name)
        if hasattr(module, "OPERATION"):
            yield module


OPERATIONS = [Operation(module, load_document()) for module in _modules()]
LISTS = [operation for operation in OPERATIONS if operation.is_list]
ONCE = [operation for operation in OPERATIONS if not operation.repeatable]
AGAIN = [operation for operation in OPERATIONS if operation.repeatable]
BASE_PATH = base_path(load_document())
FIRST = OPERATIONS[0]
"""For what is the same for every operation."""


def whole(operation: Operation = FIRST) -> Answer:
    """The documented answer, on a connection that is kept."""

    def act(peer: Peer) -> None:
        peer.send(head(operation.status, f"Content-Length: {len(operation.body)}") + operation.body)

    return Answer(act)
