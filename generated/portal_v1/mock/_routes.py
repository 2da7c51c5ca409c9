# Edited in overrides/package/mock/_routes.py, from where `make generate` copies it.
"""Methods as operations of the control API: what they take and give, and the document of that."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import parse_qsl

from .._version import __version__
from ._faults import FAULT_TYPES, describe_fault
from ._messages import PREFIX
from ._schemas import describe_arguments, describe_type, find_wrong_argument, is_object

Schema: TypeAlias = dict[str, Any]

HEADER = "x-mock"  # on all that changes something: no form can send it


class RejectedError(ValueError):
    """A request of the control API is refused, with a status."""

    def __init__(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class Route(NamedTuple):
    call: Callable[..., Any]
    takes: Schema  # the query of a GET or DELETE, the body of a POST
    gives: Any  # the types of its answer; None for no content
    status: int


ROUTES: dict[str, dict[str, Route]] = {}  # by path and method


def route(
    address: str, gives: Any = None, status: int = 200
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have a method answer `METHOD /path`; its arguments come from query or body."""

    def add(call: Callable[..., Any]) -> Callable[..., Any]:
        method, path = address.split()
        code = 204 if gives is None else status
        ROUTES.setdefault(path, {})[method] = Route(call, describe_arguments(call), gives, code)
        return call

    return add


def describe() -> dict[str, Any]:
    """The OpenAPI document of the control API."""
    key = {"type": "apiKey", "in": "header", "name": HEADER}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Control of the mock", "version": __version__},
        "servers": [{"url": PREFIX}],
        "paths": {
            path: {method.lower(): _describe_route(method, one) for method, one in routes.items()}
            for path, routes in ROUTES.items()
        },
        "components": {"securitySchemes": {"mock": key}},
    }


def _describe_route(method: str, route: Route) -> dict[str, Any]:
    first, *more = route.call.__name__.split("_")
    operation: dict[str, Any] = {
        "operationId": first + "".join(map(str.capitalize, more)),
        "summary": str(route.call.__doc__),
        "responses": {
            str(route.status): {"description": "Done.", **_describe_content(route.gives)},
            "4XX": {"description": "What is wrong.", **_describe_content({"error": str})},
        },
    }
    if method == "POST":
        body = {"oneOf": [*map(_describe_fault, FAULT_TYPES)]}
        body = body if route.takes["additionalProperties"] else route.takes
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    else:
        named = route.takes["properties"].items()
        operation["parameters"] = [{"name": n, "in": "query", "schema": one} for n, one in named]
    return operation if method == "GET" else {**operation, "security": [{"mock": []}]}


def _describe_content(gives: Any) -> dict[str, Any]:
    media = "text/html" if gives is str else "application/json"
    return {} if gives is None else {"content": {media: {"schema": describe_type(gives)}}}


def _describe_fault(name: str) -> dict[str, Any]:
    """What setting a fault takes, for one type of fault."""
    own = describe_fault(name)
    more = {"fault": {"const": name}, "operation": describe_type(str | None)}
    return {
        **own,
        "title": name,
        "description": FAULT_TYPES[name].__doc__,
        "properties": {**more, **own["properties"]},
        "required": ["fault", *own["required"]],
    }


def find(method: str, path: str) -> Route:
    routes = ROUTES.get(path, {})
    if method in routes:
        return routes[method]
    if routes:
        allowed = ", ".join(routes)
        raise RejectedError(
            405, f"{method} is not for this path, but {allowed}.", ("allow", allowed)
        )
    if not path:
        raise RejectedError(308, "The page is one slash further.", ("location", f"{PREFIX}/"))
    raise RejectedError(404, f"There is nothing here; {PREFIX}/openapi.json lists what there is.")


def read_query(query: str) -> dict[str, Any]:
    values = {"true": True, "false": False}
    return {
        name: int(text) if text.isdecimal() else values.get(text, text)
        for name, text in parse_qsl(query, keep_blank_values=True)
    }


def read_body(body: bytes) -> dict[str, Any]:
    def number(text: str) -> float:
        value = float(text)
        return int(value) if value.is_integer() else value  # 2.0 is a whole number in JSON

    try:
        value = json.loads(body or b"{}", parse_float=number)
    except (ValueError, RecursionError) as error:
        raise RejectedError(400, f"The body is not JSON: {error}.") from None
    if not is_object(value):
        raise RejectedError(400, 'The body is to be a JSON object, such as {"seconds": 60}.')
    return value


def check(arguments: Mapping[str, Any], takes: Schema) -> None:
    if takes["additionalProperties"] and "fault" in arguments:
        takes = _describe_fault(arguments["fault"])
    problem = find_wrong_argument(arguments, takes)
    if problem is not None:
        raise RejectedError(400, f"{problem}.")
