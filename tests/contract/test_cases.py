"""schemathesis makes the cases, the generated client sends them, the raw answer is validated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
from hypothesis import assume
from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi.checks import UndefinedStatusCode

from tests.contract._calls import CALLS, TALLY, Caller
from tests.contract._package import (
    Endpoint,
    UnfitError,
    document,
    endpoints,
    fit,
    package,
    secret_names,
)
from tests.contract.conftest import OPTIONS, each_case, number_of

UNSENDABLE = re.compile(r"\.?\.?|.*[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff].*", re.DOTALL)  # as an id
CHECKS: dict[str, Any] = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404"]},
    # Prism takes any key, and answers 405 without the Allow of RFC 9110.
    "ignored_auth": {"enabled": not OPTIONS.prism},
    "unsupported_method": {"enabled": not OPTIONS.prism},
}


@pytest.fixture(autouse=True)
def something_goes_through_the_client() -> Iterator[None]:
    before = TALLY[CALLS]
    yield
    assert TALLY[CALLS] > before


@each_case(document(), OPTIONS.examples, **{"max-redirects": 0, "checks": CHECKS})
def test_case(case: Case[Any], caller: Caller, *, is_async: bool) -> None:
    label = case.operation.label
    (endpoint,) = (one for one in endpoints() if label == f"{one.method} {one.path}")
    assume(not OPTIONS.prism or is_for_prism(case.body))
    url, headers = caller.gateway.url, endpoint.credentials(caller.keys[0])
    try:
        arguments = express(case, endpoint)
    except UnfitError as reason:
        TALLY[str(reason)] += 1
        validate(case, case.call(base_url=url, headers=headers), headers)
        return
    wire = case.as_transport_kwargs(base_url=url, headers=headers)
    names = ("method", "url", "headers", "files", "data", "params", "cookies", "json")
    sent = requests.Request(**{name: wire.get(name) for name in names}).prepare()
    ways = endpoint.ways[is_async::2]
    for way in [ways[number_of(arguments) % len(ways)]] if arguments else ways:
        call = caller.call(endpoint, arguments, way)
        check_request(endpoint, call.answers[0].request, sent)
        validate(case, call.answers[-1], headers)


def express(case: Case[Any], endpoint: Endpoint) -> dict[str, Any]:
    """Return the arguments of the call that says what a case says.

    Raises UnfitError, with the reason, where a typed client cannot say it.
    """
    if case.meta and not case.meta.generation.mode.is_positive:
        raise UnfitError("what is not documented")
    path = {name: unquote(str(value)) for name, value in case.path_parameters.items()}
    if any(UNSENDABLE.fullmatch(one) for one in path.values()):
        raise UnfitError("an id that is no segment of a path")
    places = {"path": path, "query": case.query, "cookie": case.cookies, "header": case.headers}
    places["body"] = {} if isinstance(case.body, NotSet) else {"body": case.body}
    names = [(one.location, one.name, one.python_name) for one in endpoint.parameters]
    names += [("body", "body", "body")] if endpoint.body else []
    arguments = dict.fromkeys([name for _, _, name in names], package().types.UNSET)
    for place, name, python_name in names:  # A default would be sent where nothing is said.
        if name in (places[place] or {}):
            arguments[python_name] = fit(places[place][name], endpoint.hints[python_name])
    return arguments


def check_request(endpoint: Endpoint, request: Any, sent: requests.PreparedRequest) -> None:
    """Hold the request that the client sent against the one that schemathesis would send."""
    for name in [one.name for one in endpoint.parameters if one.location == "header"]:
        assert request.headers.get(name) == sent.headers.get(name)
    urls = (request.extensions["target"].decode(), str(sent.url))
    queries = [parse_qsl(urlsplit(one).query, keep_blank_values=True) for one in urls]
    assert sorted(queries[0]) == sorted(queries[1])
    cookies = [str(one.headers.get("Cookie", "")).split("; ") for one in (request, sent)]
    assert sorted(cookies[0]) == sorted(cookies[1])
    if isinstance(sent.body, bytes):
        # Without a field, a method leaves out a body that may be left out.
        assert json.loads(request.content or b"{}") == json.loads(sent.body)


def validate(case: Case[Any], response: Any, headers: dict[str, str]) -> None:
    """Hold a raw answer against the document."""
    try:
        case.validate_response(response, headers=headers)
    except FailureGroup as group:
        if all(is_excused(one) for one in group.exceptions):
            return
        told = str(group)
        for name in secret_names():
            for secret in re.findall(rf'"{name}"\s*:\s*"([^"]+)"', response.text):
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


def is_for_prism(body: Any) -> bool:
    """Return whether Prism takes a body for what it is, answers as documented, and survives it.

    It takes null for no body, refuses what is no JSON in its own words, and dies of a name that no
    header can have.
    """
    names = re.findall(r'"((?:[^"\\]|\\.)*)": ', json.dumps(body, default=str))
    return body is not None and type(body) is not bytes and all("\\" not in one for one in names)
