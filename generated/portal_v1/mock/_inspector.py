# Edited in overrides/package/mock/_inspector.py, from where `make generate` copies it.
"""The mock's page for a browser on the same machine: state, journal, faults, clock, reference.

It is served by the TCP server below `PREFIX`, and only to connections from this machine. A
page of another site cannot use it: the Host header has to name this machine, which a name
that was bent to it does not, and what changes something has to carry a token that only the
page knows.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from importlib.resources import files
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ._errors import FaultError
from ._json import is_object, members
from ._kinds import KINDS
from ._messages import Answer, plain
from ._reference import reference

if TYPE_CHECKING:
    from ._faults import Fault
    from ._mock import Mock
    from ._state import State

PREFIX = "/__mock__"
TOKEN_HEADER = "x-mock-token"  # noqa: S105 - the name of a header
_ENTRIES = 200  # the newest that the page shows
_CLIENTS = 50  # the newest of a custodian
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = [
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
]


class Inspector:
    """Answers the requests below `PREFIX`.

    Args:
        mock: What is shown.
        state: Its state.
    """

    def __init__(self, mock: Mock, state: State) -> None:
        self._mock = mock
        self._state = state
        self._token = secrets.token_urlsafe(24)

    @staticmethod
    def fits(document: Mapping[str, Any], base_path: str) -> bool:
        """Whether the page's addresses are none of the API's."""
        return not any(
            f"{base_path}{path}".startswith(PREFIX) for path in members(document, "paths")
        )

    def handle(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Answer:
        """Answer one request."""
        given = {name.lower(): value for name, value in headers}
        if not _names_this_machine(given.get("host", "")):
            return plain(403, "The inspector is for browsers on the mock's own machine.")
        path, _, query = target.partition("?")
        action = path.removeprefix(PREFIX)
        if method == "POST":
            token = given.get(TOKEN_HEADER, "").encode("utf-8", "replace")
            if not hmac.compare_digest(token, self._token.encode()):
                return plain(403, "This is for the inspector's own page.")
            return self._post(action, body)
        if method not in ("GET", "HEAD"):
            return plain(405, "The inspector has no such method.", ("allow", "GET, HEAD, POST"))
        match action:
            case "":
                return Answer(308, [("location", f"{PREFIX}/"), *_HEADERS], b"")
            case "/":
                page = files(__package__ or "").joinpath("inspector.html").read_text("utf-8")
                return _page(page.replace("{{token}}", self._token))
            case "/docs":
                return _page(reference(self._mock.document))
            case "/state":
                after = parse_qs(query).get("after", ["0"])[-1]
                return _json(200, self._shown(int(after) if after.isdecimal() else 0))
            case _:
                return plain(404, "The inspector has no such page.")

    def _post(self, action: str, body: bytes) -> Answer:
        try:
            order = json.loads(body)
            if not is_object(order):
                raise TypeError("an object is expected")  # noqa: TRY301
            match action:
                case "/faults":
                    settings = order.pop("settings", {})
                    self._mock.fault(order.pop("name"), order.pop("operation"), **order, **settings)
                case "/faults/remove":
                    for fault in self._mock.faults:
                        if fault.number == order["number"]:
                            fault.remove()
                case "/clock":
                    self._mock.clock.advance(float(order["seconds"]))
                case "/reset":
                    self._mock.reset()
                case _:
                    return plain(404, "The inspector has no such order.")
        except FaultError as error:
            return _json(400, {"error": str(error)})
        except (ValueError, TypeError, KeyError) as error:
            return _json(400, {"error": f"That cannot be done: {error}."})
        return _json(200, self._shown(0))

    def _shown(self, after: int) -> dict[str, Any]:
        mock = self._mock
        entries = mock.calls()
        return {
            "title": members(mock.document, "info").get("title", ""),
            "clock": {"now": mock.clock(), "offset": mock.clock.offset},
            "operations": mock.operations,
            "kinds": _kinds(),
            "faults": [_fault(fault) for fault in mock.faults],
            "custodians": [
                {
                    "number": number,
                    "count": count,
                    "clients": self._state.newest_clients(number, _CLIENTS),
                }
                for number, count in self._state.custodians()
            ],
            "newest": entries[-1].number if entries else 0,
            "journal": [entry.as_dict() for entry in entries[-_ENTRIES:] if entry.number > after],
        }


def _kinds() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "about": kind.__doc__ or "",
            "settings": {
                one.name: "" if one.default is MISSING else one.default
                for one in fields(kind)  # type: ignore[arg-type]
            },
        }
        for name, kind in KINDS.items()
    ]


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "number": fault.number,
        "name": fault.name,
        "operation": fault.operation,
        "times": fault.times,
        "after": fault.after,
        "probability": fault.probability,
        "settings": fault.settings,
        "seen": fault.seen,
        "struck": fault.struck,
    }


def _page(text: str) -> Answer:
    nonce = secrets.token_urlsafe(16)
    headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", _POLICY.replace("{nonce}", nonce)),
        *_HEADERS,
    ]
    return Answer(200, headers, text.replace("{{nonce}}", nonce).encode())


def _json(status: int, value: Any) -> Answer:
    headers = [("content-type", "application/json"), *_HEADERS]
    return Answer(status, headers, json.dumps(value, ensure_ascii=True).encode())


def _names_this_machine(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
