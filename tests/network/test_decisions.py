"""What a call decides, what is logged of it, and that neither shows a secret, without waiting."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from opentelemetry.instrumentation import httpx as instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sample import APIConnectionError, APITimeoutError, Sample, SampleError
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import (
    CANARY,
    CREATE,
    GET,
    KEY,
    LIST,
    RENEW,
    Operation,
    Seen,
    fail,
    run,
    watched,
)
from tests.network._server import Peer, reply, whole
from tests.network.conftest import Serve

each_kind = pytest.mark.parametrize("operation", [CREATE, RENEW], ids=repr)
NOT_SENT = "ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"
SENT = "ReadError", "ReadTimeout", "WriteError", "WriteTimeout", "RemoteProtocolError"


def _call(
    operation: Operation,
    *answers: httpx.Response | int | str,
    mode: str = "sync",
    seconds: float = 0,
    **options: Any,
) -> tuple[Any, list[httpx.Request], list[float]]:
    """Return a call's error, requests and pauses; the last answer is that to all that follow."""
    clock, requests, error = ManualClock(), list[httpx.Request](), None

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        clock.advance(seconds)
        answer = answers[min(len(requests), len(answers)) - 1]
        if isinstance(answer, str):
            raise getattr(httpx, answer)("it broke\x1b[2J", request=request)
        return httpx.Response(answer) if isinstance(answer, int) else answer

    given = {"transport": httpx.MockTransport(handler)}
    try:
        run(mode, "https://parcels.test", operation.call, given=given, clock=clock, **options)
    except SampleError as raised:
        error = raised
    return error, requests, clock.pauses


@each_kind
def test_what_a_given_client_raises(operation: Operation) -> None:
    for name in (*NOT_SENT, *SENT):
        error, requests, pauses = _call(operation, name)
        maybe = name in SENT
        times = 3 if operation is RENEW or not maybe else 1
        assert (len(requests), pauses) == (times, [0.5, 1.0][: times - 1])
        assert type(error) is (APITimeoutError if "Timeout" in name else APIConnectionError)
        assert (error.attempts, error.maybe_processed) == (times, maybe)
        assert (f"({name}: it broke [2J)" in str(error)) is ("Timeout" not in name)


@each_kind
def test_what_may_have_happened_in_an_earlier_attempt_is_not_forgotten(
    operation: Operation,
) -> None:
    error, requests, _ = _call(operation, "ConnectError", 503, 429, "ConnectError", max_attempts=4)
    assert error.maybe_processed is True
    assert len(requests) == (4 if operation is RENEW else 2)
    error, requests, _ = _call(operation, 429, "ConnectError")
    assert (error.maybe_processed, len(requests)) == (False, 3)


def test_the_time_that_attempts_take_counts() -> None:
    _, requests, pauses = _call(GET, 429, timeout=30.0, seconds=29.5)
    assert (pauses, len(requests)) == ([], 1)
    assert len(_call(GET, 429, timeout=None, seconds=1000.0)[1]) == 3


def test_connecting_has_a_time_of_its_own_within_the_budget() -> None:
    times = dict.fromkeys(("read", "write", "pool"), 20.0)
    for connect, expected in ((1.5, 1.5), (None, 20.0), (50.0, 20.0)):
        _, (request,), _ = _call(GET, 400, timeout=20.0, connect_timeout=connect)
        assert request.extensions["timeout"] == {**times, "connect": expected}


def test_each_attempt_is_a_debug_line_and_each_retry_a_warning_with_reason_and_pause(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"x-request-id": "abc-1", "retry-after": "7"}
    refusal = httpx.Response(429, json={"error": "text-of-the-server"}, headers=headers)
    answer = httpx.Response(200, content=GET.body)
    with caplog.at_level(1):
        _call(GET, refusal, "ConnectError", answer, mode=mode, seconds=2.5)
    lost = "the connection was not made (ConnectError: it broke [2J)"
    own = [one for one in caplog.records if one.name.startswith("sample")]
    assert {one.name for one in own} == {"sample"}
    assert [(one.levelname, one.getMessage()) for one in own] == [
        ("DEBUG", "getParcel attempt 1: 429 in 2500 ms, request id abc-1"),
        ("WARNING", "getParcel attempt 1 failed: status 429; trying again in 7.00 s"),
        ("DEBUG", f"getParcel attempt 2: {lost} in 2500 ms, request id None"),
        ("WARNING", f"getParcel attempt 2 failed: {lost}; trying again in 1.00 s"),
        ("DEBUG", "getParcel attempt 3: 200 in 2500 ms, request id None"),
    ]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What OpenTelemetry's own instrumentation of httpx sees."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = getattr(instrumentation, f"{httpx.__name__.upper()}ClientInstrumentor")()
    instrumentor.instrument(tracer_provider=provider)
    yield exporter
    instrumentor.uninstrument()
    provider.shutdown()


def test_each_attempt_is_a_span_without_a_secret_and_one_that_fails_has_an_error(
    serve: Serve, mode: str, spans: InMemorySpanExporter
) -> None:
    server = serve(reply(429, KEY.encode()), whole(CREATE), (Peer.close,))
    run(mode, server.url, CREATE.call, clock=ManualClock())
    fail(mode, server.url, GET.call, max_attempts=1)
    *found, failed = spans.get_finished_spans()
    attributes: list[dict[str, Any]] = [dict(span.attributes or {}) for span in found]
    names = ("http.method", "http.url", "http.status_code")
    assert [[str(one[name]) for name in names] for one in attributes] == [
        ["POST", f"{server.url}/v1/parcels", status] for status in ("429", "201")
    ]
    assert failed.status.status_code.name == "ERROR"
    assert CANARY not in "".join(span.to_json() + str([*span.events]) for span in [*found, failed])
    # The instrumentation adds its trace context, and changes nothing else.
    untraced, added = re.subn(rb"traceparent: \S+\r\n", b"", server.requests[1])
    assert (untraced, added) == (CREATE.request(server.url[7:]), 1)


ECHO = f"the key {KEY} is not known; Bearer {KEY} was sent"
ERROR_BODIES: dict[str, bytes] = {
    "a text cut off amid the key": json.dumps({"error": "x" * 280 + ECHO}).encode(),
    "escaped": b'{"error": "%b"}' % b"".join(b"\\u%04X" % ord(one) for one in ECHO),
    "slashes escaped": json.dumps({"error": ECHO}).replace("/", "\\/").encode(),
    "other fields": json.dumps({"error": "the key", "sent": KEY, KEY: {"deep": KEY}}).encode(),
    "another type": json.dumps({"error": 5, "echo": KEY}).encode(),
}


@pytest.mark.parametrize("body", ERROR_BODIES)
def test_an_error_whose_text_holds_the_key(body: str, mode: str) -> None:
    content = ERROR_BODIES[body]
    with watched() as seen:
        error, *_ = _call(LIST, httpx.Response(400, content=content), mode=mode)
    seen.error("the error", error)
    assert seen.leaks == {}
    assert error.body == content
    assert (error.error is None) is (body == "another type")


def test_a_client_shows_no_secret_whatever_it_is_asked_for() -> None:
    source: Any
    for source in (KEY, partial(str, KEY), lambda: KEY):
        client = Sample(source, base_url="https://example.test", headers={"X-Session": KEY})
        copied = client.with_options(api_key=source, headers={"X-Other": KEY})
        seen = Seen()
        for one in (client, copied):
            pipeline = one._pipeline  # noqa: SLF001 - what it holds must not show either
            for shown in (one, one.parcels, pipeline, pipeline.settings):
                seen.value("what a caller holds", shown)
        assert seen.leaks == {}
