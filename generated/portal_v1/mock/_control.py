# Edited in overrides/package/mock/_control.py, from where `make generate` copies it.
"""The control API of a served mock, and its page: faults, clock, requests, clients, snapshots.

The TCP server has it below `PREFIX`, by default for this machine only. A page of another site
cannot use it: no CORS header allows it an answer, the Host header has to name this machine, which
a name that was bent to it does not, and what changes something needs a header that no form can
send. Its OpenAPI document follows from the methods of `Control`.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias
from urllib.parse import parse_qsl

from .._version import __version__
from ._engine import Engine
from ._faults import FAULT_TYPES, Fault, check_fault, describe_fault
from ._journal import Journal
from ._messages import PREFIX, Answer, Headers, RefusalError
from ._operations import Request
from ._schemas import describe_arguments, describe_type, find_wrong_argument, is_object, members

if TYPE_CHECKING:
    from ._mock import Mock, Snapshot
    from ._state import State

_HEADER = "x-mock"  # on all that changes something: no form can send it
_HOST = re.compile(r"(?:\[([^\]]*)\]|([^:@\[\]]*))(?::\d*)?")  # with its port
_LOOPBACK = re.compile(r"localhost|::1|127(\.\d+){3}")
_GUARDS = [
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
]
_POLICY = (
    "default-src 'none'; style-src 'nonce-{0}'; script-src 'nonce-{0}'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# What answers hold: the types of an object's members, in a list where there are several objects.
_INFO = {"title": str, "operations": [str], "example": dict}
_TIME = {"now": float, "offset": float}
_CUSTODIAN = {"number": int, "count": int, "items": [dict]}
_LIMITS = {"operation": str | None, "times": int | None, "after": int, "probability": float}
_FAULT = {"number": int, "fault": str, **_LIMITS, "struck": int}  # and the fault's settings

_Limit: TypeAlias = Annotated[int, {"minimum": 1, "maximum": 10_000}]


class Control:
    """Answers the requests below `PREFIX`, and those for `/`; `allowed` are names for others."""

    def __init__(
        self, mock: Mock, engine: Engine, state: State, journal: Journal, allowed: Collection[str]
    ) -> None:
        self._mock, self._engine, self._state, self._journal = mock, engine, state, journal
        self._allowed = [*map(_host_name, allowed)]
        if "" in self._allowed:
            raise ValueError("allow_hosts takes names of this machine, such as mock.example")
        self._snapshots: dict[str, Snapshot] = {}
        # By path and method: the method that is called with what the query holds, or the body of a
        # POST, and the types of what it gives; None for no content.
        self._routes: dict[str, dict[str, tuple[Any, Any]]] = {
            "/": {"GET": (self.get_page, str)},
            "/openapi.json": {"GET": (self.get_openapi, dict)},
            "/document.json": {"GET": (self.get_document, dict)},
            "/health": {"GET": (self.check_health, {"status": str})},
            "/info": {"GET": (self.get_info, _INFO)},
            "/faults": {
                "GET": (self.list_faults, [_FAULT]),
                "POST": (self.set_fault, _FAULT),
                "DELETE": (self.remove_faults, None),
            },
            "/clock": {"GET": (self.get_clock, _TIME), "POST": (mock.clock.advance, None)},
            "/journal": {"GET": (self.list_calls, [dict])},
            "/clients": {
                "GET": (self.list_clients, [_CUSTODIAN]),
                "POST": (mock.seed_clients, None),
            },
            "/reset": {"POST": (mock.reset, None)},
            "/snapshot": {"POST": (self.take_snapshot, None)},
            "/restore": {"POST": (self.restore_snapshot, None)},
        }

    def owns(self, method: str, target: str, headers: Headers) -> bool:
        """Whether a request is for this, not for the API."""
        path = target.partition("?")[0]
        if path == "/":  # is the page's, where the API has no such path
            return not isinstance(self._engine.route(method, path, headers, b""), Request)
        return f"{path}/".startswith(f"{PREFIX}/")

    def handle(
        self, method: str, target: str, headers: Headers, by: tuple[str, str], body: bytes
    ) -> Answer:
        """Answer one request, `by` way of two addresses: the one called, and the caller's."""
        path, _, query = target.partition("?")
        path, method = path.removeprefix(PREFIX), "GET" if method == "HEAD" else method
        given, more = {name.lower(): value for name, value in headers}, list[tuple[str, str]]()
        value: Any
        try:
            if path != "/health":  # which tells nothing
                self._check_caller(given.get("host", ""), *by)
            call, gives = self._find_route(method, path if target.startswith(PREFIX) else "")
            pairs = parse_qsl(query, keep_blank_values=True)
            arguments = _read_body(body) if method == "POST" else read_arguments(pairs)
            problem = find_wrong_argument(arguments, describe_arguments(call.__func__))
            _require(problem is None, 400, f"{problem}.")
            text = "Send the header X-Mock: 1 with this, which no page of another site may."
            _require(method == "GET" or given.get(_HEADER), 403, text)
            status, value = _status(method, gives), call(**arguments)
        except RefusalError as error:
            status, value, more = error.statuses[0], {"error": error.text}, [*error.headers]
        except ValueError as error:  # a FaultError is one, too
            status, value = 400, {"error": str(error)}
        if isinstance(value, Answer):
            return value
        kind = [] if value is None else [("content-type", "application/json")]
        content = b"" if value is None else json.dumps(value).encode()
        return Answer(status, [*kind, *more, *_GUARDS], content)

    def _check_caller(self, host: str, called: str, caller: str) -> None:
        """Refuse another machine, and a name that is not known to be this machine's."""
        name = _host_name(host)
        is_local = caller == called or _LOOPBACK.fullmatch(called)
        is_own = name == called or _LOOPBACK.fullmatch(name)
        text = f"Only this machine may ask, by an address of its own, not by {host!r}; others by a"
        text += " name that the mock is started with: --allow-host NAME."
        _require((is_local and is_own) or name in self._allowed, 403, text)

    def _find_route(self, method: str, path: str) -> tuple[Any, Any]:
        methods = self._routes.get(path, {})
        allowed = ", ".join(methods)
        _require(path, 307, f"The page is at {PREFIX}/.", ("location", f"{PREFIX}/"))
        _require(allowed, 404, f"There is nothing here; {PREFIX}/openapi.json lists what there is.")
        text = f"{method} is not for this path, but {allowed}."
        _require(method in methods, 405, text, ("allow", allowed))
        return methods[method]

    def get_page(self) -> Answer:
        """Get the page for a browser."""
        nonce = secrets.token_urlsafe(16)
        text = files(__package__ or "").joinpath("page.html").read_text("utf-8")
        policy = ("content-security-policy", _POLICY.format(nonce))
        kind = ("content-type", "text/html; charset=utf-8")
        return Answer(200, [kind, policy, *_GUARDS], text.replace("{{nonce}}", nonce).encode())

    def get_openapi(self) -> Any:
        """Get this description of the control API."""
        faults = {"oneOf": [*map(describe_fault, FAULT_TYPES)]}
        wrong = _describe_content("What is wrong.", describe_type({"error": str}))
        paths: dict[str, dict[str, Any]] = {path: {} for path in self._routes}
        for path, methods in self._routes.items():
            for method, (call, gives) in methods.items():
                first, *more = call.__name__.split("_")
                takes = describe_arguments(call.__func__)
                named = takes["properties"].items()
                query = [{"name": name, "in": "query", "schema": one} for name, one in named]
                body = _describe_content(
                    "Sent.", faults if takes["additionalProperties"] else takes
                )
                done = _describe_content("Done.", gives and describe_type(gives))
                paths[path][method.lower()] = {
                    "operationId": first + "".join(map(str.capitalize, more)),
                    "summary": (call.__doc__ or "").partition("\n")[0],
                    **({"requestBody": body} if method == "POST" else {"parameters": query}),
                    "responses": {str(_status(method, gives)): done, "4XX": wrong},
                    "security": [] if method == "GET" else [{"mock": []}],
                }
        key = {"type": "apiKey", "in": "header", "name": _HEADER}
        return {
            "openapi": "3.1.0",
            "info": {"title": "Control of the mock", "version": __version__},
            "servers": [{"url": PREFIX}],
            "paths": paths,
            "components": {"securitySchemes": {"mock": key}},
        }

    def get_document(self) -> Any:
        """Get the OpenAPI document that the mock serves."""
        return self._mock.document

    def check_health(self) -> Any:
        """Say that the mock serves. Any machine may ask, by any name."""
        return {"status": "ok"}

    def get_info(self) -> Any:
        """Say what is mocked, and what to try."""
        document = self._mock.document
        return {
            "title": str(members(document, "info").get("title", "the API")),
            "operations": self._mock.operations,
            "example": example_request(document, self._engine.base_path),
        }

    def list_faults(self) -> Any:
        """List the faults that are set, in the order in which they were."""
        return [_show(fault) for fault in self._mock.faults]

    def set_fault(self, /, **order: Any) -> Any:
        """Set a fault, for one operation or for all."""
        check_fault(order, self._mock.operations)
        return _show(self._mock.fault(order.pop("fault"), **order))

    def remove_faults(self, number: int | None = None) -> None:
        """Take a fault away, or all."""
        faults = [one for one in self._mock.faults if number in (None, one.number)]
        _require(faults or number is None, 404, f"There is no fault {number}.")
        for fault in faults:
            fault.remove()

    def get_clock(self) -> Any:
        """Get the mock's time in seconds since 1970, and by how many of them it was moved on."""
        return {"now": self._mock.clock(), "offset": self._mock.clock.offset}

    def list_calls(self, operation: str | None = None, after: int = 0, limit: _Limit = 1000) -> Any:
        """List the newest requests, oldest first: of an operation, numbered above `after`."""
        return [one.as_dict() for one in self._journal.entries(operation, after, limit)]

    def list_clients(self, limit: _Limit = 50) -> Any:
        """List the custodians, and the newest clients of each."""
        found = list[dict[str, Any]]()
        for number, (custodian, count) in enumerate(self._state.custodians(), 1):
            items = json.dumps([one._asdict() for one in self._state.newest(custodian, limit)])
            found.append({"number": number, "count": count, "items": self._journal.read(items)})
        return found

    def take_snapshot(self, name: str = "snapshot") -> None:
        """Remember clients, sessions, passwords and clock by a name, until the mock stops."""
        self._snapshots[name] = self._mock.snapshot()

    def restore_snapshot(self, name: str = "snapshot") -> None:
        """Know what a snapshot knows, and nothing else. Faults and requests stay."""
        known = ", ".join(map(repr, self._snapshots)) or "none"
        text = f"There is no snapshot {name!r}. There are: {known}."
        _require(name in self._snapshots, 404, text)
        self._mock.restore(self._snapshots[name])


def _status(method: str, gives: Any) -> int:
    return 204 if gives is None else 201 if method == "POST" else 200


def _describe_content(about: str, schema: Any) -> dict[str, Any]:
    media = "text/html" if schema == {"type": ["string"]} else "application/json"
    return {"description": about} | ({"content": {media: {"schema": schema}}} if schema else {})


def _require(holds: object, status: int, text: str, *headers: tuple[str, str]) -> None:
    if not holds:
        raise RefusalError(text, (status,), headers)


def _read_number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value  # 2.0 is a whole number in JSON


_load = partial(json.loads, parse_float=_read_number)


def read_arguments(pairs: Iterable[Sequence[str]]) -> dict[str, Any]:
    """Arguments out of names and texts: values as JSON has them, and else the texts."""
    arguments: dict[str, Any] = {}
    for name, text in pairs:
        arguments[name] = text
        with suppress(ValueError, RecursionError):
            arguments[name] = _load(text)
    return arguments


def _read_body(body: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        value = _load(body or b"{}")
        if is_object(value):
            return value
    raise ValueError('The body is to be a JSON object, such as {"seconds": 60}.')


def _show(fault: Fault) -> dict[str, Any]:
    shown = {name: getattr(fault, name) for name in _FAULT if name != "fault"}
    return {**shown, "fault": fault.name, **fault.settings}


def example_request(document: Mapping[str, Any], base_path: str) -> dict[str, Any]:
    """A request to try: the first GET whose path has no variables, else the first path."""
    paths: Mapping[str, Any] = members(document, "paths")
    plain = (path for path, item in paths.items() if "get" in item and "{" not in path)
    headers = {
        one.get("name", "Authorization"): f"{one.get('scheme', '').title()} YOUR_KEY".lstrip()
        for one in members(members(document, "components"), "securitySchemes").values()
        if one.get("type") == "http" or one.get("in") == "header"
    }
    return {"path": base_path + next(plain, next(iter(paths), "/")), "headers": headers}


def _host_name(host: str) -> str:
    """The name in a Host header, without its port, in lower case; empty where it is none."""
    found = _HOST.fullmatch(host.lower())
    return (found[1] or found[2] or "") if found else ""
