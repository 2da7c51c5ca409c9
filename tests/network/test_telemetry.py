"""OpenTelemetry's instrumentation of httpx works unchanged, and sees no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.instrumentation import httpx as instrumentation
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from portal_v1 import APIConnectionError, APIStatusError
from portal_v1._http import httpx
from portal_v1.mock import MockPortal, MockServer

from tests.network._support_canary import KEY, MARK, planted
from tests.network._support_operations import SUBJECTS, Subject
from tests.network.test_secrets import call_over_tcp, tcp_server

every_operation = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


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


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockPortal() as portal, portal.serve() as server:
        yield server


def shown(span: ReadableSpan) -> str:
    return json.dumps(json.loads(span.to_json())) + str([*span.events])


@every_operation
@both_ways
def test_a_call_is_a_span_without_a_secret(
    subject: Subject, asynchronous: bool, spans: InMemorySpanExporter
) -> None:
    body = json.dumps(planted(subject)).encode()
    head = b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n" % (subject.success, len(body))
    with tcp_server(lambda _: head + body) as (url, requests):
        call_over_tcp(subject, url, asynchronous=asynchronous)
    (span,) = spans.get_finished_spans()
    attributes: dict[str, Any] = dict(span.attributes or {})
    assert attributes["http.method"] == subject.operation.method
    assert attributes["http.status_code"] == subject.success
    assert str(attributes["http.url"]).startswith(url)
    assert MARK not in shown(span)
    # The instrumentation adds its trace context, and changes nothing else.
    assert b"traceparent: " in requests[0].lower()
    assert f"Bearer {KEY}".encode() in requests[0]


@both_ways
def test_each_attempt_is_a_span(asynchronous: bool, spans: InMemorySpanExporter) -> None:
    subject = next(one for one in SUBJECTS if one.operation.repeatable)
    answer = b"HTTP/1.1 503 No\r\nContent-Length: %d\r\n\r\n%s" % (len(KEY), KEY.encode())
    with tcp_server(lambda _: answer) as (url, _), pytest.raises(APIStatusError):
        call_over_tcp(subject, url, asynchronous=asynchronous, max_attempts=2)
    found = spans.get_finished_spans()
    assert [(span.attributes or {})["http.status_code"] for span in found] == [503, 503]
    assert MARK not in "".join(map(shown, found))


@both_ways
def test_a_call_that_fails_is_a_span_with_an_error(
    asynchronous: bool, spans: InMemorySpanExporter
) -> None:
    with tcp_server(lambda _: b"") as (url, _), pytest.raises(APIConnectionError):
        call_over_tcp(SUBJECTS[0], url, asynchronous=asynchronous, max_attempts=1)
    (span,) = spans.get_finished_spans()
    assert span.status.status_code.name == "ERROR"
    assert MARK not in shown(span)


@both_ways
def test_the_mock_over_tcp_is_seen_as_well(
    asynchronous: bool, mock: MockServer, spans: InMemorySpanExporter
) -> None:
    subject = next(one for one in SUBJECTS if "{" not in one.path)
    call_over_tcp(subject, mock.url, asynchronous=asynchronous)
    (span,) = spans.get_finished_spans()
    assert span.name == subject.operation.method
