"""The ways to call an operation, what each gives, and what an observer is told."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import subprocess
import sys
import typing
from functools import partial
from types import FunctionType
from typing import Any

import pytest
import sample
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from sample import CallEvent, Pace, errors
from sample._http import httpx
from sample.api.parcels import create_parcel, get_parcel, list_parcels, renew_label
from sample.otel import SpanObserver
from sample.types import UNSET

from tests.unit._support import (
    BAD_HEADERS,
    HIDDEN,
    KEY,
    METHODS,
    PARCEL,
    SECRET,
    TOKEN,
    ManualClock,
    Script,
    call,
)

SENT = {
    "create": ("POST", "", b"{}"),
    "get": ("GET", "/parcel-1", b""),
    "list": ("GET", "", b""),
    "iter": ("GET", "", b""),
    "renew_label": ("POST", "/parcel-1/label", b"{}"),
}


def as_json(parsed: Any) -> Any:
    return [item.to_dict() for item in parsed] if isinstance(parsed, list) else parsed.to_dict()


@pytest.mark.parametrize("method", METHODS)
def test_a_method_sends_what_is_documented_and_gives_the_value(kind: str, method: str) -> None:
    arguments, status, answer = METHODS[method]
    script = Script((status, answer))
    assert as_json(call(kind, script, method, *arguments)) == answer
    (request,) = script.requests
    verb, path, body = SENT[method]
    assert (request.method, request.content) == (verb, body)
    assert request.url.path == f"/api/v1/parcels{path}"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith("sample/")


def test_fields_are_sent_as_the_body(kind: str) -> None:
    script = Script(*[METHODS["create"][1:]])
    call(kind, script, lambda client: partial(client.parcels.create, is_express=True))
    assert script.requests[0].content == b'{"isExpress":true}'


def test_a_list_may_be_larger_than_other_answers(kind: str) -> None:
    blanks = b" " * (17 * 1024 * 1024)
    assert call(kind, Script((200, blanks + b"[]")), "list") == []
    with pytest.raises(errors.InvalidResponseError, match="not within max_response_bytes"):
        call(kind, Script((200, blanks + b"{}")), "get", "parcel-1")


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"iter"}))
def test_a_detailed_response_has_all_that_came_and_shows_no_secret(kind: str, method: str) -> None:
    arguments, status, answer = METHODS[method]
    headers = {"X-Request-Id": "req-7", "X-Other": "o", "Set-Cookie": "hidden=1"}
    script, clock = Script((429, {}), (status, answer, headers)), ManualClock()
    response = call(kind, script, f"with_response.{method}", *arguments, clock=clock)
    assert (response.status_code, response.request_id, response.attempts) == (status, "req-7", 2)
    assert response.headers["x-other"] == response.headers["X-OTHER"] == "o"
    assert as_json(response.parsed) == json.loads(response.content) == answer
    assert copy.deepcopy(response) == response
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(response)
    shown = repr(response) + str(response)
    assert "parcel-1" in shown
    assert not [secret for secret in (SECRET, TOKEN, KEY, "hidden") if secret in shown]


@pytest.mark.parametrize("method", METHODS)
def test_options_of_one_call(kind: str, method: str) -> None:
    arguments, _, _ = METHODS[method]
    script, clock = Script((429, {}, {"Retry-After": "7"})), ManualClock()
    with pytest.raises(errors.RateLimitError) as caught:
        call(kind, script, method, *arguments, max_attempts=4, clock=clock)
    assert len(script.requests) == caught.value.attempts == 4
    with pytest.raises(errors.RateLimitError) as caught:
        call(kind, script, method, *arguments, timeout=2, max_attempts=UNSET, clock=clock)
    assert len(script.requests) == 5, "waiting 7 s would take more than the 2 that there are"
    assert caught.value.retry_after == 7
    for option in ("timeout", "max_attempts"):
        with pytest.raises(errors.ConfigurationError, match=option):
            call(kind, script, method, *arguments, **{option: 0})


@pytest.mark.parametrize("method", [*METHODS, "with_response.get"])
def test_header_fields_of_one_call(kind: str, method: str) -> None:
    arguments, status, answer = METHODS[method.rpartition(".")[2]]
    script = Script((status, answer))
    own = {"X-Empty": "", "User-Agent": "mine/1", "X-Trace": "the client's"}
    call(kind, script, method, *arguments, headers=own, call_headers={"x-trace": "t-1"})
    call(kind, script, method, *arguments, headers=own)
    sent = [[one.headers.get_list(name) for name in own] for one in script.requests]
    assert sent == [[[""], ["mine/1"], ["t-1"]], [[""], ["mine/1"], ["the client's"]]]
    for headers in BAD_HEADERS:
        with pytest.raises(errors.ConfigurationError, match="header") as caught:
            call(kind, script, method, *arguments, call_headers=headers)
        assert HIDDEN not in str(caught.value)
    assert len(script.requests) == 2


@pytest.mark.parametrize("method", ["get", "renew_label", "with_response.get"])
def test_an_answer_of_another_id_is_refused(kind: str, method: str) -> None:
    _, status, answer = METHODS[method.rpartition(".")[2]]
    script = Script((status, {**answer, "id": "parcel-of-somebody-else"}))
    with pytest.raises(errors.InvalidResponseError, match=r"\$\.id has to be the one") as caught:
        call(kind, script, method, "parcel-1")
    assert "somebody" not in str(caught.value)
    assert caught.value.maybe_processed is True
    for given in ("Ä-ö", "a b", "%2e", "7"):
        assert call(kind, Script((200, {**PARCEL, "id": given})), "get", given).id == given


def test_hints_can_be_read_at_run_time() -> None:
    functions: list[Any] = [sample.Sample.__init__, sample.Sample.with_options]
    functions += [type(sample.Sample("k").parcels).__init__]
    for module in (create_parcel, get_parcel, list_parcels, renew_label):
        functions += [one for one in vars(module).values() if isinstance(one, FunctionType)]
    for function in functions:
        assert typing.get_type_hints(function)
    assert typing.get_type_hints(get_parcel.sync)["client"] is sample.Sample


REFUSED = (429, {"error": SECRET}, {"X-Request-Id": f"req-{KEY}", "Retry-After": "3"})


def test_each_step_of_a_call_is_told(kind: str) -> None:
    for method, (arguments, status, answer) in METHODS.items():
        events: list[CallEvent] = []
        script, clock, pace = Script(REFUSED, (status, answer)), ManualClock(), Pace(2, 5)
        pace.reserve(clock, None)
        options: Any = {"observer": events.append, "clock": clock, "pace": pace}
        call(kind, script, method, *arguments, **options)
        steps = [(one.kind, one.attempt, one.status, one.seconds, one.reason) for one in events]
        assert steps == [
            ("call_start", 0, None, None, None),
            ("attempt_start", 1, None, None, None),
            ("attempt_end", 1, 429, 0, None),
            ("pause", 1, 429, 3, "status 429"),
            ("pause", 1, 429, 2, None),  # the pace's
            ("attempt_start", 2, None, None, None),
            ("attempt_end", 2, status, 0, None),
            ("call_end", 2, status, 5, None),
        ]
        assert events[2].request_id == "req-***"
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
        with pytest.raises(errors.SampleError) as caught:
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


def test_an_observer_changes_no_call(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: CallEvent) -> None:
        raise LookupError

    script, clock = Script((503, {}), (200, [])), ManualClock()
    assert call(kind, script, "list", observer=fail, clock=clock) == []
    logged = [record.message for record in caplog.records if record.exc_info]
    assert logged == ["The observer raised, which changes no call; logged once."]


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


def test_calls_are_spans_without_a_secret(kind: str) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observer = SpanObserver(provider)
    arguments, status, answer = METHODS["get"]
    script = Script(REFUSED, (status, answer))
    call(kind, script, "get", *arguments, observer=observer, clock=ManualClock())
    for refusal in (404, 200):
        with pytest.raises(errors.SampleError):
            call(kind, Script((refusal, {})), "get", "parcel-1", observer=observer)
    span, *failed = exporter.get_finished_spans()
    assert [(one.attributes or {})["error.type"] for one in failed] == [
        "404",
        "InvalidResponseError",
    ]
    assert [one.status.is_ok for one in failed] == [False, False]
    path = "/api/v1/parcels/{parcelId}"
    assert (span.name, span.kind, span.status.is_unset) == (f"GET {path}", SpanKind.CLIENT, True)
    assert span.attributes == {
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
    shown = "".join(one.to_json() for one in (span, *failed))
    assert not [x for x in (SECRET, TOKEN, KEY, "parcel-1") if x in shown]


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(errors.ConfigurationError, match="pip install opentelemetry-api"):
        SpanObserver()
