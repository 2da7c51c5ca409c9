from __future__ import annotations

import copy
import logging
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from sample import SampleError, errors
from sample.models import Error

from tests.unit._support import HIDDEN, KEY, SECRET, Script, call, shown

ATTRIBUTES: dict[str, Any] = {
    "operation_id": "createParcel",
    "attempts": 3,
    "maybe_processed": True,
    "status_code": 429,
    "error": "text",
    "request_id": "req-1",
    "retry_after": 7.5,
}


def failed(script: Script, *method: str, **options: Any) -> Any:
    with pytest.raises(SampleError) as caught:
        call("sync", script, *(method or ["create"]), max_attempts=1, **options)
    return caught.value


def classes(kind: type[SampleError]) -> Iterator[type[SampleError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from classes(below)


def test_a_message_says_what_happened_and_what_to_do() -> None:
    headers = {"X-Request-Id": "req-9", "Location": "https://elsewhere.invalid/"}
    for status, name, known in (
        (302, "302 Found, a redirect, which is not followed", "look before you call again"),
        (400, "400 Bad Request", "Nothing was changed"),
        (599, "599", "look before you call again"),
    ):
        script = Script((status, {"error": "it went wrong"}, headers))
        error = failed(script)
        for part in ("createParcel", name, "it went wrong", "req-9", error.advice, known):
            assert part in str(error)
        assert len(script.requests) == 1
    again = failed(Script((500, {})), "renew_label", "parcel-1")
    assert "it is safe to call again" in str(again)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"message": "the second choice"}, "the second choice"),
        ({"error": {"code": 7}, "message": "beside an object"}, "beside an object"),
        ({"error": " ", "message": f"of {KEY}"}, "of ***"),
        ({"message": 7, "detail": "not looked at"}, None),
    ],
)
def test_the_text_is_the_error_or_else_the_message(body: Any, text: str | None) -> None:
    assert failed(Script((400, body))).error == text


def test_the_header_fields_of_the_answer_are_kept_without_a_secret() -> None:
    shown_ones = {"X-Trace": "t-1", "X-Echo": f"key {KEY}", "X-Hostile": "a\x1bb"}
    hidden = {"Set-Cookie": HIDDEN, "WWW-Authorization": HIDDEN, "X-Session-Id": HIDDEN}
    for status in (429, 201):
        error = failed(Script((status, {}, {**shown_ones, **hidden})))
        for found in (error, copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
            headers = found.headers
            assert headers["x-trace"] == headers["X-TRACE"] == "t-1"
            assert (headers["x-echo"], headers["x-hostile"]) == ("key ***", "a b")
            assert {headers[name] for name in hidden} == {"***"}
            assert headers.get("X-Other") is None
            assert len(headers) == len([*headers])
        assert not [secret for secret in (KEY, HIDDEN) if secret in shown(error)]


def test_the_key_is_cut_out_of_what_is_shown_and_a_short_one_garbles_no_word() -> None:
    for key, text in ((KEY, "unknown key"), ("e", "see the list of"), ("the", "they see others")):
        script = Script((400, {"error": f"{text} <{key}>"}, {"X-Request-Id": f"req-{KEY}"}))
        error = failed(script, api_key=key)
        assert error.error == f"{text} <***>"
        assert error.parsed == Error(f"{text} <***>")
        assert f"<{key}>".encode() in error.body
        assert (error.request_id == "req-***") is (key == KEY)


def test_control_characters_reach_no_terminal_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    hostile = "a\x1b[2J\x07\u202e\x85\x9b31m"
    with caplog.at_level(logging.DEBUG, "sample"):
        error = failed(Script((400, {"error": hostile}, {"X-Request-Id": "a\x1b[2J\x07"})))
    texts = [str(error), error.error, error.request_id, *caplog.messages]
    wrong = ([{"id": 1, hostile: 1}], {hostile: [{"id": 1}]})
    texts += [str(failed(Script((200, body)), "list")) for body in wrong]
    assert [text for text in texts if not text.isprintable()] == []


def test_a_long_text_is_shortened_in_ascii() -> None:
    error = failed(Script((400, {"error": "long " * 1000})))
    assert len(str(error)) < 700
    assert str(error).isascii()


def test_a_url_that_is_too_long_is_not_sent() -> None:
    script = Script((400, {}))
    with pytest.raises(errors.InvalidRequestError, match="8,000") as caught:
        call("sync", script, "get", "a" * 8000)
    assert (caught.value.attempts, script.requests) == (0, [])
    with pytest.raises(errors.BadRequestError):
        call("sync", script, "get", "a" * 7900)


@pytest.mark.parametrize("error_class", [*classes(SampleError)])
def test_errors_are_copied_and_pickled_without_their_body(error_class: type[SampleError]) -> None:
    error = error_class("what happened", **ATTRIBUTES, parsed=Error("x"), body=SECRET.encode())
    error.add_note("while creating parcels")
    with pytest.raises(error_class):
        raise error
    assert error.__doc__
    for found in (copy.copy(error), copy.deepcopy(error)):
        assert (found.body, found.parsed) == (SECRET.encode(), Error("x"))
        assert found.__traceback__ is error.__traceback__ is not None
        assert_same(found, error)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps(error, protocol)
        assert SECRET.encode() not in data
        found = pickle.loads(data)
        assert found.body is found.parsed is None
        assert_same(found, error)
    assert SECRET not in shown(error)


def assert_same(found: SampleError, error: SampleError) -> None:
    assert found is not error
    assert repr(found) == repr(error) == f"{type(error).__name__}('what happened')"
    assert {name: getattr(found, name) for name in ATTRIBUTES} == ATTRIBUTES
    assert found.__notes__ == ["while creating parcels"]


def test_what_was_not_said_is_none() -> None:
    error = SampleError("what happened")
    assert [getattr(error, name) for name in ATTRIBUTES] == [None, 0, False, *[None] * 4]
    assert error.body is error.parsed is None
    assert dict(error.headers) == {}
