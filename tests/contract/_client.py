"""Every public way to make a call of the package under test."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from tests.contract._oracle import NOW, Call, check
from tests.contract._package import package
from tests.contract._values import flatten
from tests.gateway import Gateway

CALLS = "calls of the client"
TALLY = Counter[str]()  # and of other requests, by their reason
_FUNCTIONS = {
    "function": ("sync", "asyncio"),
    "detailed": ("sync_detailed", "asyncio_detailed"),
    "iterate": ("iterate", "iterate_async"),
}


class Caller:
    """Makes calls over a gateway, and holds what comes of each against the document."""

    def __init__(self, gateway: Gateway, keys: Sequence[str]) -> None:
        self.gateway, self.keys = gateway, keys
        self._runner = asyncio.Runner()
        self._given = (httpx.Client(trust_env=False), httpx.AsyncClient(trust_env=False))
        self._own = (self._make(is_async=False), self._make(is_async=True))
        self._clients: dict[str, Any] = {}  # each with its clock

    def _make(self, *, is_async: bool, **settings: Any) -> Any:
        client_class = getattr(package(), f"{'Async' * is_async}{package().client.SERVICE.name}")
        return client_class(base_url=self.gateway.url, **{"api_key": "any-key"} | settings)

    def close(self) -> None:
        for sync, asynchronous in (self._own, self._given):
            sync.close()
            self._runner.run(asynchronous.aclose())
        self._runner.close()

    def call(self, *told: Any, **more: Any) -> Call:
        """Make a call, said as a `Call` is; return it with what came of it."""
        call = Call(*told, **more)
        name, is_async = call.way
        call.keys = call.keys or self.keys[:1]
        is_one = len(call.keys) == 1
        key = call.keys[0] if is_one else _ask(call.keys, is_async=is_async)
        call.settings = {"api_key": key, **call.settings}
        place = repr((is_async, call.is_new, call.settings))
        if place not in self._clients:
            clock = package().testing.ManualClock(now=NOW, jitter=0.5)
            given = {"http_client": self._given[is_async], **call.settings}
            new = self._make(is_async=is_async, **given) if call.is_new else self._own[is_async]
            self._clients[place] = (new.with_options(**call.settings, clock=clock), clock)
        client, clock = self._clients[place]
        before = len(clock.pauses)
        self.gateway.answers, self.gateway.script = [], deque(call.script)
        TALLY[CALLS] += 1
        try:
            value = _start(call, client)
            if name.startswith("iter"):
                value = self._runner.run(_gather(value)) if is_async else [*value]
            elif is_async:
                value = self._runner.run(value)
            is_detailed = name in {"detailed", "with_response"}
            call.value, call.response = (value.parsed, value) if is_detailed else (value, None)
        except Exception as raised:  # noqa: BLE001 - what the client raises is what is tested
            call.error = raised
        call.answers, call.pauses = self.gateway.answers, clock.pauses[before:]
        try:
            check(call)
        except AssertionError as failure:
            failure.add_note(f"{call}\n{[one.content[:999] for one in call.answers]}")
            raise
        return call


def _ask(keys: Sequence[str], *, is_async: bool) -> Callable[[], Any]:
    left = itertools.cycle(keys)

    async def ask() -> str:
        return next(left)

    return ask if is_async else left.__next__


def _start(call: Call, client: Any) -> Any:
    (name, is_async), endpoint = call.way, call.endpoint
    if name in _FUNCTIONS:
        function = getattr(endpoint.module, _FUNCTIONS[name][is_async])
        return function(client=client, **call.arguments, **call.options)
    resource = getattr(client, endpoint.resource)
    resource = resource.with_response if name == "with_response" else resource
    called = endpoint.iterator_name if name == "iterator" else endpoint.method_name
    method = getattr(resource, called)
    return method(**flatten(method, call.arguments), **call.options)


async def _gather(values: Any) -> list[Any]:
    return [one async for one in values]
