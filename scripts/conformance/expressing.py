"""A generated case as a call of the generated client, where the client can express it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

import attrs
from schemathesis import Case
from schemathesis.core import NotSet

from .endpoints import Endpoint
from .typing_values import UnfitError, fitted, fitted_text

# What HTTP and schemathesis themselves put on a request; none is a parameter.
_CARRIERS: Final = frozenset(
    {"accept", "accept-encoding", "connection", "content-type", "user-agent"}
    | {"content-length", "x-schemathesis-testcaseid"}
)
_JSON: Final = "application/json"


class InexpressibleError(Exception):
    """A case that a typed client cannot send; the message says what of it, in few words."""


@dataclass(frozen=True)
class Call:
    """One call of the client.

    Attributes:
        endpoint: What is called.
        face: How: "function" (sync_detailed of the operation's module), "method" (of the
            resource), or "items" (the method that yields item by item).
        arguments: The arguments; for a method with the body's fields for themselves.
        key: The API key to send.
    """

    endpoint: Endpoint
    face: str
    arguments: Mapping[str, Any]
    key: str = field(repr=False)


def expressed(
    case: Case[Any], endpoint: Endpoint, wire: Mapping[str, Any], resource: type, turn: int
) -> Call:
    """Return the call that sends the case.

    Args:
        case: The case.
        endpoint: The operation that it is a case of.
        wire: What schemathesis would send itself.
        resource: The class of the client's resource that has the operation's method.
        turn: A number; the faces of a client take turns by it.

    Raises:
        InexpressibleError: The client has no call that would send it.
    """
    if case.method.upper() != endpoint.method:
        raise InexpressibleError("another method")
    headers = {name.lower(): value for name, value in wire["headers"].items()}
    key = _key(endpoint, headers)
    arguments = {
        **_path(case, endpoint),
        **_declared(wire.get("params") and case.query, "query", endpoint),
        **_declared(case.cookies, "cookie", endpoint),
        **_headers(headers, endpoint),
        **_body(case, endpoint, headers),
    }
    return _faced(endpoint, arguments, key, resource, turn)


def _key(endpoint: Endpoint, headers: dict[str, Any]) -> str:
    credential = endpoint.credential
    if credential is None:
        for name in endpoint.key_headers:  # It goes with every case, and is not needed here.
            headers.pop(name, None)
        return "no-key-is-sent"
    value = headers.pop(credential.header.lower(), None)
    if value is None:
        raise InexpressibleError("no credential")
    key = str(value).removeprefix(credential.value(""))
    if value != credential.value(key) or not key or key != key.strip():
        raise InexpressibleError("a credential of another kind")
    return key


def _path(case: Case[Any], endpoint: Endpoint) -> dict[str, Any]:
    arguments = {}
    for name, value in case.path_parameters.items():
        argument = endpoint.parameters.get(("path", name))
        if argument is None:
            raise InexpressibleError("an undeclared path parameter")
        annotation = endpoint.annotations[argument]
        plain = unquote(value) if isinstance(value, str) else value
        arguments[argument] = _fitted(plain, annotation, "path", fitted_text)
    return arguments


def _declared(values: Any, place: str, endpoint: Endpoint) -> dict[str, Any]:
    if not values:
        return {}
    if not isinstance(values, dict):
        raise InexpressibleError(f"a {place} that is no list of parameters")
    arguments = {}
    for name, value in values.items():
        argument = endpoint.parameters.get((place, name))
        if argument is None:
            raise InexpressibleError(f"an undeclared {place} parameter")
        arguments[argument] = _fitted(value, endpoint.annotations[argument], place, fitted_text)
    return arguments


def _headers(headers: Mapping[str, Any], endpoint: Endpoint) -> dict[str, Any]:
    declared = {
        name.lower(): argument
        for (place, name), argument in endpoint.parameters.items()
        if place == "header"
    }
    arguments = {}
    for name, value in headers.items():
        if name in declared:
            annotation = endpoint.annotations[declared[name]]
            arguments[declared[name]] = _fitted(value, annotation, "header", fitted_text)
        elif name not in _CARRIERS:
            raise InexpressibleError("an undeclared header")
    return arguments


def _body(case: Case[Any], endpoint: Endpoint, headers: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(case.body, NotSet):
        if "content-type" in headers and headers["content-type"] != _JSON:
            raise InexpressibleError("a media type that is not the documented one")
        return {}
    if endpoint.body is None:
        raise InexpressibleError("a body where none is documented")
    media_type = headers.get("content-type", case.media_type)
    if media_type not in endpoint.bodies:
        raise InexpressibleError("a media type that is not the documented one")
    if media_type != _JSON:
        # How such a body is written is left open, so bytes could not be compared.
        raise InexpressibleError(f"a body of {media_type}")
    return {"body": _fitted(case.body, endpoint.body, "body", fitted)}


def _fitted(value: Any, annotation: Any, place: str, fit: Callable[[Any, Any], Any]) -> Any:
    try:
        return fit(value, annotation)
    except UnfitError:
        raise InexpressibleError(f"a {place} value of another type") from None


def _faced(
    endpoint: Endpoint, arguments: dict[str, Any], key: str, resource: type, turn: int
) -> Call:
    required = {
        name
        for name in (*endpoint.parameters.values(), "body")
        if name in endpoint.annotations and "Unset" not in str(endpoint.annotations[name])
    }
    if required - arguments.keys():
        raise InexpressibleError("a required part is left out")
    # What is left out of the case is left out of the request: a default would be sent.
    arguments |= {
        name: endpoint.unset
        for name in endpoint.defaulted & set(endpoint.parameters.values())
        if name not in arguments
    }
    faces = ["function", "method"]
    if hasattr(resource, endpoint.items_method):
        faces.append("items")
    face = faces[turn % len(faces)]
    if face == "function" or "body" not in arguments:
        return Call(endpoint, face, arguments, key)
    method = endpoint.items_method if face == "items" else endpoint.resource_method
    if "body" in inspect.signature(getattr(resource, method)).parameters:
        return Call(endpoint, face, arguments, key)
    # The method takes the body's fields one by one, the documented ones only.
    body = arguments.pop("body")
    if getattr(body, "additional_properties", None):
        return Call(endpoint, "function", {**arguments, "body": body}, key)
    for one in attrs.fields(type(body)):
        if one.name != "additional_properties":
            arguments[one.name] = getattr(body, one.name)
    return Call(endpoint, face, arguments, key)
