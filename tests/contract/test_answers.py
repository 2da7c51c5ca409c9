"""Whatever a server answers, each public way of a call comes to the same, the right thing."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from email.utils import formatdate
from http import HTTPStatus
from itertools import cycle, product
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from tests.contract._calls import CUT, NOW, REQUEST_IDS, Caller
from tests.contract._package import Endpoint, document, endpoints, package
from tests.contract.conftest import OPTIONS, at_random
from tests.gateway import reply
from tests.generation.exercise import make_arguments, mock_module

OPERATIONS = {
    (one.method, one.path): one
    for one in mock_module("._operations").compile_operations(document())
}
# What an id may have in it.
PARTS = ["c1", "%2F", "%", "..", ".", " ", "e\u0301", "\u00e9", "\u200b", "\uff21", "i" * 900]
PARTS += ["K~+a", "=b&", "c?", "d#", "e;f:", "g@h!i", "$j'", "k(l)*m,", "\U0001f388", "/"]
PARTS += ["\0", "\x85", "\\"]
# KEY stands for the key of the attempt, ESCAPED for its other spelling in JSON.
FIELDS = package().client.SERVICE.error_fields
WORDS: list[Any] = [{FIELDS[0]: "It is so \u00e9: KEY", "more": [2**53 + 1, "KEY"]}, {}]
WORDS += [{FIELDS[-1]: "No KEY!"}, {FIELDS[0]: "word " * 50 + "KEY"}, {FIELDS[0]: 5}]
WORDS += [{FIELDS[0]: None, FIELDS[-1]: "so"}, {FIELDS[0]: " "}, {FIELDS[0]: ""}, [FIELDS[0]]]
WORDS += [{name: f"no {name}" for name in FIELDS}]
TEXTS = [json.dumps(one, ensure_ascii=False) for one in WORDS]
TEXTS += [TEXTS[0].replace("KEY", "ESCAPED"), "<html>KEY", ""]
WAITS = ["7", "0", "soon", "29", "31", "4000"]
WAITS += [formatdate(NOW + seconds, usegmt=True) for seconds in (9, -9)]
HEADERS = {name: [f"r-{name}", "r-KEY"] for name in ("X-Trace", *REQUEST_IDS)}
HEADERS |= {"Retry-After": WAITS, "Location": ["/elsewhere"], "X-Cookie": ["a=b"]}
AGAIN = [408, 429, 429, 429, 500, 502, 503, 504]
STATUSES = [one.value for one in HTTPStatus if one >= 200 and one != 205] + [419, 499, 520, 599]
MOVED = [301, 302, 303, 307, 308]
BROKEN = [b"", b"nonsense\r\n\r\n", CUT[:20], CUT]
LIMITS: dict[str, list[Any]] = {
    "timeout": [3.0, 9.0, 19.0, None],
    "max_attempts": [1, 2, 4, 5],
    "headers": [{"X-Trace": "t"}, {"x-trace": "c", "X-Call": "c"}, {"User-Agent": "c"}],
}
# What may stand in the place of a field (... for nothing), or in the text of an answer.
VALUES: list[Any] = [None, ..., 0, 1, True, "", "true", " \u00fc ", [], {}, ["x"], 2.5]
LONG = json.dumps("\u00e9" * 150_000, ensure_ascii=False)
PIECES = ["", ",", "]", "}", "{", "[", ":", "=", "0", "00", "7", "null", "NaN", "-Infinity"]
PIECES += ['"', '"\n"', '"news": 0,', '"id": "another",', "\ufeff", " \r\n\t", "[]"]
PIECES += [str(2**53 + 1), "{},", LONG, f'"news": {LONG},', f'"news": {LONG}, "more": NaN,']
TOKEN = r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+'
each_operation = pytest.mark.parametrize("endpoint", endpoints(), ids=str)


def arguments_of(endpoint: Endpoint, identity: str) -> dict[str, Any]:
    """Return arguments for a call: an id wherever a path has one, and whatever else it takes."""
    operation = OPERATIONS[endpoint.method, endpoint.path]
    arguments = make_arguments(endpoint, operation, whole=True)
    for one in endpoint.parameters:
        if one.location == "path" and endpoint.hints[one.python_name] is str:
            arguments[one.python_name] = identity
    beside = getattr(arguments.get("body"), "additional_properties", {})
    beside["beside"] = ["\u00fc", 1]
    return arguments


@each_operation
def test_each_option_counts_in_each_call(endpoint: Endpoint, caller: Caller) -> None:
    arguments, script = arguments_of(endpoint, "c1"), [reply(429, {}, {"Retry-After": "5"})] * 9
    for way, name in product(endpoint.ways, LIMITS):
        caller.call(endpoint, arguments, way, script, options={name: LIMITS[name][0]})


def some(chance: Random, values: dict[str, list[Any]]) -> dict[str, Any]:
    """Return a value for some of the names."""
    return {name: chance.choice(values[name]) for name in values if chance.random() < 0.4}


def make_answer(statuses: list[int], key: str, chance: Random) -> httpx.Response:
    """Return an answer that may have the key in it, or one that breaks off."""
    if chance.random() < 0.2:
        return reply(200, raw=chance.choice(BROKEN))
    status, text = chance.choice(statuses), chance.choice(TEXTS).replace("KEY", key)
    text = text.replace("ESCAPED", "".join(f"\\u{ord(c):04x}" for c in key))
    headers = {name: one.replace("KEY", key) for name, one in some(chance, HEADERS).items()}
    return reply(status, b"" if status in {204, 304} else text.encode(), headers)


@each_operation
def test_a_call_goes_on_where_that_is_safe_and_else_tells_why(
    endpoint: Endpoint, caller: Caller
) -> None:
    documented = [int(one) for one in endpoint.definition["responses"] if one.isdigit()]
    each = cycle(STATUSES)  # none is left to chance

    @seed(OPTIONS.seed)
    @at_random(max(1_800, 15 * OPTIONS.examples) // len(endpoints()))
    @given(st.randoms(use_true_random=True))
    def make_a_call(chance: Random) -> None:
        keys = [*caller.keys, *caller.keys, *caller.keys][: chance.choice([1, 3])]
        kind = chance.randrange(5)
        statuses = [AGAIN, documented, MOVED][kind] if kind < 3 else [next(each)]
        turns = range(chance.randint(0, 4))
        script = [make_answer(statuses, keys[turn % len(keys)], chance) for turn in turns]
        how: dict[str, Any] = {name: some(chance, LIMITS) for name in ("settings", "options")}
        how |= {"keys": keys, "script": script, "is_new": chance.random() < 0.3}
        identity = "".join(chance.choices(PARTS, k=chance.randint(1, 4)))
        way = chance.choice(endpoint.ways)
        caller.call(endpoint, arguments_of(endpoint, identity), way, **how)

    make_a_call()


def make_answers(endpoint: Endpoint, arguments: dict[str, Any]) -> Iterator[bytes]:
    """Yield a success about what was asked for, and with each part changed or spelled otherwise."""
    schema = OPERATIONS[endpoint.method, endpoint.path].responses.success[1].choose("").schema
    value: Any = copy.deepcopy(mock_module("._responses").find_example(schema))
    told = {one.response_field: arguments[one.python_name] for one in endpoint.parameters}
    if isinstance(value, list):
        value = [copy.copy(one) for one in (value * 12)[:12]]
    one = value[-2] if value and isinstance(value, list) else value
    if isinstance(one, dict):
        one |= {name: new for name, new in told.items() if type(new) is type(one.get(name))}
        for name, old in [*one.items(), ("news", "New")]:
            for new in (*VALUES, str(old).swapcase()):
                changed = {**one, name: new}
                changed = {key: each for key, each in changed.items() if each is not ...}
                yield json.dumps(
                    [*value[:-2], changed, one] if one is not value else changed
                ).encode()
    wholes: list[Any] = [[value], [], {}, [[]], [{}], [None], None, 0, "x"]
    yield from (json.dumps(other).encode() for other in wholes)
    tokens = re.findall(TOKEN, json.dumps(value, ensure_ascii=False))
    start, end = int(isinstance(value, list)), len(tokens)
    places = [(0, 0), (start + 1, 0), (start + 2, 1), (start + 3, 1), (end, 0), (end - 1, 0)]
    places += [(at + 1, 1) for at, token in enumerate(tokens) if token == "}"][:1]
    for (at, length), piece in product(places, PIECES):
        yield "".join([*tokens[:at], piece, *tokens[at + length :]]).encode()
    long = "".join([*tokens[: start + 1], f'"news": {LONG},', *tokens[start + 1 :]])
    yield from (long[:-1].encode(), long.encode("latin-1"))
    yield from ("".join(tokens[:-1]).encode(), "".join(tokens).encode("utf-16"))


@each_operation
def test_an_answer_is_returned_as_it_is_or_refused(endpoint: Endpoint, caller: Caller) -> None:
    arguments, ways = arguments_of(endpoint, "Ab%2F\u00e9 .c"), endpoint.ways
    has_json = endpoint.response_schema(endpoint.success) is not None
    for turn, body in enumerate(make_answers(endpoint, arguments) if has_json else [b""]):
        size = [0, 7, 40, 333, 1_000][turn % 5] * (len(body) < 9_999)
        status = 202 if turn % 7 == 1 else endpoint.success
        answer = reply(status, body, {"X-Request-Id": "r"}, piece=size)
        for way in dict.fromkeys([ways[turn % 8], *ways[8:][turn % 4 :][:1]]):
            caller.call(endpoint, arguments, way, [reply(429)] * (turn % 7 == 0) + [answer])
