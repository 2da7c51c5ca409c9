"""Keys that callables give; operations of kinds that the tests' document has none of."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
from attrs import evolve
from sample import errors
from sample._core import decode
from sample._core.decode import empty_parser, json_parser
from sample._core.operation import Credential, Operation, Parameter, Request
from sample._core.settings import Settings, build_settings
from sample._secrets import Secret
from sample._service import SERVICE
from sample.types import UNSET, Response

from tests.unit._support import (
    BAD_KEYS,
    BASE_URL,
    CREATED,
    HIDDEN,
    KEY,
    ManualClock,
    Script,
    call,
    pipeline_of,
    refused,
)


async def later() -> str:
    await asyncio.sleep(0)
    return "awaited"


class Later:
    async def __call__(self) -> str:
        return await later()


class Waiting:
    def __await__(self) -> Generator[None, None, str]:
        yield
        return HIDDEN


@pytest.mark.parametrize("source", [later, Later(), lambda: later()])  # noqa: PLW0108 - a lambda is the case
def test_it_may_be_async(source: Callable[[], Awaitable[str]]) -> None:
    script = Script((201, CREATED))
    call("async", script, "create", api_key=source)
    assert script.requests[0].headers["authorization"] == "Bearer awaited"


@pytest.mark.parametrize("source", [later, Waiting])
def test_an_async_one_is_refused_by_the_sync_client(source: Any) -> None:
    script = Script((201, CREATED))
    assert "async" in refused(lambda: call("sync", script, "create", api_key=source))
    assert script.requests == []


def test_what_it_returns_is_checked(kind: str) -> None:
    script = Script((201, CREATED))
    for key in (*BAD_KEYS, None):
        source = partial(getattr, Mock(key=key), "key")
        refused(partial(call, kind, script, "create", api_key=source))
    assert script.requests == []


def test_what_it_raises_is_the_cause(kind: str) -> None:
    def fails() -> str:
        raise LookupError("vault is sealed")

    async def fails_later() -> str:
        raise ExceptionGroup("sealed", [LookupError("vault"), LookupError("safe")])

    script = Script((201, CREATED))
    sources = {LookupError: fails} | ({ExceptionGroup: fails_later} if kind == "async" else {})
    for cause, source in sources.items():
        with pytest.raises(errors.ConfigurationError, match=cause.__name__) as caught:
            call(kind, script, "create", api_key=source)
        assert type(caught.value.__cause__) is cause
    assert script.requests == []


def test_one_that_hangs_ends_with_the_calls_time(kind: str) -> None:
    script, over = Script((201, CREATED)), threading.Event()

    def hangs() -> str:
        over.wait(20)
        return "too-late"

    started = time.monotonic()
    with pytest.raises(errors.APITimeoutError) as caught:
        call(kind, script, "create", api_key=hangs, timeout=0.2)
    over.set()
    assert time.monotonic() - started < 10
    assert (caught.value.maybe_processed, caught.value.attempts) == (False, 0)
    clock = ManualClock()

    def slow() -> str:
        clock.advance(40)
        return "too-late"

    with pytest.raises(errors.APITimeoutError, match="30 s were over before it could be sent"):
        call(kind, script, "create", api_key=slow, clock=clock)
    assert script.requests == []


def test_it_is_asked_in_a_thread_of_its_own(kind: str) -> None:
    threads = list[threading.Thread]()

    def key() -> str:
        threads.append(threading.current_thread())
        return "key"

    call(kind, Script((201, CREATED)), "create", api_key=key)
    assert threads[0] is not threading.main_thread()


def test_the_callables_own_frames_stay_as_they_are(kind: str) -> None:
    def key() -> str:
        vault = "sealed"
        raise KeyboardInterrupt(vault)

    with pytest.raises(KeyboardInterrupt) as caught:
        call(kind, Script((201, CREATED)), "create", api_key=key)
    *_, (frame, _) = traceback.walk_tb(caught.tb)
    assert frame.f_locals == {"vault": "sealed"}


NUMBERS: dict[str, Any] = dict.fromkeys(("timeout", "connect_timeout", "keepalive"), 1)
NUMBERS |= {"max_attempts": 1, "pace": None, "max_response_bytes": None, "headers": Secret(None)}
STRING, INTEGER = json_parser(decode.string), json_parser(decode.integer)


def operation(method: str = "GET", responses: Any = None, **more: Any) -> Operation[Any]:
    return Operation(
        id="other",
        method=method,
        path="/others",
        resource="others",
        method_name="other",
        parameters=(Parameter("q", "q", "query", required=False),),
        repeatable=True,
        responses={200: STRING} if responses is None else responses,
        errors={},
        **more,
    )


def run(
    script: Script, asked: Operation[Any], key: Any = KEY, changes: Any = None, **request: Any
) -> Response[Any]:
    with script.client(key) as client:
        pipeline = pipeline_of(client)
        changed = pipeline.with_settings(evolve(pipeline.settings, **(changes or {})))
        options = {"timeout": UNSET, "max_attempts": UNSET}
        response: Response[Any] = changed.run(asked, Request(path="/others", **request), **options)
        return response


def test_a_key_is_sent_as_the_operation_wants_it_and_missed_when_it_is_needed() -> None:
    for credential, sent in (
        (Credential("X-Api-Key"), "me:k;"),
        (Credential("Authorization", "Basic"), "Basic bWU6azs="),
        (Credential("Cookie", "session="), "session=me:k%3B"),
    ):
        script, asked = Script((200, "yes")), operation(credential=credential)
        run(script, asked, "me:k;")
        assert script.requests[0].headers[credential.header] == sent
        with pytest.raises(errors.ConfigurationError, match="SAMPLE_API_KEY"):
            run(script, asked, changes={"key": None})


def test_several_keys_are_sent_and_cut_out_together() -> None:
    also = Credential("X-Also", name="also")
    asked = operation(credential=Credential("X-Api-Key"), further_credentials=(also,))
    script = Script((400, {"error": f"{KEY}, {HIDDEN}"}))
    with pytest.raises(errors.BadRequestError) as caught:
        run(script, asked, changes={"keys": {"also": lambda: HIDDEN}})
    assert caught.value.error == "***, ***"
    sent = script.requests[0].headers
    assert (sent["X-Api-Key"], sent["X-Also"]) == (KEY, HIDDEN)


def test_each_security_scheme_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_SECOND_KEY", "from-the-environment")
    service = SERVICE._replace(other_schemes=("first", "second-key", "third"))

    def build(base_url: str | None, **keys: str) -> Settings:
        given, url = {"key": Secret(KEY), "keys": Secret(keys)}, Secret(base_url)
        return build_settings(service._replace(base_url=None), base_url=url, **given, **NUMBERS)

    settings = build("https://parcels.invalid", first="given")
    found = {name: getattr(key, "reveal", str)() for name, key in settings.keys.items()}
    assert found == {"first": "given", "second-key": "from-the-environment"}
    for keys, url, told in (
        ({"other": "x"}, BASE_URL, "'other'; known are first, second-key, third"),
        ({"first": "a b"}, BASE_URL, "for first holds"),
        ({}, None, "There is no base URL"),
    ):
        with pytest.raises(errors.ConfigurationError, match=told):
            build(url, **keys)


def test_nothing_to_say() -> None:
    for method, content_type, sent in (
        *((method, None, b"{}") for method in ("POST", "PUT", "PATCH")),
        *(("DELETE", None, b""), ("POST", "text/plain", b"")),
    ):
        script = Script((200, "yes"))
        run(script, operation(method), content_type=content_type)
        (request,) = script.requests
        assert request.content == sent
        assert request.headers["Content-Type"] == (content_type or "application/json")
    run(script, operation("POST"), changes={"service": SERVICE._replace(content_type=None)})
    request = script.requests[-1]
    assert (request.content, "Content-Type" in request.headers) == (b"", False)


def test_a_form_is_sent_in_parts_and_is_one_without_any() -> None:
    script = Script((200, "yes"))
    for files, end, part in (
        ([("notes", ("a.txt", b"what it holds", "text/plain"))], "", b'name="notes"; filename="a.'),
        ([], "end", b"--end--\r\n"),
    ):
        run(script, operation("POST"), files=files)
        (*_, request) = script.requests
        assert request.headers["Content-Type"].startswith(f"multipart/form-data; boundary={end}")
        assert part in request.content
    assert request.content == b"--end--\r\n"


def test_a_redirect_that_is_documented_is_a_response_and_others_are_errors() -> None:
    for documented, status in ((300, 300), (304, 304), (399, 399), ("3XX", 307)):
        response = run(Script((status, b"")), operation(responses={documented: empty_parser}))
        assert (response.status_code, response.parsed) == (status, None)
    for status in (300, 303, 400):
        with pytest.raises(errors.APIStatusError):
            run(Script((status, b"")), operation(responses={304: empty_parser}))


def test_each_documented_status_has_its_own_body_and_others_any_of_them() -> None:
    asked = operation(responses={200: STRING, 202: INTEGER})
    for taken, said in ((200, "yes"), (202, 7), (201, "yes"), (201, 7)):
        assert run(Script((taken, said)), asked).parsed == said
    for status, expected in ((202, "integer"), (201, "string")):
        with pytest.raises(errors.InvalidResponseError, match=f"be {expected}, and is array"):
            run(Script((status, [])), asked)
    with pytest.raises(errors.InvalidResponseError, match="the body is not a documented answer"):
        run(Script((200, "yes")), operation(responses={}))
