"""Clients and their copies. Closing, event loops and forks need a network: tests/network."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import pytest
from sample import (
    AsyncSample,
    CallEvent,
    ConfigurationError,
    Pace,
    RateLimitError,
    Sample,
    SampleError,
)
from sample._http import httpx
from sample.api.parcels import list_parcels

from tests.unit._support import BASE_URL, CREATED, KEY, ManualClock, Script, pipeline_of

each_client = pytest.mark.parametrize("make", [Sample, AsyncSample])


def test_a_copy_changes_what_is_named_and_leaves_the_original_as_it_is() -> None:
    script = Script((201, CREATED))
    with script.client(headers={"X-A": "1"}) as original:
        original.with_options(api_key="another-key", headers={"X-B": "2"}).parcels.create()
        original.with_options(headers=None).parcels.create()
        original.with_options(timeout=5).with_options(keepalive=None).parcels.create()
        with pytest.raises(ConfigurationError):
            original.with_options(timeout=-1)
        names = ("authorization", "x-a", "x-b")
        sent = [tuple(map(request.headers.get, names)) for request in script.requests]
        own = f"Bearer {KEY}"
        assert sent == [("Bearer another-key", None, "2"), (own, None, None), (own, "1", None)]
    refusing, clock = Script((429, {})), ManualClock()
    with refusing.client(max_attempts=2) as original, pytest.raises(RateLimitError):
        original.with_options(clock=clock).with_options(timeout=5).parcels.list()
    assert len(refusing.requests) == 2


def test_a_copy_has_a_pace_and_an_observer_of_its_own_or_none() -> None:
    events: list[CallEvent] = []
    script, clock = Script((200, [])), ManualClock()
    with script.client(timeout=None, observer=events.append) as original:
        changed = original.with_options(pace=Pace(1, 10), clock=clock, observer=None)
        for _ in range(3):
            changed.parcels.list()
        assert (clock.pauses, events) == ([10, 10], [])
        original.with_options(timeout=5).parcels.list()
        assert [one.kind for one in events][::3] == ["call_start", "call_end"]
    assert clock.pauses == [10, 10]


@each_client
def test_a_subclass_keeps_its_attributes(make: Any) -> None:
    class Tenant(make):  # type: ignore[misc]  # a base that is chosen when it runs
        def __init__(self, tenant: str) -> None:
            super().__init__(KEY, base_url=BASE_URL)
            self.tenant = tenant

    original = Tenant("one")
    changed = original.with_options(timeout=1)
    assert (type(changed), changed.tenant) == (Tenant, "one")
    changed.tenant = "two"
    assert original.tenant == "one"


@each_client
def test_a_client_is_copied_over_its_connections_and_not_pickled(make: Any) -> None:
    client = make(KEY, base_url=BASE_URL)
    for copied in (copy.copy(client), copy.deepcopy({"client": client})["client"]):
        assert pipeline_of(copied) is pipeline_of(client)
    for one in (client, client.parcels, client.with_options(timeout=1)):
        with pytest.raises(TypeError, match="make one in each process"):
            pickle.dumps(one)


def test_a_given_client_stays_its_owners() -> None:
    async def run() -> None:
        async with httpx.AsyncClient() as http:
            await AsyncSample(KEY, base_url=BASE_URL, http_client=http).aclose()
            assert not http.is_closed
        with pytest.raises(SampleError, match="given is closed") as caught:
            await AsyncSample(KEY, base_url=BASE_URL, http_client=http).parcels.create()
        assert caught.value.maybe_processed is False

    asyncio.run(run())
    with httpx.Client() as http:
        Sample(KEY, base_url=BASE_URL, http_client=http).close()
        assert not http.is_closed
    with pytest.raises(SampleError, match="given is closed"):
        Sample(KEY, base_url=BASE_URL, http_client=http).parcels.create()


def test_the_block_gives_the_client_and_lets_errors_through() -> None:
    client = Script((200, [])).client()
    with pytest.raises(LookupError), client as entered:  # noqa: PT012 - the block is the point
        assert entered is client
        raise LookupError


def test_an_async_client_says_where_no_event_loop_runs() -> None:
    # As trio drives coroutines: no event loop of asyncio runs.
    client = Script((200, [])).async_client()
    for use in (
        client.parcels.list(),
        client.parcels.with_response.list(),
        client.parcels.iter().asend(None),
        list_parcels.asyncio(client=client),
        list_parcels.asyncio_detailed(client=client),
        list_parcels.iterate_async(client=client).asend(None),
        client.map(client.parcels.get, ["parcel-1"]).asend(None),
        client.warm(),
    ):
        with pytest.raises(ConfigurationError, match="asyncio"):
            use.send(None)
    with pytest.raises(StopIteration):
        client.aclose().send(None)


@each_client
def test_repr_says_where_it_sends_and_no_secret(make: type[Sample | AsyncSample]) -> None:
    client = make(KEY, base_url=BASE_URL, headers={"X-Token": "another-secret"})
    assert repr(client) == f"<{make.__name__} of {BASE_URL}>"
    shown = repr([client.parcels, pipeline_of(client), pipeline_of(client).settings])
    assert BASE_URL in shown
    assert shown.isascii()
    assert not [secret for secret in (KEY, "another-secret") if secret in shown]
    assert make.__name__ in repr(object.__new__(make)), "a traceback may show one half made"
