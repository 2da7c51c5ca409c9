"""The operations of the package under test, and every public way to call them."""

from __future__ import annotations

import asyncio
import datetime
import enum
import importlib
import inspect
import re
import types
import typing
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType
from typing import Any

import attrs
import httpx

from tests.contract._gateway import Gateway, reply
from tests.contract._package import document, is_documented, package, resolve, sample

JSON = "application/json"
CALLS = "calls of the client"
TALLY = Counter[str]()  # and of other requests, by their reason
KEY = "key-of-a-scripted-call"
IDS = ("c1", "a%20b", "..a", "50%", "e\u0301", "\u00e9", "K~+a=b&c?d#e;f:g@h!i$j'k(l)*m,", "a.b.")
_FUNCTIONS = {
    "function": ("sync", "asyncio"),
    "detailed": ("sync_detailed", "asyncio_detailed"),
    "iterate": ("iterate", "iterate_async"),
}
_PARSERS: dict[Any, Any] = {
    datetime.date: datetime.date.fromisoformat,
    datetime.datetime: datetime.datetime.fromisoformat,
    uuid.UUID: uuid.UUID,
}


class UnfitError(ValueError):
    """A value that a typed client cannot be given."""


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One operation: what the package's OPERATION says, and what the document says."""

    module: ModuleType
    method: str
    path: str
    definition: Mapping[str, Any]

    def __str__(self) -> str:
        return str(self.id)

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

    @property
    def request_schema(self) -> Any:
        """The schema of its body; None where it has none."""
        if self.body is None:
            return None
        content = resolve(self.definition["requestBody"])["content"]
        return content[self.body.media_types[0]].get("schema", {})

    def response_schema(self, status: int) -> Any:
        """The schema of its JSON answer with a status; None where it has none."""
        told = self.definition["responses"]
        keys = (str(status), f"{status // 100}XX", "default")
        found = resolve(next((told[key] for key in keys if key in told), {}))
        return found.get("content", {}).get(JSON, {}).get("schema")

    @property
    def is_repeatable(self) -> bool:
        """Whether the document lets it be sent again when nobody knows what became of it."""
        return self.method in {"GET", "HEAD", "PUT", "DELETE"} or "x-repeatable" in self.definition

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
            own = item[method]
            parameters = [*item.get("parameters", ()), *own.get("parameters", ())]
            module = importlib.import_module(places[own["operationId"]], package().api.__name__)
            full = {**own, "parameters": [*map(resolve, parameters)]}
            found.append(Endpoint(module, method.upper(), path, full))
    return tuple(sorted(found, key=lambda one: (one.path, one.method)))


@dataclass(frozen=True)
class Outcome:
    """What a call sent, and what it returned (item by item, for a list) or raised."""

    answers: tuple[httpx.Response, ...]  # each with its `request`
    value: Any = None
    response: Any = None  # with all details, where the way of the call gives it
    error: Any = None


class Caller:
    """Calls over a gateway, with connections of the client's own and with those of a given one."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._runner = asyncio.Runner()
        self._given = (httpx.Client(trust_env=False), httpx.AsyncClient(trust_env=False))
        self._shared: dict[tuple[bool, bool], Any] = {}
        self._open: list[Any] = [*self._given]

    def close(self) -> None:
        for one in self._open:
            self._runner.run(one.aclose()) if hasattr(one, "aclose") else one.close()
        self._runner.close()

    def new(self, *, is_async: bool, is_given: bool = False, **options: Any) -> Any:
        """Return a client with these options."""
        name = f"{'Async' * is_async}{package().client.SERVICE.name}"
        given = {"http_client": self._given[is_async]} if is_given else {}
        self._open.append(getattr(package(), name)(base_url=self.gateway.url, **given, **options))
        return self._open[-1]

    def client(self, *, is_async: bool, is_given: bool = False, **options: Any) -> Any:
        """Return a client with these options, on connections that all of them share."""
        place = (is_async, is_given)
        if place not in self._shared:
            self._shared[place] = self.new(is_async=is_async, is_given=is_given, api_key=KEY)
        return self._shared[place].with_options(**options) if options else self._shared[place]

    def call(
        self,
        endpoint: Endpoint,
        arguments: Mapping[str, Any],
        way: tuple[str, bool],
        client: Any = None,
        **options: Any,
    ) -> Outcome:
        """Carry one call out, with the arguments of the operation's functions and its options."""
        name, is_async = way
        self.gateway.answers.clear()
        TALLY[CALLS] += 1
        client = client or self.client(is_async=is_async)
        value: Any = None
        response = error = None
        items: list[Any] = []
        try:
            value = _start(endpoint, arguments, way, client, options)
            if inspect.iscoroutine(value):
                value = self._runner.run(value)
            elif name.startswith("iter"):
                self._runner.run(_gather(value, items)) if is_async else items.extend(value)
        except Exception as raised:  # noqa: BLE001 - what the client raises is what is tested
            error = raised
        if name.startswith("iter"):
            value = items
        elif name in {"detailed", "with_response"} and error is None:
            value, response = value.parsed, value
        return Outcome(tuple(self.gateway.answers), value, response, error)


def _start(
    endpoint: Endpoint,
    arguments: Mapping[str, Any],
    way: tuple[str, bool],
    client: Any,
    options: Mapping[str, Any],
) -> Any:
    name = way[0]
    if name in _FUNCTIONS:
        function = getattr(endpoint.module, _FUNCTIONS[name][way[1]])
        return function(client=client, **arguments, **options)
    resource = getattr(client, endpoint.resource)
    resource = resource.with_response if name == "with_response" else resource
    name = endpoint.iterator_name if name == "iterator" else endpoint.method_name
    return getattr(resource, name)(**flatten(endpoint, arguments), **options)


async def _gather(values: Any, items: list[Any]) -> None:
    async for item in values:
        items.append(item)  # noqa: PERF401 - those before an error count


def flatten(endpoint: Endpoint, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the method, which takes the fields of most bodies one by one."""
    body, flat = endpoint.body, dict(arguments)
    if body is None or not body.arguments or attrs.has(type(flat.get("body"))) is False:
        return flat
    model = flat.pop("body")
    if extra := getattr(model, "additional_properties", None):
        flat["additional_properties"] = extra
    return flat | {one.python_name: getattr(model, one.python_name) for one in body.arguments}


def arguments_of(endpoint: Endpoint, number: int = 0) -> dict[str, Any]:
    """Return arguments for a call: an id of some kind, and whatever else it needs."""
    arguments = dict[str, Any]()
    schemas = {(one["in"], one["name"]): one["schema"] for one in endpoint.definition["parameters"]}
    for one in endpoint.parameters:
        hint = endpoint.hints[one.python_name]
        if one.location == "path" and hint is str:
            arguments[one.python_name] = IDS[number % len(IDS)]
        elif one.required:
            arguments[one.python_name] = fit(sample(schemas[one.location, one.name]), hint)
    if endpoint.body is not None:
        body = sample(endpoint.request_schema)
        more = {**body, "beside": ["\u00fc", 1]} if isinstance(body, dict) else body
        body = more if is_documented(endpoint.request_schema, more) else body
        arguments["body"] = fit(body, endpoint.hints["body"])
    return arguments


def repeated(endpoint: Endpoint, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the answer to a call repeats of its arguments."""
    names = {one.response_field: one.python_name for one in endpoint.parameters}
    return {name: arguments[given] for name, given in names.items() if name}


def success(endpoint: Endpoint, arguments: Mapping[str, Any], **how: Any) -> httpx.Response:
    """Return the documented answer to a call, every property of it there."""
    schema = endpoint.response_schema(endpoint.success)
    if schema is None:
        return reply(endpoint.success, **how)
    told = repeated(endpoint, arguments)
    return reply(endpoint.success, sample(schema) | told if told else sample(schema), **how)


def fit(value: Any, hint: Any) -> Any:
    """Return the argument of a type that stands for a JSON value, or raise UnfitError."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    is_enum = isinstance(hint, enum.EnumMeta)
    make = _PARSERS.get(hint, getattr(hint, "from_dict", hint if is_enum else None))
    if origin in (typing.Union, types.UnionType):
        for one in inner:
            with suppress(UnfitError):
                return fit(value, one)
    elif origin is list and isinstance(value, list):
        return [fit(one, inner[0]) for one in value]
    elif make:
        with suppress(TypeError, ValueError, AttributeError):
            if plain(made := make(value)) == plain(value):
                return made
    elif origin is typing.Literal or hint in (Any, object):
        if not inner or plain(value) in map(plain, inner):
            return value
    elif type(value) is hint or (hint is float and type(value) is int):
        return value
    raise UnfitError("a value of another type")


def plain(value: Any) -> Any:
    """Return a value of the package, or of JSON, in one form, in which equal values are equal.

    Names are without their style, and what is null or not given is left out.
    """
    if attrs.has(type(value)):
        names = [one.name for one in attrs.fields(type(value)) if one.init]
        value = {one: getattr(value, one) for one in names}
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
    return (isinstance(value, bool), value)  # 1 is not True
