"""What a call decides, without a network and without waiting: the table that mutants are held to.

The same decisions are shown over real sockets in test_repeats, test_waits and
test_slow_answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest
from portal_v1 import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    InvalidResponseError,
    Pace,
    PortalError,
)
from portal_v1._http import httpx

from tests.network._support_operations import (
    DOCUMENT,
    LISTS,
    SUBJECTS,
    HeldClock,
    Subject,
    async_portal,
    example,
    sync_portal,
)

every_operation = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
TO_REPEAT = {408, 429, 500, 502, 503, 504}
STATUSES = (300, 304, 400, 401, 403, 404, 408, 409, 422, 425, 428, 429, 499, 500, 501, 502)
SENT_FOR_SURE_NOT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError")
SENT_MAYBE = ("ReadError", "ReadTimeout", "WriteError", "WriteTimeout", "RemoteProtocolError")


class Run:
    """One call: the answers in their order, the last one for all that follow."""

    def __init__(self, subject: Subject, *answers: Any, seconds: float = 0, **options: Any) -> None:
        self.clock = HeldClock()
        self.requests: list[httpx.Request] = []
        self.value: Any = None
        self.error: Any = None

        def handler(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            self.clock.now += seconds
            answer = answers[min(len(self.requests), len(answers)) - 1]
            if isinstance(answer, str):
                raise getattr(httpx, answer)("it broke", request=request)
            return answer() if callable(answer) else httpx.Response(answer)

        portal = sync_portal(handler, **options).with_options(clock=self.clock)
        try:
            self.value = subject.sync(portal)
        except PortalError as error:
            self.error = error


def good(subject: Subject, **options: Any) -> Callable[[], httpx.Response]:
    value = subject.examples[subject.success]
    return lambda: httpx.Response(subject.success, json=value, **options)


def answer(status: int, **headers: str) -> Callable[[], httpx.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx.Response(status, headers=named)


@every_operation
@pytest.mark.parametrize("status", [*STATUSES, 503, 504, 505, 599])
def test_a_status(subject: Subject, status: int) -> None:
    run = Run(subject, status)
    again = status == 429 or (subject.operation.repeatable and status in TO_REPEAT)
    assert len(run.requests) == (3 if again else 1)
    assert run.clock.pauses == ([0.5, 1.0] if again else [])
    assert isinstance(run.error, APIStatusError)
    assert run.error.attempts == len(run.requests)
    assert run.error.operation_id == subject.operation.id
    assert run.error.maybe_processed is (status < 400 or status >= 500 or status == 408)
    assert run.error.retry_after is None


@every_operation
@pytest.mark.parametrize("name", [*SENT_FOR_SURE_NOT, *SENT_MAYBE])
def test_a_failure(subject: Subject, name: str) -> None:
    run = Run(subject, name)
    maybe = name in SENT_MAYBE
    again = subject.operation.repeatable or not maybe
    assert len(run.requests) == (3 if again else 1)
    assert run.clock.pauses == ([0.5, 1.0] if again else [])
    assert isinstance(run.error, APIConnectionError)
    assert isinstance(run.error, APITimeoutError) is name.endswith("Timeout")
    assert run.error.attempts == len(run.requests)
    assert run.error.maybe_processed is maybe


@every_operation
def test_what_may_have_happened_in_an_earlier_attempt_is_not_forgotten(subject: Subject) -> None:
    run = Run(subject, "ConnectError", 503, 429, "ConnectError", max_attempts=4)
    assert run.error.maybe_processed is True
    assert len(run.requests) == (4 if subject.operation.repeatable else 2)
    sure = Run(subject, 429, "ConnectError")
    assert sure.error.maybe_processed is False
    assert len(sure.requests) == 3


@every_operation
def test_a_success_after_failures(subject: Subject) -> None:
    run = Run(subject, "ConnectError", 429, good(subject))
    assert run.error is None
    assert len(run.requests) == 3


@every_operation
@pytest.mark.parametrize("most", [1, 2, 5])
def test_no_more_attempts_than_allowed(subject: Subject, most: int) -> None:
    assert len(Run(subject, 429, max_attempts=most).requests) == most


def test_backoff_doubles_up_to_eight_seconds() -> None:
    run = Run(SUBJECTS[0], 429, max_attempts=8, timeout=1000.0)
    assert run.clock.pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-1", 0.5),
        ("1.5", 0.5),
        ("soon", 0.5),
        ("", 0.5),
        (formatdate(1012, usegmt=True), 12.0),
        (formatdate(1012), 12.0),
        (formatdate(5, usegmt=True), 0.0),
        ("٣", 0.5),
    ],
)
@every_operation
def test_retry_after(subject: Subject, value: str, pause: float) -> None:
    headers = [(b"retry-after", value.encode())]
    run = Run(subject, lambda: httpx.Response(429, headers=headers), max_attempts=2)
    assert run.clock.pauses == [pause]
    # The clock went on while it was waited.
    expected = {0.5: None, 12.0: 0.0}.get(pause, pause)
    assert run.error.retry_after == expected


@every_operation
def test_a_pause_that_would_outlast_the_budget_is_not_begun(subject: Subject) -> None:
    run = Run(subject, answer(429, retry_after="30"), timeout=30.0)
    assert (run.clock.pauses, len(run.requests)) == ([], 1)
    assert run.error.retry_after == 30.0
    assert "The server asks to wait 30 s." in str(run.error)
    fits = Run(subject, answer(429, retry_after="29"), timeout=30.0)
    assert (fits.clock.pauses, len(fits.requests)) == ([29.0], 2)


@every_operation
def test_the_time_that_attempts_take_counts(subject: Subject) -> None:
    run = Run(subject, 429, timeout=30.0, seconds=29.5)
    assert (run.clock.pauses, len(run.requests)) == ([], 1)
    assert len(Run(subject, 429, timeout=None, seconds=1000.0).requests) == 3


@every_operation
def test_pace_is_waited_for_and_counts_each_attempt(subject: Subject) -> None:
    run = Run(subject, 429, pace=Pace(1, 10.0))
    # 0.5 s of backoff, then the rest of the ten; then 1 s, and the rest again.
    assert run.clock.pauses == [0.5, 9.5, 1.0, 9.0]
    assert run.error.attempts == 3


@every_operation
def test_a_pace_that_leaves_no_room_within_the_budget_ends_the_call(subject: Subject) -> None:
    run = Run(subject, "ConnectError", pace=Pace(1, 60.0), timeout=30.0)
    assert isinstance(run.error, APITimeoutError)
    assert run.error.maybe_processed is False
    assert run.error.attempts == 1
    assert "the pace of 1 requests in 60 s leaves no room within the call's 30 s" in str(run.error)
    assert run.clock.pauses == [0.5]


@every_operation
def test_what_is_sent(subject: Subject) -> None:
    run = Run(subject, good(subject), key="the-key", headers={"X-Own": "1", "Accept": "text/own"})
    (request,) = run.requests
    assert request.method == subject.operation.method
    assert request.headers["Authorization"] == "Bearer the-key"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("portal-v1/")
    assert request.headers.get_list("Accept") == ["text/own"]
    assert request.headers["X-Own"] == "1"
    assert request.content == (b"{}" if request.method == "POST" else b"")
    (request,) = Run(subject, good(subject)).requests
    assert request.headers["Accept"] == subject.operation.accept
    # As they are spelled everywhere: not every server and proxy knows that case means nothing.
    assert {name for name, _ in request.headers.raw} >= {
        *(b"Accept", b"Authorization", b"Content-Type", b"User-Agent")
    }


@every_operation
@pytest.mark.parametrize(("connect", "expected"), [(1.5, 1.5), (None, 20.0), (50.0, 20.0)])
def test_connecting_has_a_time_of_its_own_within_the_budget(
    subject: Subject, connect: float | None, expected: float
) -> None:
    (request,) = Run(subject, good(subject), timeout=20.0, connect_timeout=connect).requests
    assert request.extensions["timeout"] == {
        **dict.fromkeys(("read", "write", "pool"), 20.0),
        "connect": expected,
    }


@every_operation
def test_a_key_that_does_not_come_is_not_done_without(subject: Subject) -> None:
    async def key() -> str:
        await asyncio.sleep(60)
        return "the-key"

    async def run() -> None:
        portal = async_portal(lambda request: pytest.fail("sent"), key, timeout=0.01)
        # Its clock stands still, so that only the key's own limit is over.
        await subject.asyncio(portal.with_options(clock=HeldClock()))

    with pytest.raises(APITimeoutError, match="were over before it could be sent") as caught:
        asyncio.run(run())
    assert (caught.value.attempts, caught.value.maybe_processed) == (0, False)


@every_operation
def test_a_key_that_is_sent_back_is_cut_out(subject: Subject) -> None:
    said = {"error": "the-key is not one"}
    headers = {"x-request-id": "1-the-key"}
    run = Run(subject, lambda: httpx.Response(400, json=said, headers=headers), key="the-key")
    assert "is not one" in str(run.error)
    assert "the-key" not in f"{run.error} {run.error.error} {run.error.request_id}"


@every_operation
def test_a_key_in_what_the_library_says_is_cut_out(subject: Subject) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no way for the-key", request=request)

    with pytest.raises(APIConnectionError, match="no way for") as caught:
        subject.sync(sync_portal(handler, "the-key", max_attempts=1))
    assert "the-key" not in str(caught.value)


@every_operation
def test_a_body_is_sent_as_it_was_made(subject: Subject) -> None:
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return good(subject)()

    arguments = subject.arguments()
    if "body" not in arguments:
        pytest.skip("it has no body")
    schema = DOCUMENT["components"]["schemas"][type(arguments["body"]).__name__]
    arguments["body"] = type(arguments["body"]).from_dict(example(schema))
    subject.module.sync(client=sync_portal(handler), **arguments)
    assert json.loads(requests[0].content) == example(schema)


@every_operation
def test_what_an_answer_says_of_itself(subject: Subject) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return good(subject, headers={"x-request-id": "abc-1", "x-own": "2"})()

    portal = sync_portal(handler)
    response = subject.module.sync_detailed(client=portal, **subject.arguments())
    assert response.status_code == subject.success
    assert response.attempts == 1
    assert response.request_id == "abc-1"
    assert response.headers["X-OWN"] == "2"
    assert response.parsed
    assert response.content


@every_operation
def test_an_answer_that_is_not_the_documented_one_is_not_asked_for_again(
    subject: Subject,
) -> None:
    run = Run(subject, 429, lambda: httpx.Response(200, content=b"no"))
    assert isinstance(run.error, InvalidResponseError)
    assert run.error.attempts == 2
    assert run.error.maybe_processed is True
    assert len(run.requests) == 2


@every_operation
@pytest.mark.parametrize("status", [200, 201, 226, 299])
def test_any_success_is_taken_with_the_documented_body(subject: Subject, status: int) -> None:
    value = subject.examples[subject.success]
    run = Run(subject, lambda: httpx.Response(status, json=value))
    assert run.error is None
    assert run.value


@every_operation
@pytest.mark.parametrize("status", [300, 304, 399, 400])
def test_the_documented_body_with_another_status_is_no_success(
    subject: Subject, status: int
) -> None:
    value = subject.examples[subject.success]
    run = Run(subject, lambda: httpx.Response(status, json=value))
    assert isinstance(run.error, APIStatusError)
    assert run.error.status_code == status


@every_operation
def test_what_an_invalid_response_tells(subject: Subject) -> None:
    answers = httpx.Response(203, content=b"[null]", headers={"x-request-id": "abc-1"})
    run = Run(subject, 429, lambda: answers)
    assert isinstance(run.error, InvalidResponseError)
    assert run.error.operation_id == subject.operation.id
    assert run.error.status_code == 203
    assert run.error.request_id == "abc-1"
    assert run.error.body == b"[null]"
    assert "(2 attempts, request id abc-1)" in str(run.error)
    place = "$[0] has to be object" if subject.is_list else "$ has to be object"
    assert f"but {place}" in str(run.error)
    assert "a documented answer" not in str(run.error)


@every_operation
def test_a_key_that_comes_when_the_budget_is_over_is_not_sent(subject: Subject) -> None:
    clock = HeldClock()

    def key() -> str:
        clock.now += 30.0
        return "the-key"

    def handler(request: httpx.Request) -> httpx.Response:
        pytest.fail("sent")

    portal = sync_portal(handler, key, timeout=30.0).with_options(clock=clock)
    with pytest.raises(APITimeoutError, match="30 s were over before it could be sent") as caught:
        subject.sync(portal)
    assert caught.value.maybe_processed is False
    assert caught.value.attempts == 0
    assert caught.value.operation_id == subject.operation.id


@pytest.mark.parametrize("subject", LISTS, ids=str)
def test_the_time_that_the_caller_takes_between_items_is_not_counted(subject: Subject) -> None:
    whole = json.dumps(subject.examples[subject.success]).encode()
    parts = [whole[start : start + 20] for start in range(0, len(whole), 20)]
    portal = sync_portal(lambda _: httpx.Response(200, content=iter(parts)), timeout=5.0)
    clock = HeldClock()
    taken = []
    for item in subject.module.iterate(
        client=portal.with_options(clock=clock), **subject.arguments()
    ):
        taken.append(item)
        clock.now += 100.0
    assert len(taken) == 3


@pytest.mark.parametrize("subject", LISTS, ids=str)
def test_the_time_that_the_server_takes_between_items_is_counted(subject: Subject) -> None:
    clock = HeldClock()
    whole = json.dumps(subject.examples[subject.success]).encode()

    def parts() -> Iterator[bytes]:
        for start in range(0, len(whole), 20):
            clock.now += 1.0
            yield whole[start : start + 20]

    portal = sync_portal(lambda _: httpx.Response(200, content=parts()), timeout=5.0)
    with pytest.raises(APITimeoutError, match="5 s are over"):
        list(subject.module.iterate(client=portal.with_options(clock=clock), **subject.arguments()))
    assert clock.now == 1005.0
