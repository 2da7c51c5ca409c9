"""schemathesis makes the cases, the generated client sends them, and each outcome is judged.

They are answered by the server, and by a script with whatever a server may answer: each public way
of a call comes to the same, the right thing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email.utils import formatdate
from http import HTTPStatus
from importlib import import_module
from itertools import cycle, product
from random import Random
from typing import Any
from urllib.parse import quote, unquote

import httpx
from hypothesis import HealthCheck, Phase, assume, settings
from schemathesis import Case

from tests.contract import _calls as calls
from tests.contract._calls import CUT, NOW, Caller, endpoint_of
from tests.contract._package import DOCUMENT, ENDPOINTS, NAME, SERVICE, Endpoint
from tests.contract.conftest import OPTIONS
from tests.gateway import reply

# What an id may have in it.
PARTS = ["c1", "%2F", "%", "..", ".", " ", "e\u0301", "\u00e9", "\u200b", "\uff21", "i" * 900]
PARTS += ["K~+a", "=b&", "c?", "d#", "e;f:", "g@h!i", "$j'", "k(l)*m,", "\U0001f388", "/"]
PARTS += ["\0", "\x85", "\\"]
# KEY stands for the key of the attempt, ESCAPED for its other spelling in JSON.
FIELDS = SERVICE.error_fields
WORDS: list[Any] = [{FIELDS[0]: "It is so \u00e9: KEY", "more": [2**53 + 1, "KEY"]}, {}]
WORDS += [{FIELDS[-1]: "No KEY!"}, {FIELDS[0]: "word " * 50 + "KEY"}, {FIELDS[0]: 5}]
WORDS += [{FIELDS[0]: None, FIELDS[-1]: "so"}, {FIELDS[0]: " "}, {FIELDS[0]: ""}, [FIELDS[0]]]
WORDS += [{name: f"no {name}" for name in FIELDS}]
TEXTS = [json.dumps(one, ensure_ascii=False) for one in WORDS]
TEXTS += [TEXTS[0].replace("KEY", "ESCAPED"), "<html>KEY", ""]
WAITS = ["7", "0", "soon", "29", "31", "4000"]
WAITS += [formatdate(NOW + seconds, usegmt=True) for seconds in (9, -9)]
HEADERS = {name: [f"r-{name}", "r-KEY"] for name in ("X-Trace", *calls.REQUEST_IDS)}
HEADERS |= {"Retry-After": WAITS, "Location": ["/elsewhere"], "X-Cookie": ["a=b"]}
AGAIN = [408, 429, 429, 429, 500, 502, 503, 504]
STATUSES = [one.value for one in HTTPStatus if one >= 200 and one != 205] + [419, 499, 520, 599]
EACH_STATUS = cycle(STATUSES)  # None is left to chance.
MOVED = [301, 302, 303, 307, 308]
BROKEN = [b"", b"nonsense\r\n\r\n", CUT[:20], CUT]
LIMITS: dict[str, list[Any]] = {
    "timeout": [3.0, 9.0, 19.0, None],
    "max_attempts": [1, 2, 4, 5],
    "headers": [{"X-Trace": "t"}, {"x-trace": "c", "X-Call": "c"}, {"User-Agent": "c"}],
}
# What may stand in the place of a field, or in the text of an answer.
VALUES: list[Any] = [None, 0, 1, True, "", "true", " \u00fc ", [], {}, ["x"], 2.5]
LONG = json.dumps("\u00e9" * 150_000, ensure_ascii=False)
PIECES = ["", ",", "]", "}", "{", "[", ":", "=", "0", "00", "7", "null", "NaN", "-Infinity"]
PIECES += ['"', '"\n"', '"news": 0,', '"id": "another",', "\ufeff", " \r\n\t", "[]"]
PIECES += [str(2**53 + 1), "{},", LONG, f'"news": {LONG},', f'"news": {LONG}, "more": NaN,']
TOKEN = r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+'
CHECKS = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404"]},
    # A document that names no refusals leaves it open which there are.
    "status_code_conformance": {"enabled": '"401"' in json.dumps(DOCUMENT)},
    # Prism takes any key, and answers 405 without the Allow of RFC 9110.
    "ignored_auth": {"enabled": not OPTIONS.prism},
    "unsupported_method": {"enabled": not OPTIONS.prism},
}
UNCHECKED: Any = {"suppress_health_check": [*HealthCheck], "database": None}
UNSHRUNK: Any = {"phases": [Phase.generate], "deadline": None, **UNCHECKED}


def clean(node: dict[str, Any]) -> dict[str, Any]:
    """Return a node of the document without header parameters that OpenAPI ignores."""
    if isinstance(node.get("parameters"), list):
        ignored = {"Accept", "Authorization", "Content-Type"}
        node["parameters"] = [one for one in node["parameters"] if one.get("name") not in ignored]
    return node


# Alternatives without a required field match one another.
TEXT = json.dumps(DOCUMENT).replace('"oneOf"', '"anyOf"')
ALL = calls.load_schema(
    json.loads(TEXT, object_hook=clean),
    seed=OPTIONS.seed,
    checks=CHECKS,
    headers=next(iter(ENDPOINTS.values())).credentials(OPTIONS.keys[0]),
    generation={"mode": "all", "max-examples": OPTIONS.examples, "database": "none"},
    **{"max-redirects": 0},
)
VALID = calls.load_schema(
    seed=OPTIONS.seed,
    generation={"mode": "positive", "database": "none"},
    phases={"coverage": {"enabled": False}, "examples": {"enabled": False}},
)
BATCHES = 20  # cases of an operation, each for several calls


def name_it(case: Case[Any], identity: str) -> Case[Any]:
    """Give a case an id wherever its path has one."""
    for one in endpoint_of(case).parameters:
        if one.location == "path" and endpoint_of(case).hints[one.python_name] is str:
            case.path_parameters[one.name] = quote(identity, safe="", errors="surrogatepass")
    return case


@VALID.parametrize()
@settings(max_examples=1, **UNSHRUNK)
def test_each_option_counts_in_each_call(case: Case[Any], caller: Caller) -> None:
    script = [reply(429, {}, {"Retry-After": "5"})] * 9
    for way, name in product(endpoint_of(name_it(case, "c1")).ways, LIMITS):
        caller.call(case, way, script, options={name: LIMITS[name][0]})


def some(chance: Random, values: dict[str, list[Any]]) -> dict[str, Any]:
    """Return a value for some of the names."""
    return {name: chance.choice(values[name]) for name in values if chance.random() < 0.4}


def make_answer(statuses: list[int], key: str, chance: Random) -> httpx.Response:
    """Return an answer that may have the key in it, or one that breaks off."""
    if chance.random() < 0.2:
        return reply(0, raw=chance.choice(BROKEN))
    status, text = chance.choice(statuses), chance.choice(TEXTS).replace("KEY", key)
    text = text.replace("ESCAPED", "".join(f"\\u{ord(c):04x}" for c in key))
    headers = {name: one.replace("KEY", key) for name, one in some(chance, HEADERS).items()}
    return reply(status, b"" if status in {204, 304} else text.encode(), headers)


@VALID.parametrize()
@settings(max_examples=BATCHES, **UNSHRUNK)
def test_a_call_goes_on_where_that_is_safe_and_else_tells_why(
    case: Case[Any], caller: Caller
) -> None:
    chance, ways = Random(f"{OPTIONS.seed} {case!r}"), endpoint_of(case).ways
    responses = case.operation.definition.raw["responses"]
    documented = [int(one) for one in responses if one.isdigit()]
    for _ in range(max(1_800, 15 * OPTIONS.examples) // len(ENDPOINTS) // BATCHES):
        keys = [*caller.keys, *caller.keys, *caller.keys][: chance.choice([1, 3])]
        kind = chance.randrange(5)
        statuses = [AGAIN, documented, MOVED][kind] if kind < 3 else [next(EACH_STATUS)]
        turns = range(chance.randint(0, 4))
        script = [make_answer(statuses, keys[turn % len(keys)], chance) for turn in turns]
        how: dict[str, Any] = {name: some(chance, LIMITS) for name in ("settings", "options")}
        how |= {"keys": keys, "is_given": chance.random() < 0.3}
        name_it(case, "".join(chance.choices(PARTS, k=chance.randint(1, 4))))
        caller.call(case, chance.choice(ways), script, **how)


def make_answers(endpoint: Endpoint, identity: str) -> Iterator[bytes]:
    """Yield a success about what was asked for, and with each part changed or spelled otherwise."""
    compiled = import_module(f"{NAME}.mock._operations").compile_operations(DOCUMENT)
    known = {(one.method, one.path): one for one in compiled}
    schema = known[endpoint.method, endpoint.path].responses.success[1].choose("").schema
    value: Any = import_module(f"{NAME}.mock._responses").find_example(schema)
    one = value[0] if value and isinstance(value, list) else value
    is_item = one is not value
    changed: list[Any] = [[one], [], {}, [[]], [{}], [None], None, 0, "x"]
    if isinstance(one, dict):
        told = {parameter.response_field for parameter in endpoint.parameters}
        one |= dict.fromkeys(told & one.keys(), identity)
        for name in (*one, "news"):
            rest = {key: old for key, old in one.items() if key != name}
            objects = [rest, *({**rest, name: new} for new in (*VALUES, identity.swapcase()))]
            changed += [[one] * 10 + [new, one] if is_item else new for new in objects]
    yield from (json.dumps(new).encode() for new in changed)
    text = json.dumps([one] * 12 if is_item else value, ensure_ascii=False)
    tokens, start = re.findall(TOKEN, text), int(is_item)
    end, inner = len(tokens), tokens.index("}") + 1 if "}" in tokens else 0
    places = [(0, 0), (start + 1, 0), (start + 2, 1), (start + 3, 1), (inner, 1), (end - 1, 0)]
    for (at, length), piece in product([*places, (end, 0)], PIECES):
        yield "".join([*tokens[:at], piece, *tokens[at + length :]]).encode()
    long = "".join([*tokens[: start + 1], f'"news": {LONG},', *tokens[start + 1 :]])
    yield from (long[:-1].encode(), long.encode("latin-1"), text[:-1].encode())
    yield text.encode("utf-16")


@VALID.parametrize()
@settings(max_examples=1, **UNSHRUNK)
def test_an_answer_is_returned_as_it_is_or_refused(case: Case[Any], caller: Caller) -> None:
    identity, endpoint = "Ab%2F\u00e9 .c", endpoint_of(case)
    ways = endpoint.ways
    success = int(case.operation.responses.first_successful_status_code() or 200)
    has_json = calls.find_schema(case, success) is not None
    for turn, body in enumerate(make_answers(endpoint, identity) if has_json else [b""]):
        size = [0, 7, 40, 333, 1_000][turn % 5] * (len(body) < 9_999)
        status = 202 if turn % 7 == 1 else success
        answer = reply(status, body, {"X-Request-Id": "r"}, piece=size)
        for way in dict.fromkeys([ways[turn % 8], *ways[8:][turn % 4 :][:1]]):
            caller.call(name_it(case, identity), way, [reply(429)] * (turn % 7 == 0) + [answer])


@ALL.parametrize()
@settings(max_examples=OPTIONS.examples, **UNCHECKED)
def test_case(case: Case[Any], caller: Caller) -> None:
    if OPTIONS.prism:  # It takes null for no body, and dies of a name that no header can have.
        is_text = type(case.body) is not bytes and "\\" not in json.dumps(case.body, default=str)
        assume(is_text and case.body is not None)
    ids = [unquote(str(one)) for one in case.path_parameters.values()]
    is_positive = case.meta is None or case.meta.generation.mode.is_positive
    if not is_positive or any(map(calls.UNSENDABLE.fullmatch, ids)):
        reason = "an id is no segment of a path" if is_positive else "it is not documented"
        calls.TALLY[f"requests as they are, for {reason}"] += 1
        case.call_and_validate(base_url=str(caller.gateway.target))
        return
    ways, sent = endpoint_of(case).ways, case.as_transport_kwargs(base_url="/")
    turn = len(f"{sent['url']}{sent.get('json')}") % len(ways) // 2 * 2
    for way in ways[turn : turn + 2]:  # sync and async
        case.validate_response(caller.call(case, way).answers[-1])
