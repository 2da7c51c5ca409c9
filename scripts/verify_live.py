"""Compare a server with the OpenAPI document, field by field, and try the document's rules.

Each operation is called through the generated client, and its answer compared as it came. Then
it sends by hand what no client would. Each rule in `x-basis` is verified, wrong, or not asked,
with the reason. No secret and nothing undocumented is shown but by its type.

In the environment:
  PORTAL_API_KEY    the key; take one of the Development environment
  PORTAL_API_KEY_2  a key of another custodian, where you have one
  PORTAL_BASE_URL   the server, where it is not the documented one
  CONFIRM=1         that the server may be used; without it, the run says what it would do

Exit status: 0 when all is as documented, 1 when something is not, 2 when it could not be found.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
from _support.terminal import make_parser, run_script
from portal_v1 import Pace, Portal, PortalError, api, errors
from portal_v1._document import load_document
from portal_v1._service import SERVICE
from portal_v1.mock._schemas import Schemas, find_rules

OK, NOTE, DIFFERS = "ok", "note", "DIFFERS"
KEY, SECOND_KEY, UNKNOWN_KEY, NO_KEY = "PORTAL_API_KEY", "PORTAL_API_KEY_2", "unknown", "none"
SUCCESS, REFUSED, UNAUTHORIZED, ANY = range(200, 300), range(400, 401), range(401, 402), range(600)
REPORT, TOO_MANY = Path("reports/verify-live.json"), 429
_TYPES: Final = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
_SHORTEST_SECRET, _MOST_SHOWN = 6, 160  # characters
Finding = tuple[str, bool, str]  # a rule, whether it holds, and what was found


class Row(NamedTuple):
    """A place of an answer or a rule, what is documented for it, and what was found there."""

    level: str
    place: str
    documented: str
    found: str
    remark: str = ""


@dataclass
class Call:
    """A request, and what became of it; status 0 stands for no whole answer."""

    rules: str  # that hold where the answer has an expected status
    method: str
    path: str
    content: bytes = b""
    expected: range | None = SUCCESS  # None: the answer is to be the one to an unknown id
    key: str = KEY
    module: Any = None  # of the client, which makes the call; None where it is made by hand
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    value: Any = field(default=..., repr=False)  # of JSON; ... where the body is none
    members: dict[str, Any] = field(default_factory=dict, repr=False)  # of an object
    told: str = ""  # what a refusal says went wrong; else the size of the body
    new_id: str = field(default="", repr=False)  # of the client that was made
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.name = self.module.OPERATION.id if self.module else self.rules
        self.is_create = (self.method, self.path) == ("POST", CLIENTS)

    def keep(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Keep an answer that came whole."""
        self.status, self.headers = status, headers
        with suppress(ValueError):
            self.value = json.loads(body)
        self.members = self.value if isinstance(self.value, dict) else {}
        refusal = {} if status in SUCCESS else self.members
        self.told = str(refusal.get("error") or refusal.get("message") or f"{len(body)} bytes")
        made = self.members.get("id") if self.is_create else ""
        self.new_id = made if isinstance(made, str) else ""


V1: Any = import_module("portal_v1.api.clients")  # where the document has others, edit this
CLIENTS = V1.create_client.OPERATION.path
CLIENT, UNKNOWN = f"{CLIENTS}/{{known}}", f"{CLIENTS}/{{unknown}}"
SESSION, OTP = f"{CLIENT}/session", f"{CLIENT}/web-otp"
NOBODY, NO_TYPE = "unknown-client-is-400", "get-without-content-type"
PLAIN_CREATE: Final = Call("", "POST", CLIENTS, module=V1.create_client)
OTHER_KEYS: Final = b'{"userId": "verify-live"}'
CALLS: Final = (
    replace(PLAIN_CREATE, rules="create-takes-other-keys", content=OTHER_KEYS),
    PLAIN_CREATE,  # where the other keys are refused
    Call("create-takes-no-body", "POST", CLIENTS),
    Call("content-type-on-every-request", "GET", CLIENTS, module=V1.list_clients),
    Call("", "GET", CLIENT, module=V1.get_client),
    Call("", "POST", SESSION, module=V1.refresh_client_session),
    Call("web-otp-is-get web-otp-is-legacy", "GET", OTP, module=V1.generate_client_web_otp),
    Call("web-otp-is-get", "POST", OTP, b"{}", ANY),  # the answer to GET decides
    Call(NO_TYPE, "GET", CLIENT),
    Call("session-takes-no-body", "POST", SESSION),
    Call("session-takes-no-body", "POST", SESSION, OTHER_KEYS),
    Call("unfit-body-is-400", "POST", SESSION, b"{", REFUSED),
    Call(NOBODY, "GET", UNKNOWN, expected=REFUSED),
    Call(NOBODY, "POST", f"{UNKNOWN}/session", b"{}", REFUSED),
    Call(NOBODY, "GET", f"{UNKNOWN}/web-otp", expected=REFUSED),
    Call("ids-have-any-form", "GET", f"{CLIENTS}/{{odd}}", expected=None),
    Call("other-custodians-are-unseen", "GET", CLIENT, expected=None, key=SECOND_KEY),
    Call("unknown-key-is-401", "GET", CLIENTS, expected=UNAUTHORIZED, key=UNKNOWN_KEY),
    Call("unknown-key-is-401", "GET", CLIENTS, expected=UNAUTHORIZED, key=NO_KEY),
)
WHY_NOT_ASKED: Final = {  # by how the name of a rule begins
    "key": "it takes a key of another environment",
    "limit": "it takes over 200 calls within a minute, which hinder others of the custodian",
    "other-custodians": f"it takes a key of another custodian: {SECOND_KEY}",
    "list-has-no-pages": "it takes more clients than any page has",
    "session": "no operation takes a session token",
    "web-otp": "no operation takes a password: it is used in a browser",
    "": "no answer tells",
}


def _find_keys() -> dict[str, str]:  # by the names that calls have for them
    found = {name: os.environ[name] for name in (KEY, SECOND_KEY) if os.environ.get(name)}
    return {**found, UNKNOWN_KEY: "a-key-that-no-server-knows", NO_KEY: ""}


def compare(call: Call, schemas: Schemas) -> Iterator[Row]:
    """Yield a row for an answer, and one for each place in it that differs."""
    error, one = call.error, call.module.OPERATION
    if not call.status:
        # What the message of an error holds that is none of the client's is not known.
        why = error if isinstance(error, PortalError) else "none of the client's errors"
        why = f"{type(error).__name__}: {why}" if error else call.told or "interrupted"
        yield Row(DIFFERS, "answer", "", "none", why)
        return
    responses = schemas.document["paths"][one.path][one.method.lower()]["responses"]
    successes = [int(status) for status in responses if status[0] == "2"]
    # A success that is not documented is compared all the same.
    status = successes[0] if call.status in SUCCESS else call.status
    content = schemas.resolve(responses.get(str(status), {})).get("content", {})
    found = {"status": call.status, "type": call.headers.get("content-type", "").partition(";")[0]}
    yield Row(OK, "answer", "", f"{call.status}, {found['type']}", call.told)
    parts: dict[str, Any] = {"status": {"enum": successes}}
    if content:
        parts |= {"type": {"enum": [*content]}, "body": content["application/json"]["schema"]}
    if call.value is not ...:
        found["body"] = call.value
    elif content:
        yield Row(DIFFERS, "$", "JSON", call.told, "not JSON")
    mismatches = schemas.compile({"properties": parts}, "").iter_errors(found)
    yield from dict.fromkeys(map(_explain, mismatches))
    if isinstance(error, errors.InvalidResponseError):
        yield Row(DIFFERS, "client", "", type(error).__name__, "it refuses it")


def _close(node: dict[str, Any]) -> dict[str, Any]:  # so that the validator finds what is stray
    is_schema = isinstance(node.get("properties"), dict) and node.get("type") == "object"
    return {"additionalProperties": False, **node} if is_schema else node


def _explain(error: Any) -> Row:
    part, *steps = error.instance_path
    names = ["[]" if isinstance(step, int) else f".{step}" for step in steps]
    stray = [error.instance[name] for name in getattr(error.kind, "unexpected", ())]
    found = ", ".join(map(_kind, stray or [error.instance]))
    place = f"${''.join(names)}" if part == "body" else part
    return Row(DIFFERS, place, error.kind.name, found, error.message)


def _kind(value: Any) -> str:
    return "absent" if value is ... else _TYPES.get(type(value), "number")


def _strings(value: Any) -> Iterator[str]:
    """Yield each string of a JSON value; anything shorter may stand in a word by chance."""
    if isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
        yield value
    inner = value.values() if isinstance(value, dict) else value
    for one in inner if isinstance(value, (dict, list)) else ():
        yield from _strings(one)


def judge(calls: Sequence[Call], lacking: str) -> Iterator[Finding]:
    """Yield rules, whether they hold, and the answer that tells."""
    for one in (one for one in calls if one.status == TOO_MANY):
        yield "limit-is-told-by-429", "retry-after" in one.headers, one.told
    known = [one for one in calls if one.status not in (0, TOO_MANY)]
    known = [one for one in known if (one.key, one.status) != (SECOND_KEY, 401)]
    nobody = next((one for one in known if one.rules == NOBODY), None)
    for one in known:
        holds = one.status in (one.expected or ())
        if one.expected is None and nobody:
            holds = (one.status, one.value) == (nobody.status, nobody.value)
        key = "" if one.key == KEY else f" (key: {one.key})"
        for rule in one.rules.split():
            yield rule, holds, f"{one.method} {one.path}{key}: {one.status}, {one.told}"
        if one.status not in SUCCESS and one.members:
            error = one.members.get("error", ...)
            yield "error-may-be-empty", error is ... or isinstance(error, str), _kind(error)
            if isinstance(one.members.get("message"), str):
                yield "error-may-be-a-message", True, "string"
    answers = [one for one in calls if one.module and one.status in SUCCESS]
    if {one.name for one in answers} == {*api.OPERATIONS}:
        yield "every-field-is-answered", not lacking, lacking or "all of them"
    listed = next((one.value for one in answers if one.module is V1.list_clients), ...)
    items = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    yield from _judge_clients([one.members for one in calls if one.new_id], items)


def _judge_clients(made: list[Any], items: list[Any]) -> Iterator[Finding]:
    new, ids = [one["id"] for one in made], [one.get("id") for one in items]
    for on in (one.get("isAccountAbstracted") for one in made):
        if isinstance(on, bool):
            yield "abstraction-is-off-by-default", not on, "on" if on else "off"
    if len(new) > 1:
        yield "create-twice-makes-two", len({*new}) > 1, f"ids: {len({*new})}"
    if new and len(ids) > 1:
        places = ", ".join(str(ids.index(one) + 1) for one in new if one in ids) or "none"
        yield "list-is-oldest-first", ids[-len(new) :] == new, f"new ones: {places} of {len(ids)}"
    for one in (one for one in items if one.get("id") in new):
        found = [one.get(name, ...) for name in ("address", "backupStatus", "signingStatus")]
        yield "no-wallet-is-null", found == [None] * 3, ", ".join(map(_kind, found))


def run(portal: Portal, http: httpx.Client, done: list[Call]) -> str:
    """Make the calls; return why there is no use in going on, or an empty string."""
    ids, keys, call = dict[str, str](), _find_keys(), PLAIN_CREATE
    for one in CALLS:
        is_needless = one is PLAIN_CREATE and not isinstance(call.error, errors.BadRequestError)
        if is_needless or one.key not in keys:
            continue
        done.append(call := replace(one))
        if "{" in call.path and not ids:
            call.told = "createClient gave no id"
            continue
        _make(call, portal, http, ids, keys[call.key])
        print(f"  {call.name}: {call.status or 'no answer'}", flush=True)
        if isinstance(call.error, errors.AuthenticationError):
            return "The server refused the key (401). Is it whole, and one of this server?"
        if getattr(call.error, "maybe_processed", True) is False and not call.status:
            return "Nothing answers there."
        if known := call.new_id:  # Taken from an answer that the client refuses, too.
            # With its end turned round it has the same form, and is nobody's.
            ids = {"known": known, "unknown": known[:-8] + known[:-9:-1], "odd": "\u00fc~"}
    return ""


def _make(call: Call, portal: Portal, http: httpx.Client, ids: dict[str, str], key: str) -> None:
    arguments: dict[str, Any] = {"client_id": ids["known"]} if "{known}" in call.path else {}
    if call.content and call.module:
        body = V1.create_client.CreateClientRequest.from_dict(json.loads(call.content))
        arguments["body"] = body
    headers = {} if call.key == NO_KEY else {"Authorization": f"Bearer {key}"}
    headers |= {} if call.rules == NO_TYPE else {"Content-Type": "application/json"}
    path = call.path.format(**{name: quote(one, safe="") for name, one in ids.items()})
    http.cookies.clear()
    try:
        if call.module:
            got: Any = call.module.sync_detailed(client=portal, max_attempts=1, **arguments)
        else:
            got = http.request(call.method, path, content=call.content, headers=headers)
        content = got.content
    except Exception as error:  # noqa: BLE001 - a defect of the client is a finding, too
        got = call.error = error
        content = getattr(error, "body", None)
    if content is not None:  # It arrived whole.
        call.keep(got.status_code, got.headers, content)


def report(calls: Sequence[Call]) -> bool:
    """Print and write what was found, with no secret in it; return whether all is as documented."""
    schemas = Schemas(json.loads(json.dumps(load_document()), object_hook=_close), "response")
    answers = [one.value for one in calls if one.status in SUCCESS]
    secrets = sorted({*_find_keys().values(), *_strings(answers)} - {""}, key=len, reverse=True)

    def cut(text: str) -> str:  # fit for a line
        for secret in secrets:
            text = text.replace(secret, "******")
        return "".join(c if c.isprintable() else " " for c in text)[:_MOST_SHOWN]

    tables, wrong = defaultdict[str, list[Row]](list), list[str]()
    for call in (one for one in calls if one.module):
        rows = [Row(*map(cut, row)) for row in compare(call, schemas)]
        tables[f"{call.name}  {call.method} {call.path}"] += rows
        wrong += [call.name] * (DIFFERS in {row.level for row in rows})
    shown = [row for rows in tables.values() for row in rows]
    lacking = ", ".join(row.remark for row in shown if row.documented == "required")
    found = [(rule, holds, cut(told)) for rule, holds, told in judge(calls, lacking)]
    for rule in find_rules(schemas.document):
        seen = {told: holds for name, holds, told in found if name == rule.name}
        level, verdict = (OK, "verified") if all(seen.values()) else (DIFFERS, "wrong")
        if not seen:
            level, verdict = NOTE, "not asked"
        why = next(why for start, why in WHY_NOT_ASKED.items() if rule.name.startswith(start))
        row = Row(level, rule.name, rule.basis, verdict, "; ".join(seen) or why)
        tables["The rules of the document"].append(row)
        wrong += [rule.name] * (level == DIFFERS)
    for title, rows in tables.items():
        print(f"\n{title}")
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print(f"  {'  '.join(map(str.ljust, row, widths))}".rstrip())
    creates = [one for one in calls if one.is_create]
    print(f"\nClients created, which stay: {sum(one.status in SUCCESS for one in creates)}.")
    if any(not one.status and getattr(one.error, "maybe_processed", True) for one in creates):
        print("A client may have been created all the same.")
    differing = ", ".join(dict.fromkeys(wrong))
    print(f"Not as documented: {differing}." if wrong else "All is as documented.")
    told = {title: [row._asdict() for row in rows] for title, rows in tables.items()}
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({"at": f"{datetime.now(UTC)}"} | told, indent=1), "utf-8")
    return not wrong


def announce(base_url: str) -> None:
    """Say what a run does before it does it."""
    print(f"Server: {base_url}\n\nWith the key that is set, 200 requests a minute at the most:")
    for one in dict.fromkeys(f"{one.method:4} {one.path:38} {one.name}" for one in CALLS):
        print(f"  {one}")
    if left := {*api.OPERATIONS} - {one.name for one in CALLS}:
        print(f"It does not call what this script does not know: {', '.join(sorted(left))}.")
    print("\nIt creates two clients, which stay: no operation deletes one. It refreshes a session.")
    print(f"It writes {REPORT}. No secret is shown. It is meant for a Development key.")


def main() -> int:
    """Run for the command line, and return the exit status."""
    make_parser(__doc__).parse_args()
    base_url = os.environ.get("PORTAL_BASE_URL") or SERVICE.base_url or ""
    calls = list[Call]()
    # The key of a server on this machine goes through no proxy.
    is_local = urlsplit(base_url).hostname in {"localhost", "127.0.0.1", "::1"}
    try:
        portal = Portal(pace=Pace(200))  # It refuses a URL with a password.
        with portal, httpx.Client(base_url=base_url, timeout=30, trust_env=not is_local) as http:
            announce(base_url)
            if os.environ.get("CONFIRM") != "1":
                return _fail("not confirmed, so nothing was sent. To do this: CONFIRM=1")
            stopped = run(portal, http, calls)
    except PortalError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        stopped = "interrupted; what was under way may have been carried out."
    except Exception as error:  # noqa: BLE001 - its message may show a proxy's password
        return _fail(f"{type(error).__name__}. Check HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE.")
    is_documented = report(calls)
    return _fail(stopped) if stopped else int(not is_documented)


def _fail(message: str) -> int:
    print(f"verify-live: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(run_script(main))
