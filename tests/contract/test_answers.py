"""Whatever a server answers, each public way of a call comes to the same, the right thing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from hypothesis import assume
from schemathesis import Case
from schemathesis.core import NotSet

from tests.contract._calls import CUT, NOW, REQUEST_IDS, Caller
from tests.contract._package import JSON, Endpoint, document, endpoints, package
from tests.contract.conftest import OPTIONS, each_case, number_of
from tests.gateway import reply
from tests.generation.exercise import make_arguments, mock_module

IDS = ["c1", "a%20b", "..a", "50%", "e\u0301", "\u00e9", "a.b.", " c "]
IDS += ["K~+a=b&c?d#e;f:g@h!i$j'k(l)*m,", "i" * 999]
PIECES = [0, 7, 40, 333]
WAITS = ["7", "0", "soon", "29", "31", *(formatdate(NOW + one, usegmt=True) for one in (9, -9))]
FIELD = package().client.SERVICE.error_fields[0]
TOLD: dict[str, Any] = {FIELD: "It is so \u00e9", "more": 7}
OPERATIONS = {
    (one.method, one.path): one
    for one in mock_module("._operations").compile_operations(document())
}
# The options of a client and of a call. Each answer asks for a pause of 5 s.
OWN: dict[str, Any] = {"headers": {"X-Trace": "t"}, "max_attempts": 2, "timeout": 3.0}
LIMITS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"timeout": 9.0}),
    ({}, {"max_attempts": 1, "headers": {"X-Call": "c"}}),
    (OWN, {}),
    (OWN, {"timeout": None, "headers": {"X-Call": "c", "X-Trace": "c"}}),
    (OWN, {"timeout": 19.0, "max_attempts": 4}),
]
each_operation = pytest.mark.parametrize("endpoint", endpoints(), ids=str)


def arguments_of(endpoint: Endpoint, number: int) -> dict[str, Any]:
    """Return arguments for a call: an id of some kind, and whatever else it takes."""
    operation = OPERATIONS[endpoint.method, endpoint.path]
    arguments = make_arguments(endpoint, operation, whole=True)
    for one in endpoint.parameters:
        if one.location == "path" and endpoint.hints[one.python_name] is str:
            arguments[one.python_name] = IDS[number % len(IDS)]
    beside = getattr(arguments.get("body"), "additional_properties", {})
    beside["beside"] = ["\u00fc", 1]
    return arguments


@each_operation
def test_each_option_counts_in_each_call(endpoint: Endpoint, caller: Caller) -> None:
    arguments, script = arguments_of(endpoint, 0), [reply(429, TOLD, {"Retry-After": "5"})] * 9
    for settings, options in LIMITS:
        for way in endpoint.ways:
            for is_new in (False, True):
                how: dict[str, Any] = {"settings": settings, "options": options, "is_new": is_new}
                caller.call(endpoint, arguments, way, script, **how)


def scripts(keys: Sequence[str]) -> Iterator[list[httpx.Response]]:
    """Yield what a server may answer, attempt after attempt, before it does what it is for."""
    broken = [reply(200, raw=one) for one in (b"", b"nonsense\r\n\r\n", CUT[:20], CUT)]
    broken += [reply(status, TOLD) for status in (408, 429, 500, 502, 503, 504, 501, 404)]
    yield from ([one, *last] for one in broken for last in ([], [reply(400, TOLD)]))
    yield [
        reply(429, {FIELD: f"No {key}!", "more": key}, {"X-Request-Id": f"r-{key}"}) for key in keys
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


@each_operation
def test_a_call_goes_on_where_that_is_safe_and_else_tells_why(
    endpoint: Endpoint, caller: Caller
) -> None:
    keys = [*caller.keys, *caller.keys, *caller.keys][:3]
    for number, script in enumerate(scripts(keys)):
        arguments, start = arguments_of(endpoint, number), number * 2 % len(endpoint.ways)
        ways = endpoint.ways[start:][:2] if len(script) == 4 else endpoint.ways
        for turn, way in enumerate(ways):
            is_new = (turn // 2 + number) % 2 == 1
            caller.call(endpoint, arguments, way, script, keys=keys, is_new=is_new)


def make_document() -> dict[str, Any]:
    """Return a document in which each answer is the body of a request.

    So schemathesis makes answers: in all states, and broken in one place at a time.
    """
    paths: dict[str, Any] = {}
    for one in endpoints():
        if (schema := one.response_schema(one.success)) is not None:
            body = {"required": True, "content": {JSON: {"schema": schema}}}
            answers = {"200": {"description": "It is taken."}}
            paths[f"/{one}"] = {"post": {"requestBody": body, "responses": answers}}
    return {**document(), "paths": paths, "security": []}


def spell(value: Any, told: dict[str, Any]) -> Iterator[bytes]:
    """Yield an answer in all spellings of JSON, and in what is none, and with other texts."""
    text = json.dumps(value, ensure_ascii=False)
    news = text.replace("{", '{"news": 0, ', 1)
    long = news.replace("0", '"' + "\u00e9" * 150_000 + '"', 1)
    texts = [text, json.dumps(value), f"\ufeff{text}", f" \r\n\t{text}\n ", news, ""]
    texts += [text.replace("{", '{"id": "another", ', 1), text[:-1], f"{text}]", f"{text},"]
    texts += [text.replace(":", "=", 1), f"{text}{text}", f"{text[:-1]},{text[-1]}"]
    texts += [text.replace("}, {", "} {"), news.replace("0", "NaN", 1)]
    texts += [news.replace("0", "-Infinity", 1), long, long[:-1]]
    texts += [long.replace('"news"', '"news": NaN, "old"', 1)]
    for other in ('""', '" \u00fc "'):
        changed = json.loads(re.sub('(?<=": )"[^"]*"', other, text))
        texts += [json.dumps(changed | told if told else changed, ensure_ascii=False)]
    others = {name: one.swapcase() for name, one in told.items() if isinstance(one, str)}
    texts += [json.dumps(value | others)] if others else []
    yield from (one.encode() for one in texts)
    yield from (long.encode("latin-1", "replace"), text.encode("utf-16"))


@each_case(
    make_document(),
    max(5, OPTIONS.examples // 4),
    phases={"coverage": {"unexpected-methods": []}, "examples": {"fill-missing": True}},
)
def test_an_answer_is_returned_as_it_is_or_refused(
    case: Case[Any], caller: Caller, *, is_async: bool
) -> None:
    (endpoint,) = (one for one in endpoints() if f"/{one}" == case.operation.path)
    assume(not isinstance(case.body, NotSet | bytes))
    value: Any = case.body
    number, ways = number_of(value), endpoint.ways[is_async::2]
    arguments, told = arguments_of(endpoint, number), {}
    if isinstance(value, dict):  # It is about what was asked for, but where just that is broken.
        told = {one.response_field: arguments[one.python_name] for one in endpoint.parameters}
        told = {name: one for name, one in told.items() if type(one) is type(value.get(name))}
        value = value | told
    bodies = [json.dumps(value).encode()]
    if case.meta and case.meta.phase.name.value == "examples":
        bodies = [*spell((value * 12)[:12] if isinstance(value, list) else value, told)]
    for turn, body in enumerate(bodies, number):
        piece = PIECES[turn % 4] * (len(body) < 9_999)
        status, named = 202 if turn == number + 1 else endpoint.success, {"X-Request-Id": "r"}
        answer = reply(status, body, named, piece=piece)
        for way in dict.fromkeys([ways[turn % len(ways)], *ways[4:]]):
            caller.call(endpoint, arguments, way, [answer])
