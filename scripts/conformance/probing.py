"""One request before all others: whether there is an API, and whether it takes the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Final, NamedTuple

from . import sending
from .document import operations, resolved
from .endpoints import Endpoint
from .errors import CannotRunError
from .expressing import Call
from .sending import Outcome, caller
from .target import Target
from .typing_values import UnfitError, fitted

_SAFE: Final = frozenset({"get", "head"})
_REFUSALS: Final = frozenset({401, 403})
_NO_SUCH_PATH: Final = 404


class _Probe(NamedTuple):
    call: Call
    statuses: frozenset[str]


def probe(
    package: ModuleType,
    document: Mapping[str, Any],
    endpoints: Mapping[str, Endpoint],
    target: Target,
) -> None:
    """Send the safest operation that there is, once.

    A document without a GET that can be sent offhand is not probed.

    Args:
        package: The generated package.
        document: The OpenAPI document.
        endpoints: The package's operations.
        target: The server.

    Raises:
        CannotRunError: The whole run would be in vain: the server does not answer, is not this
            API, or refuses the key.
    """
    found = sorted(
        _probes(document, endpoints, target.keys[0]),
        key=lambda one: (not _needs_key(one.call), len(one.call.arguments)),
    )
    if not found:
        return
    calling = caller(package, target.url, "sync")
    try:
        outcome = calling.send(found[0].call)
    finally:
        calling.close()
    problem = _problem(outcome, found[0].statuses, target.url)
    if problem:
        raise CannotRunError(problem)


def _probes(
    document: Mapping[str, Any], endpoints: Mapping[str, Endpoint], key: str
) -> Iterator[_Probe]:
    for _, method, operation, parameters in operations(document):
        endpoint = endpoints[operation["operationId"]]
        if method not in _SAFE or (endpoint.body is not None and _is_needed(document, operation)):
            continue
        try:
            arguments = {
                argument: fitted(_example(document, one), endpoint.annotations[argument])
                for one in parameters
                if one.get("required")
                for argument in [endpoint.parameters[one["in"], one["name"]]]
            }
        except (UnfitError, LookupError):
            continue
        statuses = frozenset(map(str, operation["responses"]))
        yield _Probe(Call(endpoint, "function", arguments, key), statuses)


def _is_needed(document: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    return bool(resolved(document, operation.get("requestBody", {})).get("required"))


def _needs_key(call: Call) -> bool:
    return call.endpoint.credential is not None


def _example(document: Mapping[str, Any], parameter: Mapping[str, Any]) -> Any:
    schema = resolved(document, parameter.get("schema", {}))
    told = [
        *(holder["example"] for holder in (parameter, schema) if "example" in holder),
        *schema.get("examples", []),
        *schema.get("enum", []),
    ]
    return told[0]


def _problem(outcome: Outcome, statuses: frozenset[str], url: str) -> str:
    """Return why a run would be in vain, or an empty string."""
    endpoint = outcome.call.endpoint
    what = f"{endpoint.operation_id} ({endpoint.method} {endpoint.path})"
    if not outcome.exchanges:
        return f"The client does not take {url}: {outcome.error}"
    answer = outcome.exchanges[-1].answer
    if answer is None:
        if "Timeout" in type(outcome.error).__name__:
            return (
                f"The server at {url} takes connections, and did not answer {what} within "
                f"{sending.SECONDS_A_CALL:g} s. Look into the server's own log."
            )
        return (
            f"The server at {url} broke off at {what}, before it had answered. Look into its own "
            "log, and see whether it speaks HTTP, or HTTPS, as the URL says."
        )
    status = answer.status_code
    if status in _REFUSALS and _needs_key(outcome.call):
        return (
            f"The server at {url} refused the key: it answered {what} with {status}. "
            f"Put a key that it knows into {endpoint.service.environment}_API_KEY."
        )
    if 300 <= status < 400:
        return (
            f"The server at {url} answered {what} with {status}, a redirect, and the client "
            "follows none. Give the URL that it leads to, with its path."
        )
    if "html" in answer.headers.get("content-type", ""):
        return (
            f"The server at {url} answered {what} with {status} and a page of HTML: this is not "
            "the API, or a proxy stands before it. See whether the URL has the API's path too."
        )
    if status == _NO_SUCH_PATH and statuses.isdisjoint({"404", "4XX", "4xx", "default"}):
        return (
            f"The server at {url} answered {what} with 404, which the document does not know. "
            "See whether the URL has the API's path too, as the document's servers have it."
        )
    return ""
