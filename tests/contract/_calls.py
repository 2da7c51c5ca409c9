"""Every public way to make a call, and what has to come of it."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import re
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from itertools import cycle
from typing import Any
from unittest.mock import AsyncMock, Mock
from urllib.parse import quote, urlsplit

import httpx
import jsonschema_rs

from tests.contract._package import JSON, Endpoint, document, flatten, package, parse, plain
from tests.gateway import Gateway

CALLS = "calls of the client"
TALLY = Counter[str]()  # and of other requests, by their reason
# As an id: it would lead to another path.
UNSENDABLE = re.compile(r"\.?\.?|.*[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff].*", re.DOTALL)
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
    way: str
    script: Sequence[httpx.Response] = ()
    keys: Sequence[str] = field(default=(), repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
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
        plain_http: Any = {"trust_env": False, "verify": False}
        self._given = (httpx.Client(**plain_http), httpx.AsyncClient(**plain_http))
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
        call.keys, is_async = call.keys or self.keys[:1], "async" in call.way
        ask = (AsyncMock if is_async else Mock)(side_effect=cycle(call.keys))
        settings = {"api_key": ask if len(call.keys) > 1 else call.keys[0], **call.settings}
        place = repr((is_async, call.is_new, settings))
        if call.script or place not in self._clients:  # Each script begins at the same time.
            given = {"http_client": self._given[is_async], **settings}
            client = self._make(is_async=is_async, **given) if call.is_new else self._own[is_async]
            clock = package().testing.ManualClock(now=NOW, jitter=0.5)
            self._clients[place] = (client.with_options(clock=clock, **settings), clock)
        client, clock = self._clients[place]
        clock.pauses.clear()
        self.gateway.answers, self.gateway.script = [], deque(call.script)
        TALLY[CALLS] += 1
        try:
            value = _start(call, client)
            if "iter" in call.way:
                value = self._runner.run(_gather(value)) if is_async else [*value]
            elif is_async:
                value = self._runner.run(value)
            is_detailed = call.way.endswith(("detailed", "with_response"))
            call.value, call.response = (value.parsed, value) if is_detailed else (value, None)
        except Exception as raised:  # noqa: BLE001 - what the client raises is what is tested
            call.error = raised
        call.answers, call.pauses = self.gateway.answers, [*clock.pauses]
        try:
            check(call)
        except AssertionError as failure:
            failure.add_note("\n".join([repr(call), *(one.text[:999] for one in call.answers)]))
            raise
        return call


def _start(call: Call, client: Any) -> Any:
    endpoint, name = call.endpoint, call.way.removeprefix("async ")
    if function := getattr(endpoint.module, name, None):
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
    names = [one.python_name for one in call.endpoint.parameters if one.location == "path"]
    if any(UNSENDABLE.fullmatch(str(call.arguments[name])) for name in names):
        assert type(call.error) is package().InvalidRequestError
        assert not call.answers
        return
    assert call.answers, repr(call.error)
    _check_requests(call)
    assert call.pauses == _expect_pauses(call)
    assert len(call.answers) == len(call.pauses) + 1
    answer, status = call.answers[-1], _status_of(call.answers[-1])
    schema = call.endpoint.response_schema(status)
    faults = _find_faults(call, schema, answer) if status // 100 == 2 else []
    if status // 100 == 2 and not faults:
        _check_value(call, answer, schema)
    else:
        _check_failure(call, answer, faults)
        if status:
            _check_error(call, answer, None if faults else schema)


def _check_requests(call: Call) -> None:
    """Assert that each attempt sent the same, and the documented, request."""
    endpoint, arguments, sent = call.endpoint, call.arguments, []
    for answer, key in zip(call.answers, cycle(call.keys), strict=False):
        request, headers = answer.request, answer.request.headers.copy()
        for name, value in endpoint.credentials(key).items():
            assert headers.pop(name) == value
        sent.append((request.method, request.extensions["target"], headers, request.content))
    assert sent == sent[:1] * len(sent)
    first, service = call.answers[0].request, package().client.SERVICE
    own = httpx.Headers({"User-Agent": service.user_agent, "Accept": endpoint.accept})
    for given in (call.settings, call.options):
        own.update(given.get("headers"))
    assert own.items() <= first.headers.items()
    assert (first.method, len(first.headers.raw)) == (endpoint.method, len(first.headers))
    names = {one.name: one.python_name for one in endpoint.parameters}
    steps = re.split(r"\{([^}]+)\}", endpoint.path)
    steps[1::2] = [quote(str(arguments[names[one]]), safe="") for one in steps[1::2]]
    assert urlsplit(first.extensions["target"].decode()).path.endswith("".join(steps))
    unset = package().types.UNSET
    if arguments.get("body", unset) is unset:
        is_empty = service.content_type == JSON and endpoint.method in {"POST", "PUT", "PATCH"}
        assert first.content == b"{}" * is_empty
        assert first.headers.get("Content-Type") == service.content_type
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


def _status_of(answer: httpx.Response) -> int:
    return 0 if "raw" in answer.extensions else answer.status_code


def _hide(call: Call, text: str) -> str:
    return re.sub("|".join(map(re.escape, call.keys)), "***", text)


def _request_id(call: Call) -> str | None:
    headers = call.answers[-1].headers
    return next((_hide(call, headers[one]) for one in REQUEST_IDS if one in headers), None)


def _expect_pauses(call: Call) -> list[float]:
    """Return the pauses between the attempts, as the answers to them have it."""
    pauses: list[float] = []
    limits = {"timeout": 30.0, "max_attempts": 3, **call.settings, **call.options}
    budget, most = limits["timeout"], limits["max_attempts"]
    is_repeatable = call.endpoint.method in {"GET", "HEAD", "PUT", "DELETE"}
    is_repeatable |= "x-repeatable" in call.endpoint.definition
    for number, answer in enumerate(call.answers):
        # Items of a list that breaks off may have been handed on.
        is_cut = "iter" in call.way and answer.extensions.get("raw") == CUT
        is_safe = is_repeatable and _status_of(answer) in _REPEATED and not is_cut
        wait = _wait_of(answer, sum(pauses))
        pause = 0.25 * 2**number if wait is None else wait
        is_over = budget is not None and sum(pauses) + pause >= budget
        if not (is_safe or _status_of(answer) == 429) or number + 1 >= most or is_over:
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


def _check_value(call: Call, answer: httpx.Response, schema: Any) -> None:
    """Assert that a call returned what the last answer says, with all its details."""
    assert call.error is None, repr(call.error)
    if schema is not None:
        value, raw = call.value, parse(answer.content)
        assert plain(value) == plain(raw)
        pairs = zip(value, raw, strict=True) if isinstance(raw, list) else [(value, raw)]
        for one, told in pairs:  # null is not the same as absent
            assert not hasattr(one, "to_dict") or one.to_dict().keys() == told.keys()
    if response := call.response:
        assert (response.content, response.status_code) == (answer.content, answer.status_code)
        assert response.attempts == len(call.answers)
        assert response.request_id == _request_id(call)
        assert answer.headers.items() <= {**response.headers}.items()


def _check_failure(call: Call, answer: httpx.Response, faults: list[str]) -> None:
    """Assert that a call raised the error for what happened, with what is known of it."""
    error, status = call.error, _status_of(answer)
    kind = _ERRORS.get(status, "Server" if status >= 500 else "APIStatus")
    kind = "InvalidResponse" if faults else kind if status else "APIConnection"
    assert type(error) is getattr(package(), f"{kind}Error"), repr(error)
    assert isinstance(error, getattr(package(), f"{package().client.SERVICE.name}Error"))
    assert (error.operation_id, error.attempts) == (str(call.endpoint), len(call.answers))
    assert error.status_code == (status or None)
    statuses = map(_status_of, call.answers)
    assert error.maybe_processed is any(not 400 <= one < 500 or one == 408 for one in statuses)
    if faults:  # It tells one of the places, and no value.
        assert any(f"${one}{end}" in str(error) for one in faults for end in " .[") or "" in faults
        assert "\u00fc" not in f"{error} {error!r}"
        assert error.__cause__ is error.__context__ is None


def _check_error(call: Call, answer: httpx.Response, schema: Any) -> None:
    """Assert that an error tells all that is to be known of the last answer, and no key."""
    error, told, is_refused = call.error, parse(answer.content), not answer.is_success
    wait = _wait_of(answer, sum(call.pauses)) if is_refused else None
    text_shown = _hide(call, "null" if told is ... else json.dumps(told, ensure_ascii=False))
    shown: Any = json.loads(text_shown)
    fields = shown if isinstance(shown, dict) and is_refused else {}
    texts = [fields.get(name) for name in package().client.SERVICE.error_fields]
    text = next((one for one in texts if isinstance(one, str) and one.strip()), None)
    name = _request_id(call)
    assert (error.error, error.request_id, error.retry_after) == (text, name, wait)
    headers = {one: _hide(call, value) for one, value in answer.headers.items()}
    headers |= {one: "***" for one in headers if one == "x-cookie"}
    assert headers.items() <= {**error.headers}.items()
    assert error.body == answer.content or not (is_refused or error.body)  # It was streamed.
    is_json = schema is not None and told is not ...
    is_right = is_json and _validator(json.dumps(schema)).is_valid(told)
    assert (error.parsed is not None) is is_right
    assert not is_right or plain(error.parsed) == plain(shown)
    if is_right and hasattr(error.parsed, "to_dict"):
        assert error.parsed.to_dict().keys() == shown.keys()
    count = f"({len(call.answers)} attempts" if len(call.answers) > 1 else None
    for part in (str(call.endpoint), str(answer.status_code), text, name, count):
        assert (part or "") in str(error)
    for one in (str(error), repr(error), repr(pickle.dumps(error)), repr(error.parsed)):
        assert one == _hide(call, one)
    assert copy.copy(error).body == error.body
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        left = [{**vars(one), "parsed": 0, "_body": 0, "text": str(one)} for one in (other, error)]
        left = [{**one, "headers": {**one["headers"]}} for one in left]
        assert left[0] == left[1]
