from __future__ import annotations

import asyncio
import contextlib
import copy
import pickle
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sample import (
    APIConnectionError,
    AsyncSample,
    ConfigurationError,
    Pace,
    RateLimitError,
    Sample,
    SampleError,
)
from sample._http import httpx
from sample.api.parcels import list_parcels

from tests.unit._support import BASE_URL, CREATED, KEY, ManualClock, Script, pipeline_of

MAKERS = [Sample, AsyncSample]


@pytest.fixture
def accepted() -> Iterator[tuple[str, list[socket.socket]]]:
    """A server of empty lists that keeps connections alive, and the connections it took."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def answer(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threads.append(threading.Thread(target=answer, args=(connection,), daemon=True))
                threads[-1].start()

    threads = [threading.Thread(target=serve, daemon=True)]
    threads[0].start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join(5)
    for connection in connections:
        connection.close()


class TestWithOptions:
    def test_the_original_stays_as_it_is(self) -> None:
        script = Script((201, CREATED))
        with script.client(headers={"X-A": "1"}) as original:
            changed = original.with_options(api_key="another-key", headers={"X-B": "2"})
            changed.parcels.create()
            original.with_options(headers=None).parcels.create()
            original.parcels.create()
            with pytest.raises(ConfigurationError):
                original.with_options(timeout=-1)
        sent = [
            tuple(request.headers.get(name) for name in ("authorization", "x-a", "x-b"))
            for request in script.requests
        ]
        own = f"Bearer {KEY}"
        assert sent == [
            ("Bearer another-key", None, "2"),
            (own, None, None),
            (own, "1", None),
        ]

    def test_what_is_not_named_stays(self) -> None:
        script = Script((429, {}))
        with script.client(headers={"X-A": "1"}, max_attempts=2) as original:
            changed = original.with_options(clock=ManualClock()).with_options(timeout=5)
            with pytest.raises(RateLimitError) as caught:
                changed.parcels.list()
        assert caught.value.attempts == 2
        assert script.requests[1].headers["x-a"] == "1"

    @pytest.mark.parametrize("base", MAKERS)
    def test_a_subclass_keeps_its_attributes(self, base: Any) -> None:
        class Tenant(base):  # type: ignore[misc]  # a base that is chosen when it runs
            def __init__(self, tenant: str) -> None:
                super().__init__(KEY, base_url=BASE_URL)
                self.tenant = tenant

        original = Tenant("one")
        changed = original.with_options(timeout=1)
        assert (type(changed), changed.tenant) == (Tenant, "one")
        changed.tenant = "two"
        assert original.tenant == "one"

    @pytest.mark.parametrize("make", MAKERS)
    def test_a_client_is_copied_over_its_connections_and_not_pickled(self, make: Any) -> None:
        client = make(KEY, base_url=BASE_URL)
        for copied in (copy.copy(client), copy.deepcopy({"client": client})["client"]):
            assert pipeline_of(copied) is pipeline_of(client)
        for one in (client, client.parcels, client.with_options(timeout=1)):
            with pytest.raises(TypeError, match="make one in each process"):
                pickle.dumps(one)

    def test_a_copy_keeps_its_own_pace(self) -> None:
        script, clock = Script((200, [])), ManualClock()
        with script.client(timeout=None) as original:
            changed = original.with_options(pace=Pace(1, 10), clock=clock)
            for _ in range(3):
                changed.parcels.list()
                original.parcels.list()
        assert clock.slept == [10, 10]

    def test_copies_share_connections(
        self, kind: str, accepted: tuple[str, list[socket.socket]]
    ) -> None:
        url, connections = accepted

        async def run() -> None:
            async with AsyncSample(KEY, base_url=url) as original:
                await original.parcels.list()
                await original.with_options(timeout=7).parcels.list()

        if kind == "async":
            asyncio.run(run())
        else:
            with Sample(KEY, base_url=url) as original:
                original.parcels.list()
                original.with_options(max_attempts=1).with_options(timeout=7).parcels.list()
        assert len(connections) == 1


class TestClosing:
    def test_a_closed_client_takes_no_calls(self) -> None:
        script = Script((200, []))
        with script.client() as client:
            assert client.parcels.list() == []
        client.close()
        for use in (client.parcels.list, lambda: next(iter(client.parcels.iter()))):
            with pytest.raises(ConfigurationError, match="closed"):
                use()
        assert len(script.requests) == 1

    def test_a_closed_async_client_takes_no_calls(self) -> None:
        script = Script((200, []))

        async def run() -> None:
            async with script.async_client() as client:
                assert await client.parcels.list() == []
            await client.aclose()
            with pytest.raises(ConfigurationError, match="closed"):
                await client.parcels.list()
            with pytest.raises(ConfigurationError, match="closed"):
                async for _ in client.parcels.iter():
                    pass

        asyncio.run(run())
        assert len(script.requests) == 1

    def test_closing_a_copy_ends_only_the_copy_and_the_original_both(self) -> None:
        with Sample(KEY, base_url="http://127.0.0.1:9", max_attempts=1) as original:
            changed, other = (original.with_options(timeout=seconds) for seconds in (7, 8))
            changed.close()
            with pytest.raises(ConfigurationError, match="closed"):
                changed.parcels.list()
            with pytest.raises(APIConnectionError):
                original.parcels.list()
        with pytest.raises(ConfigurationError, match="closed"):
            other.parcels.list()

    def test_closing_closes_the_connections(
        self, accepted: tuple[str, list[socket.socket]]
    ) -> None:
        url, connections = accepted
        with Sample(KEY, base_url=url) as client:
            client.parcels.list()
        connections[0].settimeout(5)
        # The serving thread reads the same end; whoever reads first, nothing but the end comes.
        assert connections[0].recv(1) == b""

    def test_a_call_that_pauses_meanwhile_is_not_sent_again(self) -> None:
        class ClosingClock(ManualClock):
            def sleep(self, _: float) -> None:
                client.close()

            async def sleep_async(self, _: float) -> None:
                await async_client.aclose()

        async def run() -> None:
            await async_client.with_options(clock=ClosingClock()).parcels.list()

        script = Script((503, []), (200, []))
        client, async_client = script.client(), Script((503, []), (200, [])).async_client()
        for call in (
            client.with_options(clock=ClosingClock()).parcels.list,
            lambda: asyncio.run(run()),
        ):
            with pytest.raises(APIConnectionError, match="client was closed") as caught:
                call()
            assert (caught.value.attempts, caught.value.maybe_processed) == (1, True)
        assert len(script.requests) == 1

    def test_a_given_client_stays_its_owners(self) -> None:
        async def run() -> None:
            async with httpx.AsyncClient() as http:
                await AsyncSample(KEY, base_url=BASE_URL, http_client=http).aclose()
                assert not http.is_closed
            with pytest.raises(SampleError, match="given is closed") as caught:
                await AsyncSample(KEY, base_url=BASE_URL, http_client=http).parcels.create()
            assert caught.value.maybe_processed is False

        with httpx.Client() as http:
            Sample(KEY, base_url=BASE_URL, http_client=http).close()
            assert not http.is_closed
        with pytest.raises(SampleError, match="given is closed") as caught:
            Sample(KEY, base_url=BASE_URL, http_client=http).parcels.create()
        assert caught.value.maybe_processed is False
        asyncio.run(run())

    def test_the_block_gives_the_client_and_lets_errors_through(self) -> None:
        client = Script((200, [])).client()
        with pytest.raises(LookupError), client as entered:  # noqa: PT012 - the block is the point
            assert entered is client
            raise LookupError


class TestEventLoop:
    def test_an_async_client_keeps_to_one(self) -> None:
        client = Script((200, [])).async_client()
        assert asyncio.run(client.parcels.list()) == []
        with pytest.raises(ConfigurationError, match="event loop"):
            asyncio.run(client.parcels.list())

    def test_without_one_it_says_so(self) -> None:
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


@pytest.mark.parametrize("make", MAKERS)
def test_repr_says_where_it_sends_and_no_secret(make: type[Sample | AsyncSample]) -> None:
    client = make(KEY, base_url=BASE_URL, headers={"X-Token": "another-secret"})
    assert repr(client) == f"<{make.__name__} of {BASE_URL}>"
    shown = repr([client.parcels, pipeline_of(client), pipeline_of(client).settings])
    assert BASE_URL in shown
    assert shown.isascii()
    assert KEY not in shown
    assert "another-secret" not in shown
    assert make.__name__ in repr(object.__new__(make)), "a traceback may show one half made"
