"""The control API of a served mock, and its page: faults, clock, requests, clients, snapshots.

The TCP server has it below `PREFIX`, by default for this machine only. A page of another site
cannot use it: no CORS header allows it an answer, the Host header has to name this machine, which
a name that was bent to it does not, and what changes something or shows secrets needs a header
that no form can send. Its OpenAPI document follows from the methods of `Control`.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ._faults import Fault
from ._messages import PREFIX, Answer, Headers
from ._routes import HEADER, RejectedError, check, describe, find, read_body, read_query, route
from ._schemas import members

if TYPE_CHECKING:
    from ._journal import Masking
    from ._mock import Mock, Snapshot
    from ._state import State

_BESIDE = frozenset({"/", "/favicon.ico"})  # answered here too, where the API has no such path
_HOST = re.compile(r"(?:\[([^\]]*)\]|([^:\[\]]*))(?::\d*)?")  # with its port
_LOOPBACK = re.compile(r"localhost|::1|127(\.\d+){3}")
_GUARDS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_POLICY = (
    "default-src 'none'; style-src 'nonce-{0}'; script-src 'nonce-{0}'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# What answers hold: the types of an object's members, in a list where there are several objects.
_INFO = dict.fromkeys(("title", "version", "api", "page", "control", "document"), str)
_TIME = {"now": float, "offset": float}
_CALLS = {"newest": int, "entries": [dict]}
_CUSTODIAN = {"number": int, "count": int, "items": [dict]}
_LIMITS = {"operation": str | None, "times": int | None, "after": int, "probability": float}
_FAULT = {"number": int, "fault": str, **_LIMITS, "struck": int}  # and the fault's settings


class Control:
    """Answers the requests below `PREFIX`, and those for `/`; `allowed` are names for others."""

    def __init__(
        self, mock: Mock, state: State, masking: Masking, allowed: Collection[str]
    ) -> None:
        self._mock, self._state, self._masking = mock, state, masking
        self._allowed = frozenset(map(_host_name, allowed))
        if "" in self._allowed:
            raise ValueError("allow_hosts takes names of this machine, such as mock.example")
        self._base_path = urlsplit(mock.base_url).path
        paths = (self._base_path + path for path in members(mock.document, "paths"))
        self._beside = _BESIDE - {re.sub(r"\{.*?\}", "favicon.ico", path) for path in paths}
        self._snapshots: dict[str, Snapshot] = {}

    def owns(self, target: str) -> bool:
        """Whether a request is for this, not for the API."""
        path = target.partition("?")[0]
        return path in self._beside or f"{path}/".startswith(f"{PREFIX}/")

    def handle(
        self, method: str, target: str, headers: Headers, body: bytes, *, by: tuple[str, str]
    ) -> Answer:
        """Answer one request, `by` way of two addresses: the one called, and the caller's."""
        path, _, query = target.partition("?")
        path = "/info" if path == "/" else path.removeprefix(PREFIX)
        given = {name.lower(): value for name, value in headers}
        try:
            if path != "/health":  # which tells nothing
                self._check_caller(given.get("host", ""), *by)
            found = find("GET" if method == "HEAD" else method, path)
            arguments = read_body(body) if method == "POST" else read_query(query)
            check(arguments, found.takes)
            is_harmless = method in ("GET", "HEAD") and not arguments.get("show_secrets")
            if not is_harmless and not given.get(HEADER):
                text = "Send the header X-Mock: 1 with this, which no page of another site may."
                raise RejectedError(403, text)
            answer = found.call(self, **arguments)
        except ValueError as error:  # a RejectedError and a FaultError are such
            status, more = getattr(error, "status", 400), getattr(error, "headers", ())
            return _answer(status, {"error": str(error)}, *more)
        return answer if isinstance(answer, Answer) else _answer(found.status, answer)

    def _check_caller(self, host: str, called: str, caller: str) -> None:
        """Refuse another machine, and a name that is not known to be this machine's."""
        name = _host_name(host)
        is_local = caller == called or _LOOPBACK.fullmatch(called)
        is_own = name == called or _LOOPBACK.fullmatch(name)
        if not (is_local and is_own) and name not in self._allowed:
            text = "The mock's page and control API are for this machine, by 127.0.0.1 or another"
            more = f"address of it, not by {host!r}. Start the mock with --allow-host and a name"
            raise RejectedError(403, f"{text} {more} for others.")

    @route("GET /", str)
    def get_page(self) -> Answer:
        """Get the page for a browser."""
        nonce = secrets.token_urlsafe(16)
        text = files(__package__ or "").joinpath("page.html").read_text("utf-8")
        page = text.replace("{{nonce}}", nonce).encode()
        own = {"content-type": "text/html; charset=utf-8"}
        own["content-security-policy"] = _POLICY.format(nonce)
        return Answer(200, [*own.items(), *_GUARDS.items()], page)

    @route("GET /openapi.json", dict)
    def get_openapi(self) -> Any:
        """Get this description of the control API."""
        return describe()

    @route("GET /document.json", dict)
    def get_document(self) -> Any:
        """Get the OpenAPI document that the mock serves."""
        return self._mock.document

    @route("GET /health", {"status": str})
    def check_health(self) -> Any:
        """Say that the mock serves. Any machine may ask, by any name."""
        return {"status": "ok"}

    @route("GET /info", {**_INFO, "operations": [str], "example": dict})
    def get_info(self) -> Any:
        """Say what is mocked, where everything is, and what to try."""
        info = members(self._mock.document, "info")
        return {
            **{name: str(info.get(name, "")) for name in ("title", "version")},
            "api": self._base_path or "/",
            "page": f"{PREFIX}/",
            "control": f"{PREFIX}/openapi.json",
            "document": f"{PREFIX}/document.json",
            "operations": self._mock.operations,
            "example": example_request(self._mock.document, self._base_path),
        }

    @route("GET /faults", [_FAULT])
    def list_faults(self) -> Any:
        """List the faults that are set, in the order in which they were."""
        return [_show(fault) for fault in self._mock.faults]

    @route("POST /faults", _FAULT, 201)
    def set_fault(self, fault: str, operation: str | None = None, **settings: Any) -> Any:
        """Set a fault, for one operation or for all."""
        return _show(self._mock.fault(fault, operation, **settings))

    @route("DELETE /faults")
    def remove_faults(self, number: int | None = None) -> None:
        """Take a fault away, or all."""
        faults = [one for one in self._mock.faults if number in (None, one.number)]
        if number is not None and not faults:
            raise RejectedError(404, f"There is no fault {number}.")
        for fault in faults:
            fault.remove()

    @route("GET /clock", _TIME)
    def get_clock(self) -> Any:
        """Get the mock's time in seconds since 1970, and by how many of them it was moved on."""
        return {"now": self._mock.clock(), "offset": self._mock.clock.offset}

    @route("POST /clock", _TIME)
    def move_clock(self, seconds: float = 0.0, hours: float = 0.0, days: float = 0.0) -> Any:
        """Move the time on, by the sum of these."""
        self._mock.clock.advance(seconds, hours=hours, days=days)
        return self.get_clock()

    @route("GET /journal", _CALLS)
    def list_calls(
        self,
        operation: str | None = None,
        after: int = 0,
        limit: int = 1000,
        *,
        show_secrets: bool = False,
    ) -> Any:
        """List the newest requests, oldest first: of an operation, numbered above `after`."""
        calls = [one for one in self._mock.calls(operation) if one.number > after]
        newest = calls[max(0, len(calls) - limit) :]
        entries = [one.as_dict(show_secrets=show_secrets) for one in newest]
        return {"newest": calls[-1].number if calls else after, "entries": entries}

    @route("GET /clients", [_CUSTODIAN])
    def list_clients(self, limit: int = 50, *, show_secrets: bool = False) -> Any:
        """List the custodians, and the newest clients of each."""
        found = list[dict[str, Any]]()
        for number, (custodian, count) in enumerate(self._state.custodians(), 1):
            items = [one._asdict() for one in self._state.newest(custodian, min(limit, 10_000))]
            shown = items if show_secrets else self._masking.value(json.dumps(items))
            found.append({"number": number, "count": count, "items": shown})
        return found

    @route("POST /clients")
    def seed_clients(self, count: int, api_key: str, *, has_wallet: bool = False) -> None:
        """Add many clients of one API key at once."""
        self._mock.seed_clients(count, api_key=api_key, has_wallet=has_wallet)

    @route("POST /reset")
    def reset(self) -> None:
        """Forget clients, faults, requests, and the clock's moves; not the snapshots."""
        self._mock.reset()

    @route("POST /snapshot")
    def take_snapshot(self, name: str = "snapshot") -> None:
        """Remember clients, sessions, passwords and clock by a name, until the mock stops."""
        self._snapshots[name] = self._mock.snapshot()

    @route("POST /restore")
    def restore_snapshot(self, name: str = "snapshot") -> None:
        """Know what a snapshot knows, and nothing else. Faults and requests stay."""
        if name not in self._snapshots:
            known = ", ".join(map(repr, self._snapshots)) or "none"
            raise RejectedError(404, f"There is no snapshot {name!r}. There are: {known}.")
        self._mock.restore(self._snapshots[name])


def _show(fault: Fault) -> dict[str, Any]:
    shown = {name: getattr(fault, name) for name in _FAULT if name != "fault"}
    return {**shown, "fault": fault.name, **fault.settings}


def example_request(document: Mapping[str, Any], base_path: str) -> dict[str, Any]:
    """A request to try: the first GET whose path has no variables, else the first path."""
    paths: Mapping[str, Any] = members(document, "paths")
    plain = (path for path, item in paths.items() if "get" in item and "{" not in path)
    headers: dict[str, str] = {}
    for scheme in members(members(document, "components"), "securitySchemes").values():
        if scheme.get("type") == "http":
            headers = {"Authorization": f"{scheme['scheme'].capitalize()} YOUR_KEY"}
        elif scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            headers = {scheme["name"]: "YOUR_KEY"}
    return {"path": base_path + next(plain, next(iter(paths), "/")), "headers": headers}


def _answer(status: int, value: Any, *more: tuple[str, str]) -> Answer:
    """An answer in JSON; one without content for None."""
    headers = [*more, *_GUARDS.items()]
    if value is None:
        return Answer(status, headers, b"")
    return Answer(
        status, [("content-type", "application/json"), *headers], json.dumps(value).encode()
    )


def _host_name(host: str) -> str:
    """The name in a Host header, without its port, in lower case; empty where it is none."""
    found = _HOST.fullmatch(host.lower())
    return (found[1] or found[2] or "") if found else ""
