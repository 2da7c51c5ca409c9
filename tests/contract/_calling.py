"""Calls of the package in every public way, each with what went over the wire for it."""

from __future__ import annotations

import asyncio
import datetime
import enum
import inspect
import types
import typing
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import attrs
import httpx

from tests.contract._gateway import Exchange, Gateway
from tests.contract._package import Endpoint, client_class, package

KEY = "key-of-a-scripted-call"


class UnfitError(ValueError):
    """A value that a typed client cannot be given."""


@dataclass(frozen=True)
class Outcome:
    """What a call came to.

    Attributes:
        exchanges: What was sent for it, and answered, in order.
        value: What it returned; of a list that is read item by item, the items.
        response: The response with all details, where the way of the call gives it.
        error: What it raised.
    """

    exchanges: tuple[Exchange, ...]
    value: Any = None
    response: Any = None
    error: Any = None


class Caller:
    """Calls through a gateway, by clients with connections of their own and by a given one's.

    Args:
        gateway: What the clients are connected to.
    """

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
            if is_async:
                self._runner.run(client.aclose())
            else:
                client.close()
        self._runner.close()

    def client(self, *, is_async: bool, is_given: bool = False, **options: Any) -> Any:
        """Return a client with these options, on connections that all of them share."""
        kind = (is_async, is_given)
        if kind not in self._clients:
            http_client = self._given[is_async] if is_given else None
            self._clients[kind] = client_class(is_async=is_async)(
                KEY, base_url=self.gateway.url, http_client=http_client
            )
        return self._clients[kind].with_options(**options)

    @contextmanager
    def client_of_its_own(self, *, is_async: bool, is_new: bool, **options: Any) -> Iterator[Any]:
        """Have a client with these options: a new one, or one that is changed to them."""
        if not is_new:
            yield self.client(is_async=is_async, **options)
            return
        client = client_class(is_async=is_async)(base_url=self.gateway.url, **options)
        yield client
        if is_async:
            self._runner.run(client.aclose())
        else:
            client.close()

    def call(
        self,
        endpoint: Endpoint,
        arguments: Mapping[str, Any],
        way: tuple[str, bool],
        client: Any = None,
        **options: Any,
    ) -> Outcome:
        """Carry one call out.

        Args:
            endpoint: What is called.
            arguments: The arguments of its functions.
            way: How it is called.
            client: With which client; by default one with connections of its own.
            **options: Those of the one call.
        """
        name, is_async = way
        self.gateway.exchanges.clear()
        value = response = error = None
        items: list[Any] = []
        client = client or self.client(is_async=is_async)
        try:
            value = self._carry_out(endpoint, arguments, name, client, options, is_async=is_async)
            if isinstance(value, AsyncIterable):
                self._runner.run(_gather(value, items))
                value = items
            elif name.startswith("iter"):
                for item in value:
                    items.append(item)  # noqa: PERF402 - those before an error count
                value = items
        except Exception as raised:  # noqa: BLE001 - what the client raises is what is tested
            value, error = items, raised
        if name == "detailed" and error is None:
            value, response = value.parsed, value
        return Outcome(tuple(self.gateway.exchanges), value, response, error)

    def _carry_out(
        self,
        endpoint: Endpoint,
        arguments: Mapping[str, Any],
        way: str,
        client: Any,
        options: Mapping[str, Any],
        *,
        is_async: bool,
    ) -> Any:
        operation = endpoint.operation
        if way in {"method", "iterator"}:
            method = operation.method_name if way == "method" else operation.iterator_name
            function = getattr(getattr(client, operation.resource), method)
            returned = function(**flatten(endpoint, arguments), **options)
        else:
            prefix = "asyncio" if is_async else "sync"
            function = {
                "function": prefix,
                "detailed": f"{prefix}_detailed",
                "iterate": "iterate_async" if is_async else "iterate",
            }[way]
            returned = getattr(endpoint.module, function)(client=client, **arguments, **options)
        return self._runner.run(returned) if inspect.iscoroutine(returned) else returned


async def _gather(values: AsyncIterable[Any], items: list[Any]) -> None:
    async for item in values:
        items.append(item)  # noqa: PERF401 - those before an error count


def flatten(endpoint: Endpoint, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the resource's method: the fields of a body one by one, if it has them.

    Raises:
        UnfitError: The body has more than the method takes.
    """
    body = endpoint.operation.body
    flat = dict(arguments)
    if body is None or not body.arguments or "body" not in flat:
        return flat
    model = flat.pop("body")
    if getattr(model, "additional_properties", None):
        raise UnfitError("a body with fields beside the documented ones")
    names = [one.python_name for one in body.arguments]
    return flat | {name: getattr(model, name) for name in names}


def fit(value: Any, hint: Any) -> Any:
    """Return the argument that stands for a JSON value.

    Args:
        value: The value.
        hint: The argument's type.

    Raises:
        UnfitError: None does.
    """
    if hint in (Any, object):
        return value
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _fit_first(value, inner)
    if origin is list and isinstance(value, list):
        return [fit(one, inner[0]) for one in value]
    if origin is dict and isinstance(value, dict):
        return {key: fit(one, inner[1]) for key, one in value.items()}
    if origin is typing.Literal and any(value == o and type(value) is type(o) for o in inner):
        return value
    if hint in (str, bool, int, float, type(None)):
        if type(value) is hint or (hint is float and type(value) is int):
            return value
        raise UnfitError("a value of another type")
    made = _convert(value, hint)
    if list(differences(made, value)):
        raise UnfitError("a value that would be sent otherwise")
    return made


def _fit_first(value: Any, hints: Iterable[Any]) -> Any:
    for hint in hints:
        try:
            return fit(value, hint)
        except UnfitError:
            continue
    raise UnfitError("a value of another type")


def _convert(value: Any, hint: Any) -> Any:
    parsers = {
        datetime.date: datetime.date.fromisoformat,
        datetime.datetime: datetime.datetime.fromisoformat,
        uuid.UUID: uuid.UUID,
    }
    make = parsers.get(hint) or getattr(hint, "from_json", None) or getattr(hint, "from_dict", None)
    try:
        return make(value)  # type: ignore[misc]
    except (TypeError, ValueError, AttributeError):
        raise UnfitError("a value of another type") from None


def differences(value: Any, raw: Any, path: str = "$") -> Iterable[str]:
    """Yield where a value of the package is not what a JSON value says, attribute by attribute."""
    if attrs.has(type(value)) and isinstance(raw, dict):
        extra = getattr(value, "additional_properties", {})
        names = [
            one.name for one in attrs.fields(type(value)) if one.name != "additional_properties"
        ]
        by_name = {_squash(name): getattr(value, name) for name in names}
        for key, inner in raw.items():
            one = extra[key] if key in extra else by_name.pop(_squash(key), ...)
            yield from differences(one, inner, f"{path}.{key}")
        for name, one in by_name.items():
            if one is not None and one is not package().types.UNSET:
                yield f"{path}: {name} has a value, and the answer has none"
    elif isinstance(value, list) and isinstance(raw, list) and len(value) == len(raw):
        for index, (one, inner) in enumerate(zip(value, raw, strict=True)):
            yield from differences(one, inner, f"{path}[{index}]")
    elif isinstance(raw, str) and not isinstance(value, str):
        text = value.isoformat() if isinstance(value, datetime.date) else str(value)
        if text.replace("+00:00", "Z").lower() != raw.replace("+00:00", "Z").lower():
            yield f"{path}: another value than in the answer"
    elif isinstance(value, enum.Enum):
        yield from differences(value.value, raw, path)
    elif value != raw or isinstance(value, bool) != isinstance(raw, bool):
        yield f"{path}: another value than in the answer"


def _squash(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
