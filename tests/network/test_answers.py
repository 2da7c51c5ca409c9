"""Any answer in place of a documented one, and any string as an id.

What is right is what the document's schema says of the value, by a validator that is not ours.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast
from urllib.parse import unquote_to_bytes

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from portal_v1 import (
    APIStatusError,
    InvalidRequestError,
    InvalidResponseError,
    PortalError,
)
from portal_v1._http import httpx

from tests.network._support_operations import (
    BASE_URL,
    DOCUMENT,
    LISTS,
    SUBJECTS,
    Subject,
    async_portal,
    resolved,
    sync_portal,
)

FIXED = settings(derandomize=True, deadline=None, max_examples=100, database=None)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
every_operation = pytest.mark.parametrize("subject", SUBJECTS, ids=str)
every_list = pytest.mark.parametrize("subject", LISTS, ids=str)


def validator(schema: Any) -> Any:
    return jsonschema_rs.Draft202012Validator(
        {**resolved(schema), "components": DOCUMENT["components"]}
    )


def altered(draw: st.DrawFn, value: Any) -> Any:
    """A documented value with one change, somewhere in it."""
    kind = draw(st.sampled_from(["into", "into", "replace", "drop", "add", "keep"]))
    if isinstance(value, dict) and value:
        name = draw(st.sampled_from(sorted(value)))
        if kind == "into":
            return {**value, name: altered(draw, value[name])}
        if kind == "drop":
            return {key: inner for key, inner in value.items() if key != name}
        if kind == "add":
            return {**value, draw(st.text(max_size=5)): draw(JSON)}
    if isinstance(value, list) and value:
        place = draw(st.integers(0, len(value) - 1))
        if kind == "into":
            return [*value[:place], altered(draw, value[place]), *value[place + 1 :]]
        if kind == "drop":
            return value[:place] + value[place + 1 :]
        if kind == "add":
            return [*value, draw(JSON)]
    return value if kind == "keep" else draw(JSON)


@st.composite
def answers(draw: st.DrawFn, documented: Any) -> Any:
    """Documented answers with a few changes, and now and then any JSON value at all."""
    if draw(st.integers(0, 4)) == 0:
        return draw(JSON)
    value = documented
    for _ in range(draw(st.integers(0, 3))):
        value = altered(draw, value)
    return value


def without_absent(value: Any, schema: Any) -> Any:
    """A documented value as a model gives it back: null in an optional field is no field."""
    schema = resolved(schema)
    if isinstance(value, list) and "items" in schema:
        return [without_absent(item, schema["items"]) for item in value]
    if not isinstance(value, dict):
        return value
    fields = schema.get("properties", {})
    return {
        name: without_absent(inner, fields.get(name, {}))
        for name, inner in value.items()
        if inner is not None or name not in fields or name in schema.get("required", [])
    }


def exported(model: Any) -> Any:
    return [item.to_dict() for item in model] if isinstance(model, list) else model.to_dict()


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values, which tells true from 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def places(errors: Any) -> set[str]:
    """The places that the validator complains about, written as the client writes them."""
    found = set()
    for error in errors:
        steps = list(error.instance_path)
        missing = getattr(error.kind, "property", None)
        if missing is not None:
            steps.append(missing)
        found.add(
            "$"
            + "".join(
                f"[{step}]"
                if isinstance(step, int)
                else f".{step}"
                if re.fullmatch(r"[A-Za-z_]\w*", step)
                else f"[{step!r}]"
                for step in steps
            )
        )
    return found


def place(error: InvalidResponseError) -> str:
    match = re.search(r"but (\$\S*) has to be [^,]+, and is [a-z ]+\.", str(error))
    assert match, error
    return match[1]


def about(subject: Subject, value: Any) -> Any:
    """What an answer repeats of its request."""
    names = (parameter.response_field for parameter in subject.operation.parameters)
    return [value.get(name) for name in names if name]


def result(call: Any) -> Any:
    """What a call returns, or the error of ours that it raises; another one is not caught."""
    try:
        return call()
    except PortalError as error:
        return error


@every_operation
def test_a_documented_answer_is_a_model_and_any_other_an_error_with_its_place(
    subject: Subject,
) -> None:
    schema = subject.responses[subject.success]
    check = validator(schema)
    documented = subject.examples[subject.success]
    sent: list[Any] = []
    seen = {True: 0, False: 0}

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(subject.success, content=json.dumps(sent[-1]).encode())

    @FIXED
    @given(answers(subject.examples[subject.success]))
    def run(value: Any) -> None:
        sent.append(value)
        outcome = result(lambda: subject.sync(portal))
        seen[check.is_valid(value)] += 1
        if check.is_valid(value) and about(subject, value) != about(subject, documented):
            assert isinstance(outcome, InvalidResponseError)
        elif check.is_valid(value):
            assert not isinstance(outcome, PortalError), outcome
            assert same(exported(outcome), without_absent(value, schema))
        else:
            assert isinstance(outcome, InvalidResponseError)
            assert place(outcome) in places(check.iter_errors(value))
            assert outcome.body == json.dumps(value).encode()
            assert outcome.maybe_processed

    with sync_portal(handler) as portal:
        run()
    assert min(seen.values()) >= 10, seen  # both kinds were really tried


@every_operation
def test_the_async_client_judges_answers_as_the_sync_one_does(subject: Subject) -> None:
    sent: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(subject.success, content=sent[-1])

    runner = asyncio.Runner()
    portal, twin = sync_portal(handler), async_portal(handler)

    @settings(FIXED, max_examples=60)
    @given(answers(subject.examples[subject.success]))
    def run(value: Any) -> None:
        sent.append(json.dumps(value).encode())
        one = result(lambda: subject.sync(portal))
        other = result(lambda: runner.run(subject.asyncio(twin)))
        assert type(one) is type(other)
        assert str(one) == str(other)
        assert isinstance(one, PortalError) or one == other

    try:
        run()
    finally:
        runner.run(twin.aclose())
        runner.close()


@every_operation
def test_any_bytes_at_all_are_a_model_or_an_invalid_response(subject: Subject) -> None:
    sent: list[bytes] = []
    whole = json.dumps(subject.examples[subject.success]).encode()

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(subject.success, content=sent[-1])

    @FIXED
    @given(
        st.binary(max_size=30)
        | st.integers(0, len(whole)).map(lambda end: whole[:end])
        | st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)).map(
            lambda hit: whole[: hit[0]] + bytes([hit[1]]) + whole[hit[0] + 1 :]
        )
    )
    @example(b"")
    @example(b"\xef\xbb\xbf" + whole)
    @example(whole.replace(b"{", b'{"x": NaN, ', 1))
    @example(whole.replace(b"{", b'{"x": ' + b"9" * 5000 + b", ", 1))
    @example(b"[" * 100_000)
    @example(b'{"a":' * 100_000)
    @example(b"<html>502</html>")
    @example(whole + b" {}")
    def run(content: bytes) -> None:
        sent.append(content)
        outcome = result(lambda: subject.sync(portal))
        if isinstance(outcome, PortalError):
            assert isinstance(outcome, InvalidResponseError)
            assert outcome.body == content
            assert re.search(r"but (\$\S* has to be|the body is not JSON \()", str(outcome))
        else:
            value = json.loads(content.decode("utf-8-sig"))
            assert validator(subject.responses[subject.success]).is_valid(value)

    with sync_portal(handler) as portal:
        run()


@every_operation
@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 226, 299])
def test_a_success_with_another_status_is_taken_when_its_body_is_the_documented_one(
    subject: Subject, status: int
) -> None:
    value = subject.examples[subject.success]
    with sync_portal(lambda _: httpx.Response(status, json=value)) as portal:
        assert same(exported(subject.sync(portal)), value)
    with (
        sync_portal(lambda _: httpx.Response(status, json=[{"id": 5}])) as portal,
        pytest.raises(InvalidResponseError),
    ):
        subject.sync(portal)


@every_operation
def test_an_error_answer_is_the_documented_model_or_none_and_always_an_error(
    subject: Subject,
) -> None:
    sent: list[tuple[int, Any]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(sent[-1][0], content=json.dumps(sent[-1][1]).encode())

    @FIXED
    @given(
        st.sampled_from([status for status in subject.responses if status >= 400]).flatmap(
            lambda status: st.tuples(st.just(status), answers(subject.examples[status]))
        )
    )
    def run(answer: tuple[int, Any]) -> None:
        sent.append(answer)
        status, value = answer
        outcome = result(lambda: subject.sync(portal, max_attempts=1))
        assert isinstance(outcome, APIStatusError)
        assert outcome.status_code == status
        assert outcome.error is None or isinstance(outcome.error, str)
        if validator(subject.responses[status]).is_valid(value):
            expected = without_absent(value, subject.responses[status])
            assert same(outcome.parsed.to_dict(), expected)
        else:
            assert outcome.parsed is None

    with sync_portal(handler) as portal:
        run()


@every_list
def test_items_read_one_by_one_are_those_read_at_once(subject: Subject) -> None:
    sent: list[list[bytes]] = []

    def chunks() -> Iterator[bytes]:
        yield from sent[-1]

    async def chunks_async() -> AsyncIterator[bytes]:
        for chunk in sent[-1]:
            yield chunk

    def one_by_one(items: list[Any]) -> None:
        arguments = subject.arguments()
        items.extend(subject.module.iterate(client=streaming, **arguments))

    async def one_by_one_async(items: list[Any]) -> None:
        async for item in subject.module.iterate_async(client=twin, **subject.arguments()):
            items.append(item)  # noqa: PERF401 - those before an error count

    @FIXED
    @given(answers(subject.examples[subject.success]), st.integers(1, 40), st.booleans())
    def run(value: Any, size: int, ascii_only: bool) -> None:
        content = json.dumps(value, ensure_ascii=ascii_only).encode()
        sent.append([content[start : start + size] for start in range(0, len(content), size)])
        at_once = result(lambda: subject.sync(whole))
        items: list[Any] = []
        items_async: list[Any] = []
        end = result(lambda: one_by_one(items))
        end_async = result(lambda: runner.run(one_by_one_async(items_async)))
        assert items == items_async
        assert (type(end), str(end)) == (type(end_async), str(end_async))
        if isinstance(at_once, PortalError):
            assert isinstance(end, InvalidResponseError)
            assert place(end) == place(cast("InvalidResponseError", at_once))
        else:
            assert end is None
            assert items == at_once

    runner = asyncio.Runner()
    streaming = sync_portal(lambda _: httpx.Response(subject.success, content=chunks()))
    twin = async_portal(lambda _: httpx.Response(subject.success, content=chunks_async()))
    whole = sync_portal(
        lambda _: httpx.Response(subject.success, content=b"".join(sent[-1])),
    )
    try:
        run()
    finally:
        runner.run(twin.aclose())
        runner.close()


WITH_IDS = tuple(one for one in SUBJECTS if "{" in one.path)
FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")
HOSTILE_IDS = (
    *("", ".", "..", "...", "%2e%2e", "%2F", "a/b", "../x", "a\\b", "a b", " ", "?", "a?b=c", "#"),
    *(";", ";v=1", "a%", "%", "%zz", "%00", "\x00", "\n", "\r\nX: y", "\x7f", "\x85", "\u2028"),
    *("\ud800", "é", "e\u0301", "\u202e", "\U0001f600", "@", ":", "http://x", "//x", "&=+,$!*'()"),
    *("~", "[::1]", "{clientId}", "<>", '"', "`", "|", "^", "\ufeff", "\xad", "-" * 3000),
)


@pytest.mark.parametrize("subject", WITH_IDS, ids=str)
def test_any_string_is_one_segment_that_decodes_to_it_or_is_refused_before_sending(
    subject: Subject,
) -> None:
    targets: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        targets.append(request.url.raw_path)
        return httpx.Response(
            subject.success, json={**subject.examples[subject.success], "id": asked[0]}
        )

    asked: list[str] = []
    template = httpx.URL(BASE_URL).path + subject.path

    def check(text: str) -> None:
        targets.clear()
        asked[:] = [text]
        outcome = result(lambda: subject.sync(portal, text))
        if text in {"", ".", ".."} or FORBIDDEN.search(text):
            assert isinstance(outcome, InvalidRequestError)
            assert targets == []
            return
        assert not isinstance(outcome, PortalError), outcome
        (target,) = targets
        assert re.fullmatch(rb"[A-Za-z0-9._~/%!$&'()*+,;=:@-]+", target)
        segments = target.split(b"/")
        expected = [text if part.startswith("{") else part for part in template.split("/")]
        assert [unquote_to_bytes(part).decode() for part in segments] == expected

    @settings(FIXED, max_examples=250)
    @given(
        st.text(st.characters())
        | st.text("./\\%?#;2eEfF \x00", max_size=6)
        | st.sampled_from(HOSTILE_IDS)
    )
    def run(text: str) -> None:
        check(text)

    with sync_portal(handler) as portal:
        run()
        for text in HOSTILE_IDS:
            check(text)


@pytest.mark.parametrize("subject", WITH_IDS, ids=str)
@pytest.mark.parametrize("value", [None, 5, 1.5, True, b"id", ["id"], {"id": 1}, object()])
def test_what_is_no_string_is_no_id_and_nothing_is_sent(subject: Subject, value: Any) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        pytest.fail("sent")

    with sync_portal(handler) as portal, pytest.raises(InvalidRequestError, match="has to be str"):
        subject.sync(portal, value)
