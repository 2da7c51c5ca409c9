"""What a call of any operation sends, gives, tells an observer and the log, and raises."""

from __future__ import annotations

import copy
import importlib
import inspect
import json
import logging
import pickle
import pkgutil
import re
import sys
import typing
from typing import Any
from unittest.mock import Mock

import pytest
import sample
from attrs import evolve
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from sample import CallEvent, Pace, SampleError, errors
from sample._core import decode
from sample._core.operation import (
    Content,
    Credential,
    Operation,
    Parameter,
    Request,
    Style,
    build_request,
)
from sample._http import httpx
from sample._service import SERVICE
from sample.api import OPERATIONS
from sample.otel import SpanObserver
from sample.testing import ManualClock
from sample.types import UNSET

from tests.network._operations import CANARY, KEY, PARCEL
from tests.unit.conftest import CREATED, Script, call, find_leaks, pipeline_of


def test_a_list_may_be_larger_than_other_answers(kind: str) -> None:
    blanks = b" " * (17 * 1024 * 1024)
    assert call(kind, Script((200, blanks + b"[]")), "list") == []
    with pytest.raises(errors.InvalidResponseError, match="not within max_response_bytes"):
        call(kind, Script((200, blanks + b"{}")), "get", "parcel-1")


def test_a_detailed_response_has_all_that_came_and_shows_no_secret(kind: str) -> None:
    headers = {"X-Request-Id": "req-7", "X-Other": "o", "Set-Cookie": CANARY}
    script = Script((429, {}), (201, CREATED, headers))
    response = call(kind, script, "with_response.create")
    assert (response.status_code, response.request_id, response.attempts) == (201, "req-7", 2)
    assert response.headers["x-other"] == response.headers["X-OTHER"] == "o"
    assert response.parsed.to_dict() == json.loads(response.content) == CREATED
    assert copy.deepcopy(response) == response
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(response)
    assert "parcel-1" in repr(response)
    assert CANARY not in repr(response) + str(response)


def test_options_of_one_call_are_checked_as_the_clients_and_win_over_them(kind: str) -> None:
    script, get = Script((200, PARCEL)), ("get", "parcel-1")
    own = {"X-Empty": "", "User-Agent": "mine/1", "X-Trace": "the client's"}
    call(kind, script, *get, headers=own, call_headers={"x-trace": "t-1"}, max_attempts=UNSET)
    (request,) = script.requests
    assert [request.headers.get_list(name) for name in own] == [[""], ["mine/1"], ["t-1"]]
    wrong: list[dict[str, Any]] = [{"call_headers": {"X-A": f"{CANARY}\n"}}, {"timeout": 0}]
    for option in (*wrong, {"max_attempts": 0}):
        with pytest.raises(errors.ConfigurationError, match=r"header|timeout|max_") as caught:
            call(kind, script, *get, **option)
        assert CANARY not in str(caught.value)
    assert len(script.requests) == 1


def test_hints_can_be_read_at_run_time() -> None:
    functions: set[Any] = set()
    for found in pkgutil.walk_packages(sample.__path__, "sample."):
        if "._" not in found.name:
            for thing in vars(importlib.import_module(found.name)).values():
                # Models that know one another are imported when they are used.
                if re.match(r"sample(?!\.models)", str(getattr(thing, "__module__", ""))):
                    members = vars(thing).values() if inspect.isclass(thing) else [thing]
                    functions |= {one for one in members if inspect.isfunction(one)}
    assert len(functions) > 150
    for function in functions:
        typing.get_type_hints(function)


REFUSED = (429, {"error": CANARY}, {"X-Request-Id": f"req-{KEY}", "Retry-After": "3"})


def test_each_step_of_a_call_is_told(kind: str) -> None:
    events: list[CallEvent] = []
    clock, pace = ManualClock(), Pace(2, 5)
    pace.reserve(clock, None)
    options: Any = {"observer": events.append, "clock": clock, "pace": pace}
    call(kind, Script(REFUSED, (200, [PARCEL])), "iter", **options)
    steps = [(one.kind, one.attempt, one.status, one.seconds, one.reason) for one in events]
    assert steps == [
        ("call_start", 0, None, None, None),
        ("attempt_start", 1, None, None, None),
        ("attempt_end", 1, 429, 0, None),
        ("pause", 1, 429, 3, "status 429"),
        ("pause", 1, 429, 2, None),  # the pace's
        ("attempt_start", 2, None, None, None),
        ("attempt_end", 2, 200, 0, None),
        ("call_end", 2, 200, 5, None),
    ]
    assert events[2].request_id == "req-***"
    assert events[-1].size == len(json.dumps([PARCEL]))
    assert len({one.call_id for one in events}) == 1
    assert not [text for text in (CANARY, "parcel-1") if text in repr(events)]


def test_how_a_call_ends_is_told_which_changes_no_call(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    # The last one is the caller's own, as a signal's handler may raise it.
    late, own = httpx.ReadTimeout(f"{KEY} took too long"), LookupError(KEY)
    for script, status, attempt, last in (
        (Script((400, {})), 400, None, "BadRequestError"),
        (Script((200, {})), 200, None, "InvalidResponseError"),
        (Script(late), None, "APITimeoutError", "APITimeoutError"),
        (Script(own), None, "LookupError", "LookupError"),
    ):
        events: list[CallEvent] = []
        with pytest.raises((errors.SampleError, LookupError)):
            call(kind, script, "list", observer=events.append, max_attempts=1)
        ends = [(one.kind, one.status, one.error) for one in events[2:]]
        assert ends == [("attempt_end", status, attempt), ("call_end", status, last)]
        assert KEY not in repr(events)
    events = []
    call(kind, Script((200, [PARCEL, PARCEL])), "iter", observer=events.append, at_most=1)
    assert (events[-1].kind, events[-1].error) == ("call_end", None)
    observer = Mock(side_effect=LookupError)
    assert call(kind, Script((503, {}), (200, [])), "list", observer=observer) == []
    assert observer.call_count == 7
    logged = [record.message for record in caplog.records if record.exc_info]
    assert logged == ["The observer raised, which changes no call; logged once."]


def test_warnings_reach_stderr_only_where_logging_is_set_up() -> None:
    call("sync", Script((200, [])), "list")
    # Where a logger and its parents have no handler at all, Python writes warnings there.
    assert {type(one) for one in logging.getLogger("sample").handlers} == {logging.NullHandler}


def test_calls_are_spans_without_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observer = SpanObserver(provider)
    call("sync", Script(REFUSED, (200, PARCEL)), "get", "parcel-1", observer=observer)
    for refusal in (404, 200):
        with pytest.raises(errors.SampleError):
            call("sync", Script((refusal, {})), "get", "parcel-1", observer=observer)
    span, *failed = exporter.get_finished_spans()
    told = [((one.attributes or {})["error.type"], one.status.is_ok) for one in failed]
    assert told == [("404", False), ("InvalidResponseError", False)]
    path = "/v1/parcels/{parcelId}"
    assert (span.name, span.kind, span.status.is_unset) == (f"GET {path}", SpanKind.CLIENT, True)
    assert span.attributes == {
        "http.request.method": "GET",
        "http.request.resend_count": 1,
        "http.response.body.size": len(json.dumps(PARCEL)),
        "http.response.status_code": 200,
        "server.address": "parcels.test",
        "server.port": 443,
        "url.scheme": "https",
        "url.template": path,
    }
    first, second = [event.attributes or {} for event in span.events]
    assert (first["error.type"], first["http.response.status_code"]) == ("429", 429)
    assert second["http.request.resend_count"] == 1
    text = "".join(one.to_json() for one in (span, *failed))
    assert not [one for one in (CANARY, "parcel-1") if one in text]
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(errors.ConfigurationError, match="pip install opentelemetry-api"):
        SpanObserver()


def failed(script: Script, *method: str, **options: Any) -> Any:
    with pytest.raises(SampleError) as caught:
        call("sync", script, *(method or ["create"]), max_attempts=1, **options)
    return caught.value


def test_a_message_says_what_happened_and_what_to_do() -> None:
    headers = {"X-Request-Id": "req-9", "Location": "https://elsewhere.invalid/"}
    for status, name, known in (
        (302, "302 Found, a redirect, which is not followed", "look before you call again"),
        (400, "400 Bad Request", "Nothing was changed"),
        (408, "408 Request Timeout", "look before you call again"),
        (599, "599", "look before you call again"),
    ):
        error = failed(Script((status, {"error": "it went wrong"}, headers)))
        for part in ("createParcel", name, "it went wrong", "req-9", error.advice, known):
            assert part in str(error)
    again = failed(Script((500, {})), "renew_label", "parcel-1")
    assert "it is safe to call again" in str(again)


def test_the_text_is_the_error_or_else_the_message_and_a_short_key_garbles_no_word() -> None:
    for key, body, text in (
        (KEY, {"message": "the second choice"}, "the second choice"),
        (KEY, {"error": {"code": 7}, "message": "beside an object"}, "beside an object"),
        (KEY, {"error": " ", "message": f"of {KEY}"}, "of ***"),
        (KEY, {"message": 7, "detail": "not looked at"}, None),
        ("e", {"error": "see the list of <e>"}, "see the list of <***>"),
        ("the", {"error": "they see others <the>"}, "they see others <***>"),
    ):
        error = failed(Script((400, body)), key=key)
        assert error.error == text
        assert key == KEY or error.parsed.error == text


def test_an_error_has_all_that_is_known_in_copies_too_and_shows_no_secret() -> None:
    about = {"X-Request-Id": "req-1", "Retry-After": "7", "X-Trace": "t-1"}
    masked = dict.fromkeys(("Set-Cookie", "WWW-Authorization", "X-Session-Id"), CANARY)
    for status, wait in ((429, 7), (201, None)):
        own = {**about, **masked, "X-Echo": f"key {KEY}", "X-Hostile": "a\x1bb"}
        content = json.dumps({"error": "text", "more": CANARY}).encode()
        error = failed(Script((status, content, own)))
        error.add_note("while creating parcels")
        facts = {"operation_id": "createParcel", "attempts": 1, "maybe_processed": status == 201}
        facts |= {"status_code": status, "request_id": "req-1", "retry_after": wait}
        facts |= {"__notes__": ["while creating parcels"], "args": error.args}
        copies = [error, copy.copy(error), copy.deepcopy(error)]
        assert {one.__traceback__ for one in copies} == {error.__traceback__}
        assert {one.body for one in copies} == {content}
        assert [one.parsed == error.parsed for one in copies] == [True] * 3
        copies += [pickle.loads(pickle.dumps(error, one)) for one in range(6)]
        assert [one.body or one.parsed for one in copies[3:]] == [None] * 6
        for found in copies:
            assert {name: getattr(found, name) for name in facts} == facts
            headers = found.headers
            assert headers["x-trace"] == headers["X-TRACE"] == "t-1"
            assert (headers["x-echo"], headers["x-hostile"]) == ("key ***", "a b")
            assert {headers[name] for name in masked} == {"***"}
            assert headers.get("X-Other") is None
            assert len(headers) == len([*headers])
        assert find_leaks(error) == {}


def test_control_characters_reach_no_terminal_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    hostile = "a\x1b[2J\x07\u202e\x85\x9b31m"
    with caplog.at_level(logging.DEBUG, "sample"):
        error = failed(Script((400, {"error": hostile}, {"X-Request-Id": "a\x1b[2J\x07"})))
    texts = [str(error), error.error, error.request_id, *caplog.messages]
    wrong = ([{"id": 1, hostile: 1}], {hostile: [{"id": 1}]})
    texts += [str(failed(Script((200, body)), "list")) for body in wrong]
    assert [text for text in texts if not text.isprintable()] == []


def test_what_cannot_be_a_path_segment_is_not_sent() -> None:
    script, url = Script((404, {"error": "no"})), "https://parcels.test/v1/parcels/"
    longest = "a" * (8000 - len(url))
    ids: list[Any] = ["", ".", "..", "a/b", "../clients", "a\\b", "\x00", "a\nb", "\x7f", "\x85"]
    ids += ["\ud800", None, 42, True, 1.5, b"parcel-1", ["parcel-1"], f"{longest}a"]
    for parcel_id in ids:
        with pytest.raises(errors.InvalidRequestError, match=r"parcel_id|8,000") as caught:
            call("sync", script, "get", parcel_id)
        facts = (caught.value.operation_id, caught.value.attempts, caught.value.maybe_processed)
        assert (facts, script.requests) == (("getParcel", 0, False), [])
    for parcel_id in ("...", "%2F", longest):  # tests/contract has more
        with pytest.raises(errors.NotFoundError):
            call("sync", script, "get", parcel_id)
        assert str(script.requests[-1].url) == url + parcel_id.replace("%", "%25")


STRING, INTEGER = decode.json_parser(decode.string), decode.json_parser(decode.integer)
ASKED = OPERATIONS["getParcel"].replace(responses={200: STRING}, credential=None)


def run(
    script: Script, asked: Operation[Any], key: Any = KEY, changes: Any = None, **request: Any
) -> Any:
    def act(client: Any) -> Any:
        pipeline = pipeline_of(client)
        changed = pipeline.with_settings(evolve(pipeline.settings, **(changes or {})))
        options = {"timeout": UNSET, "max_attempts": UNSET}
        return changed.run(asked, Request(path="/others", **request), **options)

    return call("sync", script, act, key=key)


def test_a_key_is_sent_as_the_operation_wants_it_and_missed_when_it_is_needed() -> None:
    for credential, sent in (
        (Credential("X-Api-Key"), "me:k;"),
        (Credential("Authorization", "Basic"), "Basic bWU6azs="),
        (Credential("Cookie", "session="), "crumb=x; session=me:k%3B"),
    ):
        script, asked = Script((200, "yes")), ASKED.replace(credential=credential)
        run(script, asked, "me:k;", headers=(("Cookie", "crumb=x"),))
        assert script.requests[0].headers[credential.header] == sent
        with pytest.raises(errors.ConfigurationError, match=r"^This op.+ SAMPLE_API_KEY"):
            run(script, asked, changes={"key": None})


def test_several_keys_are_sent_and_cut_out_together() -> None:
    wanted = [Credential(f"X-{name}", name=name) for name in ("first", "also", "another")]
    asked = ASKED.replace(credential=wanted[0], further_credentials=tuple(wanted[1:]))
    script = Script((400, {"error": f"{KEY}, another-key"}))
    with pytest.raises(errors.BadRequestError) as caught:
        run(script, asked, changes={"keys": {"also": lambda: "another-key"}})
    assert caught.value.error == "***, ***"
    sent = [script.requests[0].headers[one.header] for one in wanted]
    assert sent == [KEY, "another-key", KEY]


def test_parameters_are_written_at_their_places_and_deprecated_ones_are_warned_of() -> None:
    kinds: Any = {"one": "path", "many": "query", "hint": "header", "crumb": "cookie"}
    asked = ASKED.replace(
        path="/a b/{one}:do",
        parameters=tuple(Parameter(name, name, at, required=False) for name, at in kinds.items()),
        styles={"one": Style(None, int), "many": Style("|", deprecated=True)},
    )
    deprecated = asked.replace(deprecated=True)
    with pytest.warns(DeprecationWarning, match="deprecated by the API") as told:
        request = build_request(deprecated, one=7, many=["a", "b c"], hint=True, crumb="x")
    assert request.path == "/a%20b/7:do?many=a%7Cb%20c"
    assert request.headers == (("hint", "true"), ("Cookie", "crumb=x"))
    assert [str(one.message).split(" is ")[0] for one in told] == [
        "The operation getParcel",
        "The parameter many of getParcel",
    ]
    for one in ("x", UNSET):
        with pytest.raises(errors.InvalidRequestError) as caught:
            build_request(asked, one=one, many=UNSET, hint=UNSET, crumb=UNSET)
        assert caught.value.operation_id == "getParcel"


def test_a_body_is_written_as_its_type_says() -> None:
    asked = ASKED.replace(
        path="/",
        parameters=(),
        contents=(
            Content("application/json", "json", dict, ("old",)),
            Content("a/text", "data", Mock),
        ),
    )
    with pytest.warns(DeprecationWarning, match="The field old of getParcel"):
        request = build_request(asked, {"old": 1})
    assert (request.content_type, request.content) == ("application/json", b'{"old":1}')
    form = build_request(asked, Mock(to_dict=lambda: {"name": "a b"}))
    assert (form.content_type, form.content) == ("a/text", b"name=a+b")


def test_nothing_to_say() -> None:
    script = Script((200, "yes"))
    for method, own, content in (
        *((method, None, b"{}") for method in ("POST", "PUT", "PATCH")),
        *(("DELETE", None, b""), ("POST", "text/plain", b"")),
    ):
        run(script, ASKED.replace(method=method), content_type=own)
        request = script.requests[-1]
        assert request.content == content
        assert request.headers["Content-Type"] == (own or "application/json")
    changes = {"service": SERVICE._replace(content_type=None)}
    run(script, ASKED.replace(method="POST"), changes=changes)
    request = script.requests[-1]
    assert (request.content, "Content-Type" in request.headers) == (b"", False)


def test_a_form_is_sent_in_parts_and_is_one_without_any() -> None:
    script, post = Script((200, "yes")), ASKED.replace(method="POST")
    run(script, post, files=[("notes", ("a.txt", b"what it holds", "text/plain"))])
    run(script, post, files=[])
    sent, empty = script.requests
    assert sent.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="notes"; filename="a.txt"' in sent.content
    assert empty.headers["Content-Type"] == "multipart/form-data; boundary=end"
    assert empty.content == b"--end--\r\n"


def test_a_redirect_that_is_documented_is_a_response_and_others_are_errors() -> None:
    empty = decode.empty_parser
    for documented, status in ((300, 300), (304, 304), (399, 399), ("3XX", 307)):
        response = run(Script((status, b"")), ASKED.replace(responses={documented: empty}))
        assert (response.status_code, response.parsed) == (status, None)
    for status in (300, 303, 400):
        with pytest.raises(errors.APIStatusError):
            run(Script((status, b"")), ASKED.replace(responses={304: empty}))


def test_each_documented_status_has_its_own_body_and_others_any_of_them() -> None:
    asked = ASKED.replace(responses={200: STRING, 202: INTEGER})
    for taken, said in ((200, "yes"), (202, 7), (201, "yes"), (201, 7)):
        assert run(Script((taken, said)), asked).parsed == said
    for status, expected in ((202, "integer"), (201, "string")):
        with pytest.raises(errors.InvalidResponseError, match=f"be {expected}, and is array"):
            run(Script((status, [])), asked)
    with pytest.raises(errors.InvalidResponseError, match="the body is not a documented answer"):
        run(Script((200, "yes")), ASKED.replace(responses={}))
