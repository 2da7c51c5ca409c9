from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from portal_v1 import (
    APIConnectionError,
    AsyncPortal,
    AuthenticationError,
    InvalidResponseError,
    Portal,
)
from portal_v1._http import httpx
from portal_v1.models import ClientSummary

from tests.unit._support import (
    BASE_URL,
    KEY,
    SECRET,
    SUMMARY,
    Script,
    Streaming,
    call,
    closable,
    shown,
    streamed,
)

MANY = [{**SUMMARY, "id": f"client-{number}"} for number in range(5000)]


def test_it_gives_what_list_gives(kind: str) -> None:
    script = Script((200, MANY))
    found = call(kind, script, "iter")
    assert found == call(kind, script, "list")
    assert [item.id for item in found] == [item["id"] for item in MANY]
    assert {type(item) for item in found} == {ClientSummary}


def test_an_empty_list(kind: str) -> None:
    assert call(kind, Script((200, b" [ ] ")), "iter") == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "JSON"),
        (b"[", "JSON"),
        (b"<html>", "JSON"),
        (json.dumps([SUMMARY]).encode()[:-1], "JSON"),
        (json.dumps([SUMMARY]).encode() + b"]", "JSON"),
        (json.dumps([SUMMARY])[:-20].encode(), "JSON"),
        (b"[NaN]", "JSON"),
        (b"{}", "$ has to be array, and is object"),
        (b"null", "$ has to be array, and is null"),
        (b"[null]", "$[0] has to be object, and is null"),
        (json.dumps([SUMMARY, {**SUMMARY, "id": 7}]).encode(), "$[1].id has to be string"),
        (json.dumps([SUMMARY, {"id": "a"}]).encode(), "$[1].clientApiKey has to be string"),
    ],
    ids=[
        "empty",
        "no-end",
        "html",
        "no-bracket",
        "two-brackets",
        "cut",
        "nan",
        "object",
        "null",
        "null-item",
        "wrong-type",
        "missing-field",
    ],
)
@pytest.mark.parametrize("method", ["iter", "list"])
def test_a_body_that_is_not_the_documented_one(
    kind: str, method: str, body: bytes, told: str
) -> None:
    script = Script((200, body, {"X-Request-Id": "req-1"}))
    with pytest.raises(InvalidResponseError) as caught:
        call(kind, script, method)
    error = caught.value
    assert told in str(error)
    assert (error.status_code, error.attempts, error.request_id) == (200, 1, "req-1")
    assert error.operation_id == "listClients"
    assert SECRET not in shown(error)


def test_the_items_before_a_fault_are_given(kind: str) -> None:
    body = json.dumps([*MANY[:3], {"id": "x"}]).encode()
    seen: list[str] = []

    async def run() -> None:
        async with Script((200, body)).async_client() as portal:
            async for item in portal.clients.iter():
                seen.append(item.id)  # noqa: PERF401 - it ends with an error

    with pytest.raises(InvalidResponseError):  # noqa: PT012 - the error comes in the loop
        if kind == "async":
            asyncio.run(run())
        else:
            with Script((200, body)).client() as portal:
                for item in portal.clients.iter():
                    seen.append(item.id)  # noqa: PERF401 - as above
    assert seen == ["client-0", "client-1", "client-2"]


def test_an_error_answer_is_the_usual_error(kind: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        call(kind, Script((401, {"error": "Unauthorized"})), "iter")
    assert caught.value.error == "Unauthorized"
    assert caught.value.body == b'{"error": "Unauthorized"}'


def endless() -> Iterator[bytes]:
    yield b"["
    while True:
        yield json.dumps(SUMMARY).encode() + b","


def test_breaking_off_closes_the_answer() -> None:
    stream = Streaming(endless())
    with httpx.Client(transport=streamed(stream)) as http:
        for _ in Portal(KEY, base_url=BASE_URL, http_client=http).clients.iter():
            break
        assert stream.closed
        assert stream.taken <= 4


def test_breaking_off_closes_the_answer_of_an_async_client() -> None:
    stream = Streaming(endless())

    async def run() -> None:
        async with httpx.AsyncClient(transport=streamed(stream)) as http:
            portal = AsyncPortal(KEY, base_url=BASE_URL, http_client=http)
            async with contextlib.aclosing(closable(portal.clients.iter())) as items:
                async for _ in items:
                    break
            assert stream.closed

    asyncio.run(run())
    assert stream.taken <= 4


def test_an_answer_is_not_read_before_it_is_asked_for() -> None:
    stream = Streaming(endless())
    with httpx.Client(transport=streamed(stream)) as http:
        items = Portal(KEY, base_url=BASE_URL, http_client=http).clients.iter()
        assert stream.taken == 0
        assert [next(items).id for _ in range(3)] == ["client-1"] * 3
        assert stream.taken <= 6


@contextlib.contextmanager
def tcp_server(body: Iterator[bytes]) -> Iterator[tuple[str, threading.Event]]:
    """A server of one chunked answer, and the event of its connection's end."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for chunk in body:
                    connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            ended.set()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", ended
        thread.join(5)
        assert not thread.is_alive()


def test_breaking_off_closes_the_connection(kind: str) -> None:
    async def run(url: str) -> str:
        async with AsyncPortal(KEY, base_url=url) as portal:
            async with contextlib.aclosing(closable(portal.clients.iter())) as items:
                first: str = (await anext(items)).id
            assert await asyncio.to_thread(ended.wait, 5)
            return first

    with tcp_server(endless()) as (url, ended):
        if kind == "async":
            assert asyncio.run(run(url)) == "client-1"
        else:
            with Portal(KEY, base_url=url) as portal:
                for item in portal.clients.iter():
                    assert item.id == "client-1"
                    break
                assert ended.wait(5)


def test_a_connection_that_breaks_off_amid_the_list(kind: str) -> None:
    def body() -> Iterator[bytes]:
        yield b"[" + json.dumps(SUMMARY).encode() + b","

    seen: list[Any] = []

    async def run(url: str) -> None:
        async with AsyncPortal(KEY, base_url=url) as portal:
            async for item in portal.clients.iter():
                seen.append(item)  # noqa: PERF401 - it ends with an error

    def run_sync(url: str) -> None:
        with Portal(KEY, base_url=url) as portal:
            for item in portal.clients.iter():
                seen.append(item)  # noqa: PERF402 - as above

    with tcp_server(body()) as (url, _), pytest.raises(APIConnectionError) as caught:
        asyncio.run(run(url)) if kind == "async" else run_sync(url)
    assert caught.value.operation_id == "listClients"
    assert caught.value.attempts == 1
    assert len(seen) == 1


def test_the_callers_own_time_is_not_counted() -> None:
    with Script((200, MANY[:5])).client(timeout=0.2) as portal:
        found = []
        for item in portal.clients.iter():
            time.sleep(0.06)
            found.append(item.id)
    assert len(found) == 5
