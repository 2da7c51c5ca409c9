"""The mock's page for a browser on the same machine: state, journal, faults, clock.

It is served by the TCP server below `PREFIX`, and only to connections from this machine. A
page of another site cannot use it: the Host header has to name this machine, which a name
that was bent to it does not, and what changes something has to carry a token that only the
page knows.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from importlib.resources import files
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ._clock import MockClock
from ._faults import FAULT_TYPES, FaultRegistry
from ._journal import Journal
from ._messages import PREFIX, Answer, FaultError, Headers, plain
from ._schemas import is_object, members
from ._state import State

_TOKEN_HEADER = "x-mock-token"  # noqa: S105 - the name of a header
_MOST_ENTRIES = 200  # the newest that the page shows
_MOST_ITEMS = 50  # the newest of a custodian
_FAULT = ("number", "name", "operation", "times", "after", "probability", "settings", "struck")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass
class Inspector:
    """Answers the requests below `PREFIX`."""

    document: Mapping[str, Any]
    operations: list[str]
    state: State
    journal: Journal
    faults: FaultRegistry
    clock: MockClock
    reset: Callable[[], None]
    _token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def handle(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        """Answer one request."""
        given = {name.lower(): value for name, value in headers}
        if not _names_this_machine(given.get("host", "")):
            return plain(403, "The inspector is for browsers on the mock's own machine.")
        path, _, query = target.partition("?")
        action = path.removeprefix(PREFIX)
        if method == "POST":
            token = given.get(_TOKEN_HEADER, "").encode("utf-8", "replace")
            if not hmac.compare_digest(token, self._token.encode()):
                return plain(403, "This is for the inspector's own page.")
            return self._act(action, body)
        if method not in ("GET", "HEAD"):
            return plain(405, "The inspector has no such method.", ("allow", "GET, HEAD, POST"))
        match action:
            case "":
                return _answer(308, b"", ("location", f"{PREFIX}/"))
            case "/":
                return self._page()
            case "/openapi.json":
                return _json(200, self.document)
            case "/state":
                after = parse_qs(query).get("after", ["0"])[-1]
                return _json(200, self._snapshot(int(after) if after.isdecimal() else 0))
            case _:
                return plain(404, "The inspector has no such page.")

    def _act(self, action: str, body: bytes) -> Answer:
        try:
            order = json.loads(body)
            if not is_object(order):
                raise TypeError("an object is expected")  # noqa: TRY301
            match action:
                case "/faults":
                    limits = {"times": None, "after": 0, "probability": 1.0}
                    limits = {name: order.pop(name, least) for name, least in limits.items()}
                    name, operation = order.pop("name"), order.pop("operation")
                    settings = order.pop("settings", {})
                    self.faults.add(name, operation, {**order, **settings}, **limits)
                case "/faults/remove":
                    self.faults.remove(order["number"])
                case "/clock":
                    self.clock.advance(float(order["seconds"]))
                case "/reset":
                    self.reset()
                case _:
                    return plain(404, "The inspector has no such order.")
        except FaultError as error:
            return _json(400, {"error": str(error)})
        except (ValueError, TypeError, KeyError) as error:
            return _json(400, {"error": f"That cannot be done: {error}."})
        return _json(200, self._snapshot(0))

    def _snapshot(self, after: int) -> dict[str, Any]:
        entries = self.journal.entries()
        newest = [one for one in entries[-_MOST_ENTRIES:] if one.number > after]
        return {
            "title": members(self.document, "info").get("title", ""),
            "clock": {"now": self.clock(), "offset": self.clock.offset},
            "operations": self.operations,
            "kinds": _fault_types(),
            "faults": [{name: getattr(one, name) for name in _FAULT} for one in self.faults.list()],
            "custodians": [
                {"number": number, "count": count, "items": self._items(number)}
                for number, count in self.state.custodians()
            ],
            "newest": entries[-1].number if entries else 0,
            "journal": [entry.as_dict() for entry in newest],
        }

    def _items(self, custodian: int) -> list[dict[str, Any]]:
        mask = self.journal.masking.value
        newest = self.state.newest(custodian, _MOST_ITEMS)
        return [
            {"number": one.number, "id": one.id, "content": mask(one.content)} for one in newest
        ]

    def _page(self) -> Answer:
        nonce = secrets.token_urlsafe(16)
        text = files(__package__ or "").joinpath("inspector.html").read_text("utf-8")
        text = text.replace("{{token}}", self._token).replace("{{nonce}}", nonce)
        policy = ("content-security-policy", _POLICY.replace("{nonce}", nonce))
        return _answer(200, text.encode(), ("content-type", "text/html; charset=utf-8"), policy)


def fits(document: Mapping[str, Any], base_path: str) -> bool:
    """Whether the page's addresses are none of the API's."""
    return not any(f"{base_path}{path}".startswith(PREFIX) for path in members(document, "paths"))


def _fault_types() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "about": one.__doc__ or "",
            "settings": {
                setting.name: "" if setting.default is MISSING else setting.default
                for setting in fields(one)  # type: ignore[arg-type]
            },
        }
        for name, one in FAULT_TYPES.items()
    ]


def _answer(status: int, body: bytes, *headers: tuple[str, str]) -> Answer:
    guards = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Answer(status, [*headers, *guards.items(), ("x-content-type-options", "nosniff")], body)


def _json(status: int, value: Any) -> Answer:
    content = json.dumps(value, ensure_ascii=True).encode()
    return _answer(status, content, ("content-type", "application/json"))


def _names_this_machine(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
