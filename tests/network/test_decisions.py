"""What a call decides, without a network and without waiting."""

from __future__ import annotations

from typing import Any

import pytest
from sample import (
    APIConnectionError,
    APITimeoutError,
    SampleError,
)
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import CREATE, GET, KINDS, Operation, answering, mocked
from tests.network.conftest import each_mode

each_kind = pytest.mark.parametrize("operation", KINDS, ids=repr)
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
        self.clock = ManualClock()
        self.requests: list[httpx.Request] = []
        self.error: Any = None

        def handler(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            self.clock.advance(seconds)
            answer = answers[min(len(self.requests), len(answers)) - 1]
            if isinstance(answer, str):
                raise getattr(httpx, answer)("it broke", request=request)
            if isinstance(answer, int):
                return httpx.Response(answer)
            return answering(operation)

        try:
            mocked(mode, handler, operation.call, clock=self.clock, **options)
        except SampleError as error:
            self.error = error


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


def test_the_time_that_attempts_take_counts() -> None:
    run = Run(GET, 429, timeout=30.0, seconds=29.5)
    assert (run.clock.pauses, len(run.requests)) == ([], 1)
    assert len(Run(GET, 429, timeout=None, seconds=1000.0).requests) == 3


@each_mode
def test_what_is_sent_is_spelled_as_everywhere_and_what_is_set_takes_the_place(mode: str) -> None:
    (request,) = Run(CREATE, None, headers={"Accept": "text/own"}, mode=mode).requests
    assert request.headers.get_list("Accept") == ["text/own"]
    # Not every server and proxy knows that case means nothing.
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
