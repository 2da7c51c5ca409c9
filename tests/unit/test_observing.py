"""What an observer is told of a call, and what OpenTelemetry makes of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from sample import CallEvent, ConfigurationError, Pace, SampleError
from sample._http import httpx
from sample.otel import SpanObserver

from tests.unit._support import KEY, METHODS, SECRET, TOKEN, ManualClock, Script, call

REFUSED = (429, {"error": SECRET}, {"X-Request-Id": f"req-{KEY}", "Retry-After": "3"})


def test_each_step_of_a_call_is_told(kind: str) -> None:
    for method, (arguments, status, answer) in METHODS.items():
        events: list[CallEvent] = []
        script, clock = Script(REFUSED, (status, answer)), ManualClock()
        call(kind, script, method, *arguments, observer=events.append, clock=clock)
        steps = [(one.kind, one.attempt, one.status, one.seconds) for one in events]
        assert steps == [
            ("call_start", 0, None, None),
            ("attempt_start", 1, None, None),
            ("attempt_end", 1, 429, 0),
            ("pause", 1, 429, 3),
            ("attempt_start", 2, None, None),
            ("attempt_end", 2, status, 0),
            ("call_end", 2, status, 3),
        ]
        assert (events[2].request_id, events[3].reason) == ("req-***", "status 429")
        assert events[-1].size == len(json.dumps(answer))
        assert len({one.call_id for one in events}) == 1
        assert not [x for x in (SECRET, TOKEN, KEY, "parcel-1") if x in repr(events)]


def test_how_a_call_fails_is_told(kind: str) -> None:
    class Broken(Script):
        def _answer(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout(f"{KEY} took too long", request=request)

    for script, method, status, attempt, last in (
        (Script((400, {})), "list", 400, None, "BadRequestError"),
        (Script((200, {})), "list", 200, None, "InvalidResponseError"),
        (Script((200, b'[{"')), "iter", 200, None, "InvalidResponseError"),
        (Broken(), "create", None, "APITimeoutError", "APITimeoutError"),
    ):
        events: list[CallEvent] = []
        with pytest.raises(SampleError) as caught:
            call(kind, script, method, observer=events.append, max_attempts=1)
        assert type(caught.value).__name__ == last
        ends = [(one.kind, one.status, one.error) for one in events[2:]]
        assert ends == [("attempt_end", status, attempt), ("call_end", status, last)]
        assert KEY not in repr(events)


def test_a_call_that_is_left_is_told_to_end() -> None:
    events: list[CallEvent] = []

    async def run() -> None:
        async with Script((200, METHODS["list"][2])).async_client(observer=events.append) as client:
            async for _ in (items := client.parcels.iter()):
                break
            await items.aclose()

    async def give_up() -> None:
        async def wait(_: httpx.Request) -> httpx.Response:
            task.cancel()
            await asyncio.sleep(5)
            return httpx.Response(200)

        http = httpx.AsyncClient(transport=httpx.MockTransport(wait))
        async with Script().async_client(http_client=http, observer=events.append) as client:
            task = asyncio.ensure_future(client.parcels.list(timeout=None))
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert (events[-1].kind, events[-1].error) == ("call_end", None)
    asyncio.run(give_up())
    ends = [(one.kind, one.status, one.error) for one in events[-2:]]
    assert ends == [("attempt_end", None, "CancelledError"), ("call_end", None, "CancelledError")]


def test_a_pace_is_a_pause_without_a_reason(kind: str) -> None:
    events: list[CallEvent] = []
    pace, clock = Pace(1, 5.0), ManualClock()
    for _ in range(2):
        call(kind, Script((200, [])), "list", pace=pace, observer=events.append, clock=clock)
    pauses = [(one.attempt, one.reason, one.seconds) for one in events if one.kind == "pause"]
    assert pauses == [(0, None, 5.0)]


def test_an_observer_changes_no_call(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: CallEvent) -> None:
        raise LookupError

    assert (
        call(kind, Script((503, {}), (200, [])), "list", observer=fail, clock=ManualClock()) == []
    )
    assert [record.message for record in caplog.records if record.exc_info] == [
        "The observer raised, which changes no call; logged once."
    ]


def test_warnings_reach_stderr_only_where_logging_is_set_up() -> None:
    program = """
import logging, sys
from sample.testing import ManualClock
from tests.unit._support import Script
logging.basicConfig() if sys.argv[1:] else None
Script((503, {}), (200, [])).client().with_options(clock=ManualClock()).parcels.list()
"""
    for arguments, expected in (((), ""), (("logged",), "trying again")):
        run = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{program}"]
        done = subprocess.run([*run, *arguments], capture_output=True, text=True, check=True)
        assert (expected in done.stderr) if expected else done.stderr == ""


class Traced:
    """A client's calls as spans."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.observer = SpanObserver(provider)

    def take_span(self) -> tuple[ReadableSpan, dict[str, Any]]:
        (span,) = self._exporter.get_finished_spans()
        self._exporter.clear()
        assert not [x for x in (SECRET, TOKEN, KEY, "parcel-1") if x in span.to_json()]
        return span, dict(span.attributes or {})


def test_the_span_of_a_call_that_is_repeated(kind: str) -> None:
    arguments, status, answer = METHODS["get"]
    script, traced = Script(REFUSED, (status, answer)), Traced()
    call(kind, script, "get", *arguments, observer=traced.observer, clock=ManualClock())
    span, attributes = traced.take_span()
    path = "/api/v1/parcels/{parcelId}"
    assert (span.name, span.kind) == (f"GET {path}", SpanKind.CLIENT)
    assert span.status.is_unset
    assert attributes == {
        "http.request.method": "GET",
        "http.request.resend_count": 1,
        "http.response.body.size": len(json.dumps(answer)),
        "http.response.status_code": 200,
        "server.address": "parcels.invalid",
        "server.port": 443,
        "url.scheme": "https",
        "url.template": path,
    }
    first, second = [event.attributes or {} for event in span.events]
    assert (first["error.type"], first["http.response.status_code"]) == ("429", 429)
    assert second["http.request.resend_count"] == 1
    assert second["http.response.status_code"] == 200


def test_the_span_of_a_call_that_fails(kind: str) -> None:
    traced = Traced()
    for status, error in ((404, "404"), (200, "InvalidResponseError")):
        with pytest.raises(SampleError):
            call(kind, Script((status, {})), "get", "parcel-1", observer=traced.observer)
        span, attributes = traced.take_span()
        assert (attributes["error.type"], span.status.is_ok) == (error, False)


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(ConfigurationError, match="pip install opentelemetry-api"):
        SpanObserver()
