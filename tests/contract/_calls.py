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
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs
import httpx
import jsonschema_rs
import requests
import schemathesis
from jsonschema_rs import ValidationErrorKind as Kind
from schemathesis import BaseSchema, Case
from schemathesis.core import NotSet

from tests.contract._package import DOCUMENT, ENDPOINTS, JSON, PACKAGE, SERVICE, Endpoint
from tests.gateway import Gateway

CALLS = "calls of the client"
TALLY = Counter[str]()  # and of other requests
# As an id: it would lead to another path.
UNSENDABLE = re.compile(r"\.?\.?|.*[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff].*", re.DOTALL)
NOW = 1_750_000_000
CUT = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n["
REQUEST_IDS = ("X-Request-Id", "request-id", "x-correlation-id", "CF-Ray")
_ERRORS = {400: "BadRequest", 401: "Authentication", 403: "PermissionDenied", 404: "NotFound"}
_ERRORS |= {409: "Conflict", 429: "RateLimit"}
CLIENTS = [getattr(PACKAGE, f"{prefix}{SERVICE.name}") for prefix in ("", "Async")]
_REPEATED = {0, 408, 500, 502, 503, 504}  # 0: without an answer


@dataclass
class Call:
    """A call, what it sent, and what it returned (item by item, for a list) or raised.

    It is answered by the script, and then by the server. Of more keys than one, each attempt asks
    for the next. The settings are those of the client, which has own or given connections.
    """

    case: Case[Any]
    way: str
    script: Sequence[httpx.Response] = ()
    keys: Sequence[str] = field(default=(), repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    is_given: bool = False
    requests: Sequence[httpx.Request] = field(default=(), repr=False)
    answers: Sequence[httpx.Response] = ()
    pauses: Sequence[float] = ()
    value: Any = None
    response: Any = None  # with all details, where the way of the call gives it
    error: Any = None

    @property
    def endpoint(self) -> Endpoint:
        return endpoint_of(self.case)


class Caller:
    """Makes calls over a gateway, and holds what comes of each against the document."""

    def __init__(self, gateway: Gateway, keys: Sequence[str]) -> None:
        self.gateway, self.keys, self._runner = gateway, keys, asyncio.Runner()
        plain: Any = {"trust_env": False, "verify": False}
        how = {"api_key": "any-key", "base_url": gateway.url}
        self._http = (httpx.Client(**plain), httpx.AsyncClient(**plain))
        pairs = zip(CLIENTS, self._http, strict=True)
        self._clients: dict[str, Any] = {}  # each with its clock
        self._own = [client_class(**how) for client_class in CLIENTS]
        self._given = [client_class(http_client=http, **how) for client_class, http in pairs]

    def close(self) -> None:
        for sync, asynchronous in (self._own, self._given, self._http):
            sync.close()
            self._runner.run(asynchronous.aclose())
        self._runner.close()

    def call(self, *told: Any, **more: Any) -> Call:
        """Make a call, said as a `Call` is; return it with what came of it."""
        call = Call(*told, **more)
        call.keys, is_async = call.keys or self.keys[:1], "async" in call.way
        ask = (AsyncMock if is_async else Mock)(side_effect=cycle(call.keys))
        settings = {"api_key": ask if len(call.keys) > 1 else call.keys[0], **call.settings}
        place = repr((is_async, call.is_given, settings))
        if call.script or place not in self._clients:  # Each script begins at the same time.
            clock = PACKAGE.testing.ManualClock(now=NOW, jitter=0.5)
            client = (self._given if call.is_given else self._own)[is_async]
            self._clients[place] = (client.with_options(clock=clock, **settings), clock)
        client, clock = self._clients[place]
        clock.pauses.clear()
        self.gateway.requests, self.gateway.answers = [], []
        self.gateway.script = deque(call.script)
        TALLY[CALLS] += 1
        try:
            arguments = read_arguments(call.case) | dict(call.options)
            value = call.endpoint.call(call.way, client, **arguments)
            if "iter" in call.way:
                value = self._runner.run(_gather(value)) if is_async else [*value]
            elif is_async:
                value = self._runner.run(value)
            is_detailed = call.way.endswith(("detailed", "with_response"))
            call.value, call.response = (value.parsed, value) if is_detailed else (value, None)
        except Exception as raised:  # noqa: BLE001 - what the client raises is what is tested
            call.error = raised
        call.requests, call.answers = self.gateway.requests, self.gateway.answers
        call.pauses = [*clock.pauses]
        try:
            check(call, self.gateway.url)
        except AssertionError as failure:
            failure.add_note("\n".join([repr(call), *(one.text[:999] for one in call.answers)]))
            raise
        return call


def load_schema(document: Any = DOCUMENT, **config: Any) -> BaseSchema:
    return schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(config))


async def _gather(values: Any) -> list[Any]:
    return [one async for one in values]


def endpoint_of(case: Case[Any]) -> Endpoint:
    return ENDPOINTS[case.operation.label]


def read_arguments(case: Case[Any]) -> dict[str, Any]:
    """Return the arguments of the functions of an operation that say what a case says."""
    endpoint, unset = endpoint_of(case), PACKAGE.types.UNSET
    places: dict[str, Any] = {"path": case.path_parameters, "query": case.query}
    places |= {"header": case.headers, "cookie": case.cookies}
    arguments: dict[str, Any] = {}
    for one in endpoint.parameters:  # A default would be sent where nothing is said.
        value = (places[one.location] or {}).get(one.name, unset)
        if one.location == "path":
            hint = endpoint.hints[one.python_name]
            value = getattr(hint, "fromisoformat", hint)(unquote(str(value)))
        arguments[one.python_name] = value
    if endpoint.body:
        read = getattr(endpoint.body.model, "from_dict", lambda value: value)
        arguments["body"] = unset if isinstance(case.body, NotSet) else read(case.body)
    return arguments


def check(call: Call, url: str) -> None:
    """Assert that a call sent, returned or raised what it has to."""
    if any(UNSENDABLE.fullmatch(unquote(str(one))) for one in call.case.path_parameters.values()):
        assert type(call.error) is PACKAGE.InvalidRequestError
        assert not call.requests
        return
    assert call.requests, repr(call.error)
    _check_requests(call, url)
    assert call.pauses == _expect_pauses(call)
    assert len(call.answers) == len(call.pauses) + 1
    answer, status = call.answers[-1], call.answers[-1].status_code
    told, schema = parse(answer.content), find_schema(call.case, status)
    errors = [] if schema is None else find_errors(call, schema, told)
    if status // 100 == 2 and not errors:
        _check_value(call, answer, told, schema)
    else:
        _check_error(call, answer, told, schema, errors)


def _check_requests(call: Call, url: str) -> None:
    """Assert that each attempt sent the same, and what schemathesis would send for the case."""
    endpoint, sent, first = call.endpoint, [], call.requests[0]
    for request, key in zip(call.requests, cycle(call.keys), strict=False):
        headers = request.headers.copy()
        for name, value in endpoint.credentials(key).items():
            assert headers.pop(name) == value
        sent.append((request.method, request.extensions["target"], headers, request.content))
    assert sent == sent[:1] * len(sent)
    (method, target, headers, content), *_ = sent
    told = requests.Request(**call.case.as_transport_kwargs(base_url=url)).prepare()
    own = httpx.Headers({"User-Agent": SERVICE.user_agent, "Accept": endpoint.accept})
    for given in (call.settings, call.options):
        own.update(given.get("headers"))
    assert own.items() <= headers.items()
    assert (method, len(first.headers.raw)) == (told.method, len(first.headers))
    names = ["Cookie", *(one.name for one in endpoint.parameters if one.location == "header")]
    assert [headers.get(name) for name in names] == [told.headers.get(name) for name in names]
    here, there = urlsplit(target.decode()), urlsplit(str(told.url))
    assert [*map(unquote, here.path.split("/"))] == [*map(unquote, there.path.split("/"))]
    queries = [parse_qsl(one.query, keep_blank_values=True) for one in (here, there)]
    assert sorted(queries[0]) == sorted(queries[1])
    if told.body is None:
        is_empty = SERVICE.content_type == JSON and method in {"POST", "PUT", "PATCH"}
        assert content == b"{}" * is_empty
        assert headers.get("Content-Type") == SERVICE.content_type
    elif endpoint.body.media_types[0] == JSON:
        is_sent = endpoint.body.required or content  # A method may leave an empty one out.
        assert not is_sent or headers["Content-Type"] == JSON
        assert dump(parse(content or b"{}")) == dump(call.case.body)


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
    definition = call.case.operation.definition.raw
    is_repeatable = call.endpoint.method in {"GET", "HEAD", "PUT", "DELETE"}
    is_repeatable |= "x-repeatable" in definition
    for number, answer in enumerate(call.answers):
        # Items of a list that breaks off may have been handed on.
        is_cut = "iter" in call.way and answer.extensions.get("raw") == CUT
        is_safe = is_repeatable and answer.status_code in _REPEATED and not is_cut
        wait = _wait_of(answer, sum(pauses))
        pause = 0.25 * 2**number if wait is None else wait
        is_over = budget is not None and sum(pauses) + pause >= budget
        if not (is_safe or answer.status_code == 429) or number + 1 >= most or is_over:
            break
        pauses.append(pause)
    return pauses


def parse(body: bytes) -> Any:
    """Return the JSON of a body as RFC 8259 has it, a byte order mark aside; `...` for none."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=int)
    except ValueError:
        return ...


def dump(value: Any) -> str:
    """Return a value of the package, or of JSON, as text in which equal values are equal."""
    return json.dumps(value, sort_keys=True, default=lambda model: model.to_dict())


def find_schema(case: Case[Any], status: int) -> Any:
    """Return the schema of the JSON answer with a status; None where there is none."""
    responses = case.operation.responses
    found = responses.find_by_status_code(status)
    if found is None and status // 100 == 2:
        found = next(responses.iter_successful_responses(), None)
    resolved = found and found.get_schema(JSON)
    return resolved and resolved.media_type and (resolved.schema or {})


def find_errors(call: Call, schema: Any, told: Any) -> list[str]:
    """Return the places where an answer is not what it has to be; "" for what is no JSON.

    A value that is not allowed today may be so tomorrow, and is none.
    """
    if told is ...:
        return [""]
    errors = _make_validator(json.dumps(schema)).iter_errors(told)
    paths = [one.instance_path for one in errors if _is_refused(one)]
    for one in call.endpoint.parameters:
        given = (call.case.path_parameters or {}).get(one.name)
        if isinstance(told, dict) and one.response_field in told:
            paths += [[one.response_field]] * (told[one.response_field] != unquote(str(given)))
    places = [[f"[{one}]" if type(one) is int else f".{one}" for one in path] for path in paths]
    return ["".join(one) for one in places]


@cache
def _make_validator(schema: str) -> Any:
    return jsonschema_rs.validator_for(json.loads(schema), validate_formats=True)


def _is_refused(error: Any) -> bool:
    match error.kind:
        case Kind.AnyOf(context=branches) | Kind.OneOfNotValid(context=branches):
            return all(any(map(_is_refused, one)) for one in branches)
        case Kind.Format(format=name):
            return name in {"date", "date-time", "uuid"}
    return error.kind.name in {"type", "required", "const"}


def _check_value(call: Call, answer: httpx.Response, told: Any, schema: Any) -> None:
    """Assert that a call returned what the last answer says, with all its details."""
    assert call.error is None, repr(call.error)
    if schema is not None:
        assert dump(call.value) == dump(told)
        pairs = zip(call.value, told, strict=True) if isinstance(told, list) else []
        for value, fields in pairs or [(call.value, told)]:
            _check_attributes(value, fields)
    if response := call.response:
        assert (response.content, response.status_code) == (answer.content, answer.status_code)
        assert response.attempts == len(call.answers)
        assert response.request_id == _request_id(call)
        assert answer.headers.items() <= {**response.headers}.items()


def _check_attributes(model: Any, fields: Any) -> None:
    """Assert that the attributes of a model have the values of the fields of their names."""
    if attrs.has(type(model)):
        attributes = attrs.asdict(model, recurse=False)
        plain = {name.replace("_", ""): value for name, value in attributes.items()}
        for name, value in fields.items():
            one = plain.get(re.sub(r"[\W_]", "", name).lower())
            assert one == value or not isinstance(one, (str, int, float))


def _hide(call: Call, text: str) -> str:
    return re.sub("|".join(map(re.escape, call.keys)), "***", text)


def _request_id(call: Call) -> str | None:
    headers = call.answers[-1].headers
    return next((_hide(call, headers[one]) for one in REQUEST_IDS if one in headers), None)


def _check_error(
    call: Call, answer: httpx.Response, told: Any, schema: Any, errors: list[str]
) -> None:
    """Assert that a call raised the error for what happened, which tells all of it and no key."""
    error, status = call.error, answer.status_code
    is_refused, statuses = status >= 300, [one.status_code for one in call.answers]
    refusal = _ERRORS.get(status, "Server" if status >= 500 else "APIStatus")
    kind = refusal if is_refused else "InvalidResponse" if status else "APIConnection"
    assert type(error) is getattr(PACKAGE, f"{kind}Error"), repr(error)
    assert isinstance(error, getattr(PACKAGE, f"{SERVICE.name}Error"))
    shown = told if told is ... else json.loads(_hide(call, json.dumps(told, ensure_ascii=False)))
    fields = shown if is_refused and isinstance(shown, dict) else {}
    texts = [fields.get(name) for name in SERVICE.error_fields]
    expected = {
        "operation_id": str(call.endpoint),
        "status_code": status or None,
        "attempts": len(call.answers),
        "maybe_processed": any(not 400 <= one < 500 or one == 408 for one in statuses),
        "error": next((one for one in texts if isinstance(one, str) and one.strip()), None),
        "request_id": _request_id(call) if status else None,
        "retry_after": _wait_of(answer, sum(call.pauses)) if is_refused else None,
    }
    assert {name: getattr(error, name) for name in expected} == expected
    if not status:
        return
    headers = {one: _hide(call, value) for one, value in answer.headers.items()}
    headers |= {one: "***" for one in headers if one == "x-cookie"}
    assert headers.items() <= {**error.headers}.items()
    assert error.body == answer.content or not (is_refused or error.body)  # It was streamed.
    if not is_refused:  # It tells one of the places, and no value.
        assert any(f"${one}{end}" in str(error) for one in errors for end in " .[") or "" in errors
        assert "\u00fc" not in f"{error} {error!r}"
        assert error.__cause__ is error.__context__ is None
    is_documented = schema is not None and not errors
    assert (error.parsed is not None) is is_documented
    assert not is_documented or dump(error.parsed) == dump(shown)
    count = f"({len(call.answers)} attempts" if len(call.answers) > 1 else ""
    for part in (str(call.endpoint), status, expected["error"], expected["request_id"], count):
        assert str(part or "") in str(error)
    for one in (str(error), repr(error), repr(pickle.dumps(error)), repr(error.parsed)):
        assert one == _hide(call, one)
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error), copy.copy(error)):
        assert {name: getattr(other, name) for name in expected} == expected
        assert (str(other), {**other.headers}) == (str(error), {**error.headers})
    assert copy.copy(error).body == error.body
