"""`map`: a call for each of many arguments, in order, some at once."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing, closing
from typing import Any

import pytest
from sample import AsyncSample, ConfigurationError, NotFoundError, Outcome, Sample

from tests.unit._support import BASE_URL, KEY, PARCEL, Script


class Calls:
    """A function to map, sync and async, which knows how many of its calls are under way."""

    def __init__(self) -> None:
        self.taken = self.now = self.most = 0

    def arguments(self) -> Iterable[int]:
        for number in itertools.count():
            self.taken += 1
            yield number

    def _begin(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)

    def sync(self, number: int) -> int:
        self._begin()
        time.sleep(0.01 if number % 3 == 0 else 0.001)
        self.now -= 1
        return number

    async def asynchronous(self, number: int) -> int:
        self._begin()
        try:
            await asyncio.sleep(0.01 if number % 3 == 0 else 0.001)
        finally:
            self.now -= 1
        return number


def take(kind: str, calls: Calls, count: int) -> list[Outcome[int, int]]:
    """Return the first outcomes of a map over arguments without an end, and leave it."""
    found: list[Outcome[int, int]] = []

    async def run() -> None:
        client = AsyncSample(KEY, base_url=BASE_URL)
        outcomes = client.map(calls.asynchronous, calls.arguments(), concurrency=4)
        async with client, aclosing(outcomes):
            async for outcome in outcomes:
                found.append(outcome)
                if len(found) == count:
                    break
        assert asyncio.all_tasks() == {asyncio.current_task()}

    if kind == "async":
        asyncio.run(run())
        return found
    with Sample(KEY, base_url=BASE_URL) as client:
        with closing(client.map(calls.sync, calls.arguments(), concurrency=4)) as outcomes:
            found += itertools.islice(outcomes, count)
        assert not [one for one in threading.enumerate() if one.name.startswith("map")]
    return found


def test_an_endless_map_keeps_order_and_bounds_and_ends_when_it_is_left(kind: str) -> None:
    calls = Calls()
    found = take(kind, calls, 50)
    assert [(one.argument, one.result()) for one in found] == [(n, n) for n in range(50)]
    assert (calls.most, calls.now) == (4, 0)
    assert calls.taken <= 50 + 2 * 4


def test_a_failure_is_the_outcome_of_its_own_call(kind: str) -> None:
    script = Script((200, PARCEL), (404, {"error": "no such parcel"}), (200, PARCEL))
    ids = ["parcel-1", "parcel-2", "parcel-1"]

    async def run() -> list[Outcome[str, Any]]:
        async def given() -> AsyncIterator[str]:
            for one in ids:
                yield one

        async with script.async_client() as client:
            return [one async for one in client.map(client.parcels.get, given(), concurrency=1)]

    if kind == "async":
        found = asyncio.run(run())
    else:
        with script.client() as client:
            found = list(client.map(client.parcels.get, ids, concurrency=1))
    assert [one.argument for one in found] == ids
    assert [one.value.id if one.value else None for one in found] == ["parcel-1", None, "parcel-1"]
    assert isinstance(found[1].error, NotFoundError)
    with pytest.raises(NotFoundError, match="no such parcel"):
        found[1].result()


def test_what_is_no_matter_of_one_argument_ends_the_map(kind: str) -> None:
    async def run() -> None:
        client = Script((200, PARCEL)).async_client()
        await client.aclose()
        [one async for one in client.map(client.parcels.get, itertools.repeat("parcel-1"))]

    client = Script((200, PARCEL)).client()
    client.close()
    outcomes = client.map(client.parcels.get, itertools.repeat("parcel-1"))
    with pytest.raises(ConfigurationError, match="closed"):
        asyncio.run(run()) if kind == "async" else next(outcomes)
    with pytest.raises(ConfigurationError, match="concurrency"):
        client.map(client.parcels.get, [], concurrency=0)
