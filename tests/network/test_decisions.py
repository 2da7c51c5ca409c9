"""What a call decides and what is logged of it, without waiting."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from opentelemetry.instrumentation import httpx as instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sample import APIConnectionError, APITimeoutError, SampleError
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import CANARY, CREATE, GET, KEY, KINDS, Operation, fail, mocked, run
from tests.network._server import CLOSED, reply, whole
from tests.network.conftest import Serve, each_mode

each_kind = pytest.mark.parametrize("operation", KINDS, ids=repr)
NOT_SENT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError")
MAYBE_SENT = ("ReadError", "ReadTimeout", "WriteError", "WriteTimeout", "RemoteProtocolError")


def _call(
    operation: Operation,
    *answers: int | str,
    seconds: float = 0,
    mode: str = "sync",
    **options: Any,
) -> tuple[Any, list[httpx.Request], list[float]]:
    """Return a call's error, requests and pauses; the last answer is that to all that follow."""
    clock, requests, error = ManualClock(), list[httpx.Request](), None

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        clock.advance(seconds)
        answer = answers[min(len(requests), len(answers)) - 1]
        if isinstance(answer, str):
            raise getattr(httpx, answer)("it broke", request=request)
        return httpx.Response(answer)

    try:
        mocked(mode, handler, operation.call, clock=clock, **options)
    except SampleError as raised:
        error = raised
    return error, requests, clock.pauses


@each_kind
@pytest.mark.parametrize("name", [*NOT_SENT, *MAYBE_SENT])
def test_what_a_given_client_raises(operation: Operation, name: str) -> None:
    error, requests, pauses = _call(operation, name)
    maybe = name in MAYBE_SENT
    again = operation.repeatable or not maybe
    assert len(requests) == (3 if again else 1)
    assert pauses == ([0.5, 1.0] if again else [])
    assert type(error) is (APITimeoutError if name.endswith("Timeout") else APIConnectionError)
    assert (error.attempts, error.maybe_processed) == (len(requests), maybe)


@each_kind
def test_what_may_have_happened_in_an_earlier_attempt_is_not_forgotten(
    operation: Operation,
) -> None:
    error, requests, _ = _call(operation, "ConnectError", 503, 429, "ConnectError", max_attempts=4)
    assert error.maybe_processed is True
    assert len(requests) == (4 if operation.repeatable else 2)
    error, requests, _ = _call(operation, 429, "ConnectError")
    assert (error.maybe_processed, len(requests)) == (False, 3)


def test_the_time_that_attempts_take_counts() -> None:
    _, requests, pauses = _call(GET, 429, timeout=30.0, seconds=29.5)
    assert (pauses, len(requests)) == ([], 1)
    assert len(_call(GET, 429, timeout=None, seconds=1000.0)[1]) == 3


@each_mode
def test_what_is_sent_is_spelled_as_everywhere_and_what_is_set_takes_the_place(mode: str) -> None:
    _, (request,), _ = _call(CREATE, 400, headers={"Accept": "text/own"}, mode=mode)
    assert request.headers.get_list("Accept") == ["text/own"]
    # Not every server and proxy knows that case means nothing.
    assert {name for name, _ in request.headers.raw} >= {
        *(b"Accept", b"Authorization", b"Content-Type", b"User-Agent")
    }


@pytest.mark.parametrize(("connect", "expected"), [(1.5, 1.5), (None, 20.0), (50.0, 20.0)])
def test_connecting_has_a_time_of_its_own_within_the_budget(
    connect: float | None, expected: float
) -> None:
    _, (request,), _ = _call(GET, 400, timeout=20.0, connect_timeout=connect)
    times = dict.fromkeys(("read", "write", "pool"), 20.0)
    assert request.extensions["timeout"] == {**times, "connect": expected}


# --- what is logged, and what OpenTelemetry's own instrumentation of httpx sees ---

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
def test_each_attempt_is_a_debug_line_and_each_retry_a_warning_with_reason_and_pause(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    headers = {"x-request-id": "abc-1", "retry-after": "7"}
    answers = [httpx.Response(429, json={"error": "text-of-the-server"}, headers=headers)] * 2
    answers += [httpx.Response(200, content=GET.body)]

    def handler(_: httpx.Request) -> httpx.Response:
        clock.advance(2.5)
        return answers.pop(0)

    assert _lines(mode, handler, caplog, clock=clock) == [
        (logging.DEBUG, "getParcel attempt 1: 429 in 2500 ms, request id abc-1"),
        (logging.WARNING, "getParcel attempt 1 failed: status 429; trying again in 7.00 s"),
        (logging.DEBUG, "getParcel attempt 2: 429 in 2500 ms, request id abc-1"),
        (logging.WARNING, "getParcel attempt 2 failed: status 429; trying again in 7.00 s"),
        (logging.DEBUG, "getParcel attempt 3: 200 in 2500 ms, request id None"),
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
    for hidden in ("parcel-1", "parcels.test", KEY, "/", "?", "{"):
        assert hidden not in text


def test_there_is_one_logger() -> None:
    names = [name for name in logging.root.manager.loggerDict if name.startswith("sample")]
    assert [name for name in names if not name.startswith("sample.mock")] == ["sample"]
    assert logging.getLogger("sample").propagate
    assert logging.getLogger("sample").level == logging.NOTSET


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = getattr(instrumentation, f"{httpx.__name__.upper()}ClientInstrumentor")()
    instrumentor.instrument(tracer_provider=provider)
    try:
        yield exporter
    finally:
        instrumentor.uninstrument()
        provider.shutdown()


@each_mode
def test_each_attempt_is_a_span_without_a_secret_and_one_that_fails_has_an_error(
    serve: Serve, mode: str, spans: InMemorySpanExporter
) -> None:
    server = serve(reply(429, KEY.encode()), whole(CREATE), CLOSED)
    run(mode, server.url, CREATE.call, clock=ManualClock())
    found = [*spans.get_finished_spans()]
    attributes: list[dict[str, Any]] = [dict(span.attributes or {}) for span in found]
    assert [one["http.status_code"] for one in attributes] == [429, 201]
    assert {one["http.method"] for one in attributes} == {"POST"}
    assert {str(one["http.url"]) for one in attributes} == {f"{server.url}/v1/parcels"}
    fail(mode, server.url, GET.call, max_attempts=1)
    *found, failed = spans.get_finished_spans()
    assert failed.status.status_code.name == "ERROR"
    assert CANARY not in "".join(span.to_json() + str([*span.events]) for span in [*found, failed])
    # The instrumentation adds its trace context, and changes nothing else.
    assert all(one.headers("traceparent") for one in server.requests)
    assert server.requests[1].headers("authorization") == [f"Bearer {KEY}"]
