"""The ways to call an operation, what each gives, and what an observer is told."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import subprocess
import sys
import typing
from types import FunctionType, ModuleType
from typing import Any

import pytest
import sample
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from sample import CallEvent, Pace, errors
from sample._http import httpx
from sample.api.parcels import create_parcel, get_parcel, list_parcels, renew_label
from sample.models import CreateParcelRequest
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

ID = {"parcel_id": "parcel-1"}
FUNCTIONS: dict[str, tuple[ModuleType, dict[str, Any]]] = {
    "create": (create_parcel, {"body": CreateParcelRequest()}),
    "get": (get_parcel, ID),
    "list": (list_parcels, {}),
    "renew_label": (renew_label, ID),
}
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
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("sample/")


@pytest.mark.parametrize("method", FUNCTIONS)
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


@pytest.mark.parametrize("method", FUNCTIONS)
def test_the_functions_give_what_the_method_gives(method: str) -> None:
    module, arguments = FUNCTIONS[method]
    script = Script(METHODS[method][1:])
    options: dict[str, Any] = {**arguments, "headers": {"X-Trace": "t-2"}}

    async def run() -> list[Any]:
        async with script.async_client() as client:
            response = await module.asyncio_detailed(client=client, **options)
            found = [response.parsed, await module.asyncio(client=client, **options)]
            if method == "list":
                found.append([one async for one in module.iterate_async(client=client, **options)])
            return found

    with script.client() as client:
        found = [module.sync_detailed(client=client, **options).parsed]
        found.append(module.sync(client=client, **options))
        found += [list(module.iterate(client=client, **options))] if method == "list" else []
    found += asyncio.run(run())
    assert list(map(as_json, found)) == [METHODS[method][2]] * len(script.requests)
    assert {one.headers["x-trace"] for one in script.requests} == {"t-2"}


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
    own = {"X-Own": "own", "X-Trace": "client's"}
    call(kind, script, method, *arguments, headers=own, call_headers={"x-trace": "t-1"})
    call(kind, script, method, *arguments, headers=own)
    sent = [[one.headers.get_list(name) for name in own] for one in script.requests]
    assert sent == [[["own"], ["t-1"]], [["own"], ["client's"]]]
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
    for module, _ in FUNCTIONS.values():
        functions += [one for one in vars(module).values() if isinstance(one, FunctionType)]
    for function in functions:
        assert typing.get_type_hints(function)
    assert typing.get_type_hints(get_parcel.sync)["client"] is sample.Sample


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
        with pytest.raises(errors.SampleError):
            call(kind, Script((status, {})), "get", "parcel-1", observer=traced.observer)
        span, attributes = traced.take_span()
        assert (attributes["error.type"], span.status.is_ok) == (error, False)


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(errors.ConfigurationError, match="pip install opentelemetry-api"):
        SpanObserver()
