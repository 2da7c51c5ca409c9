"""The package's operations as tests need them: found in the package and its document.

Nothing here names an operation. A sixth one, or a renamed field, is tested without an edit.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import portal_v1.api
from portal_v1 import AsyncPortal, Portal
from portal_v1._core.operation import ListOperation, Operation
from portal_v1._document import load_document
from portal_v1._http import httpx

DOCUMENT: Final = load_document()
BASE_URL: Final = "https://api.example.test/base/v1"
SAMPLE_ID: Final = "clx5n0q3k0001l408kx7v2q9d"

Handler = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True)
class Subject:
    """One operation: its module in the package, and what the document says of it.

    Attributes:
        module: The module below `portal_v1.api`.
        path: The document's template of its path.
        responses: The document's schema of each JSON answer, by status.
        examples: A documented answer of each status.
    """

    module: Any
    path: str
    responses: Mapping[int, Any]
    examples: Mapping[int, Any]

    @property
    def operation(self) -> Operation[Any]:
        operation: Operation[Any] = self.module.OPERATION
        return operation

    @property
    def is_list(self) -> bool:
        return isinstance(self.operation, ListOperation)

    @property
    def success(self) -> int:
        return min(self.responses)

    def arguments(self, segment: Any = SAMPLE_ID) -> dict[str, Any]:
        """The arguments that a call cannot do without; `segment` for each path parameter."""
        values: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.module.sync_detailed).parameters.items():
            if name != "client" and parameter.default is parameter.empty:
                made = getattr(self.module, str(parameter.annotation), None)
                values[name] = segment if made is None else made()
        return values

    def sync(self, portal: Portal, segment: Any = SAMPLE_ID, **options: Any) -> Any:
        return self.module.sync(client=portal, **self.arguments(segment), **options)

    async def asyncio(self, portal: AsyncPortal, segment: Any = SAMPLE_ID, **options: Any) -> Any:
        return await self.module.asyncio(client=portal, **self.arguments(segment), **options)

    def __str__(self) -> str:
        return self.operation.id


def resolved(node: Any) -> Any:
    """Return what a node of the document says, a reference followed."""
    while "$ref" in node:
        found: Any = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def example(schema: Any) -> Any:
    """Return a documented value of a schema, with every documented field."""
    schema = resolved(schema)
    if "properties" in schema:
        return {name: example(inner) for name, inner in schema["properties"].items()}
    if "items" in schema:
        return [example(schema["items"]) for _ in range(3)]
    return schema["examples"][0]


def secret_fields(schema: Any) -> set[str]:
    """Return the names of the fields beneath a schema that hold secrets."""
    schema = resolved(schema)
    found = set[str]()
    for name, inner in schema.get("properties", {}).items():
        if resolved(inner).get("format") == "password":
            found.add(name)
        found |= secret_fields(inner)
    return found | (secret_fields(schema["items"]) if "items" in schema else set())


def replaced(value: Any, make: Callable[[str, Any], Any]) -> Any:
    """Return a JSON value with `make(name, value)` in place of each field of an object."""
    if isinstance(value, dict):
        return {name: make(name, replaced(inner, make)) for name, inner in value.items()}
    return [replaced(item, make) for item in value] if isinstance(value, list) else value


def subjects() -> Iterator[Subject]:
    """Yield every operation of the package, and check that the document knows it."""
    documented = {
        node["operationId"]: (path, node)
        for path, item in DOCUMENT["paths"].items()
        for node in item.values()
        if isinstance(node, dict)
    }
    package = portal_v1.api
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        if hasattr(module, "OPERATION"):
            path, node = documented.pop(module.OPERATION.id)
            schemas = {
                int(status): content["application/json"]["schema"]
                for status, response in node["responses"].items()
                if (content := resolved(response).get("content"))
            }
            yield Subject(
                module, path, schemas, {status: example(one) for status, one in schemas.items()}
            )
    assert documented == {}


SUBJECTS: Final = tuple(subjects())
"""All operations."""
LISTS: Final = tuple(one for one in SUBJECTS if one.is_list)
"""Those whose answer can be read item by item."""


def sync_portal(handler: Handler, key: Any = "test-key", **options: Any) -> Portal:
    """A client whose requests `handler` answers, in-process."""
    options.setdefault("base_url", BASE_URL)
    return Portal(key, http_client=httpx.Client(transport=httpx.MockTransport(handler)), **options)


def async_portal(handler: Any, key: Any = "test-key", **options: Any) -> AsyncPortal:
    """The same for an event loop; `handler` may be async."""
    options.setdefault("base_url", BASE_URL)
    transport = httpx.MockTransport(handler)
    return AsyncPortal(key, http_client=httpx.AsyncClient(transport=transport), **options)


def called(
    subject: Subject, handler: Handler, *, asynchronous: bool, key: Any = "test-key", **options: Any
) -> Any:
    """Call an operation in-process and return its answer."""
    if not asynchronous:
        return subject.sync(sync_portal(handler, key, **options))

    async def run() -> Any:
        return await subject.asyncio(async_portal(handler, key, **options))

    return asyncio.run(run())


class HeldClock:
    """A clock that stands still but for the pauses it is asked for, which take no time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)

    def jitter(self, most: float) -> float:
        return most
