from __future__ import annotations

import copy
import inspect
import json
import pickle
import re
from collections.abc import Iterator
from typing import Any

import portal_v1
import pytest
from portal_v1 import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    InvalidRequestError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    PortalError,
    RateLimitError,
    ServerError,
    errors,
)
from portal_v1.models import Error

from tests.unit._support import CREATED, KEY, SECRET, TOKEN, Script, call, shown

BY_STATUS: dict[int, type[APIStatusError]] = {
    301: APIStatusError,
    302: APIStatusError,
    307: APIStatusError,
    400: BadRequestError,
    401: AuthenticationError,
    402: APIStatusError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: APIStatusError,
    408: APIStatusError,
    409: ConflictError,
    422: APIStatusError,
    429: RateLimitError,
    451: APIStatusError,
    499: APIStatusError,
    500: ServerError,
    501: ServerError,
    502: ServerError,
    503: ServerError,
    504: ServerError,
    511: ServerError,
    599: ServerError,
}
NOT_PROCESSED = {400, 401, 402, 403, 404, 405, 409, 422, 429, 451, 499}
ATTRIBUTES = (
    "operation_id",
    "attempts",
    "maybe_processed",
    "status_code",
    "error",
    "request_id",
    "retry_after",
)


def failed(kind: str, script: Script, method: str = "create", *args: Any) -> Any:
    with pytest.raises(PortalError) as caught:
        call(kind, script, method, *args, max_attempts=1)
    return caught.value


def classes(kind: type[PortalError]) -> Iterator[type[PortalError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from classes(below)


class TestTree:
    def test_the_docstring_shows_the_real_one(self) -> None:
        shown_tree: list[tuple[str, str]] = []
        branch: list[tuple[int, str]] = []
        for line in inspect.cleandoc(errors.__doc__ or "").splitlines():
            found = re.match(r"(\W*)([A-Z]\w+(?:Error))\b", line)
            if found is None:
                continue
            depth = len(found[1])
            branch = [entry for entry in branch if entry[0] < depth]
            shown_tree.append((found[2], branch[-1][1] if branch else "Exception"))
            branch.append((depth, found[2]))
        real = [(kind.__name__, kind.__base__.__name__) for kind in classes(PortalError)]  # type: ignore[union-attr]
        assert shown_tree == real

    def test_it_is_exported_whole(self) -> None:
        for kind in classes(PortalError):
            assert getattr(portal_v1, kind.__name__) is kind
            assert kind.__name__ in portal_v1.__all__
            assert kind.__doc__

    def test_what_the_package_exports(self) -> None:
        assert {*portal_v1.__all__} == {kind.__name__ for kind in classes(PortalError)} | {
            *("AsyncPortal", "Portal", "Pace", "Response", "File", "UNSET", "Unset"),
            "__version__",
        }
        for name in portal_v1.__all__:
            assert getattr(portal_v1, name) is not None
        assert sorted(portal_v1.__all__, key=_as_ruff_does) == portal_v1.__all__


def _as_ruff_does(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("status", BY_STATUS)
class TestStatus:
    def test_it_makes_the_class(self, kind: str, status: int) -> None:
        headers = {"X-Request-Id": "req-9", "Location": "https://elsewhere.invalid/"}
        script = Script((status, {"error": "it went wrong"}, headers))
        error = failed(kind, script)
        assert type(error) is BY_STATUS[status]
        assert (error.status_code, error.error) == (status, "it went wrong")
        assert (error.operation_id, error.attempts) == ("createClient", 1)
        assert error.request_id == "req-9"
        assert error.maybe_processed is (status not in NOT_PROCESSED)
        assert len(script.requests) == 1, "a redirect is not followed"

    def test_its_message_helps(self, status: int) -> None:
        headers = {"X-Request-Id": "req-9"}
        error = failed("sync", Script((status, {"error": "it went wrong"}, headers)))
        for part in ("createClient", str(status), "it went wrong", "req-9", type(error).advice):
            assert part in str(error)
        if error.maybe_processed:
            assert "look before you call again" in str(error)
        else:
            assert "Nothing was changed" in str(error)

    def test_a_body_that_says_nothing(self, kind: str, status: int) -> None:
        for body in (b"", b"<html>busy</html>", b"[]", b'{"error": 5}', b'{"error": " "}'):
            error = failed(kind, Script((status, body)))
            assert type(error) is BY_STATUS[status]
            assert error.error is None
            assert error.body == body


class TestText:
    def test_the_key_is_cut_out(self, kind: str) -> None:
        error = failed(kind, Script((400, {"error": f"unknown key {KEY}, sorry"})))
        assert error.error == "unknown key ***, sorry"
        assert KEY not in shown(error)

    @pytest.mark.parametrize("before", [280, 290, 299, 310])
    def test_the_key_is_cut_out_before_a_long_text_is(self, kind: str, before: int) -> None:
        error = failed(kind, Script((400, {"error": "x" * before + KEY})))
        assert KEY[:4] not in shown(error)
        assert len(error.error) <= 310

    def test_the_key_is_cut_out_of_a_request_id(self, kind: str) -> None:
        error = failed(kind, Script((400, {}, {"X-Request-Id": f"req-{KEY}"})))
        assert error.request_id == "req-***"
        assert KEY not in shown(error)

    def test_the_model_of_the_error_has_it_cut_out_and_the_body_is_whole(self, kind: str) -> None:
        error = failed(kind, Script((400, {"error": f"unknown key {KEY}"})))
        assert error.parsed == Error("unknown key ***")
        assert KEY.encode() in error.body

    def test_control_characters_do_not_reach_a_terminal(self, kind: str) -> None:
        error = failed(kind, Script((400, {"error": "red\x1b[31m\r\nX\u202e"})))
        assert error.error.isprintable()
        assert str(error).isprintable()

    def test_a_long_text_is_shortened(self, kind: str) -> None:
        error = failed(kind, Script((400, {"error": "long " * 1000})))
        assert len(str(error)) < 700


class TestDocumentedBody:
    def test_it_is_parsed(self, kind: str) -> None:
        error = failed(kind, Script((400, {"error": "no such client", "code": 7})))
        assert error.parsed == Error("no such client", additional_properties={"code": 7})

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"error": 7}', b"<html>"])
    def test_another_is_not(self, kind: str, body: bytes) -> None:
        assert failed(kind, Script((400, body))).parsed is None

    def test_an_undocumented_status_has_none(self, kind: str) -> None:
        assert failed(kind, Script((418, {"error": "teapot"}))).parsed is None


class TestInvalidResponse:
    BODY = json.dumps({**CREATED, "isAccountAbstracted": "yes"}).encode()

    def test_it_keeps_the_body_and_shows_none_of_it(self, kind: str) -> None:
        error = failed(kind, Script((201, self.BODY)))
        assert type(error) is InvalidResponseError
        assert error.body == self.BODY
        assert "$.isAccountAbstracted has to be boolean, and is string" in str(error)
        for secret in (SECRET, TOKEN, KEY):
            assert secret not in shown(error)
        assert (error.status_code, error.maybe_processed, error.attempts) == (201, True, 1)

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            (b"", "JSON"),
            (b"<html>", "JSON"),
            (b"\xff", "JSON (not UTF-8"),
            (b'{"id": NaN}', "NaN"),
            (b"{} {}", "JSON"),
            (b"[" * 100_000, "nested too deeply"),
            (b"7" * 5000, "too many digits"),
            (b"null", "$ has to be object, and is null"),
            (b"[]", "$ has to be object, and is array"),
            (b"{}", "$.id has to be string, and is nothing"),
            (b'{"id": null}', "$.id has to be string, and is null"),
            (b'{"id": 1.5}', "$.id has to be string, and is number"),
        ],
        ids=lambda value: ascii(value[:10]),
    )
    def test_it_says_what_was_expected_where(self, kind: str, body: bytes, told: str) -> None:
        error = failed(kind, Script((201, body)))
        assert type(error) is InvalidResponseError
        assert told in str(error)
        assert error.body == body

    def test_a_byte_order_mark_is_no_fault(self, kind: str) -> None:
        body = b"\xef\xbb\xbf" + json.dumps(CREATED).encode()
        assert call(kind, Script((201, body)), "create").id == "client-1"


def samples() -> list[PortalError]:
    full = dict(zip(ATTRIBUTES, VALUES, strict=True))
    found: list[PortalError] = []
    for kind in classes(PortalError):
        error = kind("what happened", **full, parsed=Error("text"), body=SECRET.encode())
        found.append(error)
    return found


VALUES: tuple[Any, ...] = ("createClient", 3, True, 429, "text", "req-1", 7.5)


@pytest.mark.parametrize("error", samples(), ids=lambda error: type(error).__name__)
class TestCopies:
    def test_pickled(self, error: PortalError) -> None:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            data = pickle.dumps(error, protocol)
            assert SECRET.encode() not in data
            found = pickle.loads(data)  # noqa: S301 - its own
            same(found, error)
            assert found.body is None
            assert found.parsed is None

    @pytest.mark.parametrize("how", [copy.copy, copy.deepcopy])
    def test_copied(self, error: PortalError, how: Any) -> None:
        found = how(error)
        assert found is not error
        same(found, error)
        assert found.body == SECRET.encode()
        assert found.parsed == Error("text")

    def test_what_a_caller_added_stays(self, error: PortalError) -> None:
        noted = copy.copy(error)
        noted.add_note("while creating clients")
        found = pickle.loads(pickle.dumps(noted))  # noqa: S301 - its own
        assert found.__notes__ == ["while creating clients"]
        assert not hasattr(error, "__notes__")

    def test_the_body_is_not_shown(self, error: PortalError) -> None:
        assert error.body == SECRET.encode()
        assert SECRET not in shown(error)
        assert repr(error) == f"{type(error).__name__}('what happened')"


def same(found: PortalError, error: PortalError) -> None:
    assert type(found) is type(error)
    assert str(found) == str(error) == "what happened"
    for name, value in zip(ATTRIBUTES, VALUES, strict=True):
        assert getattr(found, name) == getattr(error, name) == value


def test_what_was_not_said_is_none() -> None:
    error = PortalError("what happened")
    assert [getattr(error, name) for name in ATTRIBUTES] == [None, 0, False, *[None] * 4]
    assert error.body is error.parsed is None


def test_a_raised_error_keeps_its_traceback_when_copied() -> None:
    error = failed("sync", Script((400, {})))
    assert copy.copy(error).__traceback__ is error.__traceback__
    same_again = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own
    assert vars(same_again).keys() == vars(error).keys()


@pytest.mark.parametrize("kind_of_error", [ConfigurationError, InvalidRequestError])
def test_nothing_was_sent_says_so(kind_of_error: type[PortalError]) -> None:
    assert kind_of_error("what happened").maybe_processed is False
