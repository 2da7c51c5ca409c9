"""What a call decides, without a network and without waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sample import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    Pace,
    SampleError,
)
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import CREATE, GET, KINDS, Operation, answering, items, mocked
from tests.network.conftest import each_mode

each_kind = pytest.mark.parametrize("operation", KINDS, ids=repr)
NOW = 1_750_000_000.0
NOT_SENT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError")
MAYBE_SENT = ("ReadError", "ReadTimeout", "WriteError", "WriteTimeout", "RemoteProtocolError")


class Run:
    """One call: the answers in their order, the last one for all that follow."""

    def __init__(
        self,
        operation: Operation,
        *answers: Any,
        seconds: float = 0,
        mode: str = "sync",
        **options: Any,
    ) -> None:
        self.clock = ManualClock(now=NOW)
        self.requests: list[httpx.Request] = []
        self.value: Any = None
        self.error: Any = None

        def handler(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            self.clock.advance(seconds)
            answer = answers[min(len(self.requests), len(answers)) - 1]
            if isinstance(answer, str):
                raise getattr(httpx, answer)("it broke", request=request)
            if isinstance(answer, int):
                return httpx.Response(answer)
            if answer is None:
                return answering(operation)
            status, headers, content = (*answer, b"")[:3]
            return httpx.Response(status, headers=headers, content=content)

        try:
            self.value = mocked(mode, handler, operation.call, clock=self.clock, **options)
        except SampleError as error:
            self.error = error


@each_kind
@pytest.mark.parametrize(
    "status", [300, 304, 400, 404, 408, 409, 429, 499, 500, 501, 502, 503, 504]
)
def test_a_status(operation: Operation, status: int) -> None:
    run = Run(operation, status)
    to_repeat = {408, 429, 500, 502, 503, 504} if operation.repeatable else {429}
    assert run.clock.pauses == ([0.5, 1.0] if status in to_repeat else [])
    assert run.error.attempts == len(run.requests) == len(run.clock.pauses) + 1
    assert (run.error.status_code, run.error.retry_after) == (status, None)
    assert run.error.maybe_processed is (status == 408 or not 400 <= status < 500)


@each_kind
@pytest.mark.parametrize("name", [*NOT_SENT, *MAYBE_SENT])
def test_a_failure(operation: Operation, name: str) -> None:
    run = Run(operation, name)
    maybe = name in MAYBE_SENT
    again = operation.repeatable or not maybe
    assert len(run.requests) == (3 if again else 1)
    assert run.clock.pauses == ([0.5, 1.0] if again else [])
    assert isinstance(run.error, APIConnectionError)
    assert isinstance(run.error, APITimeoutError) is name.endswith("Timeout")
    assert (run.error.attempts, run.error.maybe_processed) == (len(run.requests), maybe)


@each_kind
def test_what_may_have_happened_in_an_earlier_attempt_is_not_forgotten(
    operation: Operation,
) -> None:
    run = Run(operation, "ConnectError", 503, 429, "ConnectError", max_attempts=4)
    assert run.error.maybe_processed is True
    assert len(run.requests) == (4 if operation.repeatable else 2)
    sure = Run(operation, 429, "ConnectError")
    assert (sure.error.maybe_processed, len(sure.requests)) == (False, 3)


@each_kind
def test_how_often_at_the_most(operation: Operation) -> None:
    assert [len(Run(operation, 429, max_attempts=most).requests) for most in (1, 2, 5)] == [1, 2, 5]
    run = Run(operation, "ConnectError", 429, None)
    assert (run.error, len(run.requests)) == (None, 3)


@pytest.mark.parametrize("value", ["9" * 12, "9" * 5000, "Thu, 01 Jan 3026 00:00:00 GMT", "30"])
def test_a_pause_that_would_outlast_the_budget_is_not_begun(value: str) -> None:
    run = Run(CREATE, (429, {"retry-after": value}), timeout=30.0)
    assert (run.clock.pauses, run.error.attempts) == ([], 1)
    assert run.error.retry_after >= 30.0
    if value == "30":
        assert "The server asks to wait 30 s." in str(run.error)
    fits = Run(CREATE, (429, {"retry-after": "29"}), timeout=30.0)
    assert (fits.clock.pauses, len(fits.requests)) == ([29.0], 2)
    assert Run(CREATE, (429, {"retry-after": "86400"}), None, timeout=None).error is None
    once = Run(CREATE, (503, {"retry-after": "2"}))
    assert (once.error.retry_after, len(once.requests)) == (2.0, 1)


def test_the_time_that_attempts_take_counts() -> None:
    run = Run(GET, 429, timeout=30.0, seconds=29.5)
    assert (run.clock.pauses, len(run.requests)) == ([], 1)
    assert len(Run(GET, 429, timeout=None, seconds=1000.0).requests) == 3


def test_pace_is_waited_for_and_counts_each_attempt() -> None:
    run = Run(GET, 429, pace=Pace(1, 10.0))
    # 0.5 s of backoff, then the rest of the ten; then 1 s, and the rest again.
    assert run.clock.pauses == [0.5, 9.5, 1.0, 9.0]
    assert run.error.attempts == 3
    run = Run(GET, "ConnectError", pace=Pace(1, 60.0), timeout=30.0)
    assert isinstance(run.error, APITimeoutError)
    assert (run.error.maybe_processed, run.error.attempts) == (False, 1)
    assert "the pace of 1 requests in 60 s leaves no room within the call's 30 s" in str(run.error)
    assert run.clock.pauses == [0.5]


@each_mode
def test_what_is_sent(mode: str) -> None:
    headers = {"X-Own": "1", "Accept": "text/own"}
    (request,) = Run(CREATE, None, key="the-key", headers=headers, mode=mode).requests
    assert (request.method, str(request.url)) == ("POST", "https://parcels.test/v1/parcels")
    assert request.headers["Authorization"] == "Bearer the-key"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("sample/")
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers.get_list("Accept") == ["text/own"]
    assert request.headers["X-Own"] == "1"
    assert json.loads(request.content) == {"isExpress": True}
    (request,) = Run(GET, None, mode=mode).requests
    assert (request.content, request.headers["Accept"]) == (b"", "application/json")
    # As they are spelled everywhere: not every server and proxy knows that case means nothing.
    assert {name for name, _ in request.headers.raw} >= {
        *(b"Accept", b"Authorization", b"Content-Type", b"User-Agent")
    }


@pytest.mark.parametrize(("connect", "expected"), [(1.5, 1.5), (None, 20.0), (50.0, 20.0)])
def test_connecting_has_a_time_of_its_own_within_the_budget(
    connect: float | None, expected: float
) -> None:
    (request,) = Run(GET, None, timeout=20.0, connect_timeout=connect).requests
    times = dict.fromkeys(("read", "write", "pool"), 20.0)
    assert request.extensions["timeout"] == {**times, "connect": expected}


def test_a_key_that_comes_too_late_is_not_sent_and_not_done_without() -> None:
    async def never() -> str:
        await asyncio.sleep(60)
        return "the-key"

    clock = ManualClock()

    def late() -> str:
        clock.advance(30.0)
        return "the-key"

    def sent(_: httpx.Request) -> httpx.Response:
        pytest.fail("sent")

    for mode, key, seconds in (("async", never, 0.01), ("sync", late, 30.0)):
        with pytest.raises(APITimeoutError, match="were over before it could be sent") as caught:
            mocked(mode, sent, GET.call, key=key, timeout=seconds, clock=clock)
        assert (caught.value.attempts, caught.value.maybe_processed) == (0, False)
        assert caught.value.operation_id == "getParcel"


def test_a_key_that_is_sent_back_is_cut_out() -> None:
    said, headers = {"error": "the-key is not one"}, {"x-request-id": "1-the-key"}
    run = Run(GET, (400, headers, json.dumps(said).encode()), key="the-key")
    assert "is not one" in str(run.error)
    assert "the-key" not in f"{run.error} {run.error.error} {run.error.request_id}"


@pytest.mark.parametrize("status", [200, 201, 226, 299, 300, 399, 400])
def test_any_success_is_taken_with_the_documented_body_and_nothing_else(status: int) -> None:
    run = Run(GET, (status, {}, GET.body))
    if status < 300:
        assert run.value.id == "parcel-1"
    else:
        assert isinstance(run.error, APIStatusError)
        assert run.error.status_code == status


@each_mode
def test_the_time_that_the_server_takes_between_items_is_counted(mode: str) -> None:
    clock = ManualClock()
    whole = json.dumps([json.loads(GET.body)] * 3).encode()

    def parts() -> Iterator[bytes]:
        for start in range(0, len(whole), 20):
            clock.advance(1.0)
            yield whole[start : start + 20]

    async def parts_async() -> Any:
        for part in parts():
            yield part

    content: Any = parts if mode == "sync" else parts_async
    with pytest.raises(APITimeoutError, match="5 s are over"):
        mocked(
            mode, lambda _: httpx.Response(200, content=content()), items, timeout=5.0, clock=clock
        )
    assert clock.monotonic() == 5.0
