"""One logger: a DEBUG line an attempt, a WARNING a retry, and nothing else."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

import pytest
from portal_v1 import Pace, PortalError
from portal_v1._http import httpx

from tests.network._support_operations import (
    SAMPLE_ID,
    SUBJECTS,
    HeldClock,
    Subject,
    async_portal,
    sync_portal,
)

every_operation = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
ATTEMPT = re.compile(r"(\w+) attempt (\d+): (.+) in (\d+) ms, request id (\S+)")
RETRY = re.compile(r"(\w+) attempt (\d+) failed: (.+); trying again in (\d+\.\d\d) s")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(1)
    return caplog


def ours(log: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    return [
        (record.levelno, record.getMessage())
        for record in log.records
        if record.name.startswith("portal_v1")
    ]


def run(
    subject: Subject, handler: Any, *, asynchronous: bool, clock: HeldClock, **options: Any
) -> Any:
    async def call() -> Any:
        portal = async_portal(handler, **options).with_options(clock=clock)
        return await subject.asyncio(portal)

    try:
        if asynchronous:
            return asyncio.run(call())
        return subject.sync(sync_portal(handler, **options).with_options(clock=clock))
    except PortalError as error:
        return error


@every_operation
@both_ways
def test_a_call_that_succeeds_is_one_debug_line(
    subject: Subject, asynchronous: bool, log: pytest.LogCaptureFixture
) -> None:
    clock = HeldClock()

    def handler(request: httpx.Request) -> httpx.Response:
        clock.now += 2.5
        answer = subject.examples[subject.success]
        return httpx.Response(subject.success, json=answer, headers={"x-request-id": "abc-1"})

    run(subject, handler, asynchronous=asynchronous, clock=clock)
    ((level, line),) = ours(log)
    match = ATTEMPT.fullmatch(line)
    assert match, line
    assert level == logging.DEBUG
    assert match.groups() == (subject.operation.id, "1", str(subject.success), "2500", "abc-1")


@every_operation
@both_ways
def test_each_attempt_is_a_debug_line_and_each_retry_a_warning_with_reason_and_pause(
    subject: Subject, asynchronous: bool, log: pytest.LogCaptureFixture
) -> None:
    clock = HeldClock()
    headers = {"x-request-id": "abc-1", "retry-after": "7"}

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, json={"error": "text of the server"}, headers=headers)

    run(subject, handler, asynchronous=asynchronous, clock=clock)
    name = subject.operation.id
    assert ours(log) == [
        (logging.DEBUG, f"{name} attempt 1: 429 in 0 ms, request id abc-1"),
        (logging.WARNING, f"{name} attempt 1 failed: status 429; trying again in 7.00 s"),
        (logging.DEBUG, f"{name} attempt 2: 429 in 0 ms, request id abc-1"),
        (logging.WARNING, f"{name} attempt 2 failed: status 429; trying again in 7.00 s"),
        (logging.DEBUG, f"{name} attempt 3: 429 in 0 ms, request id abc-1"),
    ]
    assert clock.pauses == [7.0, 7.0]


@every_operation
@both_ways
def test_a_connection_that_fails_is_logged_with_its_reason(
    subject: Subject, asynchronous: bool, log: pytest.LogCaptureFixture
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    run(subject, handler, asynchronous=asynchronous, clock=HeldClock(), max_attempts=2)
    lines = ours(log)
    assert [level for level, _ in lines] == [logging.DEBUG, logging.WARNING, logging.DEBUG]
    attempt, retry = ATTEMPT.fullmatch(lines[0][1]), RETRY.fullmatch(lines[1][1])
    assert attempt, lines
    assert retry, lines
    assert "the connection was not made" in attempt[3]
    assert attempt[5] == "None"
    assert retry[3] == attempt[3]
    assert retry[4] == "0.50"


@every_operation
@both_ways
@pytest.mark.parametrize("status", [200, 400, 429, 503])
def test_no_line_holds_a_body_an_id_a_query_or_a_url(
    subject: Subject, asynchronous: bool, status: int, log: pytest.LogCaptureFixture
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"error": "text-of-the-server"})

    run(subject, handler, asynchronous=asynchronous, clock=HeldClock())
    lines = " ".join(line for _, line in ours(log))
    assert lines
    for hidden in (SAMPLE_ID, "text-of-the-server", "example.test", "test-key", "/", "?", "{"):
        assert hidden not in lines


@both_ways
def test_waiting_for_pace_is_no_line(asynchronous: bool, log: pytest.LogCaptureFixture) -> None:
    subject, clock, pace = SUBJECTS[0], HeldClock(), Pace(1, 5.0)

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(subject.success, json=subject.examples[subject.success])

    for _ in range(2):
        run(subject, handler, asynchronous=asynchronous, clock=clock, pace=pace)
    assert clock.pauses == [5.0]
    assert [level for level, _ in ours(log)] == [logging.DEBUG, logging.DEBUG]


def test_the_logger_is_left_as_it_is() -> None:
    logger = logging.getLogger("portal_v1")
    assert logger.handlers == []
    assert logger.level == logging.NOTSET
    assert logger.propagate
    names = [name for name in logging.root.manager.loggerDict if name.startswith("portal_v1.")]
    assert [name for name in names if not name.startswith("portal_v1.mock")] == []
