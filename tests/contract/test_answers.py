"""Whatever a server answers, every public way of a call comes to the same, and to the right thing."""

from __future__ import annotations

import copy
import email.utils
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract._calling import Caller, Outcome, differences, fit
from tests.contract._checks import assert_request, assert_value, error_name
from tests.contract._gateway import Reply
from tests.contract._package import Endpoint, endpoints, package
from tests.contract._values import is_documented, reply, sample, variations

IDS = ("c1", "a%20b", "..a", "50%", "e\u0301", "\u00e9", "K~+a=b&c?d#e;f:g@h!i$j'k(l)*m,", "a.b")
BUDGET = 30.0  # seconds that a call may take where nothing else is said
NOW = 1_750_000_000
TRANSIENT = {408, 429, 500, 502, 503, 504}
every_operation = pytest.mark.parametrize("endpoint", endpoints(), ids=str)


def arguments_of(endpoint: Endpoint, number: int = 0) -> dict[str, Any]:
    """Return arguments for a call: ids of many kinds, and whatever else it needs."""
    operation, arguments = endpoint.operation, {}
    for one in operation.parameters:
        schema = endpoint.parameter_schema(one.location, one.name)
        if one.location == "path" and endpoint.hints[one.python_name] is str:
            arguments[one.python_name] = IDS[number % len(IDS)]
        elif one.required:
            arguments[one.python_name] = fit(sample(schema), endpoint.hints[one.python_name])
    if operation.body is not None:
        value = sample(endpoint.request_schema(operation.body.media_types[0]))
        arguments["body"] = fit(value, endpoint.hints["body"])
    return arguments


def key_header(endpoint: Endpoint) -> str:
    """Return the header that carries the key."""
    return next(iter(endpoint.credentials("")), "")


def documented(endpoint: Endpoint, arguments: dict[str, Any]) -> Any:
    """Return the documented answer to a call, every property of it there."""
    value = sample(endpoint.response_schema(endpoint.success))
    if isinstance(value, dict) and endpoint.identity in value:
        last = [one for one in endpoint.operation.parameters if one.location == "path"][-1]
        value[endpoint.identity] = arguments[last.python_name]
    return value


def assert_refused(outcome: Outcome, body: bytes, label: object, place: str = "$") -> None:
    """Assert that an answer was not taken for the documented one."""
    error = outcome.error
    assert type(error) is package().InvalidResponseError, f"{label}: {error!r}"
    assert error.body in (body, b""), label  # what is streamed is not kept
    assert (error.attempts, error.maybe_processed) == (1, True), label
    assert error.status_code == outcome.exchanges[-1].reply.status, label
    assert len(outcome.exchanges) == 1, label
    assert place in str(error), label
    assert "\u00fc" not in f"{error} {error!r}", label
    assert error.__cause__ is error.__context__ is None, label


@every_operation
def test_an_answer_is_returned_as_it_is_or_refused(endpoint: Endpoint, caller: Caller) -> None:
    schema = endpoint.response_schema(endpoint.success)
    if schema is None:
        pytest.skip("its answer is not JSON")
    arguments = arguments_of(endpoint)
    value = documented(endpoint, arguments)
    assert is_documented(schema, value)
    taken = 0
    for place, changed in variations(value):
        is_right = is_documented(schema, changed)
        if is_right and endpoint.identity and place.startswith(f"$.{endpoint.identity} "):
            continue
        answer = reply(endpoint.success, changed, piece=7)
        for way in endpoint.ways:
            caller.gateway.play([answer])
            outcome = caller.call(endpoint, arguments, way)
            if is_right:
                taken += 1
                assert_value(outcome, answer.body, (place, way))
            else:
                step = place.partition(" ")[0]
                assert_refused(outcome, answer.body, (place, way), "$" if step == "$" else step)
    assert taken


@every_operation
def test_json_is_read_as_the_standard_has_it(endpoint: Endpoint, caller: Caller) -> None:
    schema = endpoint.response_schema(endpoint.success)
    if schema is None:
        pytest.skip("its answer is not JSON")
    for number in range(len(IDS)):
        arguments = arguments_of(endpoint, number)
        value = documented(endpoint, arguments)
        text = json.dumps(value, ensure_ascii=False)
        twice = text.replace("{", '{"id": "another", "news": 0, ', 1)
        right = [text, json.dumps(value), f"\ufeff{text}", f" \r\n\t{text}\n ", twice]
        wrong = ["", text[:-1], f"{text}]", f"{text},", text.replace(":", "=", 1), f"{text}{text}"]
        wrong += [text.replace("{", '{"news": NaN, ', 1), text.replace("{", '{"n": -Infinity, ', 1)]
        bodies = [(one.encode(), True) for one in right] + [(one.encode(), False) for one in wrong]
        bodies += [(text.encode("latin-1", "replace"), False), (text.encode("utf-16"), False)]
        for body, is_right in bodies if number == 0 else bodies[:1]:
            for piece in (0, 1, 3) if is_right and number == 0 else (0,):
                for way in endpoint.ways:
                    caller.gateway.play([reply(endpoint.success, body, piece=piece)])
                    outcome = caller.call(endpoint, arguments, way)
                    if is_right:
                        assert_value(outcome, body, (body, piece, way))
                        assert_request(endpoint, arguments, outcome)
                    else:
                        assert_refused(outcome, body, (body, piece, way), "")


@dataclass(frozen=True)
class Refusal:
    """An answer that is no success, and what an error has to tell of it.

    Attributes:
        status: Its status.
        body: Its body.
        text: What the server says in it.
        headers: Its header fields.
        request_id: What the server calls the request in them.
        retry_after: The seconds that it asks to wait for.
    """

    status: int
    body: Any
    text: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    request_id: str | None = None
    retry_after: float | None = None

    def wait(self, passed: float) -> float | None:
        """Return how long the server asks to wait, when some seconds have passed."""
        is_date = any("GMT" in value for _, value in self.headers)
        return max(0.0, (self.retry_after or 0) - passed) if is_date else self.retry_after

    def reply(self) -> Reply:
        """Return it as an answer."""
        return reply(self.status, self.body, *self.headers)


FIELD = package().client.SERVICE.error_fields[0]
TOLD: dict[str, Any] = {FIELD: "It is so", "more": 7}
LATER = email.utils.formatdate(NOW + 9, usegmt=True)
EARLIER = email.utils.formatdate(NOW - 9, usegmt=True)
REFUSALS = (
    *(
        Refusal(status, TOLD, "It is so")
        for status in (
            400,
            401,
            402,
            403,
            404,
            405,
            408,
            409,
            410,
            418,
            422,
            425,
            429,
            451,
            499,
            500,
            501,
            502,
        )
    ),
    *(Refusal(status, b"<html>", None) for status in (400, 503, 504, 505, 520, 599)),
    *(
        Refusal(status, TOLD, "It is so", headers=(("Location", "/api/v1/elsewhere"),))
        for status in (300, 301, 302, 303, 307, 308)
    ),
    Refusal(400, {FIELD: 5}),
    Refusal(400, {FIELD: None}),
    Refusal(401, {}),
    Refusal(400, ["no"]),
    Refusal(400, {FIELD: "\u00fc \u00e9"}, "\u00fc \u00e9"),
    Refusal(400, b""),
    *(
        Refusal(404, TOLD, "It is so", headers=((name, "r-1"),), request_id="r-1")
        for name in ("X-Request-Id", "x-correlation-id", "CF-Ray")
    ),
    *(
        Refusal(status, TOLD, "It is so", (("Retry-After", told),), None, seconds)
        for status in (429, 503, 400)
        for told, seconds in (("7", 7.0), ("0", 0.0), (LATER, 9.0), (EARLIER, 0.0), ("soon", None))
        if status != 400 or seconds
    ),
    Refusal(429, TOLD, "It is so", (("Retry-After", "29"),), None, 29.0),
    Refusal(503, TOLD, "It is so", (("Retry-After", "31"),), None, 31.0),
)


def is_sent_again(endpoint: Endpoint, status: int) -> bool:
    """Return whether a call is sent again after this status; 0 stands for no answer."""
    return status == 429 or (endpoint.operation.repeatable and status in {0, *TRANSIENT})


def assert_error(
    endpoint: Endpoint, outcome: Outcome, refusal: Refusal, pauses: list[float], label: object
) -> None:
    """Assert that an error tells all that is to be known of a refusal, and nothing else."""
    error, status = outcome.error, refusal.status
    assert type(error).__name__ == error_name(status), f"{label}: {error!r}"
    assert isinstance(error, package().APIStatusError), label
    told = (error.operation_id, error.status_code, error.attempts, error.error, error.request_id)
    wanted = (endpoint.operation.id, status, len(pauses) + 1, refusal.text, refusal.request_id)
    assert told == wanted, label
    assert error.maybe_processed is (not 400 <= status < 500 or status == 408), label
    assert error.retry_after == refusal.wait(sum(pauses)), label
    assert error.body == outcome.exchanges[-1].reply.body, label
    schema = endpoint.response_schema(status)
    is_right = schema is not None and type(refusal.body) is not bytes
    if is_right and is_documented(schema or {}, refusal.body):
        assert not list(differences(error.parsed, refusal.body)), label
    else:
        assert error.parsed is None, label
    for part in (endpoint.operation.id, str(status), refusal.text or "", refusal.request_id or ""):
        assert part in str(error), label
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):  # noqa: S301
        assert type(other) is type(error), label
        hidden = {"_body", "parsed"}
        kept = [{k: v for k, v in vars(one).items() if k not in hidden} for one in (other, error)]
        assert kept[0] == kept[1], label
        assert str(other) == str(error), label


@every_operation
def test_an_error_tells_what_the_server_said(endpoint: Endpoint, caller: Caller) -> None:
    arguments = arguments_of(endpoint)
    for number, refusal in enumerate(REFUSALS):
        for way in endpoint.ways:
            clock = package().testing.ManualClock(now=NOW, jitter=0.5)
            client = caller.client(is_async=way[1], is_given=number % 2 == 0, clock=clock)
            caller.gateway.play([refusal.reply()] * 4)
            outcome = caller.call(endpoint, arguments, way, client)
            pauses: list[float] = []
            while is_sent_again(endpoint, refusal.status) and len(pauses) < 2:
                pause = refusal.wait(sum(pauses))
                pause = (0.25, 0.5)[len(pauses)] if pause is None else pause
                if sum(pauses) + pause > BUDGET:
                    break
                pauses.append(pause)
            label = (number, refusal, way)
            assert_error(endpoint, outcome, refusal, pauses, label)
            assert clock.pauses == pauses, label
            assert_request(endpoint, arguments, outcome)


CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n["
NO_ANSWERS = (b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nConte", CUT)


@every_operation
def test_a_call_goes_on_after_a_failure_where_that_is_safe(
    endpoint: Endpoint, caller: Caller
) -> None:
    arguments = arguments_of(endpoint)
    schema = endpoint.response_schema(endpoint.success)
    success = reply(endpoint.success, documented(endpoint, arguments) if schema else None)
    failures = [Reply(0, body) for body in NO_ANSWERS]
    failures += [reply(status, TOLD) for status in (408, 429, 500, 502, 503, 504, 501, 404)]
    for number, failure in enumerate(failures):
        for way in endpoint.ways:
            is_cut_stream = way[0].startswith("iter") and failure.body == CUT
            is_repeated = is_sent_again(endpoint, failure.status) and not is_cut_stream
            clock = package().testing.ManualClock(jitter=0.5)
            client = caller.client(is_async=way[1], is_given=number % 2 == 1, clock=clock)
            for last in (success, reply(400, TOLD)):
                caller.gateway.play([failure, last])
                outcome = caller.call(endpoint, arguments, way, client)
                label = (failure, way, last)
                assert len(outcome.exchanges) == 1 + is_repeated, label
                assert clock.pauses == [0.25] * is_repeated, label
                clock.pauses.clear()
                assert_request(endpoint, arguments, outcome)
                if is_repeated and last is success:
                    assert_value(outcome, last.body, label)
                    continue
                unsure = failure.status in {0, 408} or failure.status >= 500
                assert outcome.error.maybe_processed is unsure, label
                assert outcome.error.attempts == 1 + is_repeated, label
                kind = error_name(400 if is_repeated else failure.status)
                kind = "APIConnectionError" if failure.status == 0 and not is_repeated else kind
                assert type(outcome.error).__name__ == kind, label


@every_operation
def test_every_option_counts_in_every_call(endpoint: Endpoint, caller: Caller) -> None:
    arguments = arguments_of(endpoint)
    refused = [Refusal(429, TOLD, headers=(("Retry-After", "0"),)).reply()] * 9
    schema = endpoint.response_schema(endpoint.success)
    late = reply(
        endpoint.success, documented(endpoint, arguments) if schema else None, seconds=0.06
    )

    def count(replies: list[Reply], client: Any, way: tuple[str, bool], **options: Any) -> Any:
        caller.gateway.play(replies)
        outcome = caller.call(endpoint, arguments, way, client, **options)
        return len(outcome.exchanges), type(outcome.error).__name__, outcome

    for way in endpoint.ways:
        for is_new in (True, False):
            options: dict[str, Any] = {"api_key": "another-key", "headers": {"X-Trace": "t"}}
            options |= {"max_attempts": 2, "timeout": 0.02}
            with caller.client_of_its_own(is_async=way[1], is_new=is_new, **options) as client:
                n, kind, outcome = count(refused, client, way, timeout=9)
                assert (n, kind) == (2, "RateLimitError"), way
                assert outcome.exchanges[1].header("X-Trace") == "t", way
                assert outcome.exchanges[1].header(key_header(endpoint)).endswith("another-key"), (
                    way
                )
                assert count(refused, client, way, max_attempts=1, timeout=9)[0] == 1, way
                assert count(refused, client, way, max_attempts=4, timeout=None)[0] == 4, way
                n, kind, outcome = count([late] * 9, client, way)
                assert (n, kind) == (1, "APITimeoutError"), way
                assert outcome.error.maybe_processed, way
                assert count([late] * 9, client, way, timeout=9)[1] == "NoneType", way
        client = caller.client(is_async=way[1])
        assert count([late] * 9, client, way, timeout=0.02)[1] == "APITimeoutError", way
        n, kind, outcome = count(refused, client, way)
        assert (n, outcome.exchanges[0].header("X-Trace")) == (3, ""), way


@every_operation
def test_a_key_is_asked_for_at_each_attempt_and_never_shown(
    endpoint: Endpoint, caller: Caller
) -> None:
    if endpoint.operation.credential is None:
        pytest.skip("it needs no key")
    arguments = arguments_of(endpoint)
    for way in endpoint.ways:
        for is_awaited in (False, True) if way[1] else (False,):
            keys = [f"rotating-key-{number}" for number in range(4)]
            left = iter(keys)

            async def ask(left: Iterator[str] = left) -> str:
                return next(left)

            clock = package().testing.ManualClock()
            key = ask if is_awaited else left.__next__
            client = caller.client(is_async=way[1], is_given=is_awaited, api_key=key, clock=clock)
            answers = []
            for told in keys:
                body = {FIELD: f"No {told}!", "more": told}
                answers.append(
                    reply(429, body, ("X-Request-Id", f"r-{told}"), ("Retry-After", "0"))
                )
            caller.gateway.play(answers)
            outcome = caller.call(endpoint, arguments, way, client)
            sent = [one.header(key_header(endpoint)).split()[-1] for one in outcome.exchanges]
            assert sent == keys[:3], way
            error = outcome.error
            assert error.error.startswith("No ") and error.error.endswith("!"), way
            assert error.request_id.startswith("r-"), way
            for text in (
                str(error),
                repr(error),
                error.error,
                error.request_id,
                repr(error.parsed),
            ):
                assert keys[2] not in text, way
            assert b"rotating-key" not in pickle.dumps(error), way
            assert error.body == answers[2].body, way
