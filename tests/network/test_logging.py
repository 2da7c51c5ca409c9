"""One logger: a DEBUG line an attempt, a WARNING a retry, and nothing else."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import Any

import pytest
from sample import SampleError
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import GET, answering, mocked
from tests.network.conftest import each_mode

ATTEMPT = re.compile(r"(\w+) attempt (\d+): (.+) in (\d+) ms, request id (\S+)")
RETRY = re.compile(r"(\w+) attempt (\d+) failed: (.+); trying again in (\d+\.\d\d) s")


def _lines(
    mode: str, handler: Any, caplog: pytest.LogCaptureFixture, **options: Any
) -> list[tuple[int, str]]:
    caplog.set_level(1)
    with suppress(SampleError):
        mocked(mode, handler, GET.call, **options)
    return [
        (record.levelno, record.getMessage())
        for record in caplog.records
        if record.name.startswith("sample")
    ]


@each_mode
def test_a_call_that_succeeds_is_one_debug_line(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()

    def handler(_: httpx.Request) -> httpx.Response:
        clock.advance(2.5)
        return answering(GET, headers={"x-request-id": "abc-1"})

    ((level, line),) = _lines(mode, handler, caplog, clock=clock)
    match = ATTEMPT.fullmatch(line)
    assert match, line
    assert level == logging.DEBUG
    assert match.groups() == ("getParcel", "1", "200", "2500", "abc-1")


@each_mode
def test_each_attempt_is_a_debug_line_and_each_retry_a_warning_with_reason_and_pause(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"x-request-id": "abc-1", "retry-after": "7"}
    said = {"error": "text-of-the-server"}
    lines = _lines(mode, lambda _: httpx.Response(429, json=said, headers=headers), caplog)
    assert lines == [
        (logging.DEBUG, "getParcel attempt 1: 429 in 0 ms, request id abc-1"),
        (logging.WARNING, "getParcel attempt 1 failed: status 429; trying again in 7.00 s"),
        (logging.DEBUG, "getParcel attempt 2: 429 in 0 ms, request id abc-1"),
        (logging.WARNING, "getParcel attempt 2 failed: status 429; trying again in 7.00 s"),
        (logging.DEBUG, "getParcel attempt 3: 429 in 0 ms, request id abc-1"),
    ]


@each_mode
def test_a_connection_that_fails_is_logged_with_its_reason_and_no_url(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused\x1b[2J", request=request)

    lines = _lines(mode, handler, caplog, max_attempts=2)
    assert [level for level, _ in lines] == [logging.DEBUG, logging.WARNING, logging.DEBUG]
    attempt, retry = ATTEMPT.fullmatch(lines[0][1]), RETRY.fullmatch(lines[1][1])
    assert attempt, lines
    assert retry, lines
    assert "the connection was not made (ConnectError: refused" in attempt[3]
    assert (attempt[5], retry[3], retry[4]) == ("None", attempt[3], "0.50")
    text = " ".join(line for _, line in lines)
    assert text.isprintable()
    for hidden in ("parcel-1", "parcels.test", "key-of-the-tests", "/", "?", "{"):
        assert hidden not in text


def test_there_is_one_logger() -> None:
    names = [name for name in logging.root.manager.loggerDict if name.startswith("sample")]
    assert [name for name in names if not name.startswith("sample.mock")] == ["sample"]
    assert logging.getLogger("sample").propagate
    assert logging.getLogger("sample").level == logging.NOTSET
