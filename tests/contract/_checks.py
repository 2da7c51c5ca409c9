"""What is asserted of a call whatever made it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlsplit

from tests.contract._calling import KEY, Outcome, differences
from tests.contract._package import Endpoint, package

_NAMES = {400: "BadRequest", 401: "Authentication", 403: "PermissionDenied", 404: "NotFound"}
_NAMES |= {409: "Conflict", 429: "RateLimit"}


def error_name(status: int) -> str:
    """Return the name of the error for a status."""
    return f"{_NAMES.get(status, 'Server' if status >= 500 else 'APIStatus')}Error"


def assert_request(endpoint: Endpoint, arguments: dict[str, Any], outcome: Outcome) -> None:
    """Assert that each attempt of a call sent the same, and the documented, request."""
    operation, first = endpoint.operation, outcome.exchanges[0]
    segments = urlsplit(first.target).path.split("/")[-operation.path.count("/") :]
    for segment, part in zip(segments, operation.path.split("/")[1:], strict=True):
        names = {f"{{{one.name}}}": one.python_name for one in operation.parameters}
        wanted = quote(str(arguments[names[part]]), safe="") if part in names else part
        assert segment == wanted
    assert first.method == operation.method
    for exchange in outcome.exchanges:
        assert exchange[:4] == first[:4]
    assert len(first.headers) == len({name.lower() for name, _ in first.headers})
    if operation.credential is not None:
        scheme = f"{operation.credential.scheme} " if operation.credential.scheme else ""
        assert first.header(operation.credential.header) == f"{scheme}{KEY}"
    if "body" in arguments and operation.body.media_types[0] == "application/json":
        assert not list(differences(arguments["body"], json.loads(first.body)))
    elif "body" not in arguments:
        assert first.body == (b"{}" if first.method in {"POST", "PUT", "PATCH"} else b"")
    if (content_type := package().client.SERVICE.content_type) and "body" not in arguments:
        assert first.header("Content-Type") == content_type


def assert_value(outcome: Outcome, body: bytes, label: object) -> None:
    """Assert that a call returned what a body says, once, and shows none of its secrets."""
    assert outcome.error is None, f"{label}: {outcome.error!r}"
    assert not list(differences(outcome.value, json.loads(body.decode("utf-8-sig")))), label
    if outcome.response is not None:
        assert outcome.response.content == body, label
        assert outcome.response.status_code == outcome.exchanges[-1].reply.status, label
        assert outcome.response.attempts == len(outcome.exchanges), label
        for name, value in outcome.exchanges[-1].reply.headers:
            assert outcome.response.headers[name.upper()] == value, label
