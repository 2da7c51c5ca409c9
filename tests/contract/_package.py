"""The package under test: its document, its operations, and JSON values in it."""

from __future__ import annotations

import datetime
import enum
import importlib
import inspect
import json
import os
import re
import sys
import types
import typing
import uuid
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, cached_property, reduce
from operator import getitem
from pathlib import Path
from typing import Any

import attrs

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


class Endpoint:
    """One operation: what the package's OPERATION says, and its `definition` in the document."""

    def __init__(self, module: types.ModuleType) -> None:
        self.module, operation = module, module.OPERATION
        self.definition = resolve(document()["paths"][operation.path])[operation.method.lower()]

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
    api = package().api
    places = api.OPERATIONS.data.values()  # its functions are not told by id
    found = [Endpoint(importlib.import_module(place, api.__name__)) for place in places]
    return tuple(sorted(found, key=lambda one: (one.path, one.method)))


class UnfitError(ValueError):
    """A value that a typed client cannot be given."""


def parse(body: bytes) -> Any:
    """Return the JSON of a body as RFC 8259 has it, a byte order mark aside; `...` for none."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=int)
    except ValueError:
        return ...


def fit(value: Any, hint: Any) -> Any:
    """Return the argument of a type that stands for a JSON value, or raise UnfitError."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if type(value) is hint or hint in (Any, object):
        return value
    for one in inner if origin in (typing.Union, types.UnionType) else ():
        with suppress(UnfitError):
            return fit(value, one)
    make = getattr(hint, "from_dict", getattr(hint, "fromisoformat", hint))
    with suppress(TypeError, ValueError, AttributeError):
        if origin is list:
            made: Any = [fit(one, inner[0]) for one in value]
        else:
            made = inner[[*map(plain, inner)].index(plain(value))] if inner else make(value)
        if plain(made) == plain(value):
            return made
    raise UnfitError("a value of another type")


def flatten(method: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a method, which takes the fields of some bodies one by one."""
    names, flat = inspect.signature(method).parameters, dict(arguments)
    if "body" in names or "body" not in flat:
        return flat
    body = flat.pop("body")
    return flat | {name: getattr(body, name) for name in names if hasattr(body, name)}


def plain(value: Any) -> Any:
    """Return a value of the package, or of JSON, in one form, in which equal values are equal.

    Names are without their style, and what is null or not given is left out.
    """
    if attrs.has(type(value)):
        value = attrs.asdict(value, recurse=False, filter=lambda one, _: one.init)
        value |= value.pop("additional_properties", {})
    if isinstance(value, dict):
        unset = package().types.UNSET
        given = {key: one for key, one in value.items() if one is not None and one is not unset}
        return {re.sub(r"[\W_]", "", key).lower(): plain(one) for key, one in given.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, (datetime.date, uuid.UUID)):
        value = str(value)
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        with suppress(ValueError):
            return str(datetime.datetime.fromisoformat(value.upper()))  # RFC 3339 takes any case
    return isinstance(value, bool), value  # 1 is not True
