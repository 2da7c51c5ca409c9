from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest
from sample import APITimeoutError, ConfigurationError

from tests.unit._support import BAD_KEYS, CREATED, HIDDEN, ManualClock, Script, call, refused


async def later() -> str:
    await asyncio.sleep(0)
    return "awaited"


class Later:
    async def __call__(self) -> str:
        return await later()


class Waiting:
    def __await__(self) -> Generator[None, None, str]:
        yield
        return HIDDEN


def test_it_is_asked_at_each_request(kind: str) -> None:
    keys = iter(["first-key", "second-key"])
    script = Script((500, {}), (200, []))
    call(kind, script, "list", api_key=lambda: next(keys), clock=ManualClock())
    sent = [request.headers["authorization"] for request in script.requests]
    assert sent == ["Bearer first-key", "Bearer second-key"]


@pytest.mark.parametrize("source", [later, Later(), lambda: later()])  # noqa: PLW0108 - a lambda is the case
def test_it_may_be_async(source: Callable[[], Awaitable[str]]) -> None:
    script = Script((201, CREATED))
    call("async", script, "create", api_key=source)
    assert script.requests[0].headers["authorization"] == "Bearer awaited"


@pytest.mark.parametrize("source", [later, Waiting])
def test_an_async_one_is_refused_by_the_sync_client(source: Any) -> None:
    script = Script((201, CREATED))
    assert "async" in refused(lambda: call("sync", script, "create", api_key=source))
    assert script.requests == []


@pytest.mark.parametrize("key", [*BAD_KEYS, None], ids=ascii)
def test_what_it_returns_is_checked(kind: str, key: Any) -> None:
    script = Script((201, CREATED))
    refused(lambda: call(kind, script, "create", api_key=lambda: key))
    assert script.requests == []


def test_what_it_raises_is_the_cause(kind: str) -> None:
    def fails() -> str:
        raise LookupError("vault is sealed")

    async def fails_later() -> str:
        return fails()

    def fails_twice() -> str:
        raise ExceptionGroup("sealed", [LookupError("vault"), LookupError("safe")])

    for source in (fails, fails_twice, fails_later)[: 2 if kind == "sync" else 3]:
        script = Script((201, CREATED))
        with pytest.raises(ConfigurationError, match=r"LookupError|ExceptionGroup") as caught:
            call(kind, script, "create", api_key=source)
        assert isinstance(caught.value.__cause__, LookupError | ExceptionGroup)
        assert script.requests == []


def test_one_that_hangs_ends_with_the_calls_time(kind: str) -> None:
    script, over = Script((201, CREATED)), threading.Event()

    def hangs() -> str:
        over.wait(20)
        return "too-late"

    started = time.monotonic()
    with pytest.raises(APITimeoutError) as caught:
        call(kind, script, "create", api_key=hangs, timeout=0.2)
    over.set()
    assert time.monotonic() - started < 10
    assert (caught.value.maybe_processed, caught.value.attempts) == (False, 0)
    clock = ManualClock()

    def slow() -> str:
        clock.advance(40)
        return "too-late"

    with pytest.raises(APITimeoutError, match="30 s were over before it could be sent"):
        call(kind, script, "create", api_key=slow, clock=clock)
    assert script.requests == []


def test_it_is_asked_in_a_thread_of_its_own_where_one_can_be_had(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    script, threads = Script((201, CREATED)), list[threading.Thread]()

    def key() -> str:
        threads.append(threading.current_thread())
        return "key"

    call(kind, script, "create", api_key=key)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        call(kind, script, "create", api_key=key)
    assert [one is threading.main_thread() for one in threads] == [False, True]
    assert script.requests[1].headers["authorization"] == "Bearer key"


def test_what_strikes_a_call_that_waits_for_an_async_key_is_the_callers_own() -> None:
    class Waits:
        def __await__(self) -> Any:
            return iter([None])  # it takes no exception, so one strikes the frame that waits

    async def run() -> None:
        call = Script().async_client(Waits).parcels.create()
        call.send(None)
        with pytest.raises(LookupError, match="a time limit"):
            call.throw(LookupError("a time limit"))

    asyncio.run(run())


def test_the_callables_own_frames_stay_as_they_are(kind: str) -> None:
    def key() -> str:
        vault = "sealed"
        raise KeyboardInterrupt(vault)

    with pytest.raises(KeyboardInterrupt) as caught:
        call(kind, Script((201, CREATED)), "create", api_key=key)
    *_, (frame, _) = traceback.walk_tb(caught.tb)
    assert frame.f_locals == {"vault": "sealed"}
