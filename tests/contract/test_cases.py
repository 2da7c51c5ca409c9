"""schemathesis makes the cases, the generated client sends them, the raw answer is validated."""

from __future__ import annotations

import datetime
import json
import re
import zlib
from contextlib import suppress
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
from schemathesis.openapi.checks import UndefinedStatusCode

from tests.contract import _prism
from tests.contract._calling import TALLY, Caller, Outcome, UnfitError, fit, flatten
from tests.contract._package import JSON, Endpoint, document, endpoints, package, secret_names
from tests.contract._values import parse
from tests.contract.conftest import OPTIONS, Server
from tests.contract.test_answers import assert_value, error_name

UNSENDABLE = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # in a segment of a path
FORM = "application/x-www-form-urlencoded"
# What HTTP and schemathesis put on a request by themselves.
CARRIERS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "cookie"}
CARRIERS |= {"user-agent", "x-schemathesis-testcaseid"}
BY_PLACE = {(one.method, one.path): one for one in endpoints()}
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


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@SCHEMA.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=OPTIONS.examples)
def test_case(case: Case[Any], caller: Caller, server: Server, *, is_async: bool) -> None:
    endpoint = BY_PLACE[case.operation.method.upper(), case.operation.path]
    assume(not server.is_prism or _prism.understands(case.body))
    headers = endpoint.credentials(server.keys[0])
    wire = case.as_transport_kwargs(base_url=server.url, headers=headers)
    names = ("method", "url", "headers", "files", "data", "params", "cookies", "json")
    sent = requests.Request(**{name: wire.get(name) for name in names}).prepare()
    try:
        key, arguments = express(case, endpoint, sent)
        ways = [way for way in endpoint.ways if way[1] is is_async]
        if arguments:  # One way, the same for the same case.
            ways = [ways[zlib.crc32(repr(arguments).encode("utf-8", "replace")) % len(ways)]]
        for way in ways:
            client = caller.client(is_async=is_async, api_key=key)
            outcome = caller.call(endpoint, arguments, way, client, max_attempts=1)
            demand_sent(case, outcome)
            if not server.is_prism or not _prism.is_excused(outcome.error):
                check(case, endpoint, sent, outcome, key)
            validate(case, respond(outcome, sent), headers, server)
    except (InexpressibleError, UnfitError) as reason:
        TALLY[str(reason)] += 1
        raw = case.call(base_url=server.url, headers=headers)
        validate(case, raw, headers, server)


def express(
    case: Case[Any], endpoint: Endpoint, sent: requests.PreparedRequest
) -> tuple[str, dict[str, Any]]:
    """Return the key and the arguments of the call that says what a case says.

    Raises InexpressibleError or UnfitError where there is none.
    """
    if case.method.upper() != endpoint.method:
        raise InexpressibleError("another method")
    fields = {name.lower(): value for name, value in sent.headers.items()}
    key, credential = "no-key-is-sent", endpoint.credential
    if credential is not None:
        value = str(fields.pop(credential.header.lower(), ""))
        key = value.removeprefix(f"{credential.scheme} " if credential.scheme else "")
        if endpoint.credentials(key)[credential.header] != value or not key or key.strip() != key:
            raise InexpressibleError("no credential, or one of another kind")
    places = {
        "path": {name: unquote(str(value)) for name, value in case.path_parameters.items()},
        "query": case.query or {},
        "cookie": case.cookies or {},
        "header": {name: value for name, value in fields.items() if name not in CARRIERS},
    }
    arguments = express_body(case, endpoint, str(fields.get("content-type", JSON)))
    for location, values in places.items():
        left = {one.name: one for one in endpoint.parameters(location)}
        if location == "header":
            left = {name.lower(): one for name, one in left.items()}
        for name, value in values.items():
            if name not in left:
                raise InexpressibleError(f"an undeclared {location} parameter")
            python_name = left.pop(name).python_name
            arguments[python_name] = fit_text(value, endpoint.hints[python_name])
        if any(one.required for one in left.values()):
            raise InexpressibleError("a required part is left out")
        # A default would be sent.
        arguments |= {one.python_name: package().types.UNSET for one in left.values()}
    flatten(endpoint, arguments)
    return key, arguments


def express_body(case: Case[Any], endpoint: Endpoint, media_type: str) -> dict[str, Any]:
    """Return the argument that says what a case's body says."""
    body = endpoint.body
    if isinstance(case.body, NotSet):
        if media_type != JSON:
            raise InexpressibleError("another media type")
        if body is not None and body.required:
            raise InexpressibleError("a required part is left out")
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
    with suppress(UnfitError):
        return fit(value, hint)
    texts = [value] if isinstance(value, str) else []
    plain = [
        one
        for one in map(parse, map(str.encode, texts))
        if one is not ... and json.dumps(one) == value
    ]
    for one in (*plain, *(one.split(",") for one in texts)):
        with suppress(UnfitError):
            return fit(one, hint)
    raise UnfitError("a value of another type")


def demand_sent(case: Case[Any], outcome: Outcome) -> None:
    """Raise InexpressibleError where the client was right to send nothing."""
    if not outcome.exchanges:
        texts = [unquote(str(one)) for one in case.path_parameters.values()]
        is_wrong = [one in {"", ".", ".."} or UNSENDABLE.search(one) for one in texts]
        assert isinstance(outcome.error, package().InvalidRequestError), outcome.error
        assert any(is_wrong), outcome.error
        raise InexpressibleError("refused by the client")


def check(
    case: Case[Any], endpoint: Endpoint, sent: requests.PreparedRequest, outcome: Outcome, key: str
) -> None:
    """Hold the request against the case, and what the client returned against the raw answer."""
    ((request, reply),) = outcome.exchanges
    got, wanted = urlsplit(request.target), urlsplit(str(sent.url))
    assert request.method == sent.method
    assert [*map(unquote, got.path.split("/"))] == [*map(unquote, wanted.path.split("/"))]
    pairs = [sorted(parse_qsl(one.query, keep_blank_values=True)) for one in (got, wanted)]
    assert pairs[0] == pairs[1]
    names = [*endpoint.credentials(key), *(one.name for one in endpoint.parameters("header"))]
    assert not [n for n in names if request.header(n) != str(sent.headers.get(n, ""))]
    cookies = (request.header("Cookie"), str(sent.headers.get("Cookie", "")))
    assert len({tuple(sorted(one.split("; "))) for one in cookies}) == 1
    body: Any = sent.body or b""
    body = body.encode() if isinstance(body, str) else body
    if isinstance(case.body, NotSet):
        assert request.body == endpoint.empty_body
    elif request.header("Content-Type") == JSON:
        assert json.loads(request.body) == json.loads(body)
    else:
        assert sorted(parse_qsl(request.body)) == sorted(parse_qsl(body))
    if 200 <= reply.status < 300:
        assert_value(outcome, reply.body, endpoint)
        return
    error = outcome.error
    assert type(error).__name__ == error_name(reply.status), repr(error)
    told = (error.status_code, error.operation_id, error.body == reply.body, error.attempts)
    assert told == (reply.status, str(endpoint), True, 1)
    if isinstance(answer := parse(reply.body), dict):
        assert error.error == answer.get(package().client.SERVICE.error_fields[0])
    assert key not in f"{error} {error!r}" or len(key) < 8


def respond(outcome: Outcome, sent: requests.PreparedRequest) -> httpx.Response:
    """Return the raw answer as schemathesis takes it."""
    request, reply = outcome.exchanges[-1]
    made = httpx.Request(
        request.method, str(sent.url), headers=list(request.headers), content=request.body
    )
    headers = [(name, value) for name, value in reply.headers if name.lower() != "content-encoding"]
    response = httpx.Response(reply.status, headers=headers, content=reply.body, request=made)
    response.elapsed = datetime.timedelta()
    return response


def validate(case: Case[Any], response: Any, headers: dict[str, str], server: Server) -> None:
    """Hold a raw answer against the document."""
    try:
        case.validate_response(response, headers=headers)
    except FailureGroup as group:
        excuse = _prism.is_excused if server.is_prism else is_excused
        if all(excuse(one) for one in group.exceptions):
            return
        told = str(group)
        for secret in sorted(secrets_in(parse(response.content)), key=len, reverse=True):
            told = told.replace(secret, "[a secret]")
    else:
        return
    pytest.fail(told, pytrace=False)


def is_excused(failure: Any) -> bool:
    """Return whether a failure is none of the server's."""
    text, status = str(failure.message), getattr(failure, "status_code", 0)
    if "is valid under more than one of the schemas listed in the 'oneOf'" in text:
        return True  # Alternatives that are open leave room for one another.
    if any(f"(was {name})" in text for one in endpoints() for name in one.credentials("")):
        return True  # The key that a case leaves out is sent all the same.
    if not isinstance(failure, UndefinedStatusCode) or not 400 <= status < 500:
        return False
    told = {key for one in endpoints() for key in one.definition["responses"]}
    is_silent = not any(key.startswith("4") for key in failure.defined_status_codes)
    return is_silent or (status == 401 and "401" not in told)


def secrets_in(value: Any, *, is_secret: bool = False) -> set[str]:
    """Return the values of JSON that the document calls passwords somewhere."""
    if isinstance(value, list):
        return {one for inner in value for one in secrets_in(inner)}
    if isinstance(value, dict):
        parts = (secrets_in(v, is_secret=k in secret_names()) for k, v in value.items())
        return {one for part in parts for one in part}
    return {str(value)} if is_secret and value else set()
