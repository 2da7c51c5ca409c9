"""Whether the client sent what the case says, and made of the answer what the document says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import httpx
import requests
import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.core import NotSet
from schemathesis.core.failures import Failure

from .endpoints import Endpoint
from .sending import Outcome
from .transport import ClientTransport
from .typing_values import alike
from .values import value_differences

_JSON: Final = "application/json"
# The promise of the client's documentation: which class stands for which status.
_ERRORS: Final = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    429: "RateLimitError",
}


class ClientDisagreesError(Failure):
    """The client sent another request than the case, or made something else of the answer."""

    kind_title = "The client disagrees with the wire"

    @property
    def _unique_key(self) -> str:
        return self.message.partition(":")[0]


@schemathesis.check  # type: ignore[untyped-decorator, unused-ignore]
def client_agreement(_: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Compare what the client sent with the case, and what it returned with the raw answer."""
    transport = case.operation.schema.transport
    outcome = transport.outcome(case) if isinstance(transport, ClientTransport) else None
    if outcome is None:
        return True  # It was sent raw: there is nothing to compare.
    differences = [
        *request_differences(case, outcome),
        *answer_differences(outcome, valid=validity(case, response)),
    ]
    if differences:
        raise ClientDisagreesError(
            operation=case.operation.label, message="\n".join(differences), case_id=case.id
        )
    return None


def request_differences(case: Case[Any], outcome: Outcome) -> Iterator[str]:
    """Yield how the request that the client sent differs from the case."""
    if len(outcome.exchanges) != 1:
        yield f"sent {len(outcome.exchanges)} times: one call with max_attempts=1 is sent once"
    sent = outcome.exchanges[0].request
    wanted = case.as_transport_kwargs()
    if sent.method != wanted["method"].upper():
        yield f"method: sent {sent.method}, the case has {wanted['method'].upper()}"
    there, here = urlsplit(str(sent.url)), urlsplit(wanted["url"])
    path_sent = sent.url.raw_path.decode("ascii").partition("?")[0]
    if _segments(path_sent) != _segments(here.path):
        yield f"path: sent {path_sent}, the case has {here.path}"
    query = _query(wanted)
    arrived = parse_qsl(there.query, keep_blank_values=True)
    if not alike(sorted(map(list, arrived)), sorted(map(list, query))):
        yield f"query: sent {there.query!r}, the case has {urlencode(query)!r}"
    yield from _parameter_differences(outcome.call.endpoint, sent, wanted)
    yield from _body_differences(case, sent, outcome.call.endpoint.service)
    credential = outcome.call.endpoint.credential
    if credential and sent.headers.get(credential.header) != credential.value(outcome.call.key):
        yield f"{credential.header}: it does not carry the key as documented"


def _query(wanted: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the query that schemathesis itself would send."""
    plain = requests.Request("GET", wanted["url"], params=wanted.get("params")).prepare()
    return parse_qsl(urlsplit(str(plain.url)).query, keep_blank_values=True)


def _parameter_differences(
    endpoint: Endpoint, sent: httpx.Request, wanted: Mapping[str, Any]
) -> Iterator[str]:
    """Yield which documented headers and cookies differ."""
    headers = {name.lower(): value for name, value in wanted["headers"].items()}
    cookies = SimpleCookie(sent.headers.get("cookie", ""))
    for place, name in endpoint.parameters:
        if place == "header" and not alike(sent.headers.get(name), headers.get(name.lower())):
            yield f"header {name}: it is not the case's"
        if place == "cookie":
            there = cookies[name].value if name in cookies else None
            if not alike(there, (wanted.get("cookies") or {}).get(name)):
                yield f"cookie {name}: it is not the case's"


def validity(case: Case[Any], response: Response) -> bool | None:
    """Return whether an answer is the documented one; None where its status is not documented."""
    statuses = map(str, case.operation.definition.raw["responses"])
    named = {str(response.status_code), f"{response.status_code // 100}XX", "default"}
    if named.isdisjoint(one.upper() if one != "default" else one for one in statuses):
        return None
    return bool(case.operation.is_valid_response(response))


def answer_differences(outcome: Outcome, *, valid: bool | None) -> Iterator[str]:
    """Yield how what the client returned or raised differs from the raw answer.

    Args:
        outcome: The call.
        valid: Whether the raw answer is one that the document describes; None where it has a
            status that the document does not name, which the client may take or not.
    """
    answer = outcome.exchanges[-1].answer
    if answer is None:
        return
    if answer.status_code >= 400:
        yield from _error_differences(outcome, answer)
        return
    if valid is None and outcome.error is None:
        return
    if not valid:
        if type(outcome.error).__name__ != "InvalidResponseError":
            yield (
                "answer: it is not the documented one, and the client "
                f"{'returned a value' if outcome.error is None else f'raised {outcome.error!r}'}"
            )
        return
    if outcome.error is not None:
        yield f"answer: it is the documented one, and the client raised {outcome.error!r}"
        return
    if "json" in answer.headers.get("content-type", ""):
        yield from value_differences(outcome.parsed, answer.json())
    elif "content-type" not in answer.headers and outcome.parsed is not None:
        yield "answer: it is empty, and the client returned a value"


def _error_differences(outcome: Outcome, answer: httpx.Response) -> Iterator[str]:
    error, status = outcome.error, answer.status_code
    if error is None:
        yield f"error: the client returned a value for status {status}"
        return
    wanted = _ERRORS.get(status, "ServerError" if status >= 500 else "APIStatusError")
    if type(error).__name__ != wanted:
        yield f"error: {type(error).__name__} for status {status}, which is a {wanted}"
        return
    if getattr(error, "status_code", None) != status:
        yield "error: its status_code is not the answer's"
    if getattr(error, "operation_id", None) != outcome.call.endpoint.operation_id:
        yield "error: its operation_id is not the operation's"
    said = _said(answer)
    if said is not None and getattr(error, "error", None) != said:
        yield "error: its text is not the answer's"
    if getattr(error, "body", None) != answer.content:
        yield "error: its body is not the answer's"
    if outcome.call.key in f"{error} {error!r}":
        yield "error: it shows the API key"


def _said(answer: httpx.Response) -> str | None:
    try:
        value = answer.json()
    except ValueError:
        return None
    said = value.get("error") if isinstance(value, dict) else None
    return said if isinstance(said, str) and said.isprintable() else None


def _segments(path: str) -> list[str]:
    return [unquote(part) for part in path.split("/")]


def _body_differences(case: Case[Any], sent: httpx.Request, service: Any) -> Iterator[str]:
    if isinstance(case.body, NotSet):
        says_json = service.content_type == _JSON and sent.method in {"POST", "PUT", "PATCH"}
        wanted = b"{}" if says_json else b""  # A POST with nothing to say sends an empty object.
        if sent.content != wanted:
            yield f"body: sent {len(sent.content)} bytes, wanted {wanted!r}"
        if service.content_type not in {None, sent.headers.get("content-type")}:
            yield f"Content-Type: it is not {service.content_type}, which every request has"
        return
    if sent.headers.get("content-type") != case.media_type:
        yield f"Content-Type: sent {sent.headers.get('content-type')}, wanted {case.media_type}"
    try:
        same = alike(json.loads(sent.content), case.body)
    except ValueError:
        same = False
    if not same:
        yield "body: it is not the case's"
