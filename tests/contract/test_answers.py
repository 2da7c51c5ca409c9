"""Whatever a server answers, each public way of a call comes to the same, the right thing."""

from __future__ import annotations

import copy
import email.utils
import json
import pickle
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.contract._calling import (
    IDS,
    KEY,
    Caller,
    Outcome,
    arguments_of,
    differences,
    documented,
    success,
)
from tests.contract._gateway import Reply
from tests.contract._package import JSON, Endpoint, endpoints, package
from tests.contract._values import is_documented, parse, reply, variations

NOW, BUDGET = 1_750_000_000, 30.0
LATER, EARLIER = (email.utils.formatdate(NOW + one, usegmt=True) for one in (9, -9))
_ERRORS = {400: "BadRequest", 401: "Authentication", 403: "PermissionDenied", 404: "NotFound"}
_ERRORS |= {409: "Conflict", 429: "RateLimit"}
TRANSIENT = {0, 408, 500, 502, 503, 504}  # 0 stands for no answer
FIELD = package().client.SERVICE.error_fields[0]
TOLD: dict[str, Any] = {FIELD: "It is so \u00e9", "more": 7}
CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n["
each_operation = pytest.mark.parametrize("endpoint", endpoints(), ids=str)


@pytest.fixture(autouse=True, scope="module")
def proxy_that_is_not_there() -> Iterator[None]:
    """Name a proxy: calls on this machine never go to one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")
        for name in ("no_proxy", "NO_PROXY"):
            patch.delenv(name, raising=False)
        yield


def ways_of(endpoint: Endpoint, number: int) -> list[tuple[str, bool]]:
    """Return a way to call it, sync and async; another one for each number."""
    return endpoint.ways[number * 2 % len(endpoint.ways) :][:2]


def is_sent_again(endpoint: Endpoint, status: int) -> bool:
    """Return whether a call is sent again after this status."""
    return status == 429 or (endpoint.is_repeatable and status in TRANSIENT)


def error_name(status: int) -> str:
    """Return the name of the error for a status."""
    return f"{_ERRORS.get(status, 'Server' if status >= 500 else 'APIStatus')}Error"


def assert_request(endpoint: Endpoint, arguments: Mapping[str, Any], outcome: Outcome) -> None:
    """Assert that each attempt of a call sent the same, and the documented, request."""
    first = outcome.exchanges[0].request
    assert {one.request for one in outcome.exchanges} == {first}
    assert first.method == endpoint.method
    steps = endpoint.path.split("/")[1:]
    segments = urlsplit(first.target).path.split("/")[-len(steps) :]
    names = {f"{{{one.name}}}": one.python_name for one in endpoint.parameters("path")}
    for segment, step in zip(segments, steps, strict=True):
        wanted = str(arguments[names[step]]) if step in names else step
        assert segment == quote(wanted, safe="" if step in names else "{}:@")
    assert len(first.headers) == len({name.lower() for name, _ in first.headers})
    assert not [k for k, v in endpoint.credentials(KEY).items() if first.header(k) != v]
    if "body" not in arguments:
        assert first.body == endpoint.empty_body
        content_type = package().client.SERVICE.content_type
        assert not content_type or first.header("Content-Type") == content_type
    elif endpoint.body.media_types[0] == JSON:
        assert first.header("Content-Type") == JSON
        assert not list(differences(arguments["body"], json.loads(first.body)))


def assert_value(outcome: Outcome, body: bytes, label: object) -> None:
    """Assert that a call returned what a body says, with all its details."""
    assert outcome.error is None, f"{label}: {outcome.error!r}"
    reply, value = outcome.exchanges[-1].reply, outcome.value
    if isinstance(value, package().File):
        assert value.payload.getvalue() == body, label
    elif isinstance(value, str) and ("Content-Type", JSON) not in reply.headers:
        assert value == body.decode(), label
    elif body or value is not None:
        raw = parse(body)
        assert not list(differences(value, raw)), label
        pairs = zip(value, raw, strict=True) if isinstance(raw, list) else [(value, raw)]
        for one, told in pairs:  # null is not the same as absent
            assert not hasattr(one, "to_dict") or one.to_dict().keys() == told.keys(), label
    if outcome.response is not None:
        response = outcome.response
        told = (response.content, response.status_code, response.attempts)
        assert told == (body, reply.status, len(outcome.exchanges)), label
        for name, value in reply.headers:
            assert value in response.headers[name.upper()], label


def assert_refused(outcome: Outcome, body: bytes, label: object, place: str = "") -> None:
    """Assert that an answer was not taken for the documented one."""
    error = outcome.error
    assert type(error) is package().InvalidResponseError, f"{label}: {error!r}"
    assert error.body in (body, b""), label  # what is streamed is not kept
    told = (len(outcome.exchanges), error.attempts, error.maybe_processed, error.status_code)
    assert told == (1, 1, True, outcome.exchanges[0].reply.status), label
    assert any(f"{place}{end}" in str(error) for end in (" ", ".", "[")), label
    assert "\u00fc" not in f"{error} {error!r}", label
    assert error.__cause__ is error.__context__ is None, label


@each_operation
def test_json_is_read_as_the_standard_has_it(endpoint: Endpoint, caller: Caller) -> None:
    schema = endpoint.response_schema(endpoint.success)
    if schema is None:
        pytest.skip("its answer is not JSON")
    for number in range(len(IDS)):
        arguments = arguments_of(endpoint, number)
        text = json.dumps(documented(endpoint, arguments), ensure_ascii=False)
        news = text.replace("{", '{"news": 0, ', 1)
        texts = [text, json.dumps(json.loads(text)), f"\ufeff{text}", f" \r\n\t{text}\n ", news]
        texts += [text.replace("{", '{"id": "another", ', 1), "", text[:-1], f"{text}]", f"{text},"]
        texts += [text.replace(":", "=", 1), f"{text}{text}", f"{text[:-1]},{text[-1]}"]
        texts += [text.replace("}, {", "} {"), news.replace("0", "NaN", 1)]
        texts += [news.replace("0", "-Infinity", 1)]
        long = news.replace("0", '"' + "\u00e9" * 150_000 + '"', 1)
        texts += [long, long[:-1], long.replace('"news"', '"news": NaN, "old"', 1)]
        bodies = [one.encode() for one in texts]
        bodies += [text.encode("latin-1", "replace"), text.encode("utf-16")]
        for body in bodies if number == 0 else bodies[:1]:
            is_right = (value := parse(body)) is not ... and is_documented(schema, value)
            for piece in (
                (0, 1 if body == bodies[0] else 7) if is_right and len(body) < 9_999 else (0,)
            ):
                for way in endpoint.ways if number == 0 else ways_of(endpoint, number):
                    status = 202 if body is bodies[1] else endpoint.success
                    caller.gateway.play([reply(status, body, piece=piece)])
                    outcome = caller.call(endpoint, arguments, way)
                    if is_right:
                        assert_value(outcome, body, (body, piece, way))
                        assert_request(endpoint, arguments, outcome)
                    else:
                        assert_refused(outcome, body, (body, piece, way))


@dataclass(frozen=True)
class Refusal:
    """An answer that is no success, and what an error has to tell of it."""

    status: int
    body: Any = b"<html>"
    text: str | None = None  # what the server says in it
    header: tuple[str, str] = ("X-Nothing", "0")
    request_id: str | None = None
    retry_after: float | None = None

    def wait(self, passed: float) -> float | None:
        """Return how long the server asks to wait, when some seconds have passed."""
        if self.retry_after is None or "GMT" not in self.header[1]:
            return self.retry_after
        return max(0.0, self.retry_after - passed)


def _refusals() -> Iterator[Refusal]:
    text = TOLD[FIELD]
    statuses = (400, 401, 402, 403, 404, 405, 408, 409, 418, 422, 429, 500, 501, 502, 503, 504)
    yield from (Refusal(status, TOLD, text) for status in statuses)
    yield from (Refusal(status) for status in (400, 505, 520, 599))
    for status in (300, 301, 302, 303, 307, 308):
        yield Refusal(status, TOLD, text, ("Location", "/elsewhere"))
    yield from (Refusal(400, body) for body in ({FIELD: 5}, {FIELD: None}, {}, [FIELD], b""))
    for name in ("X-Request-Id", "request-id", "x-correlation-id", "CF-Ray"):
        yield Refusal(404, TOLD, text, (name, "r-1"), "r-1")
    for told, seconds in (("7", 7.0), ("0", 0.0), (LATER, 9.0), (EARLIER, 0.0), ("soon", None)):
        for status in (429, 503, 400):
            yield Refusal(status, TOLD, text, ("Retry-After", told), None, seconds)
    yield Refusal(429, TOLD, text, ("Retry-After", "29"), None, 29.0)
    yield Refusal(503, TOLD, text, ("Retry-After", "31"), None, 31.0)


@each_operation
def test_an_error_tells_what_the_server_said(endpoint: Endpoint, caller: Caller) -> None:
    arguments = arguments_of(endpoint)
    for number, refusal in enumerate(_refusals()):
        pauses: list[float] = []
        while is_sent_again(endpoint, refusal.status) and len(pauses) < 2:
            pause = refusal.wait(sum(pauses))
            pauses.append((0.25, 0.5)[len(pauses)] if pause is None else pause)
            if sum(pauses) > BUDGET:
                pauses.pop()
                break
        for way in ways_of(endpoint, number):
            clock = package().testing.ManualClock(now=NOW, jitter=0.5)
            client = caller.client(is_async=way[1], is_given=number % 2 == 0, clock=clock)
            caller.gateway.play([reply(refusal.status, refusal.body, refusal.header)] * 4)
            outcome = caller.call(endpoint, arguments, way, client)
            assert clock.pauses == pauses, (refusal, way)
            assert_request(endpoint, arguments, outcome)
            assert_error(endpoint, outcome, refusal, pauses, (refusal, way))


def assert_error(
    endpoint: Endpoint, outcome: Outcome, refusal: Refusal, pauses: list[float], label: object
) -> None:
    """Assert that an error tells all that is to be known of a refusal, and nothing else."""
    error, status = outcome.error, refusal.status
    assert type(error).__name__ == error_name(status), f"{label}: {error!r}"
    assert isinstance(error, package().APIStatusError), label
    told = (error.operation_id, error.status_code, error.attempts, error.error, error.request_id)
    wanted = (str(endpoint), status, len(pauses) + 1, refusal.text, refusal.request_id)
    assert told == wanted, label
    assert error.maybe_processed is (not 400 <= status < 500 or status == 408), label
    assert error.retry_after == refusal.wait(sum(pauses)), label
    assert error.body == outcome.exchanges[-1].reply.body, label
    schema = endpoint.response_schema(status)
    is_right = schema and type(refusal.body) is not bytes and is_documented(schema, refusal.body)
    assert not is_right or not list(differences(error.parsed, refusal.body)), label
    assert (error.parsed is not None) is bool(is_right), label
    for part in (str(endpoint), str(status), refusal.text or "", refusal.request_id or ""):
        assert part in str(error), label
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        left = [{**vars(one), "parsed": 0, "_body": 0, "text": str(one)} for one in (other, error)]
        assert left[0] == left[1], label


@each_operation
def test_a_call_goes_on_after_a_failure_where_that_is_safe(
    endpoint: Endpoint, caller: Caller
) -> None:
    arguments = arguments_of(endpoint)
    failures = [
        Reply(0, body) for body in (b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nCo", CUT)
    ]
    failures += [reply(status, TOLD) for status in (408, 429, 500, 502, 503, 504, 501, 404)]
    endings = (success(endpoint, arguments), reply(400, TOLD))
    cases = [
        (failure, last, way) for failure in failures for last in endings for way in endpoint.ways
    ]
    for number, (failure, last, way) in enumerate(cases):
        # Items of a list that breaks off may have been handed on.
        is_cut = way[0].startswith("iter") and failure.body == CUT
        is_repeated = is_sent_again(endpoint, failure.status) and not is_cut
        clock = package().testing.ManualClock(jitter=0.5)
        client = caller.client(is_async=way[1], is_given=number // 2 % 2 == 1, clock=clock)
        caller.gateway.play([failure, last])
        outcome, label = caller.call(endpoint, arguments, way, client), (failure, last, way)
        assert clock.pauses == [0.25] * is_repeated, label
        assert len(outcome.exchanges) == 1 + is_repeated, label
        assert_request(endpoint, arguments, outcome)
        if is_repeated and last is endings[0]:
            assert_value(outcome, last.body, label)
            continue
        name = error_name(400 if is_repeated else failure.status)
        name = name if is_repeated or failure.status else "APIConnectionError"
        may_be = failure.status in {0, 408} or failure.status >= 500
        told = (type(outcome.error).__name__, outcome.error.attempts, outcome.error.maybe_processed)
        assert told == (name, 1 + is_repeated, may_be), label


@each_operation
def test_a_key_is_asked_for_at_each_attempt_and_never_shown(
    endpoint: Endpoint, caller: Caller
) -> None:
    header = next(iter(endpoint.credentials("")), None)
    if header is None:
        pytest.skip("it needs no key")
    keys = [f"rotating-key-{number}" for number in range(4)]
    answers = [
        Reply(429, body, (("X-Request-Id", f"r-{key}"), ("Retry-After", "0")))
        for key in keys
        for body in [json.dumps({FIELD: f"No {key}!", "more": key}).encode()]
    ]
    for is_awaited, way in [(a, one) for one in endpoint.ways for a in {False, one[1]}]:
        left = iter(keys)

        async def ask(left: Iterator[str] = left) -> str:
            return next(left)

        key = ask if is_awaited else left.__next__
        client = caller.client(is_async=way[1], is_given=is_awaited, api_key=key)
        caller.gateway.play(answers)
        outcome = caller.call(endpoint, arguments_of(endpoint), way, client)
        sent = [one.request.header(header).split()[-1] for one in outcome.exchanges]
        assert sent == keys[:3], way
        error = outcome.error
        assert error.error.startswith("No "), way
        assert error.request_id.startswith("r-"), way
        shown = f"{error} {error!r} {error.error} {error.request_id} {error.parsed!r}"
        assert "rotating-key" not in f"{shown} {pickle.dumps(error)!r}", way
        assert error.parsed is None or keys[2] not in str(error.parsed.to_dict()), way
        assert error.body == answers[2].body, way


@each_operation
def test_an_answer_is_returned_as_it_is_or_refused(endpoint: Endpoint, caller: Caller) -> None:
    schema = endpoint.response_schema(endpoint.success)
    if schema is None:
        pytest.skip("its answer is not JSON")
    arguments = arguments_of(endpoint)
    value, taken = documented(endpoint, arguments), 0
    assert is_documented(schema, value)
    own = schema | {"components": None}
    has_alternatives = any(f'"{one}"' in json.dumps(own) for one in ("oneOf", "anyOf"))
    repeated = {f"$.{one.response_field}" for one in endpoint.operation.parameters}
    for number, (place, changed) in enumerate(variations(value)):
        is_right = is_documented(schema, changed) and place not in repeated  # another's id
        answer = reply(endpoint.success, changed, piece=number % 8 * 5)
        for way in sorted({*ways_of(endpoint, number), *endpoint.ways[8:]}):
            caller.gateway.play([answer])
            outcome, label = caller.call(endpoint, arguments, way), (place, changed, way)
            taken += is_right
            if is_right:
                assert_value(outcome, answer.body, label)
            else:
                assert_refused(outcome, answer.body, label, "$" if has_alternatives else place)
    assert taken


@each_operation
def test_each_option_counts_in_each_call(endpoint: Endpoint, caller: Caller) -> None:
    arguments = arguments_of(endpoint)
    refused = [reply(429, TOLD, ("Retry-After", "0"))] * 9
    soon, late = ([success(endpoint, arguments, seconds=one)] * 9 for one in (0.1, 0.6))
    options = {"api_key": "another-key", "headers": {"X-Trace": "t"}, "max_attempts": 2}
    options["timeout"] = 0.05

    def attempts(replies: list[Reply], client: Any, **more: Any) -> tuple[int, str]:
        caller.gateway.play(replies)
        outcome = caller.call(endpoint, arguments, way, client, **more)
        for _ in range(300):  # A request that was given up may arrive later.
            if caller.gateway.exchanges:
                break
            time.sleep(0.01)
        for exchange in outcome.exchanges if client is not plain else ():
            assert exchange.request.header("X-Trace") == "t", way
            for name, value in endpoint.credentials("another-key").items():
                assert exchange.request.header(name) == value, way
        return len(outcome.exchanges), type(outcome.error).__name__

    for way in endpoint.ways:
        plain = caller.client(is_async=way[1])
        changed = caller.client(is_async=way[1], is_given=way[0] == "method", **options)
        with caller.client_of_its_own(is_async=way[1], **options) as new:
            for client in (new, changed):
                assert attempts(refused, client, timeout=9) == (2, "RateLimitError"), way
                headers = {"X-Call": "c"}
                assert (
                    attempts(refused, client, timeout=9, max_attempts=1, headers=headers)[0] == 1
                ), way
                assert caller.gateway.exchanges[0].request.header("X-Call") == "c", way
                assert attempts(refused, client, timeout=None, max_attempts=4)[0] == 4, way
                assert attempts(late, client)[1] == "APITimeoutError", way
            assert attempts(soon, new, timeout=9)[1] == "NoneType", way
        assert attempts(late, plain, timeout=0.05)[1] == "APITimeoutError", way
        assert attempts(refused, plain) == (3, "RateLimitError"), way
