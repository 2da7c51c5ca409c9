"""schemathesis makes the cases, the generated client sends them, the raw answer is validated."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi.checks import UndefinedStatusCode

from tests.contract._calls import TALLY, UNSENDABLE, Caller
from tests.contract._package import (
    Endpoint,
    UnfitError,
    document,
    endpoints,
    fit,
    package,
)
from tests.contract.conftest import OPTIONS

CHECKS = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404"]},
    # Prism takes any key, and answers 405 without the Allow of RFC 9110.
    "ignored_auth": {"enabled": not OPTIONS.prism},
    "unsupported_method": {"enabled": not OPTIONS.prism},
}
GENERATION = {"mode": "all", "max-examples": OPTIONS.examples, "database": "none"}
CONFIG = {"seed": OPTIONS.seed, "max-redirects": 0, "generation": GENERATION, "checks": CHECKS}
SCHEMA = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict(CONFIG))


@SCHEMA.parametrize()
@settings(suppress_health_check=[*HealthCheck], max_examples=OPTIONS.examples)
def test_case(case: Case[Any], caller: Caller) -> None:
    label = case.operation.label
    (endpoint,) = (one for one in endpoints() if label == f"{one.method} {one.path}")
    if OPTIONS.prism:  # It takes null for no body, and dies of a name that no header can have.
        is_text = type(case.body) is not bytes and "\\" not in json.dumps(case.body, default=str)
        assume(is_text and case.body is not None)
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
    turn = zlib.crc32(repr(arguments).encode("utf-8", "replace")) % len(endpoint.ways) // 2 * 2
    for way in endpoint.ways[turn : turn + 2] if arguments else endpoint.ways:  # sync and async
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
    if any(map(UNSENDABLE.fullmatch, path.values())):
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
    names = [one.name for one in endpoint.parameters if one.location == "header"]
    parts: list[Any] = []
    for one in (request, sent):
        url, headers = urlsplit(str(one.url)), one.headers
        query = parse_qsl(url.query, keep_blank_values=True)
        cookies = str(headers.get("Cookie", "")).split("; ")
        parts.append((sorted(query), sorted(cookies), [headers.get(name) for name in names]))
    assert parts[0] == parts[1]
    if isinstance(sent.body, bytes):
        # Without a field, a method leaves out a body that may be left out.
        assert json.loads(request.content or b"{}") == json.loads(sent.body)


def validate(case: Case[Any], response: Any, headers: dict[str, str]) -> None:
    """Hold a raw answer against the document."""
    try:
        case.validate_response(response, headers=headers)
    except FailureGroup as group:
        if not all(is_excused(one) for one in group.exceptions):
            raise


def is_excused(failure: Any) -> bool:
    """Return whether a failure is none of the server's."""
    if isinstance(failure, UndefinedStatusCode):
        told = {key for one in endpoints() for key in one.definition["responses"]}
        is_silent = not any(key.startswith("4") for key in failure.defined_status_codes)
        is_refusal = is_silent and 400 <= failure.status_code < 500
        return is_refusal or (failure.status_code == 401 and "401" not in told)
    # Open alternatives match one another; a key that a case leaves out is sent all the same.
    return re.search("schemas listed in the 'oneOf'|was Authorization", failure.message) is not None
