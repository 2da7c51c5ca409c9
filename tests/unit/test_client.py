from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
from portal_v1 import AsyncPortal, ConfigurationError, Pace, Portal, PortalError, RateLimitError
from portal_v1._http import httpx
from portal_v1.mock import MockPortal

from tests.unit._support import BASE_URL, CREATED, KEY, ManualClock, Script


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
                thread = threading.Thread(target=answer, args=(connection,), daemon=True)
                thread.start()
                threads.append(thread)

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
            copy = original.with_options(api_key="another", headers={"X-B": "2"})
            copy.clients.create()
            original.clients.create()
        changed, unchanged = script.requests
        assert changed.headers["authorization"] == "Bearer another"
        assert unchanged.headers["authorization"] == f"Bearer {KEY}"
        assert (changed.headers.get("x-a"), changed.headers["x-b"]) == (None, "2")
        assert (unchanged.headers["x-a"], unchanged.headers.get("x-b")) == ("1", None)

    def test_what_is_not_named_stays(self) -> None:
        script = Script((429, {}))
        with script.client(headers={"X-A": "1"}, max_attempts=2) as original:
            copy = original.with_options(clock=ManualClock()).with_options(timeout=5)
            with pytest.raises(RateLimitError) as caught:
                copy.clients.list()
        assert caught.value.attempts == 2
        assert script.requests[1].headers["x-a"] == "1"
        assert type(copy) is Portal

    def test_headers_none_takes_them_away(self) -> None:
        script = Script((200, []))
        with script.client(headers={"X-A": "1"}) as original:
            original.with_options(headers=None).clients.list()
        assert "x-a" not in script.requests[0].headers

    def test_a_copy_keeps_its_own_pace(self) -> None:
        script, clock = Script((200, [])), ManualClock()
        with script.client(timeout=None) as original:
            copy = original.with_options(pace=Pace(1, 10), clock=clock)
            for _ in range(3):
                copy.clients.list()
                original.clients.list()
        assert clock.slept == [10, 10]

    def test_a_refused_change_leaves_the_original_usable(self) -> None:
        script = Script((200, []))
        with script.client() as original:
            with pytest.raises(ConfigurationError):
                original.with_options(timeout=-1)
            assert original.clients.list() == []

    def test_copies_share_connections(self, accepted: tuple[str, list[socket.socket]]) -> None:
        url, connections = accepted
        with Portal(KEY, base_url=url) as original:
            original.clients.list()
            original.with_options(timeout=7).clients.list()
            original.with_options(max_attempts=1).with_options(timeout=7).clients.list()
        assert len(connections) == 1

    def test_async_copies_share_connections(
        self, accepted: tuple[str, list[socket.socket]]
    ) -> None:
        url, connections = accepted

        async def run() -> None:
            async with AsyncPortal(KEY, base_url=url) as original:
                await original.clients.list()
                copy = original.with_options(timeout=7)
                assert type(copy) is AsyncPortal
                await copy.clients.list()

        asyncio.run(run())
        assert len(connections) == 1


class TestClosing:
    def test_a_closed_client_takes_no_calls(self) -> None:
        script = Script((200, []))
        with script.client() as portal:
            assert portal.clients.list() == []
        portal.close()
        portal.close()
        with pytest.raises(ConfigurationError, match="closed"):
            portal.clients.list()
        with pytest.raises(ConfigurationError, match="closed"):
            next(iter(portal.clients.iter()))
        assert len(script.requests) == 1

    def test_a_closed_async_client_takes_no_calls(self) -> None:
        script = Script((200, []))

        async def run() -> None:
            async with script.async_client() as portal:
                assert await portal.clients.list() == []
            await portal.aclose()
            await portal.aclose()
            with pytest.raises(ConfigurationError, match="closed"):
                await portal.clients.list()
            with pytest.raises(ConfigurationError, match="closed"):
                async for _ in portal.clients.iter():
                    pass

        asyncio.run(run())
        assert len(script.requests) == 1

    def test_closing_a_copy_ends_only_the_copy(self, mock: MockPortal) -> None:
        with mock.serve() as server, Portal(KEY, base_url=server.url) as original:
            with original.with_options(timeout=7) as copy:
                assert copy.clients.list() == []
            with pytest.raises(ConfigurationError, match="closed"):
                copy.clients.list()
            assert original.clients.list() == []

    def test_closing_the_original_ends_its_copies(self, mock: MockPortal) -> None:
        with mock.serve() as server:
            original = Portal(KEY, base_url=server.url)
            copy = original.with_options(timeout=7).with_options(max_attempts=1)
            original.close()
            with pytest.raises(ConfigurationError, match="closed"):
                copy.clients.list()

    def test_closing_the_async_original_ends_its_copies(self, mock: MockPortal) -> None:
        async def run(url: str) -> None:
            original = AsyncPortal(KEY, base_url=url)
            copy = original.with_options(timeout=7)
            await original.aclose()
            with pytest.raises(ConfigurationError, match="closed"):
                await copy.clients.list()

        with mock.serve() as server:
            asyncio.run(run(server.url))

    def test_closing_closes_the_connections(
        self, accepted: tuple[str, list[socket.socket]]
    ) -> None:
        url, connections = accepted
        with Portal(KEY, base_url=url) as portal:
            portal.clients.list()
        connections[0].settimeout(5)
        # The serving thread reads the same end; whoever reads first, nothing but the end comes.
        assert connections[0].recv(1) == b""

    def test_a_given_client_stays_its_owners(self) -> None:
        with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as http:
            Portal(KEY, base_url=BASE_URL, http_client=http).close()
            assert not http.is_closed

    def test_a_given_async_client_stays_its_owners(self) -> None:
        async def run() -> None:
            async with httpx.AsyncClient() as http:
                await AsyncPortal(KEY, base_url=BASE_URL, http_client=http).aclose()
                assert not http.is_closed

        asyncio.run(run())

    def test_a_given_client_that_is_closed(self) -> None:
        http = httpx.Client()
        http.close()
        portal = Portal(KEY, base_url=BASE_URL, http_client=http)
        with pytest.raises(PortalError) as caught:
            portal.clients.create()
        assert caught.value.maybe_processed is False

    def test_a_given_async_client_that_is_closed(self) -> None:
        async def run() -> None:
            http = httpx.AsyncClient()
            await http.aclose()
            await AsyncPortal(KEY, base_url=BASE_URL, http_client=http).clients.create()

        with pytest.raises(PortalError, match="given is closed") as caught:
            asyncio.run(run())
        assert caught.value.maybe_processed is False

    def test_the_block_gives_the_client_and_lets_errors_through(self) -> None:
        portal = Script((200, [])).client()
        with pytest.raises(LookupError), portal as entered:  # noqa: PT012 - the block is the point
            assert entered is portal
            raise LookupError

        async def run() -> None:
            client = Script((200, [])).async_client()
            async with client as entered:
                assert entered is client
                raise LookupError

        with pytest.raises(LookupError):
            asyncio.run(run())

    def test_neither_needs_a_block(self, mock: MockPortal) -> None:
        assert mock.client().clients.list() == []
        assert asyncio.run(mock.async_client().clients.list()) == []


def test_an_async_client_keeps_to_one_event_loop() -> None:
    portal = Script((200, [])).async_client()
    assert asyncio.run(portal.clients.list()) == []
    with pytest.raises(ConfigurationError, match="event loop"):
        asyncio.run(portal.clients.list())


@pytest.mark.parametrize("make", [Portal, AsyncPortal])
def test_repr_says_where_it_sends_and_no_secret(make: type[Portal | AsyncPortal]) -> None:
    portal = make(KEY, base_url=BASE_URL, headers={"X-Token": "another-secret"})
    assert repr(portal) == f"<{make.__name__} of {BASE_URL}>"
    shown = repr([portal.clients, portal.pipeline, portal.pipeline.settings])
    assert BASE_URL in shown
    assert KEY not in shown
    assert "another-secret" not in shown


@pytest.mark.parametrize("make", [Portal, AsyncPortal])
def test_repr_of_one_that_was_never_made(make: type[Portal | AsyncPortal]) -> None:
    assert make.__name__ in repr(object.__new__(make))


def test_threads_share_a_client(mock: MockPortal) -> None:
    ids: list[str] = []
    with mock.serve() as server, Portal(KEY, base_url=server.url) as portal:
        threads = [
            threading.Thread(
                target=lambda: ids.extend(portal.clients.create().id for _ in range(5))
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        listed = portal.clients.list()
    assert len(set(ids)) == 40
    assert {client.id for client in listed} == set(ids)
