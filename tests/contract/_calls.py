"""Every public way to make a call, and what has to come of it."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import cycle
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import jsonschema_rs

from tests.contract._package import (
    JSON,
    Endpoint,
    document,
    flatten,
    package,
    parse,
    plain,
    secret_names,
)
from tests.gateway import Gateway

CALLS = "calls of the client"
TALLY = Counter[str]()  # and of other requests, by their reason
_FUNCTIONS = {
    "function": ("sync", "asyncio"),
    "detailed": ("sync_detailed", "asyncio_detailed"),
    "iterate": ("iterate", "iterate_async"),
}
NOW = 1_750_000_000
CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n["
REQUEST_IDS = ("X-Request-Id", "request-id", "x-correlation-id", "CF-Ray")
_ERRORS = {400: "BadRequest", 401: "Authentication", 403: "PermissionDenied", 404: "NotFound"}
_ERRORS |= {409: "Conflict", 429: "RateLimit"}
# What a client does not check: a value that is not allowed today may be allowed tomorrow.
_UNCHECKED = {"enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "maxItems"}
_UNCHECKED |= {"exclusiveMinimum", "exclusiveMaximum", "minItems", "uniqueItems", "multipleOf"}
_REPEATED = {0, 408, 500, 502, 503, 504}  # 0: without an answer
_FORMATS = {"date", "date-time", "uuid"}


@dataclass
class Call:
    """A call, what it sent, and what it returned (item by item, for a list) or raised.

    It is answered by the script, and then by the server. Of more keys than one, each attempt asks
    for the next. The settings are those of the client, which is made with them on given connections
    or shares its own.
    """

    endpoint: Endpoint
    arguments: Mapping[str, Any]  # of the operation's functions
    way: tuple[str, bool]  # its name, and whether it is async
    script: Sequence[httpx.Response] = ()
    keys: Sequence[str] = field(default=(), repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)  # with the key
    options: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = False
    answers: Sequence[httpx.Response] = ()  # each with its `request`
    pauses: Sequence[float] = ()
    value: Any = None
    response: Any = None  # with all details, where the way of the call gives it
    error: Any = None

    def result(self) -> Any:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.value


class Caller:
    """Makes calls over a gateway, and holds what comes of each against the document."""

    def __init__(self, gateway: Gateway, keys: Sequence[str]) -> None:
        self.gateway, self.keys = gateway, keys
        self._runner = asyncio.Runner()
        self._given = (httpx.Client(trust_env=False), httpx.AsyncClient(trust_env=False))
        self._own = (self._make(is_async=False), self._make(is_async=True))
        self._clients: dict[str, Any] = {}  # each with its clock

    def _make(self, *, is_async: bool, **settings: Any) -> Any:
        client_class = getattr(package(), f"{'Async' * is_async}{package().client.SERVICE.name}")
        return client_class(base_url=self.gateway.url, **{"api_key": "any-key"} | settings)

    def close(self) -> None:
        for sync, asynchronous in (self._own, self._given):
            sync.close()
            self._runner.run(asynchronous.aclose())
        self._runner.close()

    def call(self, *told: Any, **more: Any) -> Call:
        """Make a call, said as a `Call` is; return it with what came of it."""
        call = Call(*told, **more)
        name, is_async = call.way
        call.keys = call.keys or self.keys[:1]
        is_one = len(call.keys) == 1
        key = call.keys[0] if is_one else _ask(call.keys, is_async=is_async)
        call.settings = {"api_key": key, **call.settings}
        place = repr((is_async, call.is_new, call.settings))
        if place not in self._clients:
            clock = package().testing.ManualClock(now=NOW, jitter=0.5)
            given = {"http_client": self._given[is_async], **call.settings}
            new = self._make(is_async=is_async, **given) if call.is_new else self._own[is_async]
            self._clients[place] = (new.with_options(**call.settings, clock=clock), clock)
        client, clock = self._clients[place]
        before = len(clock.pauses)
        self.gateway.answers, self.gateway.script = [], deque(call.script)
        TALLY[CALLS] += 1
        try:
            value = _start(call, client)
            if name.startswith("iter"):
                value = self._runner.run(_gather(value)) if is_async else [*value]
            elif is_async:
                value = self._runner.run(value)
            is_detailed = name in {"detailed", "with_response"}
            call.value, call.response = (value.parsed, value) if is_detailed else (value, None)
        except Exception as raised:  # noqa: BLE001 - what the client raises is what is tested
            call.error = raised
        call.answers, call.pauses = self.gateway.answers, clock.pauses[before:]
        try:
            check(call)
        except AssertionError as failure:
            shown = "\n".join([repr(call), *(one.text[:999] for one in call.answers)])
            names = "|".join(secret_names())
            failure.add_note(re.sub(rf'"({names})": *"[^"]*"', r'"\1": ...', shown))
            raise
        return call


def _ask(keys: Sequence[str], *, is_async: bool) -> Callable[[], Any]:
    left = cycle(keys)

    async def ask() -> str:
        return next(left)

    return ask if is_async else left.__next__


def _start(call: Call, client: Any) -> Any:
    (name, is_async), endpoint = call.way, call.endpoint
    if name in _FUNCTIONS:
        function = getattr(endpoint.module, _FUNCTIONS[name][is_async])
        return function(client=client, **call.arguments, **call.options)
    resource = getattr(client, endpoint.resource)
    resource = resource.with_response if name == "with_response" else resource
    called = endpoint.iterator_name if name == "iterator" else endpoint.method_name
    method = getattr(resource, called)
    return method(**flatten(method, call.arguments), **call.options)


async def _gather(values: Any) -> list[Any]:
    return [one async for one in values]


def check(call: Call) -> None:
    """Assert that a call sent, returned or raised what it has to."""
    assert call.answers, repr(call.error)
    answer, schema = call.answers[-1], call.endpoint.response_schema(call.answers[-1].status_code)
    _check_requests(call)
    assert call.pauses == _expect_pauses(call)
    assert len(call.answers) == len(call.pauses) + 1
    is_success = answer.is_success and "raw" not in answer.extensions
    faults = _find_faults(call, schema, answer) if is_success else []
    if is_success and not faults:
        _check_value(call, answer)
    else:
        _check_failure(call, answer, faults)
        if not faults and "raw" not in answer.extensions:
            _check_error(call, answer, schema)


def _check_requests(call: Call) -> None:
    """Assert that each attempt sent the same, and the documented, request."""
    endpoint, arguments, sent = call.endpoint, call.arguments, []
    for answer, key in zip(call.answers, cycle(call.keys), strict=False):
        request, headers = answer.request, answer.request.headers.copy()
        for name, value in endpoint.credentials(key).items():
            assert headers.pop(name) == value
        target = request.extensions["target"]
        sent.append((request.method, target, headers, request.content))
    assert sent == sent[:1] * len(sent)
    first = call.answers[0].request
    assert first.method == endpoint.method
    own = {"User-Agent": package().client.SERVICE.user_agent}
    own |= {**call.settings.get("headers", {}), **call.options.get("headers", {})}
    assert {name: first.headers[name] for name in own} == own
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


def _wait_of(answer: httpx.Response, passed: float) -> float | None:
    """Return how long an answer asks to wait, when some seconds have passed."""
    told = answer.headers.get("Retry-After", "")
    with suppress(ValueError):
        return float(told)
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(told).timestamp() - NOW - passed)
    return None


def _expect_pauses(call: Call) -> list[float]:
    """Return the pauses between the attempts, as the answers to them have it."""
    pauses: list[float] = []
    limits = {"timeout": 30.0, "max_attempts": 3, **call.settings, **call.options}
    budget, most = limits["timeout"], limits["max_attempts"]
    is_repeatable = call.endpoint.method in {"GET", "HEAD", "PUT", "DELETE"}
    is_repeatable |= "x-repeatable" in call.endpoint.definition
    for number, answer in enumerate(call.answers):
        status = 0 if "raw" in answer.extensions else answer.status_code
        # Items of a list that breaks off may have been handed on.
        is_cut = call.way[0].startswith("iter") and answer.extensions.get("raw") == CUT
        is_safe = is_repeatable and status in _REPEATED and not is_cut
        wait = _wait_of(answer, sum(pauses))
        pause = 0.25 * 2**number if wait is None else wait
        is_over = budget is not None and sum(pauses) + pause > budget
        if not (is_safe or status == 429) or number + 1 >= most or is_over:
            break
        pauses.append(pause)
    return pauses


def _find_faults(call: Call, schema: Any, answer: httpx.Response) -> list[str]:
    """Return the places where a success is not what the document says; "" for what is no JSON."""
    if schema is None or (value := parse(answer.content)) is ...:
        return [] if schema is None else [""]
    paths = [error.instance_path for error in _validator(json.dumps(schema)).iter_errors(value)]
    told = {str(one.response_field): one.python_name for one in call.endpoint.parameters}
    names = told.keys() & (value.keys() if isinstance(value, dict) else ())
    paths += [[one] for one in names if plain(value[one]) != plain(call.arguments[told[one]])]
    places = [[f"[{one}]" if type(one) is int else f".{one}" for one in path] for path in paths]
    return ["".join(one) for one in places]


@cache
def _validator(schema: str) -> Any:
    parts = f'{{"allOf": [{schema}], "components": {json.dumps(document().get("components", {}))}}}'
    relaxed = json.loads(parts, object_hook=_relax)
    return jsonschema_rs.validator_for(relaxed, validate_formats=True)


def _relax(node: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without what a client does not check: of alternatives, any will do."""
    unchecked = _UNCHECKED | ({"format"} if node.get("format") not in _FORMATS else set())
    if isinstance(node.get("oneOf"), list):
        node["anyOf"] = node.pop("oneOf")
    # What is an object there is the schema of a property that is called so.
    return {k: v for k, v in node.items() if k not in unchecked or isinstance(v, dict)}


def _check_value(call: Call, answer: httpx.Response) -> None:
    """Assert that a call returned what the last answer says, with all its details."""
    assert call.error is None, repr(call.error)
    if answer.content and answer.headers["Content-Type"] == JSON:
        value, raw = call.value, parse(answer.content)
        assert plain(value) == plain(raw)
        pairs = zip(value, raw, strict=True) if isinstance(raw, list) else [(value, raw)]
        for one, told in pairs:  # null is not the same as absent
            assert not hasattr(one, "to_dict") or one.to_dict().keys() == told.keys()
    if response := call.response:
        assert (response.content, response.status_code) == (answer.content, answer.status_code)
        assert response.attempts == len(call.answers)
        assert response.request_id == answer.headers.get("X-Request-Id")
        for name, one in answer.headers.items():
            assert one in response.headers[name.upper()]


def _check_failure(call: Call, answer: httpx.Response, faults: list[str]) -> None:
    """Assert that a call raised the error for what happened, with what is known of it."""
    error, status, is_raw = call.error, answer.status_code, "raw" in answer.extensions
    kind = _ERRORS.get(status, "Server" if status >= 500 else "APIStatus")
    kind = "APIConnection" if is_raw else "InvalidResponse" if faults else kind
    assert type(error) is getattr(package(), f"{kind}Error"), repr(error)
    assert isinstance(error, getattr(package(), f"{package().client.SERVICE.name}Error"))
    assert (error.operation_id, error.attempts) == (str(call.endpoint), len(call.answers))
    statuses = [0 if "raw" in one.extensions else one.status_code for one in call.answers]
    assert error.maybe_processed is any(not 400 <= one < 500 or one == 408 for one in statuses)
    assert is_raw or error.status_code == status
    assert is_raw or error.body in [answer.content] + [b""] * len(faults)  # b"": it was streamed
    if faults:  # It tells one of the places, and no value.
        assert any(f"${one}{end}" in str(error) for one in faults for end in " .[") or "" in faults
        assert "\u00fc" not in f"{error} {error!r}"
        assert error.__cause__ is error.__context__ is None


def _check_error(call: Call, answer: httpx.Response, schema: Any) -> None:
    """Assert that an error tells all that is to be known of the last answer, and no key."""
    error, told = call.error, parse(answer.content)
    assert error.retry_after == _wait_of(answer, sum(call.pauses))
    keys = "|".join(map(re.escape, call.keys))
    field = package().client.SERVICE.error_fields[0]
    text = told.get(field) if isinstance(told, dict) else None
    name = next((answer.headers[one] for one in REQUEST_IDS if one in answer.headers), None)
    for got, wanted in ((error.error, text), (error.request_id, name)):
        if isinstance(wanted, str):  # without the key that the server sent back
            assert re.fullmatch(".+".join(map(re.escape, re.split(keys, wanted))), got)
        else:
            assert got is None
    is_json = schema is not None and told is not ...
    is_right = is_json and _validator(json.dumps(schema)).is_valid(told)
    assert (error.parsed is not None) is is_right
    shown = [str(error), repr(error), error.error, error.request_id, repr(error.parsed)]
    shown += [repr(pickle.dumps(error)), str(error.parsed and error.parsed.to_dict())]
    assert not [one for one in shown if re.search(keys, one or "")]
    assert not is_right or re.search(keys, answer.text) or plain(error.parsed) == plain(told)
    for part in (str(call.endpoint), str(answer.status_code), error.error, error.request_id):
        assert (part or "") in str(error)
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        left = [{**vars(one), "parsed": 0, "_body": 0, "text": str(one)} for one in (other, error)]
        assert left[0] == left[1]
