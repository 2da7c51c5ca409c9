"""Keys that callables give; operations of kinds that the tests' document has none of."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections.abc import Generator
from functools import partial
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from attrs import evolve
from sample import Sample, errors
from sample._core import decode
from sample._core.decode import empty_parser, json_parser
from sample._core.operation import Credential, Operation, Request
from sample._core.settings import replace_settings
from sample._secrets import Secret
from sample._service import SERVICE
from sample.api import OPERATIONS
from sample.testing import ManualClock
from sample.types import UNSET

from tests.network._operations import CREATED, KEY, mocked
from tests.unit._support import BAD_KEYS, Script, call, pipeline_of, refused


async def later() -> str:
    await asyncio.sleep(0)
    return "awaited"


class Later:
    async def __call__(self) -> str:
        return await later()


class Waiting:
    def __await__(self) -> Generator[None, None, str]:
        yield
        return "awaited"


@pytest.mark.parametrize("source", [later, Later(), lambda: later(), Waiting])  # noqa: PLW0108 - a lambda is the case
def test_it_may_be_async_for_the_async_client_alone(source: Any) -> None:
    script = Script((201, CREATED))
    call("async", script, "create", key=source)
    assert "async" in refused(lambda: call("sync", script, "create", key=source))
    assert [one.headers["authorization"] for one in script.requests] == ["Bearer awaited"]


def test_what_it_returns_is_checked(kind: str) -> None:
    script = Script((201, CREATED))
    for key in (*BAD_KEYS, None):
        refused(partial(call, kind, script, "create", key=Mock(return_value=key)))
    assert script.requests == []


def test_what_it_raises_is_the_cause(kind: str) -> None:
    script = Script((201, CREATED))
    for make in (Mock, AsyncMock) if kind == "async" else (Mock,):
        for cause in (LookupError("vault"), ExceptionGroup("sealed", [LookupError("safe")])):
            with pytest.raises(errors.ConfigurationError, match=type(cause).__name__) as caught:
                call(kind, script, "create", key=make(side_effect=cause))
            assert caught.value.__cause__ is cause
    assert script.requests == []


def test_one_that_hangs_ends_with_the_calls_time(kind: str) -> None:
    script, over, started = Script((201, CREATED)), threading.Event(), time.monotonic()
    clock: Any = ManualClock()
    with pytest.raises(errors.APITimeoutError) as caught:
        call(kind, script, "create", key=lambda: str(over.wait(20)), timeout=0.2)
    over.set()
    assert time.monotonic() - started < 10
    assert (caught.value.maybe_processed, caught.value.attempts) == (False, 0)
    with pytest.raises(errors.APITimeoutError, match="30 s were over before it could be sent"):
        call(kind, script, "create", key=lambda: str(clock.advance(40)), clock=clock)
    assert script.requests == []


def test_the_callables_own_frames_stay_as_they_are(kind: str) -> None:
    def key() -> str:
        vault = "sealed"
        raise KeyboardInterrupt(vault)

    with pytest.raises(KeyboardInterrupt) as caught:
        call(kind, Script((201, CREATED)), "create", key=key)
    *_, (frame, _) = traceback.walk_tb(caught.tb)
    assert frame.f_locals == {"vault": "sealed"}


STRING, INTEGER = json_parser(decode.string), json_parser(decode.integer)
ASKED = OPERATIONS["getParcel"].replace(responses={200: STRING}, credential=None)


def run(
    script: Script, asked: Operation[Any], key: Any = KEY, changes: Any = None, **request: Any
) -> Any:
    def act(client: Any) -> Any:
        pipeline = pipeline_of(client)
        changed = pipeline.with_settings(evolve(pipeline.settings, **(changes or {})))
        options = {"timeout": UNSET, "max_attempts": UNSET}
        return changed.run(asked, Request(path="/others", **request), **options)

    return mocked("sync", script, act, key=key)


def test_a_key_is_sent_as_the_operation_wants_it_and_missed_when_it_is_needed() -> None:
    for credential, sent in (
        (Credential("X-Api-Key"), "me:k;"),
        (Credential("Authorization", "Basic"), "Basic bWU6azs="),
        (Credential("Cookie", "session="), "session=me:k%3B"),
    ):
        script, asked = Script((200, "yes")), ASKED.replace(credential=credential)
        run(script, asked, "me:k;")
        assert script.requests[0].headers[credential.header] == sent
        with pytest.raises(errors.ConfigurationError, match="SAMPLE_API_KEY"):
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


def test_each_security_scheme_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_SECOND_KEY", "from-the-environment")
    service = SERVICE._replace(other_schemes=("first", "second-key", "third"))
    settings = evolve(pipeline_of(Sample(KEY)).settings, service=service)
    found: Any = replace_settings(settings, keys=Secret({"first": "given"})).keys
    assert {name: key.reveal() for name, key in found.items()} == {
        "first": "given",
        "second-key": "from-the-environment",
    }
    told = r"'other'; known are first, second-key, third|for first holds"
    for wrong in ({"other": "x"}, {"first": "a b"}):
        with pytest.raises(errors.ConfigurationError, match=told):
            replace_settings(settings, keys=Secret(wrong))


def test_nothing_to_say() -> None:
    for method, content_type, sent in (
        *((method, None, b"{}") for method in ("POST", "PUT", "PATCH")),
        *(("DELETE", None, b""), ("POST", "text/plain", b"")),
    ):
        script = Script((200, "yes"))
        run(script, ASKED.replace(method=method), content_type=content_type)
        (request,) = script.requests
        assert request.content == sent
        assert request.headers["Content-Type"] == (content_type or "application/json")
    run(
        script,
        ASKED.replace(method="POST"),
        changes={"service": SERVICE._replace(content_type=None)},
    )
    request = script.requests[-1]
    assert (request.content, "Content-Type" in request.headers) == (b"", False)


def test_a_form_is_sent_in_parts_and_is_one_without_any() -> None:
    script = Script((200, "yes"))
    for files, end, part in (
        ([("notes", ("a.txt", b"what it holds", "text/plain"))], "", b'name="notes"; filename="a.'),
        ([], "end", b"--end--\r\n"),
    ):
        run(script, ASKED.replace(method="POST"), files=files)
        (*_, request) = script.requests
        assert request.headers["Content-Type"].startswith(f"multipart/form-data; boundary={end}")
        assert part in request.content
    assert request.content == b"--end--\r\n"


def test_a_redirect_that_is_documented_is_a_response_and_others_are_errors() -> None:
    for documented, status in ((300, 300), (304, 304), (399, 399), ("3XX", 307)):
        response = run(Script((status, b"")), ASKED.replace(responses={documented: empty_parser}))
        assert (response.status_code, response.parsed) == (status, None)
    for status in (300, 303, 400):
        with pytest.raises(errors.APIStatusError):
            run(Script((status, b"")), ASKED.replace(responses={304: empty_parser}))


def test_each_documented_status_has_its_own_body_and_others_any_of_them() -> None:
    asked = ASKED.replace(responses={200: STRING, 202: INTEGER})
    for taken, said in ((200, "yes"), (202, 7), (201, "yes"), (201, 7)):
        assert run(Script((taken, said)), asked).parsed == said
    for status, expected in ((202, "integer"), (201, "string")):
        with pytest.raises(errors.InvalidResponseError, match=f"be {expected}, and is array"):
            run(Script((status, [])), asked)
    with pytest.raises(errors.InvalidResponseError, match="the body is not a documented answer"):
        run(Script((200, "yes")), ASKED.replace(responses={}))
