from __future__ import annotations

import copy
import json
import logging
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from sample import SampleError, errors
from sample.models import Error

from tests.unit._support import CREATED, HIDDEN, KEY, SECRET, TOKEN, Script, call, shown

BY_STATUS: dict[int, type[errors.APIStatusError]] = {
    302: errors.APIStatusError,
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.APIStatusError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    408: errors.APIStatusError,
    409: errors.ConflictError,
    429: errors.RateLimitError,
    499: errors.APIStatusError,
    500: errors.ServerError,
    599: errors.ServerError,
}
MAY_BE_PROCESSED = {302, 408, 500, 599}
ATTRIBUTES: dict[str, Any] = {
    "operation_id": "createParcel",
    "attempts": 3,
    "maybe_processed": True,
    "status_code": 429,
    "error": "text",
    "request_id": "req-1",
    "retry_after": 7.5,
}


def failed(kind: str, script: Script, method: str = "create", **options: Any) -> Any:
    with pytest.raises(SampleError) as caught:
        call(kind, script, method, max_attempts=1, **options)
    return caught.value


def classes(kind: type[SampleError]) -> Iterator[type[SampleError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from classes(below)


@pytest.mark.parametrize("status", BY_STATUS)
def test_a_status_makes_its_class_and_a_message_that_helps(kind: str, status: int) -> None:
    headers = {"X-Request-Id": "req-9", "Location": "https://elsewhere.invalid/"}
    script = Script((status, {"error": "it went wrong"}, headers))
    error = failed(kind, script)
    assert type(error) is BY_STATUS[status]
    assert (error.status_code, error.error) == (status, "it went wrong")
    assert (error.operation_id, error.attempts, error.request_id) == ("createParcel", 1, "req-9")
    assert error.maybe_processed is (status in MAY_BE_PROCESSED)
    assert len(script.requests) == 1, "a redirect is not followed"
    known = "look before you call again" if error.maybe_processed else "Nothing was changed"
    for part in ("createParcel", str(status), "it went wrong", "req-9", error.advice, known):
        assert part in str(error)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        *((body, None) for body in (b"", b"<html>", b"[]", b'{"error": 5}', b'{"error": " "}')),
        ({"message": "the second choice"}, "the second choice"),
        ({"error": "the first", "message": "another"}, "the first"),
        ({"error": {"code": 7}, "message": "beside an object"}, "beside an object"),
        ({"error": "", "message": f"of {KEY}"}, "of ***"),
        ({"message": 7, "detail": "not looked at"}, None),
    ],
)
def test_the_text_is_the_error_or_else_the_message(kind: str, body: Any, text: str | None) -> None:
    error = failed(kind, Script((400, body)))
    assert error.error == text
    assert (text or "400") in str(error)
    assert error.body == (body if isinstance(body, bytes) else json.dumps(body).encode())


def test_the_header_fields_of_the_answer_are_kept_without_a_secret(kind: str) -> None:
    shown_ones = {"X-Trace": "t-1", "X-Echo": f"key {KEY}", "X-Hostile": "a\x1bb"}
    hidden = {"Set-Cookie": HIDDEN, "WWW-Authorization": HIDDEN, "X-Session-Id": HIDDEN}
    for status in (429, 201):
        error = failed(kind, Script((status, {}, {**shown_ones, **hidden})))
        for found in (error, copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
            headers = found.headers
            assert headers["x-trace"] == headers["X-TRACE"] == "t-1"
            assert (headers["x-echo"], headers["x-hostile"]) == ("key ***", "a b")
            assert {headers[name] for name in hidden} == {"***"}
            assert headers.get("X-Other") is None
            assert len(headers) == len([*headers])
        assert not [secret for secret in (KEY, HIDDEN) if secret in shown(error)]


def test_a_documented_body_is_parsed(kind: str) -> None:
    error = failed(kind, Script((400, {"error": "no such parcel", "code": 7})))
    assert error.parsed == Error("no such parcel", additional_properties={"code": 7})
    for status, body in ((400, b"null"), (400, b'{"error": 7}'), (418, b'{"error": "teapot"}')):
        assert failed(kind, Script((status, body))).parsed is None


def test_the_key_is_cut_out_of_what_is_shown_and_a_short_one_garbles_no_word(kind: str) -> None:
    for key, text in ((KEY, "unknown key"), ("e", "see the list of"), ("the", "they see others")):
        script = Script((400, {"error": f"{text} <{key}>"}, {"X-Request-Id": f"req-{KEY}"}))
        error = failed(kind, script, api_key=key)
        assert error.error == f"{text} <***>"
        assert error.parsed == Error(f"{text} <***>")
        assert f"<{key}>".encode() in error.body
        assert (error.request_id == "req-***") is (key == KEY)


def test_control_characters_reach_no_terminal_and_no_log(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    hostile = "a\x1b[2J\x07\u202e\x85\x9b31m"
    with caplog.at_level(logging.DEBUG, "sample"):
        error = failed(kind, Script((400, {"error": hostile}, {"X-Request-Id": "a\x1b[2J\x07"})))
    texts = [str(error), error.error, error.request_id, *caplog.messages]
    wrong = ([{"id": 1, hostile: 1}], {hostile: [{"id": 1}]})
    texts += [str(failed(kind, Script((200, body)), "list")) for body in wrong]
    assert [text for text in texts if not text.isprintable()] == []


def test_a_long_text_is_shortened_in_ascii(kind: str) -> None:
    error = failed(kind, Script((400, {"error": "long " * 1000})))
    assert len(str(error)) < 700
    assert str(error).isascii()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>", "JSON"),
        (b"null", "$ has to be object, and is null"),
        (b"{}", "$.id has to be string, and is nothing"),
        (b'{"id": null}', "$.id has to be string, and is null"),
        ({**CREATED, "isExpress": "yes"}, "$.isExpress has to be boolean, and is string"),
    ],
    ids=lambda value: ascii(value)[:10],
)
def test_an_invalid_response_says_what_was_expected_where(kind: str, body: Any, told: str) -> None:
    error = failed(kind, Script((201, body)))
    assert type(error) is errors.InvalidResponseError
    assert told in str(error)
    assert error.body == (body if isinstance(body, bytes) else json.dumps(body).encode())
    assert (error.status_code, error.maybe_processed, error.attempts) == (201, True, 1)
    assert not [secret for secret in (SECRET, TOKEN, KEY) if secret in shown(error)]


def test_a_success_of_another_status_is_taken_where_it_has_the_documented_body(kind: str) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(CREATED).encode()
    assert call(kind, Script((200, body)), "create").id == "parcel-1"
    error = failed(kind, Script((202, {"status": "accepted"})))
    assert (type(error), error.maybe_processed) == (errors.InvalidResponseError, True)


def test_a_url_that_is_too_long_is_not_sent(kind: str) -> None:
    script = Script((400, {}))
    with pytest.raises(errors.InvalidRequestError, match="8,000") as caught:
        call(kind, script, "get", "a" * 8000)
    assert (caught.value.attempts, script.requests) == (0, [])
    with pytest.raises(errors.BadRequestError):
        call(kind, script, "get", "a" * 7900)


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
