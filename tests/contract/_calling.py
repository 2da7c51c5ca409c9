"""Calls of the package in every public way, each with what went over the wire for it."""

from __future__ import annotations

import asyncio
import datetime
import enum
import inspect
import types
import typing
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import attrs
import httpx

from tests.contract._gateway import Exchange, Gateway, Reply
from tests.contract._package import JSON, Endpoint, package
from tests.contract._values import is_documented, reply, sample

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


@dataclass(frozen=True)
class Outcome:
    """What a call sent, and what it returned (item by item, for a list) or raised."""

    exchanges: tuple[Exchange, ...]
    value: Any = None
    response: Any = None  # with all details, where the way of the call gives it
    error: Any = None


class Caller:
    """Calls over a gateway, with connections of the client's own and with those of a given one."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._runner = asyncio.Runner()
        self._given = (httpx.Client(trust_env=False), httpx.AsyncClient(trust_env=False))
        self._clients: dict[tuple[bool, bool], Any] = {}

    def close(self) -> None:
        """Close all connections."""
        self._given[0].close()
        self._runner.run(self._given[1].aclose())
        for (is_async, _), client in self._clients.items():
            self._close(client, is_async=is_async)
        self._runner.close()

    def client(self, *, is_async: bool, is_given: bool = False, **options: Any) -> Any:
        """Return a client with these options, on connections that all of them share."""
        if (is_async, is_given) not in self._clients:
            given = {"http_client": self._given[is_async]} if is_given else {}
            self._clients[is_async, is_given] = self._new(is_async=is_async, api_key=KEY, **given)
        client = self._clients[is_async, is_given]
        return client.with_options(**options) if options else client

    @contextmanager
    def client_of_its_own(self, *, is_async: bool, **options: Any) -> Iterator[Any]:
        """Have a client with these options, on connections of its own."""
        client = self._new(is_async=is_async, **options)
        yield client
        self._close(client, is_async=is_async)

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
        self.gateway.exchanges.clear()
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
        return Outcome(tuple(self.gateway.exchanges), value, response, error)

    def _new(self, *, is_async: bool, **options: Any) -> Any:
        name = f"{'Async' * is_async}{package().client.SERVICE.name}"
        return getattr(package(), name)(base_url=self.gateway.url, **options)

    def _close(self, client: Any, *, is_async: bool) -> None:
        if is_async:
            self._runner.run(client.aclose())
        else:
            client.close()


def _start(
    endpoint: Endpoint,
    arguments: Mapping[str, Any],
    way: tuple[str, bool],
    client: Any,
    options: Mapping[str, Any],
) -> Any:
    name, operation = way[0], endpoint.operation
    if name in _FUNCTIONS:
        function = getattr(endpoint.module, _FUNCTIONS[name][way[1]])
        return function(client=client, **arguments, **options)
    resource = getattr(client, operation.resource)
    resource = resource.with_response if name == "with_response" else resource
    name = operation.iterator_name if name == "iterator" else operation.method_name
    return getattr(resource, name)(**flatten(endpoint, arguments), **options)


async def _gather(values: Any, items: list[Any]) -> None:
    async for item in values:
        items.append(item)  # noqa: PERF401 - those before an error count


def arguments_of(endpoint: Endpoint, number: int = 0, **given: Any) -> dict[str, Any]:
    """Return arguments for a call: an id of some kind, and whatever else it needs."""
    arguments = dict[str, Any]()
    for one in endpoint.operation.parameters:
        hint = endpoint.hints[one.python_name]
        if one.location == "path" and hint is str:
            arguments[one.python_name] = IDS[number % len(IDS)]
        elif one.required:
            schema = endpoint.parameter_definition(one).get("schema", {})
            arguments[one.python_name] = fit(sample(schema), hint)
    if endpoint.body is not None:
        body = sample(endpoint.request_schema)
        more = {**body, "beside": ["\u00fc", 1]} if isinstance(body, dict) else body
        body = more if is_documented(endpoint.request_schema, more) else body
        arguments["body"] = fit(body, endpoint.hints["body"])
    return arguments | given


def documented(endpoint: Endpoint, arguments: Mapping[str, Any]) -> Any:
    """Return the documented JSON answer to a call, every property of it there."""
    value = sample(endpoint.response_schema(endpoint.success))
    repeated = {one.response_field: one.python_name for one in endpoint.operation.parameters}
    repeated.pop(None, None)
    return value | {k: arguments[v] for k, v in repeated.items()} if repeated else value


def success(endpoint: Endpoint, arguments: Mapping[str, Any], **more: Any) -> Reply:
    """Return the documented answer to a call."""
    media_type, _ = endpoint.response(endpoint.success)
    if media_type == JSON:
        return reply(endpoint.success, documented(endpoint, arguments), **more)
    headers = (("Content-Type", media_type),) if media_type else ()
    body = "It is so \u00fc".encode() if media_type else b""
    return Reply(endpoint.success, body, headers, **more)


def flatten(endpoint: Endpoint, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the method, which takes the fields of most bodies one by one."""
    body, flat = endpoint.body, dict(arguments)
    if body is None or not body.arguments or attrs.has(type(flat.get("body"))) is False:
        return flat
    model = flat.pop("body")
    if extra := getattr(model, "additional_properties", None):
        flat["additional_properties"] = extra
    return flat | {one.python_name: getattr(model, one.python_name) for one in body.arguments}


def fit(value: Any, hint: Any) -> Any:  # noqa: C901, PLR0912 - a case for each kind of type
    """Return the argument of a type that stands for a JSON value, or raise UnfitError."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint in (Any, object):
        return value
    if origin in (typing.Union, types.UnionType):
        for one in inner:
            try:
                return fit(value, one)
            except UnfitError:
                continue
    elif origin is list and isinstance(value, list):
        return [fit(one, inner[0]) for one in value]
    elif origin is dict and isinstance(value, dict):
        return {key: fit(one, inner[1]) for key, one in value.items()}
    elif origin is typing.Literal:
        if any(value == one and type(value) is type(one) for one in inner):
            return value
    elif hint in (str, bool, int, float, type(None)):
        if type(value) is hint or (hint is float and type(value) is int):
            return value
    elif make := _PARSERS.get(hint, getattr(hint, "from_json", getattr(hint, "from_dict", None))):
        try:
            made = make(value)
        except (TypeError, ValueError, AttributeError):
            made = None
        if made is not None and not list(differences(made, value)):
            return made
    raise UnfitError("a value of another type")


def differences(value: Any, raw: Any, path: str = "$") -> Iterable[str]:  # noqa: C901 - as `fit`
    """Yield where a value of the package is not what a JSON value says, attribute by attribute."""
    if attrs.has(type(value)) and isinstance(raw, dict):
        extra = getattr(value, "additional_properties", {})
        names = {one.name for one in attrs.fields(type(value)) if one.init}
        left = {_squash(name): getattr(value, name) for name in names - {"additional_properties"}}
        for key, inner in raw.items():
            one = extra[key] if key in extra else left.pop(_squash(key), ...)
            yield from differences(one, inner, f"{path}.{key}")
        for name, one in left.items():
            if one is not None and one is not package().types.UNSET:
                yield f"{path}: {name} has a value, and the JSON has none"
    elif isinstance(value, list) and isinstance(raw, list) and len(value) == len(raw):
        for index, (one, inner) in enumerate(zip(value, raw, strict=True)):
            yield from differences(one, inner, f"{path}[{index}]")
    elif isinstance(value, enum.Enum):
        yield from differences(value.value, raw, path)
    elif isinstance(raw, str) and type(value) in _PARSERS:
        if _PARSERS[type(value)](raw.upper()) != value:  # RFC 3339 takes any case
            yield f"{path}: another value than in the JSON"
    elif value != raw or isinstance(value, bool) != isinstance(raw, bool):
        yield f"{path}: another value than in the JSON"


def _squash(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
