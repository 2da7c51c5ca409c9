"""OpenTelemetry's instrumentation of httpx works unchanged, and sees no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.instrumentation import httpx as instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._canary import CANARY, KEY, planted
from tests.network._operations import CREATE, GET, fail, run
from tests.network._server import CLOSED, reply
from tests.network.conftest import Serve, each_mode


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
    body = json.dumps(planted(CREATE)).encode()
    server = serve(reply(429, KEY.encode()), reply(201, body), CLOSED)
    run(mode, server.url, CREATE.call, key=KEY, clock=ManualClock())
    found = [*spans.get_finished_spans()]
    attributes: list[dict[str, Any]] = [dict(span.attributes or {}) for span in found]
    assert [one["http.status_code"] for one in attributes] == [429, 201]
    assert {one["http.method"] for one in attributes} == {"POST"}
    assert {str(one["http.url"]) for one in attributes} == {f"{server.url}/v1/parcels"}
    fail(mode, server.url, GET.call, key=KEY, max_attempts=1)
    *found, failed = spans.get_finished_spans()
    assert failed.status.status_code.name == "ERROR"
    assert CANARY not in "".join(span.to_json() + str([*span.events]) for span in [*found, failed])
    # The instrumentation adds its trace context, and changes nothing else.
    assert all(one.headers("traceparent") for one in server.requests)
    assert server.requests[1].headers("authorization") == [f"Bearer {KEY}"]
