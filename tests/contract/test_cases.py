"""schemathesis makes the cases, the generated client sends them, the raw answer is validated."""

from __future__ import annotations

import datetime
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NotSet
from schemathesis.core.failures import FailureGroup

from tests.contract import _prism
from tests.contract._calling import Caller, Outcome, UnfitError, fit, flatten
from tests.contract._checks import assert_value, error_name
from tests.contract._package import Endpoint, document, endpoints, package
from tests.contract.conftest import OPTIONS, Server

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
# What HTTP and schemathesis put on a request by themselves.
CARRIERS = {"accept", "accept-encoding", "connection", "content-type", "user-agent"} | {
    "content-length",
    "cookie",
    "x-schemathesis-testcaseid",
}
BY_PATH = {(one.operation.method, one.operation.path): one for one in endpoints()}
SCHEMA = schemathesis.openapi.from_dict(
    document(),
    config=SchemathesisConfig.from_dict(
        {
            "seed": OPTIONS.seed,
            "max-redirects": 0,
            "generation": {"mode": "all", "max-examples": OPTIONS.examples, "database": "none"},
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404"]}},
        }
    ),
)


class InexpressibleError(Exception):
    """A typed client cannot say what the case says; the message has the reason."""


@pytest.fixture
def tally(record_property: Any) -> Iterator[Counter[str]]:
    """Count how many cases went through the client, and how many did not, with the reason."""
    counts = Counter[str]()
    yield counts
    record_property("contract calls", dict(counts))
    assert counts["client"] > 0, f"No case went through the client: {dict(counts)}"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@SCHEMA.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=OPTIONS.examples)
def test_case(
    case: Case[Any], caller: Caller, server: Server, tally: Counter[str], *, is_async: bool
) -> None:
    endpoint = BY_PATH[case.operation.method.upper(), case.operation.path]
    assume(not server.prism or _prism.survives(case.body))
    headers = endpoint.credentials(server.keys[0])
    sent = prepare(case, server, headers)
    try:
        key, arguments = express(case, endpoint, sent)
        ways = [way for way in endpoint.ways if way[1] is is_async]
        if arguments:
            ways = [
                ways[zlib.crc32(repr(case.path_parameters).encode("utf-8", "replace")) % len(ways)]
            ]
        for way in ways:
            client = caller.client(is_async=is_async, api_key=key)
            outcome = caller.call(endpoint, arguments, way, client, max_attempts=1)
            if not outcome.exchanges:
                assert isinstance(outcome.error, package().InvalidRequestError), outcome.error
                assert any(map(is_unsendable, case.path_parameters.values())), outcome.error
                raise InexpressibleError("refused by the client")
            tally["client"] += 1
            check(case, endpoint, sent, outcome, key)
            response = respond(outcome, server)
            validate(case, response, headers, server)
    except (InexpressibleError, UnfitError) as reason:
        tally[str(reason)] += 1
        with requests.Session() as session:
            session.trust_env = False
            raw = case.call(base_url=server.url, headers=headers, session=session)
        validate(case, raw, headers, server)


def prepare(case: Case[Any], server: Server, headers: dict[str, str]) -> requests.PreparedRequest:
    """Return what schemathesis itself would send."""
    wire = case.as_transport_kwargs(base_url=server.url, headers=headers)
    fields = ("method", "url", "headers", "files", "data", "params", "cookies", "json")
    return requests.Request(**{one: wire.get(one) for one in fields}).prepare()


def express(
    case: Case[Any], endpoint: Endpoint, sent: requests.PreparedRequest
) -> tuple[str, dict[str, Any]]:
    """Return the key and the arguments of the call that says what a case says.

    Raises:
        InexpressibleError: There is none.
        UnfitError: There is none, as a value is of another type.
    """
    if case.method.upper() != endpoint.operation.method:
        raise InexpressibleError("another method")
    fields = {name.lower(): value for name, value in sent.headers.items()}
    key, credential = "no-key-is-sent", endpoint.operation.credential
    if credential is not None:
        value = str(fields.pop(credential.header.lower(), ""))
        key = value.removeprefix(f"{credential.scheme} " if credential.scheme else "")
        if (
            endpoint.credentials(key).get(credential.header) != value
            or key.strip() != key
            or not key
        ):
            raise InexpressibleError("no credential, or one of another kind")
    arguments = {}
    places = {
        "path": {name: unquote(str(value)) for name, value in case.path_parameters.items()},
        "query": case.query or {},
        "cookie": case.cookies or {},
        "header": {name: value for name, value in fields.items() if name not in CARRIERS},
    }
    declared = {
        (one.location, one.name.lower() if one.location == "header" else one.name): one
        for one in endpoint.operation.parameters
    }
    for location, values in places.items():
        for name, value in values.items():
            parameter = declared.pop((location, name), None)
            if parameter is None:
                raise InexpressibleError(f"an undeclared {location} parameter")
            hint = endpoint.hints[parameter.python_name]
            arguments[parameter.python_name] = fit_text(value, hint)
    arguments |= express_body(case, endpoint, str(fields.get("content-type", JSON)))
    left_out = [one.python_name for one in declared.values() if one.required]
    body = endpoint.operation.body
    if left_out or (body is not None and body.required and "body" not in arguments):
        raise InexpressibleError("a required part is left out")
    unset = {one.python_name: package().types.UNSET for one in declared.values()}
    flatten(endpoint, arguments)
    return key, unset | arguments


def express_body(case: Case[Any], endpoint: Endpoint, media_type: str) -> dict[str, Any]:
    """Return the argument that says what a case's body says."""
    body = endpoint.operation.body
    if isinstance(case.body, NotSet):
        if media_type != JSON:
            raise InexpressibleError("another media type")
        return {}
    if body is None:
        raise InexpressibleError("a body where none is documented")
    if media_type not in body.media_types:
        raise InexpressibleError("another media type")
    if media_type not in {JSON, FORM}:
        raise InexpressibleError(f"a body of {media_type}")
    return {"body": fit(case.body, endpoint.hints["body"])}


def fit_text(value: Any, hint: Any) -> Any:
    """Return the argument for a value that may have been turned into text already."""
    try:
        return fit(value, hint)
    except UnfitError:
        try:
            plain = json.loads(value)
        except (TypeError, ValueError, RecursionError):
            plain = None
        if plain is None or json.dumps(plain) != value:
            raise
        return fit(plain, hint)


def is_unsendable(value: Any) -> bool:
    """Return whether the client is right to refuse a value of a path."""
    text = unquote(str(value))
    return (
        text in {"", ".", ".."}
        or not text.replace(" ", "x").isprintable()
        or bool({"/", "\\"} & {*text})
    )


def check(
    case: Case[Any],
    endpoint: Endpoint,
    sent: requests.PreparedRequest,
    outcome: Outcome,
    key: str,
) -> None:
    """Hold the request against the case, and what the client returned against the raw answer."""
    (exchange,), wanted, got = outcome.exchanges, urlsplit(str(sent.url)), None
    got = urlsplit(exchange.target)
    assert exchange.method == sent.method
    assert [*map(unquote, got.path.split("/"))] == [*map(unquote, wanted.path.split("/"))]
    pairs = [sorted(parse_qsl(one, keep_blank_values=True)) for one in (got.query, wanted.query)]
    assert pairs[0] == pairs[1]
    names = {one.name for one in endpoint.operation.parameters if one.location == "header"}
    for name in {*names, "Cookie", *endpoint.credentials(key)}:
        assert exchange.header(name) == str(sent.headers.get(name, ""))
    if isinstance(case.body, NotSet):
        assert exchange.body == (b"{}" if exchange.method in {"POST", "PUT", "PATCH"} else b"")
    elif exchange.header("Content-Type") == JSON:
        assert json.loads(exchange.body) == json.loads(sent.body or "null")
    else:
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
        assert sorted(parse_qsl(exchange.body)) == sorted(parse_qsl(body))
    status, error = exchange.reply.status, outcome.error
    if 200 <= status < 300:
        assert_value(outcome, exchange.reply.body, endpoint)
        return
    assert type(error).__name__ == error_name(status), repr(error)
    assert (error.status_code, error.operation_id) == (status, endpoint.operation.id)
    assert error.body == exchange.reply.body
    assert error.error == text_of(exchange.reply.body)
    assert key not in f"{error} {error!r}" or len(key) < 4


def text_of(body: bytes) -> str | None:
    """Return what an error says in its body."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    return told.get(package().client.SERVICE.error_fields[0]) if isinstance(told, dict) else None


def respond(outcome: Outcome, server: Server) -> httpx.Response:
    """Return the raw answer, as schemathesis takes it."""
    exchange = outcome.exchanges[-1]
    url = httpx.URL(server.url).copy_with(raw_path=exchange.target.encode())
    request = httpx.Request(
        exchange.method, url, headers=list(exchange.headers), content=exchange.body
    )
    status, body, headers, *_ = vars(exchange.reply).values()
    response = httpx.Response(status, headers=list(headers), content=body, request=request)
    response.elapsed = datetime.timedelta()
    return response


def validate(case: Case[Any], response: Any, headers: Mapping[str, str], server: Server) -> None:
    """Hold a raw answer against the document."""
    try:
        case.validate_response(response, headers=dict(headers))
    except FailureGroup as group:
        if not server.prism or not all(map(_prism.is_excused, group.exceptions)):
            raise
