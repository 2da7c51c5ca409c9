"""How clients are made, with which settings and keys; copies. Lifetimes: tests/network."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading
import time
import traceback
import types
from collections.abc import Generator
from contextlib import closing
from functools import partial
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from attrs import evolve
from sample import AsyncSample, CallEvent, Sample, errors
from sample._core.settings import replace_settings
from sample._http import httpx
from sample._secrets import Secret
from sample._service import SERVICE
from sample.testing import ManualClock

from tests.network._operations import CANARY, KEY, drive
from tests.unit.conftest import CREATED, Script, call, pipeline_of, refused

each_client = pytest.mark.parametrize("make", [Sample, AsyncSample])


def test_a_copy_changes_what_is_named_and_what_is_given_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script, events = Script((201, CREATED)), list[CallEvent]()
    monkeypatch.setenv("SAMPLE_API_KEY", "from-the-environment")
    monkeypatch.setenv("SAMPLE_BASE_URL", "https://elsewhere.invalid/base/")

    def act(original: Any) -> None:
        original.with_options(api_key="another-key", headers={"X-B": "2"}).parcels.create()
        original.with_options(headers=None).parcels.create()
        original.with_options(timeout=5).with_options(observer=None).parcels.create()

    call("sync", script, act, headers={"X-A": "1"}, observer=events.append)
    names = ("authorization", "x-a", "x-b")
    sent = [tuple(map(request.headers.get, names)) for request in script.requests]
    own = f"Bearer {KEY}"
    assert sent == [("Bearer another-key", None, "2"), (own, None, None), (own, "1", None)]
    assert {str(request.url) for request in script.requests} == {"https://parcels.test/v1/parcels"}
    kinds = {(one.headers["accept"], one.headers["user-agent"][:7]) for one in script.requests}
    assert kinds == {("application/json", "sample/")}
    assert [one.kind for one in events].count("call_end") == 2


@each_client
def test_a_client_is_copied_over_its_connections_and_not_pickled(make: Any) -> None:
    class Tenant(make):  # type: ignore[misc]  # a base that is chosen when it runs
        pass

    original = Tenant(KEY)
    original.tenant = "one"
    changed = original.with_options(timeout=1)
    assert (type(changed), changed.tenant) == (Tenant, "one")
    changed.tenant = "two"
    assert original.tenant == "one"
    for copied in (copy.copy(original), copy.deepcopy({"client": original})["client"]):
        assert pipeline_of(copied) is pipeline_of(original)
    client = make(KEY)
    for one in (client, client.parcels, client.with_options(timeout=1)):
        with pytest.raises(TypeError, match="make one in each process"):
            pickle.dumps(one)
    assert make.__name__ in repr(object.__new__(make)), "a traceback may show one half made"


def test_a_given_client_stays_its_owners(kind: str) -> None:
    make, library = (Sample, httpx.Client) if kind == "sync" else (AsyncSample, httpx.AsyncClient)
    http: Any = library(transport=httpx.MockTransport(Script((200, []))))
    with asyncio.Runner() as runner:
        run = runner.get_loop().run_until_complete
        for _ in range(2):
            with closing(drive(make(KEY, http_client=http), run)) as client:
                assert client.parcels.list() == []
        drive(http, run).close()
        with pytest.raises(errors.SampleError, match="given, is closed") as caught:
            drive(make(KEY, http_client=http), run).parcels.create()
    assert caught.value.maybe_processed is False


def test_an_async_client_says_where_no_event_loop_runs() -> None:
    # As trio drives coroutines: no event loop of asyncio runs.
    client: Any = AsyncSample(KEY)
    listed, mapped = client.parcels.iter(), client.map(client.parcels.get, ["parcel-1"])
    for use in (client.parcels.list(), listed.asend(None), mapped.asend(None), client.warm()):
        with pytest.raises(errors.ConfigurationError, match="asyncio"):
            use.send(None)
    with pytest.raises(StopIteration):
        client.aclose().send(None)


def test_a_call_whose_client_is_closed_meanwhile_is_not_sent() -> None:
    def key() -> str:
        client.close()
        return KEY

    client = Sample(key)
    told = "failed: the client was closed before it could be sent. Nothing was changed. "
    with pytest.raises(errors.APIConnectionError, match=f"{told}Make a new client\\."):
        client.parcels.create()


BAD_KEYS: list[Any] = [
    *("", " ", f"{CANARY} two", f" {CANARY}", f"{CANARY}\n", f"{CANARY}\x00", f"{CANARY}é"),
    *(f"{CANARY}\ud800", CANARY.encode(), [CANARY], 42, False),
]
BAD_URLS: list[Any] = [
    *("", "   ", "parcels.invalid/v1", "//parcels.invalid/v1", "/v1", "https://", "https:///v1"),
    *("ftp://parcels.invalid", "file:///etc/passwd", "https://@parcels.invalid", "https://[::1"),
    *(f"https://user:{CANARY}@parcels.invalid", f"https://{CANARY}@parcels.invalid"),
    *(f"http://{host}/v1" for host in ("parcels.invalid", "10.0.0.1")),
    *(f"http://{host}.parcels.invalid" for host in ("127.0.0.1", "localhost")),
    *(f"https://parcels.invalid{end}" for end in (":port", ":-1", ":65536", "\\@b.invalid")),
    *(f"https://parcels.invalid/{path}" for path in ("a b", "a\nb", "a/../b", "a/%2e%2e/b", "%zz")),
    *(f"https://parcels.invalid/{end}" for end in ("?", "#", f"?key={CANARY}", f"#{CANARY}")),
    *("https://parcels.invalid/\ud800", "https://parcels.invalid/\x85", b"https://a.invalid", 443),
]
BAD_HEADERS: list[Any] = [
    *({"": "value"}, {"a name": CANARY}, {"näme": CANARY}, {b"name": CANARY}, [("X-Name", CANARY)]),
    *({"X-Name": f"{CANARY}{end}"} for end in ("\r\nX-Other: 1", "\x00", " ", "ключ")),
    *({"X-Name": CANARY.encode()}, {"X-Name": None}, CANARY),
    *({name: CANARY} for name in ("Authorization", "CONTENT-TYPE", "Host", "content-length", "TE")),
]
SECONDS: list[Any] = [0, -1, float("nan"), float("inf"), 1e10, 10**400, True, "30", [30]]
COUNTS: list[Any] = [0, -1, True, 2.0, "3"]
REFUSED: dict[str, list[Any]] = {
    **dict.fromkeys(("timeout", "connect_timeout", "keepalive"), SECONDS),
    "max_attempts": [*COUNTS, None],
    "max_response_bytes": COUNTS,
    "api_key": BAD_KEYS,
    "base_url": BAD_URLS,
    "headers": BAD_HEADERS,
    "pace": [200, "200", object],
    "observer": ["log", 7, asyncio.sleep, type("Observer", (), {"__call__": asyncio.sleep})()],
}


@pytest.mark.parametrize("option", REFUSED)
def test_what_cannot_be_used_is_refused(option: str) -> None:
    for value in REFUSED[option]:
        said = refused(partial(Sample, **{"api_key": KEY, option: value}))
        assert {"api_key": "key", "headers": "header"}.get(option, option) in said, value
        if option != "base_url":
            assert refused(partial(Sample(KEY).with_options, **{option: value})) == said


def test_what_the_environment_has_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "SAMPLE_API_KEY" in refused(Sample)
    for key in ("", f"{CANARY} two"):
        monkeypatch.setenv("SAMPLE_API_KEY", key)
        assert "SAMPLE_API_KEY" in refused(Sample)
    monkeypatch.setenv("SAMPLE_BASE_URL", f"https://{CANARY}@parcels.invalid")
    assert "SAMPLE_BASE_URL" in refused(partial(Sample, KEY))
    monkeypatch.delenv("SAMPLE_BASE_URL")
    monkeypatch.setattr("sample.client.SERVICE", SERVICE._replace(base_url=None))
    assert "There is no base URL" in refused(partial(Sample, KEY))


def test_a_base_url_may_be_of_this_machine_and_of_any_port() -> None:
    for url in (
        *("https://parcels.invalid", "https://parcels.invalid:8443/deep/er/"),
        *("HTTPS://parcels.invalid", "http://127.0.0.1:8000", "http://127.8.8.8"),
        *("http://[::1]:8000/v1", "http://localhost:80"),
    ):
        assert url.lower().rstrip("/") in repr(Sample(KEY, base_url=url)).lower()


@each_client
def test_an_http_client_that_is_none(make: Any) -> None:
    kinds: list[Any] = [httpx.Client, httpx.AsyncClient]
    wanted = f"httpx.{kinds[make is AsyncSample].__name__}"
    for given in ("other", object(), httpx, *kinds, kinds[make is Sample]()):
        assert wanted in refused(partial(make, KEY, http_client=given))


def test_each_security_scheme_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_SECOND_KEY", "from-the-environment")
    service = SERVICE._replace(other_schemes=("first", "second-key", "third"))
    settings = evolve(pipeline_of(Sample(KEY)).settings, service=service)
    found: Any = replace_settings(settings, keys=Secret({"first": "given"})).keys
    keys = {name: key.reveal() for name, key in found.items()}
    assert keys == {"first": "given", "second-key": "from-the-environment"}
    told = r"'other'; known are first, second-key, third|for first holds"
    for wrong in ({"other": "x"}, {"first": "a b"}):
        with pytest.raises(errors.ConfigurationError, match=told):
            replace_settings(settings, keys=Secret(wrong))


async def later() -> str:
    await asyncio.sleep(0)
    return "awaited"


@types.coroutine
def waiting() -> Generator[None, None, str]:
    yield
    return "awaited"


def test_a_callable_may_be_async_for_the_async_client_alone() -> None:
    for source in (later, AsyncMock(return_value="awaited"), lambda: later(), waiting):  # noqa: PLW0108 - a lambda is the case
        script = Script((201, CREATED))
        call("async", script, "create", key=source)
        assert "async" in refused(partial(call, "sync", script, "create", key=source))
        assert [one.headers["authorization"] for one in script.requests] == ["Bearer awaited"]


def test_what_a_callable_returns_is_checked(kind: str) -> None:
    script = Script((201, CREATED))
    for key in (*BAD_KEYS, None):
        refused(partial(call, kind, script, "create", key=Mock(return_value=key)))
    assert script.requests == []


def test_what_a_callable_raises_is_the_cause(kind: str) -> None:
    script = Script((201, CREATED))
    for make in (Mock, AsyncMock) if kind == "async" else (Mock,):
        for cause in (LookupError("vault"), ExceptionGroup("sealed", [LookupError("safe")])):
            with pytest.raises(errors.ConfigurationError, match=type(cause).__name__) as caught:
                call(kind, script, "create", key=make(side_effect=cause))
            assert caught.value.__cause__ is cause
    assert script.requests == []


def test_a_callable_that_hangs_ends_with_the_calls_time(kind: str) -> None:
    script, over, started = Script((201, CREATED)), threading.Event(), time.monotonic()
    clock: Any = ManualClock()
    with pytest.raises(errors.APITimeoutError) as caught:
        call(kind, script, "create", key=lambda: str(over.wait(20)), timeout=0.2)
    over.set()
    assert time.monotonic() - started < 10
    assert (caught.value.maybe_processed, caught.value.attempts) == (False, 0)
    with pytest.raises(errors.APITimeoutError, match="30 s were over before it could be sent"):
        call(kind, script, "create", key=lambda: str(clock.advance(40)), clock=clock)
    assert script.requests == []


def test_a_callables_own_frames_stay_as_they_are(kind: str) -> None:
    def key() -> str:
        vault = "sealed"
        raise KeyboardInterrupt(vault)

    with pytest.raises(KeyboardInterrupt) as caught:
        call(kind, Script((201, CREATED)), "create", key=key)
    *_, (frame, _) = traceback.walk_tb(caught.tb)
    assert frame.f_locals == {"vault": "sealed"}
