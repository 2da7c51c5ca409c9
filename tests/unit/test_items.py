"""Lists read item by item while they arrive; `map`: a call for each of many arguments."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import Any

import pytest
from sample import errors
from sample._core.responses import LARGEST_ITEM
from sample._http import httpx

from tests.unit._support import (
    PARCEL,
    SECRET,
    SUMMARY,
    ManualClock,
    Script,
    call,
    shown,
)

MANY = [{**SUMMARY, "id": f"parcel-{number}"} for number in range(5000)]
ONE = json.dumps(SUMMARY).encode()


class Streaming(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in chunks, and remembers how many were taken and whether it was closed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.taken = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.taken += 1
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def iterate(kind: str, stream: Streaming, **options: Any) -> list[Any]:
    return list(call(kind, Script((200, stream)), "iter", **options))


def endless(item: bytes = ONE + b",") -> Iterator[bytes]:
    yield b"["
    while True:
        yield item


BLANKS = b"," + b" " * 70_000  # more than is read at once


@pytest.mark.parametrize(("method", "padding"), [("iter", 0), ("list", 0), ("list", 300_000)])
def test_a_body_that_is_not_the_documented_one(kind: str, method: str, padding: int) -> None:
    for body, told in (
        (b"[" + ONE + b"]]", "JSON"),
        (b"[" + b"7" * 5000 + b"]", "JSON"),
        (b"{}", "$ has to be array, and is object"),
        (b"[null]", "$[0] has to be object, and is null"),
        (b"[" + ONE + b"," + ONE + BLANKS + ONE + BLANKS + b'{"id": 8}]', "$[3].id has to be"),
    ):
        script = Script((200, b" " * padding + body, {"X-Request-Id": "req-1"}))
        with pytest.raises(errors.InvalidResponseError) as caught:
            call(kind, script, method)
        error = caught.value
        assert told in str(error)
        assert (error.status_code, error.attempts, error.request_id) == (200, 1, "req-1")
        assert SECRET not in shown(error)


def test_the_items_before_a_fault_are_given_and_no_more_is_read_than_needed(kind: str) -> None:
    chunks = [b"[" + ONE + b"," + ONE, b", {}]"]
    assert len(iterate(kind, Streaming(iter(chunks)), at_most=2)) == 2
    with pytest.raises(errors.InvalidResponseError, match=r"\$\[2\]\.id"):
        iterate(kind, Streaming(iter(chunks)))
    stream = Streaming(endless())
    assert [item.id for item in iterate(kind, stream, at_most=3)] == ["parcel-1"] * 3
    assert stream.closed
    assert stream.taken <= 6
    # A long item is looked at again when twice as much is there, or all.
    long = b'[{"id": "' + b"x" * 5000
    assert len(iterate(kind, Streaming(iter([long, b'", "pickupCode": "1"}]'])))) == 1


@pytest.mark.parametrize(
    ("start", "text"), [(b"[", b"7"), (b'["', b"x"), (b'["', b"\\u0041"), (b"[", b'{"a":')]
)
def test_an_endless_item_has_a_largest_size(kind: str, start: bytes, text: bytes) -> None:
    stream = Streaming(iter([start + text, *([text * 1000] * 20_000)]))
    with pytest.raises(errors.InvalidResponseError, match="JSON"):
        iterate(kind, stream)
    assert stream.taken * len(text) * 1000 < 2 * LARGEST_ITEM + 10_000_000


class TickingClock(ManualClock):
    """Time that passes with each look at it."""

    def monotonic(self) -> float:
        self.advance(0.001)
        return super().monotonic()


def test_reading_takes_no_longer_than_the_call_may(kind: str) -> None:
    for chunk in (b" " * 4096, ONE + b","):  # however much lies ready
        with pytest.raises(errors.APITimeoutError, match=r"1 s (are|were) over") as caught:
            iterate(kind, Streaming(endless(chunk)), timeout=1, clock=TickingClock())
        assert caught.value.maybe_processed is True
    script = Script((200, MANY))
    with pytest.raises(errors.APITimeoutError, match="while the answer was read") as caught:
        call(kind, script, "list", timeout=0.01, clock=TickingClock())
    assert (caught.value.attempts, caught.value.maybe_processed) == (1, True)
    assert len(script.requests) == 1


async def count_turns(answer: list[Any]) -> int:
    """Return how often the event loop has its turn while a list is called for."""
    turns = 0
    async with Script((200, answer)).async_client() as client:
        listing = asyncio.ensure_future(client.parcels.list())
        while not listing.done():
            turns += 1
            await asyncio.sleep(0)
    return turns


def test_the_event_loop_goes_on_while_a_long_list_is_read() -> None:
    assert asyncio.run(count_turns(MANY)) >= asyncio.run(count_turns([])) + 5, "one a slice"


class Calls:
    """A function to map, sync and async, which knows how many of its calls are under way."""

    def __init__(self) -> None:
        self.taken = self.now = self.most = 0

    def arguments(self) -> Iterator[int]:
        for number in itertools.count():
            self.taken += 1
            yield number

    @contextmanager
    def under_way(self, number: int) -> Iterator[float]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            yield 0.01 if number % 3 == 0 else 0.001
        finally:
            self.now -= 1

    def sync(self, number: int) -> int:
        with self.under_way(number) as seconds:
            time.sleep(seconds)
        return number

    async def asynchronous(self, number: int) -> int:
        with self.under_way(number) as seconds:
            await asyncio.sleep(seconds)
        return number


def test_an_endless_map_keeps_order_and_bounds_and_ends_when_it_is_left(kind: str) -> None:
    calls = Calls()
    arguments = (calls.sync if kind == "sync" else calls.asynchronous, calls.arguments())
    found = call(kind, Script(), attrgetter("map"), *arguments, concurrency=4, at_most=50)
    assert not [one for one in threading.enumerate() if one.name.startswith("map")]
    assert [(one.argument, one.result()) for one in found] == [(n, n) for n in range(50)]
    assert (calls.most, calls.now) == (4, 0)
    assert calls.taken <= 50 + 2 * 4


def map_get(client: Any) -> Any:
    return partial(client.map, client.parcels.get)


def test_a_failure_is_the_outcome_of_its_own_call(kind: str) -> None:
    script = Script((200, PARCEL), (404, {"error": "no such parcel"}), (200, PARCEL))
    ids = ["parcel-1", "parcel-2", "parcel-1"]

    async def given() -> AsyncIterator[str]:
        for one in ids:
            yield one

    found = call(kind, script, map_get, ids if kind == "sync" else given(), concurrency=1)
    assert [one.argument for one in found] == ids
    assert [one.value.id if one.value else None for one in found] == ["parcel-1", None, "parcel-1"]
    assert isinstance(found[1].error, errors.NotFoundError)
    with pytest.raises(errors.NotFoundError, match="no such parcel"):
        found[1].result()


def test_what_is_no_matter_of_one_argument_ends_the_map(kind: str) -> None:
    ids = itertools.repeat("parcel-1")
    with pytest.raises(errors.ConfigurationError, match="is empty"):
        call(kind, Script(), map_get, ids, api_key=str)
    with pytest.raises(errors.ConfigurationError, match="concurrency"):
        call(kind, Script(), map_get, ids, concurrency=0)
