"""Every public way to call the operations of the package under test."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import attrs
import httpx

from tests.contract._gateway import Gateway, reply
from tests.contract._package import Endpoint, package
from tests.contract._values import fit, is_documented, sample

CALLS = "calls of the client"
TALLY = Counter[str]()  # and of other requests, by their reason
KEY = "key-of-a-scripted-call"
IDS = (
    "c1",
    "a%20b",
    "..a",
    "50%",
    "e\u0301",
    "\u00e9",
    "K~+a=b&c?d#e;f:g@h!i$j'k(l)*m,",
    "a.b.",
    " c ",
)
_FUNCTIONS = {
    "function": ("sync", "asyncio"),
    "detailed": ("sync_detailed", "asyncio_detailed"),
    "iterate": ("iterate", "iterate_async"),
}


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
        script: Iterable[httpx.Response] = (),
        **options: Any,
    ) -> Outcome:
        """Carry one call out, with the arguments of the operation's functions and its options.

        It is answered by the script, where there is one, else by the server.
        """
        name, is_async = way
        self.gateway.answers, self.gateway.script = [], deque(script)
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
    if body is None or attrs.has(type(flat.get("body"))) is False:
        return flat
    fields = {one.name for one in attrs.fields(type(flat["body"]))}
    if not body.arguments and fields - {"additional_properties", "_nulls"}:
        return flat  # A field has the name of a parameter.
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
