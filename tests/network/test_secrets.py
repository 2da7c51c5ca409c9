"""A canary in every place that holds a secret, on every path: none of them is ever seen."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from portal_v1 import (
    APIStatusError,
    APITimeoutError,
    AsyncPortal,
    ConfigurationError,
    InvalidResponseError,
    Portal,
    PortalError,
)
from portal_v1._http import httpx
from portal_v1._secrets import Secret

from tests.network._support_canary import KEY, MARK, UNKNOWN, Seen, planted, watched
from tests.network._support_operations import (
    LISTS,
    SUBJECTS,
    HeldClock,
    Subject,
    async_portal,
    called,
    secret_fields,
    sync_portal,
)

every_operation = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])

ECHO = f"the key {KEY} is not known; Bearer {KEY} was sent"
PADDED = "x" * 280 + ECHO  # the key lies across the place where a long text is cut off
BROKEN = {"error": 5, "echo": KEY}


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def escaped(text: str) -> bytes:
    """A JSON string in which every character is written as its number."""
    return b'"' + b"".join(b"\\u%04X" % ord(character) for character in text) + b'"'


ERROR_BODIES = {
    "error text": as_json({"error": ECHO}),
    "long error text": as_json({"error": PADDED}),
    "message": as_json({"message": ECHO, "detail": ECHO, "errors": [ECHO]}),
    "escaped": b'{"error": ' + escaped(ECHO) + b"}",
    "slashes escaped": as_json({"error": ECHO}).replace(b"/", b"\\/"),
    "unknown field": as_json({"error": "no", "sentKey": KEY, KEY: {"deep": KEY}}),
    "wrong type": as_json(BROKEN),
    "html": f"<html><body>{ECHO}</body></html>".encode(),
    "key alone": KEY.encode(),
}
STATUSES = (302, 400, 401, 403, 404, 408, 409, 418, 429, 500, 503, 599)


def fails(
    seen: Seen, subject: Subject, handler: Any, *, asynchronous: bool, **options: Any
) -> PortalError:
    with pytest.raises(PortalError) as caught:
        called(subject, handler, asynchronous=asynchronous, key=KEY, **options)
    seen.error("the error", caught.value)
    return caught.value


@every_operation
@both_ways
def test_an_answer_shows_no_secret_and_keeps_every_one(
    subject: Subject, asynchronous: bool
) -> None:
    answer = planted(subject)
    with watched() as seen:
        value = called(
            subject,
            lambda _: httpx.Response(subject.success, json=answer),
            asynchronous=asynchronous,
            key=KEY,
        )
    seen.value("the answer", value)
    one, sent = (value[0], answer[0]) if isinstance(value, list) else (value, answer)
    seen.value("the additional fields' names", one.additional_keys)
    assert seen.leaks == {}
    assert "portal_v1" in str(seen.texts)
    assert one.to_dict() == sent
    assert secret_fields(subject.responses[subject.success])


@every_operation
def test_a_detailed_answer_shows_no_secret_and_is_not_pickled(subject: Subject) -> None:
    with sync_portal(
        lambda _: httpx.Response(
            subject.success, json=planted(subject), headers={"set-cookie": f"s={MARK}cookie"}
        ),
        KEY,
    ) as portal:
        answer = subject.module.sync_detailed(client=portal, **subject.arguments())
    seen = Seen()
    seen.value("the answer", answer)
    assert seen.leaks == {}
    assert UNKNOWN.encode() in answer.content
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(answer)


@every_operation
@both_ways
@pytest.mark.parametrize("body", ERROR_BODIES.values(), ids=ERROR_BODIES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_status_error_whose_text_holds_the_key(
    subject: Subject, status: int, body: bytes, asynchronous: bool
) -> None:
    headers = {"x-request-id": f"for-{KEY}", "www-authenticate": f"Bearer error={KEY}"}
    with watched() as seen:
        error = fails(
            seen,
            subject,
            lambda _: httpx.Response(status, content=body, headers=headers),
            asynchronous=asynchronous,
            max_attempts=1,
        )
    assert isinstance(error, APIStatusError)
    assert error.body == body
    # What is logged of an attempt is looked at in its own test, below.
    assert {where: text for where, text in seen.leaks.items() if "logs" not in where} == {}
    if error.error and body is not ERROR_BODIES["wrong type"] and error.error != "no":
        assert "the key" in error.error


INVALID: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda whole: whole[:-2],
    "not json": lambda whole: b"<html>" + whole,
    "nan": lambda whole: whole.replace(b"{", b'{"n": NaN, ', 1),
    "followed": lambda whole: whole + whole,
    "bad utf-8": lambda whole: whole.replace(b"{", b'{"\xff": 1, ', 1),
    "another type": lambda whole: as_json(whole.decode()),
    "wrapped": lambda whole: b'{"data": ' + whole + b"}",
    "nested too deep": lambda whole: whole[:-1] + b"[" * 100_000,
    "an id that is none": lambda whole: whole.replace(b'"id": "', b'"id": 5, "was": "'),
    "secrets that are objects": lambda whole: whole.replace(
        f'"{MARK}'.encode(), b'{"is": 1}, "x": "' + MARK.encode()
    ),
}


@every_operation
@both_ways
@pytest.mark.parametrize("spoil", INVALID.values(), ids=INVALID)
def test_an_invalid_response(
    subject: Subject, spoil: Callable[[bytes], bytes], asynchronous: bool
) -> None:
    body = spoil(as_json(planted(subject)))
    with watched() as seen:
        error = fails(
            seen,
            subject,
            lambda _: httpx.Response(subject.success, content=body),
            asynchronous=asynchronous,
        )
    assert isinstance(error, InvalidResponseError)
    assert error.body == body
    assert MARK.encode() in body
    assert seen.leaks == {}


@pytest.mark.parametrize("subject", LISTS, ids=str)
@both_ways
@pytest.mark.parametrize("spoil", INVALID.values(), ids=INVALID)
def test_an_invalid_response_that_is_read_item_by_item(
    subject: Subject, spoil: Callable[[bytes], bytes], asynchronous: bool
) -> None:
    body = spoil(as_json(planted(subject)))
    answer = httpx.Response(subject.success, content=body)

    async def iterate() -> None:
        async with async_portal(lambda _: answer, KEY) as portal:
            async for item in subject.module.iterate_async(client=portal, **subject.arguments()):
                seen.value("an item", item)

    def iterate_sync() -> None:
        portal = sync_portal(lambda _: answer, KEY)
        for item in subject.module.iterate(client=portal, **subject.arguments()):
            seen.value("an item", item)

    def run() -> None:
        if asynchronous:
            asyncio.run(iterate())
        else:
            iterate_sync()

    with watched() as seen, pytest.raises(InvalidResponseError) as caught:
        run()
    seen.error("the error", caught.value)
    assert seen.leaks == {}


NETWORK_ERRORS = (
    *("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "ReadError", "ReadTimeout"),
    *("RemoteProtocolError", "WriteError", "WriteTimeout", "LocalProtocolError"),
    *("DecodingError", "UnsupportedProtocol"),
)


@every_operation
@both_ways
@pytest.mark.parametrize("name", NETWORK_ERRORS)
def test_a_network_error(subject: Subject, name: str, asynchronous: bool) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        raise getattr(httpx, name)("it broke", request=request)

    with watched() as seen:
        fails(seen, subject, handler, asynchronous=asynchronous, max_attempts=1)
    assert seen.leaks == {}


@every_operation
@both_ways
def test_a_body_that_breaks_off(subject: Subject, asynchronous: bool) -> None:
    def chunks() -> Iterator[bytes]:
        yield as_json(planted(subject))[:-1]
        raise httpx.ReadError("reset by peer")

    async def chunks_async() -> AsyncIterator[bytes]:
        for chunk in chunks():
            yield chunk

    with watched() as seen:
        content = chunks_async if asynchronous else chunks
        fails(
            seen,
            subject,
            lambda _: httpx.Response(subject.success, content=content()),
            asynchronous=asynchronous,
            max_attempts=1,
        )
    assert seen.leaks == {}


class Stop(BaseException):
    """Ends a call from outside, as Ctrl-C does."""


@every_operation
@pytest.mark.parametrize("body_begun", [False, True], ids=["before the answer", "in the body"])
def test_a_sync_call_that_is_interrupted(subject: Subject, body_begun: bool) -> None:
    def chunks() -> Iterator[bytes]:
        yield as_json(planted(subject))[:-1]
        raise Stop

    def handler(request: httpx.Request) -> httpx.Response:
        if not body_begun:
            raise Stop
        return httpx.Response(subject.success, content=chunks())

    with watched() as seen, pytest.raises(Stop) as caught:
        called(subject, handler, asynchronous=False, key=KEY)
    seen.error("the interrupt", caught.value)
    assert seen.leaks == {}


@every_operation
@pytest.mark.parametrize("body_begun", [False, True], ids=["before the answer", "in the body"])
def test_an_async_call_that_is_cancelled(subject: Subject, body_begun: bool) -> None:
    waiting = asyncio.Event()

    async def wait() -> None:
        waiting.set()
        await asyncio.Event().wait()

    async def chunks() -> AsyncIterator[bytes]:
        yield as_json(planted(subject))[:-1]
        await wait()

    async def handler(request: httpx.Request) -> httpx.Response:
        if not body_begun:
            await wait()
        return httpx.Response(subject.success, content=chunks())

    async def run() -> BaseException:
        async with async_portal(handler, KEY) as portal:
            task = asyncio.create_task(subject.asyncio(portal))
            await waiting.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            return caught.value

    with watched() as seen:
        seen.error("the cancellation", asyncio.run(run()))
    assert seen.leaks == {}


BAD_OPTIONS: dict[str, dict[str, Any]] = {
    "key with a line break": {"api_key": f"{KEY}\n"},
    "key with a space": {"api_key": f"{KEY} {KEY}"},
    "key that is not ascii": {"api_key": f"{KEY}ÿ"},
    "key of bytes": {"api_key": KEY.encode()},
    "key in a list": {"api_key": [KEY]},
    "url with the key as user": {"base_url": f"https://{MARK}key:x@example.test"},
    "url with the key as password": {"base_url": f"https://u:{KEY}@example.test"},
    "url with the key in its query": {"base_url": f"https://example.test/?key={KEY}"},
    "url that is none": {"base_url": f"https://[{KEY}"},
    "url with a bad port": {"base_url": f"https://example.test:{KEY}"},
    "url that is the key": {"base_url": KEY},
    "url in the clear": {"base_url": f"http://{KEY}.example.test"},
    "header value with a line break": {"headers": {"X-Session": f"{KEY}\r\nX: y"}},
    "header value of bytes": {"headers": {"X-Session": KEY.encode()}},
    "header name that is none": {"headers": {f"{KEY}:": "x"}},
    "headers that are a string": {"headers": KEY},
    "headers of the client": {"headers": {"Authorization": f"Bearer {KEY}"}},
    "timeout": {"api_key": KEY, "timeout": 0},
    "attempts": {"api_key": KEY, "max_attempts": 0},
    "client that is none": {"api_key": KEY, "http_client": object(), "headers": {"X-A": KEY}},
}


@pytest.mark.parametrize("kind", [Portal, AsyncPortal])
@pytest.mark.parametrize("options", BAD_OPTIONS.values(), ids=BAD_OPTIONS)
@pytest.mark.parametrize("given_with", ["new", "environment", "with_options"])
def test_a_setting_that_cannot_be_used(
    kind: Any, options: dict[str, Any], given_with: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base: dict[str, Any] = {"api_key": KEY}
    if given_with == "environment":
        names = {"api_key": "PORTAL_API_KEY", "base_url": "PORTAL_BASE_URL"}
        if not options.keys() <= names.keys() or not isinstance(next(iter(options.values())), str):
            pytest.skip("this is not set in the environment")
        for name, value in options.items():
            monkeypatch.setenv(names[name], value)
            base.pop(name, None)
        options = {}
    good = kind("test-key") if given_with == "with_options" else None
    if good is not None and ({"base_url", "http_client"} & options.keys()):
        pytest.skip("a copy keeps this")
    make, arguments = (kind, {**base, **options}) if good is None else (good.with_options, options)
    with watched() as seen, pytest.raises(ConfigurationError) as caught:
        make(**arguments)
    seen.error("the error", caught.value)
    assert seen.leaks == {}


def test_a_client_shows_no_secret_whatever_it_is_asked_for() -> None:
    sources: list[Any] = [KEY, functools.partial(str, KEY), lambda: KEY]
    for source in sources:
        portal = Portal(source, base_url="https://example.test", headers={"X-Session": KEY})
        copied = portal.with_options(api_key=source, headers={"X-Other": KEY})
        seen = Seen()
        for one in (portal, copied):
            seen.value("the client", one)
            seen.value("its pipeline", one.pipeline)
            seen.value("its settings", one.pipeline.settings)
            seen.value("a resource", one.clients)
            for name, value in vars(one.pipeline).items():
                seen.value(name, value)
        assert seen.leaks == {}
        with pytest.raises((TypeError, NotImplementedError, AttributeError)):
            pickle.dumps(portal)


def test_a_secret_shows_a_mask_only() -> None:
    seen = Seen()
    seen.value("it", Secret(KEY))
    assert seen.leaks == {}
    assert Secret(KEY).reveal() == KEY
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(KEY))


# --- keys that rotate ---


class Rotating:
    """A source of keys: another one each time; it shows them in its own repr."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self) -> str:
        self.given.append(f"{MARK}rotating-{len(self.given)}")
        return self.given[-1]

    async def later(self) -> str:
        await asyncio.sleep(0)
        return self()

    def __repr__(self) -> str:
        return f"Rotating({MARK}rotating)"


@every_operation
@pytest.mark.parametrize("way", ["sync", "async", "async callable"])
def test_a_key_is_asked_for_at_each_request(subject: Subject, way: str) -> None:
    source, sent = Rotating(), list[str]()

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["Authorization"])
        if len(sent) == 1:
            return httpx.Response(429, json={"error": f"{source.given[-1]} is over its limit"})
        return httpx.Response(subject.success, json=planted(subject))

    async def run() -> Any:
        given = source.later if way == "async callable" else source
        portal = async_portal(handler, given).with_options(clock=HeldClock())
        return await subject.asyncio(portal)

    with watched() as seen:
        if way == "sync":
            answer = subject.sync(sync_portal(handler, source).with_options(clock=HeldClock()))
        else:
            answer = asyncio.run(run())
    seen.value("the answer", answer)
    assert sent == [f"Bearer {MARK}rotating-0", f"Bearer {MARK}rotating-1"]
    assert seen.leaks == {}


class VaultError(Exception):
    """What a user's own key store raises; its text is the user's to look after."""


def raising() -> str:
    raise VaultError("the vault is sealed")


async def raising_later() -> str:
    await asyncio.sleep(0)
    raise VaultError("the vault is sealed")


async def returning_later() -> str:
    return KEY


class Telling:
    """What gives a key and tells of it in its repr."""

    def __init__(self, give: Callable[[], Any]) -> None:
        self.give = give

    def __call__(self) -> Any:
        return self.give()

    def __repr__(self) -> str:
        return f"Telling({KEY})"


BAD_SOURCES: dict[str, tuple[Callable[[], Any], str, bool]] = {
    "raises": (raising, "raised VaultError", False),
    "raises later": (raising_later, "raised VaultError", True),
    "returns None": (lambda: None, "is NoneType, not a string", False),
    "returns bytes": (KEY.encode, "is bytes, not a string", False),
    "returns a list": (lambda: [KEY], "is list, not a string", False),
    "returns a key with a line break": (lambda: f"{KEY}\n", "white space or a line break", False),
    "returns two keys": (lambda: f"{KEY} {KEY}", "cannot stand in a header", False),
    "returns an empty key": (lambda: "", "is empty", False),
    "is async for a sync client": (returning_later, "only the async client", False),
}


@every_operation
@both_ways
@pytest.mark.parametrize("source", BAD_SOURCES.values(), ids=BAD_SOURCES)
def test_a_callable_that_gives_no_key_ends_the_call_and_nothing_is_sent(
    subject: Subject, source: tuple[Callable[[], Any], str, bool], asynchronous: bool
) -> None:
    give, expected, only_async = source
    if asynchronous == (give is returning_later) or (only_async and not asynchronous):
        pytest.skip("not a failure there")

    def handler(request: httpx.Request) -> httpx.Response:
        pytest.fail("sent")

    with watched() as seen, pytest.raises(ConfigurationError, match=expected) as caught:
        called(subject, handler, asynchronous=asynchronous, key=Telling(give))
    seen.error("the error", caught.value)
    assert seen.leaks == {}
    assert caught.value.maybe_processed is False
    raises = give in {raising, raising_later}
    assert isinstance(caught.value.__cause__, VaultError) is raises


# --- over real sockets: what the HTTP libraries log, and what a broken server makes them say ---


@contextmanager
def tcp_server(answer: Callable[[bytes], bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers each request head on a connection with bytes, then closes it."""
    requests: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65536)
                requests.append(head)
                connection.sendall(answer(head))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1", requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def call_over_tcp(subject: Subject, url: str, *, asynchronous: bool, **options: Any) -> Any:
    async def run() -> Any:
        async with AsyncPortal(KEY, base_url=url, **options) as portal:
            return await subject.asyncio(portal)

    if asynchronous:
        return asyncio.run(run())
    with Portal(KEY, base_url=url, **options) as portal:
        return subject.sync(portal)


@every_operation
@both_ways
def test_the_http_libraries_log_no_secret_at_any_level(
    subject: Subject, asynchronous: bool
) -> None:
    body = as_json(planted(subject))
    head = b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n" % (subject.success, len(body))
    with tcp_server(lambda _: head + body) as (url, requests), watched() as seen:
        value = call_over_tcp(subject, url, asynchronous=asynchronous)
    seen.value("the answer", value)
    assert f"Bearer {KEY}".encode() in requests[0]
    assert seen.leaks == {}


def chunked(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


BROKEN_ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "status line that is the body": lambda body: body + b"\r\n\r\n",
    "header line that is the body": lambda body: b"HTTP/1.1 200 OK\r\n" + body + b"\r\n\r\n",
    "chunk size that is the body": lambda body: chunked(body + b"\r\n"),
    "chunk cut short": lambda body: chunked(b"fff\r\n" + body),
    "length that is longer": lambda body: (
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + body
    ),
    "no gzip": lambda body: (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body
    ),
    "the request back": lambda _: f"HTTP/1.1 200 OK\r\n{KEY} Bearer {KEY}\r\n\r\n".encode(),
}


@every_operation
@both_ways
@pytest.mark.parametrize("spoil", BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS)
def test_a_server_that_breaks_http_has_no_secret_shown(
    subject: Subject, spoil: Callable[[bytes], bytes], asynchronous: bool
) -> None:
    # At DEBUG, httpcore itself quotes the bytes that broke the protocol; no client can keep it
    # from that. What this package says of them is looked at.
    answer = spoil(as_json(planted(subject)))
    with (
        tcp_server(lambda _: answer) as (url, _),
        watched(but_for=("httpcore",)) as seen,
        pytest.raises(PortalError) as caught,
    ):
        call_over_tcp(subject, url, asynchronous=asynchronous, max_attempts=1)
    seen.error("the error", caught.value)
    assert seen.leaks == {}


@every_operation
@both_ways
def test_a_body_that_never_ends_in_time(subject: Subject, asynchronous: bool) -> None:
    body = as_json(planted(subject))
    ended = threading.Event()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n" + body
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
            ended.wait(10)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with listener, watched() as seen, pytest.raises(APITimeoutError) as caught:
        call_over_tcp(subject, url, asynchronous=asynchronous, max_attempts=1, timeout=0.15)
    ended.set()
    thread.join(5)
    seen.error("the error", caught.value)
    assert seen.leaks == {}


@every_operation
@both_ways
def test_what_this_package_logs_holds_no_key_that_a_server_sends_back(
    subject: Subject, asynchronous: bool
) -> None:
    with watched() as seen:
        fails(
            seen,
            subject,
            lambda _: httpx.Response(503, headers={"x-request-id": f"for-{KEY}"}),
            asynchronous=asynchronous,
            max_attempts=1,
        )
    logs = next(text for where, text in seen.texts.items() if where.startswith("logs"))
    assert [line for line in logs.splitlines() if "portal_v1" in line and MARK in line] == []


@pytest.mark.parametrize("status", [200, 401, 500])
def test_the_demo_prints_no_secret(status: int, repository: Path) -> None:
    bodies = {(one.operation.method, one.path.rpartition("/")[2]): planted(one) for one in SUBJECTS}

    def answer(head: bytes) -> bytes:
        method, target = head.decode().split(" ")[:2]
        found = [body for (verb, end), body in bodies.items() if verb == method and "{" in end]
        body = bodies.get((method, target.rpartition("/")[2]), found[0] if found else None)
        known = KEY.encode() in head
        if status == 200 and known:
            content, line = as_json(body), "200 OK"
        else:
            content, line = as_json({"error": ECHO}), f"{max(status, 401)} No"
        return f"HTTP/1.1 {line}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content

    with tcp_server(answer) as (url, requests):
        run = subprocess.run(
            [sys.executable, "scripts/demo.py", "--traceback"],
            cwd=repository,
            env={
                **os.environ,
                "PORTAL_API_KEY": KEY,
                "PORTAL_BASE_URL": url,
                "CONFIRM": "1",
                "PYTHONPATH": "generated",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert KEY.encode() in requests[0]
    assert run.stdout
    assert MARK not in run.stdout + run.stderr
