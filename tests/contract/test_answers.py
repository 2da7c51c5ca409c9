"""Whatever a server answers, each public way of a call comes to the same, the right thing."""

from __future__ import annotations

import copy
import email.utils
import json
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.contract._client import KEY, Caller, Outcome, arguments_of, repeated, success
from tests.contract._gateway import reply
from tests.contract._package import JSON, Endpoint, endpoints, package
from tests.contract._values import is_documented, parse, plain, variations

NOW, BUDGET, BACKOFFS = 1_750_000_000, 30.0, (0.25, 0.5)
LATER, EARLIER = (email.utils.formatdate(NOW + one, usegmt=True) for one in (9, -9))
WAITS = {"7": 7.0, "0": 0.0, LATER: 9.0, EARLIER: 0.0, "soon": None, "29": 29.0, "31": 31.0}
REQUEST_IDS = ("X-Request-Id", "request-id", "x-correlation-id", "CF-Ray")
ERRORS = {400: "BadRequest", 401: "Authentication", 403: "PermissionDenied", 404: "NotFound"}
ERRORS |= {409: "Conflict", 429: "RateLimit"}
FIELD = package().client.SERVICE.error_fields[0]
TOLD: dict[str, Any] = {FIELD: "It is so \u00e9", "more": 7}
KEYS = tuple(f"rotating-key-{number}" for number in range(3))
CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n["
each_operation = pytest.mark.parametrize("endpoint", endpoints(), ids=str)


def ways_of(endpoint: Endpoint, number: int) -> list[tuple[str, bool]]:
    """Return a way to call it, sync and async; another one for each number."""
    return endpoint.ways[number * 2 % len(endpoint.ways) :][:2]


def assert_requests(
    endpoint: Endpoint, arguments: Mapping[str, Any], outcome: Outcome, keys: Sequence[str]
) -> None:
    """Assert that each attempt of a call sent the same, and the documented, request."""
    first, sent = outcome.answers[0].request, []
    for answer, key in zip(outcome.answers, keys, strict=False):
        request, headers = answer.request, answer.request.headers.copy()
        for name, value in endpoint.credentials(key).items():
            assert headers.pop(name) == value
        sent.append((request.method, request.extensions, headers, request.content))
    assert sent == sent[:1] * len(sent)
    assert first.method == endpoint.method
    names = {f"{{{one.name}}}": one.python_name for one in endpoint.parameters}
    steps = re.split(r"(\{[^}]+\})", endpoint.path)
    steps = [quote(str(arguments[names[one]]), safe="") if one in names else one for one in steps]
    assert urlsplit(first.extensions["target"].decode()).path.endswith("".join(steps))
    assert len(first.headers.raw) == len(first.headers)
    content_type, unset = package().client.SERVICE.content_type, package().types.UNSET
    if arguments.get("body", unset) is unset:
        is_empty = content_type == JSON and endpoint.method in {"POST", "PUT", "PATCH"}
        assert first.content == b"{}" * is_empty
        assert not content_type or first.headers["Content-Type"] == content_type
    elif endpoint.body.media_types[0] == JSON:
        is_sent = endpoint.body.required or first.content  # A method may leave an empty one out.
        assert not is_sent or first.headers["Content-Type"] == JSON
        assert plain(arguments["body"]) == plain(json.loads(first.content or b"{}"))


def assert_value(outcome: Outcome, label: object) -> None:
    """Assert that a call returned what the last answer says, with all its details."""
    assert outcome.error is None, f"{label}: {outcome.error!r}"
    answer, value, response = outcome.answers[-1], outcome.value, outcome.response
    if answer.content and answer.headers["Content-Type"] == JSON:
        raw = parse(answer.content)
        assert plain(value) == plain(raw), label
        pairs = zip(value, raw, strict=True) if isinstance(raw, list) else [(value, raw)]
        for one, told in pairs:  # null is not the same as absent
            assert not hasattr(one, "to_dict") or one.to_dict().keys() == told.keys(), label
    if response is not None:
        told = (response.content, response.status_code, response.attempts)
        assert told == (answer.content, answer.status_code, len(outcome.answers)), label
        for name, one in answer.headers.items():
            assert one in response.headers[name.upper()], label


def assert_refused(outcome: Outcome, label: object, place: str) -> None:
    """Assert that an answer was not taken for the documented one."""
    error, answer = outcome.error, outcome.answers[-1]
    assert type(error) is package().InvalidResponseError, f"{label}: {error!r}"
    assert error.body in (answer.content, b""), label  # what is streamed is not kept
    told = (len(outcome.answers), error.attempts, error.maybe_processed, error.status_code)
    assert told == (1, 1, True, answer.status_code), label
    assert any(f"{place}{end}" in str(error) for end in (" ", ".", "[")), label
    assert "\u00fc" not in f"{error} {error!r}", label
    assert error.__cause__ is error.__context__ is None, label


def bodies(value: Any) -> Iterator[tuple[str, bytes]]:
    """Yield bodies of an answer, right ones and wrong ones, each with the place of what is wrong.

    Without a place it is about JSON itself.
    """
    text = json.dumps(value, ensure_ascii=False)
    news = text.replace("{", '{"news": 0, ', 1)
    long = news.replace("0", '"' + "\u00e9" * 150_000 + '"', 1)
    texts = [text, json.dumps(value), f"\ufeff{text}", f" \r\n\t{text}\n ", news, ""]
    texts += [text.replace("{", '{"id": "another", ', 1), text[:-1], f"{text}]", f"{text},"]
    texts += [text.replace(":", "=", 1), f"{text}{text}", f"{text[:-1]},{text[-1]}"]
    texts += [text.replace("}, {", "} {"), news.replace("0", "NaN", 1)]
    texts += [news.replace("0", "-Infinity", 1), long, long[:-1]]
    texts += [long.replace('"news"', '"news": NaN, "old"', 1)]
    yield from (("", one.encode()) for one in texts)
    yield from (("", one) for one in (text.encode("latin-1", "replace"), text.encode("utf-16")))
    for place, changed in variations(value):
        yield place, json.dumps(changed, ensure_ascii=False).encode()


@each_operation
def test_an_answer_is_returned_as_it_is_or_refused(endpoint: Endpoint, caller: Caller) -> None:
    schema = endpoint.response_schema(endpoint.success)
    if schema is None:
        pytest.skip("its answer is not JSON")
    arguments, taken = arguments_of(endpoint), 0
    given = repeated(endpoint, arguments)
    has_alternatives = any(f'"{one}"' in json.dumps(schema) for one in ("oneOf", "anyOf"))
    for number, (place, body) in enumerate(bodies(success(endpoint, arguments).json())):
        value = parse(body)
        is_right = value is not ... and is_documented(schema, value)
        is_right = is_right and (not given or value | given == value)  # another's id
        ways = {*ways_of(endpoint, number), *endpoint.ways[8:]} if place else endpoint.ways
        piece = number % 8 * 5 if place else (number + 1) % 2 * 7 * (len(body) < 9_999)
        status = 202 if number == 1 else endpoint.success
        for way in sorted(ways):
            script, label = [reply(status, body, piece=piece)], (place, body[:999], way)
            outcome = caller.call(endpoint, arguments, way, script=script)
            taken += is_right
            if is_right:
                assert_value(outcome, label)
            else:
                assert_refused(outcome, label, "$" if has_alternatives and place else place)
    assert taken


def scripts() -> Iterator[Sequence[httpx.Response | None]]:
    """Yield what a server may answer, attempt after attempt; None for the documented answer."""
    broken = [reply(200, raw=one) for one in (b"", b"nonsense\r\n\r\n", CUT[:20], CUT)]
    broken += [reply(status, TOLD) for status in (408, 429, 500, 502, 503, 504, 501, 404)]
    yield from ([one, last] for one in broken for last in (None, reply(400, TOLD)))
    yield [
        reply(429, {FIELD: f"No {key}!", "more": key}, {"X-Request-Id": f"r-{key}"}) for key in KEYS
    ]
    refusals = [reply(one, TOLD) for one in (400, 401, 402, 403, 405, 408, 409, 418, 422, 429)]
    refusals += [reply(status, TOLD) for status in range(500, 505)]
    refusals += [reply(status, b"<html>") for status in (400, 505, 520, 599)]
    for status in (300, 301, 302, 303, 307, 308):
        refusals.append(reply(status, TOLD, {"Location": "/elsewhere"}))
    refusals += [reply(400, told) for told in ({FIELD: 5}, {FIELD: None}, {}, [FIELD], b"")]
    refusals += [reply(404, TOLD, {name: f"r-{name}"}) for name in REQUEST_IDS]
    for told in WAITS:
        refusals += [reply(status, TOLD, {"Retry-After": told}) for status in (429, 503, 400)]
    yield from ([refusal] * 4 for refusal in refusals)


def wait_of(answer: httpx.Response, passed: float) -> float | None:
    """Return how long an answer asks to wait, when some seconds have passed."""
    told = answer.headers.get("Retry-After", "soon")
    wait = WAITS[told]
    return max(0.0, wait - passed) if wait and "GMT" in told else wait


def pauses_of(
    endpoint: Endpoint, script: Sequence[httpx.Response], way: tuple[str, bool]
) -> list[float]:
    """Return the pauses between the attempts of a call to which a server answers so."""
    pauses: list[float] = []
    for backoff, answer in zip(BACKOFFS, script, strict=False):
        status = 0 if "raw" in answer.extensions else answer.status_code
        # Items of a list that breaks off may have been handed on.
        is_cut = way[0].startswith("iter") and answer.extensions.get("raw") == CUT
        is_safe = endpoint.is_repeatable and status in {0, 408, 500, 502, 503, 504} and not is_cut
        wait = wait_of(answer, sum(pauses))
        pause = backoff if wait is None else wait
        if not (is_safe or status == 429) or sum(pauses) + pause > BUDGET:
            break
        pauses.append(pause)
    return pauses


def assert_error(endpoint: Endpoint, outcome: Outcome, passed: float, label: object) -> None:
    """Assert that an error tells all that is to be known of the last answer, and no key."""
    error, answers = outcome.error, outcome.answers
    own = getattr(package(), f"{package().client.SERVICE.name}Error")
    assert isinstance(error, own), f"{label}: {error!r}"
    assert (error.operation_id, error.attempts) == (str(endpoint), len(answers)), label
    refused = [one.status_code for one in answers if "raw" not in one.extensions]
    may_be = len(refused) < len(answers) or any(not 400 <= s < 500 or s == 408 for s in refused)
    assert error.maybe_processed is may_be, label
    answer, told = answers[-1], parse(answers[-1].content)
    if "raw" in answer.extensions:
        assert type(error) is package().APIConnectionError, label
        return
    kind = "Server" if answer.status_code >= 500 else "APIStatus"
    assert type(error).__name__ == f"{ERRORS.get(answer.status_code, kind)}Error", label
    facts = (error.status_code, error.retry_after, error.body)
    assert facts == (answer.status_code, wait_of(answer, passed), answer.content), label
    text = told.get(FIELD) if isinstance(told, dict) else None
    name = next((answer.headers[one] for one in REQUEST_IDS if one in answer.headers), None)
    for got, wanted in ((error.error, text), (error.request_id, name)):
        if isinstance(wanted, str):  # without the key that the server sent back
            parts = re.split("|".join(KEYS), wanted)
            assert re.fullmatch(".+".join(map(re.escape, parts)), got), label
        else:
            assert got is None, label
    schema = endpoint.response_schema(answer.status_code)
    is_right = schema is not None and told is not ... and is_documented(schema, told)
    assert (error.parsed is not None) is is_right, label
    shown = [str(error), repr(error), error.error, error.request_id, repr(error.parsed)]
    shown += [repr(pickle.dumps(error)), str(error.parsed and error.parsed.to_dict())]
    assert not [one for one in shown for key in KEYS if key in (one or "")], label
    assert not is_right or KEYS[2] in answer.text or plain(error.parsed) == plain(told), label
    for part in (str(endpoint), str(answer.status_code), error.error, error.request_id):
        assert (part or "") in str(error), label
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        left = [{**vars(one), "parsed": 0, "_body": 0, "text": str(one)} for one in (other, error)]
        assert left[0] == left[1], label


@each_operation
def test_a_call_goes_on_where_that_is_safe_and_else_tells_why(
    endpoint: Endpoint, caller: Caller
) -> None:
    for number, answers in enumerate(scripts()):
        arguments = arguments_of(endpoint, number)
        good = success(endpoint, arguments)
        script = [one or good for one in answers]
        ways = ways_of(endpoint, number) if len(script) == 4 else endpoint.ways
        for turn, way in enumerate(ways):
            left = iter(KEYS)

            async def ask(left: Iterator[str] = left) -> str:
                return next(left)

            label = (way, [(one, one.headers, one.extensions) for one in script])
            clock = package().testing.ManualClock(now=NOW, jitter=0.5)
            key = ask if way[1] and number % 2 else left.__next__
            options = {"api_key": key, "clock": clock}
            client = caller.client(
                is_async=way[1], is_given=(turn // 2 + number) % 2 == 1, **options
            )
            outcome = caller.call(endpoint, arguments, way, client, script)
            pauses = pauses_of(endpoint, script, way)
            assert clock.pauses == pauses, label
            assert len(outcome.answers) == len(pauses) + 1, label
            assert_requests(endpoint, arguments, outcome, KEYS)
            if script[len(pauses)] is good:
                assert_value(outcome, label)
            else:
                assert_error(endpoint, outcome, sum(pauses), label)


@each_operation
def test_each_option_counts_in_each_call(endpoint: Endpoint, caller: Caller) -> None:
    """A pause of 5 s after each attempt shows how many the options allow."""
    arguments = arguments_of(endpoint)
    own: dict[str, Any] = {
        "api_key": "another-key",
        "headers": {"X-Trace": "t"},
        "max_attempts": 2,
        "timeout": 3.0,
    }
    changes: tuple[dict[str, Any], ...] = ({}, {"timeout": 9.0}, {"timeout": None})
    changes += ({"max_attempts": 1}, {"timeout": 19.0, "max_attempts": 4})
    changes += ({"headers": {"X-Call": "c"}},)
    made: tuple[dict[str, Any], ...] = ({"api_key": KEY}, own)
    for options, is_async in product(made, (False, True)):
        new = caller.new(is_async=is_async, **options)
        for way, more, is_new in product(endpoint.ways, changes, (True, False)):
            if way[1] is not is_async:
                continue
            shared = caller.client(is_async=is_async, is_given=way[0] == "method", **options)
            clock = package().testing.ManualClock()
            client = (new if is_new else shared).with_options(clock=clock)
            script, label = [reply(429, TOLD, {"Retry-After": "5"})] * 9, (options, more)
            outcome = caller.call(endpoint, arguments, way, client, script, **more)
            given = {"timeout": 30.0, "max_attempts": 3, **options, **more}
            fitting = 9 if given["timeout"] is None else 1 + given["timeout"] // 5
            assert len(outcome.answers) == min(given["max_attempts"], fitting), label
            wanted = endpoint.credentials(options["api_key"]) | options.get("headers", {})
            for name, value in (wanted | more.get("headers", {})).items():
                assert {one.request.headers[name] for one in outcome.answers} == {value}, label
