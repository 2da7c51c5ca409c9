"""schemathesis makes the cases, the generated client sends them, the raw answer is validated."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

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
from tests.contract._client import CALLS, TALLY, Caller, Outcome, flatten
from tests.contract._package import JSON, Endpoint, document, endpoints, package, secret_names
from tests.contract._values import UnfitError, fit
from tests.contract.conftest import OPTIONS, Server
from tests.contract.test_answers import assert_error, assert_requests, assert_value

UNSENDABLE = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # in a segment of a path
# What HTTP and schemathesis put on a request by themselves.
CARRIERS = {"accept", "accept-encoding", "connection", "content-length", "content-type", "cookie"}
CARRIERS |= {"user-agent", "x-schemathesis-testcaseid"}
Parameter = package().api.Parameter
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


@pytest.fixture(autouse=True)
def something_goes_through_the_client() -> Iterator[None]:
    before = TALLY[CALLS]
    yield
    assert TALLY[CALLS] > before


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
    except UnfitError as reason:
        TALLY[str(reason)] += 1
        validate(case, case.call(base_url=server.url, headers=headers), headers, server)
        return
    ways = [way for way in endpoint.ways if way[1] is is_async]
    if arguments:  # One way, the same for the same case.
        ways = [ways[zlib.crc32(repr(arguments).encode("utf-8", "replace")) % len(ways)]]
    for way in ways:
        client = caller.client(is_async=is_async, api_key=key)
        outcome = caller.call(endpoint, arguments, way, client, max_attempts=1)
        if not server.is_prism or not _prism.is_excused(outcome.error):
            check(endpoint, sent, outcome, key, arguments)
        validate(case, outcome.answers[-1], headers, server)


def express(
    case: Case[Any], endpoint: Endpoint, sent: requests.PreparedRequest
) -> tuple[str, dict[str, Any]]:
    """Return the key and the arguments of the call that says what a case says.

    Raises UnfitError, with the reason, where a typed client cannot say it.
    """
    fields = {name.lower(): value for name, value in sent.headers.items()}
    if case.method.upper() != endpoint.method:
        raise UnfitError("another method")
    if fields.get("content-type", JSON) != JSON:
        raise UnfitError("another media type")
    key = take_key(fields, endpoint)
    ids = {name: unquote(str(value)) for name, value in case.path_parameters.items()}
    if any(one in {"", ".", ".."} or UNSENDABLE.search(one) for one in ids.values()):
        raise UnfitError("an id that is no segment of a path")
    left = {"path": ids, "query": dict(case.query or {}), "cookie": dict(case.cookies or {})}
    left["header"] = {name: value for name, value in fields.items() if name not in CARRIERS}
    left["body"] = {} if isinstance(case.body, NotSet) else {"body": case.body}
    arguments: dict[str, Any] = {}
    body = endpoint.body and Parameter("body", "body", "body", endpoint.body.required)
    for one in (*endpoint.parameters, *filter(None, [body])):
        name = one.name.lower() if one.location == "header" else one.name
        if name in left[one.location]:
            value = left[one.location].pop(name)
            arguments[one.python_name] = fit(value, endpoint.hints[one.python_name])
        elif one.required:
            raise UnfitError("a required part is left out")
        else:  # A default would be sent.
            arguments[one.python_name] = package().types.UNSET
    if undeclared := [place for place, values in left.items() if values]:
        raise UnfitError(f"an undeclared {undeclared[0]}")
    flatten(endpoint, arguments)
    return key, arguments


def take_key(fields: dict[str, Any], endpoint: Endpoint) -> str:
    """Return the key that is in the header fields, which it leaves."""
    credential = endpoint.credential
    if credential is None:
        return "no-key-is-sent"
    value = str(fields.pop(credential.header.lower(), ""))
    key = value.removeprefix(f"{credential.scheme} " if credential.scheme else "")
    if endpoint.credentials(key)[credential.header] != value or not key or key.strip() != key:
        raise UnfitError("no credential, or one of another kind")
    return key


def check(
    endpoint: Endpoint,
    sent: requests.PreparedRequest,
    outcome: Outcome,
    key: str,
    arguments: dict[str, Any],
) -> None:
    """Hold the request against the case, and what the client returned against the raw answer."""
    assert outcome.answers, repr(outcome.error)
    ((answer,), request) = outcome.answers, outcome.answers[0].request
    for name in [one.name for one in endpoint.parameters if one.location == "header"]:
        assert request.headers.get(name) == sent.headers.get(name)
    urls = (request.extensions["target"].decode(), str(sent.url))
    queries = [parse_qsl(urlsplit(one).query, keep_blank_values=True) for one in urls]
    assert sorted(queries[0]) == sorted(queries[1])
    cookies = [str(one.headers.get("Cookie", "")).split("; ") for one in (request, sent)]
    assert sorted(cookies[0]) == sorted(cookies[1])
    if body := sent.body:
        # Without a field, a method leaves out a body that may be left out.
        assert json.loads(request.content or b"{}") == json.loads(cast("bytes", body))
    assert_requests(endpoint, arguments, outcome, [key])
    if answer.is_success:
        assert_value(outcome, endpoint)
    else:
        assert_error(endpoint, outcome, 0, endpoint)
        assert key not in f"{outcome.error} {outcome.error!r}" or len(key) < 8


def validate(case: Case[Any], response: Any, headers: dict[str, str], server: Server) -> None:
    """Hold a raw answer against the document."""
    try:
        case.validate_response(response, headers=headers)
    except FailureGroup as group:
        excuse = _prism.is_excused if server.is_prism else is_excused
        if all(excuse(one) for one in group.exceptions):
            return
        told = str(group)
        for name in secret_names():
            for secret in re.findall(rf'"{name}"\s*:\s*"([^"]+)"', response.text):
                told = told.replace(secret, "[a secret]")
        failed = told
    else:
        return
    pytest.fail(failed, pytrace=False)


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
