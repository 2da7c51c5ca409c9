"""Compare a server with the OpenAPI document, field by field, and try the document's rules.

Each operation is called once through the generated client, and its answer compared as it came.
Then it asks what the reference leaves open, or contradicts itself in. Each rule in `x-basis` is
verified, wrong, or not asked. No secret and nothing undocumented is shown but by its type.

In the environment:
  PORTAL_API_KEY   the key; take one of the Development environment
  PORTAL_BASE_URL  the server, where it is not the documented one
  CONFIRM=1        that the server may be used; without it, the run says what it would do

Exit status: 0 when all is as documented, 1 when something is not, 2 when it did not run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote, urlsplit

import httpx
import jsonschema_rs
from _support import confirming
from portal_v1 import Pace, Portal, PortalError, api, errors
from portal_v1._document import load_document
from portal_v1._service import SERVICE
from portal_v1.mock._journal import secret_names
from portal_v1.mock._schemas import Schemas, find_rules

AS_DOCUMENTED, DEVIATES, NOT_RUN, INTERRUPTED = 0, 1, 2, 130
OK, NOTE, DIFFERS = "ok", "note", "DIFFERS"
SUCCESS: Final = range(200, 300)
_TYPES: Final = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
_SHORTEST_SECRET = 6


@dataclass
class Call:
    """A call to make, and what became of it; status 0 stands for no whole answer."""

    module: Any
    takes: str = ""
    question: str = ""
    expected: range = SUCCESS
    rule: str = ""  # which holds where the status is an expected one
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    error: Exception | None = None
    rows: list[Row] = field(default_factory=list["Row"])

    def __post_init__(self) -> None:
        self.operation = one = self.module.OPERATION
        self.title = f"{one.id}  {one.method:4} {one.path}  {self.question}".rstrip()

    @property
    def value(self) -> Any:
        """The body's JSON value; ... where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return ...


V1: Any = import_module("portal_v1.api.clients")  # where the document has others, edit this
create_client, list_clients, get_client = V1.create_client, V1.list_clients, V1.get_client
LATER = (get_client, V1.refresh_client_session, V1.generate_client_web_otp)
OPERATIONS: Final = (Call(create_client), Call(list_clients), *(Call(one, "id") for one in LATER))
WHO, WHOSE = "What does an unknown client id get?", "What does an unknown API key get?"
QUESTIONS: Final = (
    Call(get_client, "unknown id", WHO, range(400, 401), "unknown-client-is-400"),
    Call(list_clients, "unknown key", WHOSE, range(401, 402), "unknown-key-is-401"),
)
# What no client of ours would send: a rule, a method, the end of a path, and a body.
REQUESTS: Final = (
    ("get-without-content-type", "GET", "", b""),
    ("session-takes-no-body", "POST", "/session", b""),
    ("session-takes-no-body", "POST", "/session", b'{"userId": "verify-live"}'),
    ("web-otp-is-get", "POST", "/web-otp", b"{}"),
)
WALLET: Final = ("address", "backupStatus", "signingStatus")


class Row(NamedTuple):
    """A place of an answer or a rule, what is documented for it, and what was found there."""

    level: str
    place: str
    documented: str
    found: str
    remark: str = ""


Finding: TypeAlias = tuple[str, bool, str]  # a rule, whether it holds, and what was found


class Comparison:
    """Compares answers with an OpenAPI document, and learns the secrets that they hold."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        closed = json.loads(json.dumps(document), object_hook=_close)
        self.secrets = {os.environ.get("PORTAL_API_KEY", "")} - {""}
        self._names, self._schemas = {*secret_names(document)}, Schemas(closed, "response")
        self.document = self._schemas.document | {"$id": "urn:openapi"}

    def compare(self, result: Call) -> Iterator[Row]:
        """Yield a row for each part of an answer, and each place of its body that differs."""
        error, value = result.error, result.value
        self.secrets |= {*_strings(value, self._names)}
        if not result.status:
            # What the message of an error holds that is none of the client's is not known.
            why = error if isinstance(error, PortalError) else "none of the client's errors"
            why = f"{type(error).__name__}: {why}" if error else "interrupted"
            yield Row(DIFFERS, "answer", "", "none", why)
            return
        operation = result.operation
        responses = self.document["paths"][operation.path][operation.method.lower()]["responses"]
        names = (str(result.status), f"{result.status // 100}XX", "default")
        response = next((responses[name] for name in names if name in responses), None)
        remark = "" if response else "not documented"
        if response and result.status not in result.expected:
            wanted = "success" if result.expected is SUCCESS else "refusal"
            remark = f"documented, but another {wanted} was expected"
        yield _row("status", ", ".join(responses), str(result.status), remark)
        if response is None and result.status in SUCCESS:  # It is compared all the same.
            response = next((responses[name] for name in responses if name.startswith("2")), None)
        response = self._schemas.resolve(response or {})
        content = response.get("content", {})
        found = result.headers.get("content-type", "")
        remark = "" if found.partition(";")[0] in {*content} or not response else "not documented"
        yield _row("content type", ", ".join(content), found, remark)
        for name in (one for one in response.get("headers", ()) if one not in result.headers):
            yield Row(NOTE, f"header {name}", "", "nothing", "absent")
        size = f"{len(result.body)} bytes"
        schema = content.get("application/json", {}).get("schema")
        if schema is None or value is ...:
            remark = "not JSON" if schema else "not documented"
            yield _row("body", "JSON" if schema else "", size, remark if result.body else "")
            return
        rules = jsonschema_rs.validator_for({**self.document, **schema})
        broken = Counter(row for one in rules.iter_errors(value) for row in _explain(one))
        text = size if result.status in SUCCESS else result.body.decode("utf-8", "replace")
        yield Row(NOTE if broken else OK, "body", "JSON", text)
        for row, count in broken.items():
            times = f" in {count} of {len(value)}" if isinstance(value, list) else ""
            yield row._replace(remark=row.remark + times)
        refuses = isinstance(error, errors.InvalidResponseError)
        is_valid = all(row.remark == "not documented" for row in broken)
        remark = "it refused what is documented" if refuses and is_valid else ""
        remark = remark if is_valid or error else "it took what is not documented"
        yield _row("client", "", type(error).__name__ if error else "read", remark)

    def cut(self, text: str) -> str:
        """Return a text without the secrets that are known, fit for a line."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "******")
        return "".join(c if c.isprintable() else " " for c in text)[:100]


def _close(node: dict[str, Any]) -> dict[str, Any]:  # so that the validator finds what is stray
    is_schema = isinstance(node.get("properties"), dict) and node.get("type") == "object"
    return {"additionalProperties": False, **node} if is_schema else node


def _explain(error: Any) -> Iterator[Row]:
    """Yield a row for each place that an error is about; its message would show values."""
    names = ["[]" if isinstance(part, int) else f".{part}" for part in error.instance_path]
    place, rule, kind = "$" + "".join(names), str(error.schema_path[-1]), error.kind
    if rule == "required":
        yield Row(DIFFERS, f"{place}.{kind.property}", "required", "nothing", "missing")
    elif rule == "additionalProperties":
        for name in kind.unexpected:
            found = _kind(error.instance[name])
            yield Row(DIFFERS, f"{place}.{name}", "nothing", found, "not documented")
    else:
        remark = "of another type" if rule == "type" else f"breaks {rule}"
        types = " or ".join(kind.types) if rule == "type" else ""
        yield Row(DIFFERS, place, types, _kind(error.instance), remark)


def _strings(value: Any, names: set[str], *, below: bool = False) -> Iterator[str]:
    """Yield the strings under any of the names; anything shorter may stand in a word by chance."""
    if below and isinstance(value, str) and len(value) >= _SHORTEST_SECRET:
        yield value
    inner = value.items() if isinstance(value, dict) else ()
    for name, one in enumerate(value) if isinstance(value, list) else inner:
        yield from _strings(one, names, below=below or name in names)


def _row(place: str, documented: str, found: str, remark: str) -> Row:
    return Row(DIFFERS if remark else OK, place, documented, found or "nothing", remark)


def _kind(value: Any) -> str:
    return "absent" if value is ... else _TYPES.get(type(value), "number")


def judge(results: Sequence[Call], asked: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what was found of each rule that could be asked for."""
    answers = [one for one in results if not one.rule and one.status in SUCCESS]
    if len(answers) == len(OPERATIONS):
        lacking = [row.place for one in answers for row in one.rows if row.documented == "required"]
        yield "every-field-is-answered", not lacking, ", ".join(lacking) or "all of them"
    values = {one.module: one.value for one in answers}
    made, listed = values.get(create_client), values.get(list_clients)
    made = made if isinstance(made, dict) else {}
    if isinstance(found := made.get("isAccountAbstracted"), bool):
        yield "abstraction-is-off-by-default", not found, str(found).lower()
    items = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    ids = [one.get("id") for one in items]
    if made and made.get("id") in ids:
        at = ids.index(made["id"])
        fields = [items[at].get(name, ...) for name in WALLET]
        told = ", ".join(map(_kind, fields))
        yield "no-wallet-is-null", not any(one is not None for one in fields), told
        if len(ids) > 1:
            told = f"the new one is {at + 1} of {len(ids)}"
            yield "list-is-oldest-first", at + 1 == len(ids), told
    for one in (one for one in results if one.rule and one.status):
        yield one.rule, one.status in one.expected, str(one.status)
        if one.status not in SUCCESS and isinstance(one.value, dict):
            error = one.value.get("error", ...)
            yield "error-may-be-empty", error is ... or isinstance(error, str), _kind(error)
            if isinstance(one.value.get("message"), str):
                yield "error-may-be-a-message", True, "string"
    yield from asked


class Runner:
    """Makes the calls, and keeps status and header fields of the last answer."""

    def __init__(self, http: httpx.Client, portal: Portal) -> None:
        self._http, self._portal = http, portal
        self._client_id = ""
        self._head: tuple[int, Mapping[str, str]] = (0, {})
        http.event_hooks = {"response": [self._keep]}

    def _keep(self, response: httpx.Response) -> None:
        self._head = (response.status_code, response.headers)
        self._http.cookies.clear()

    def run(self, results: list[Call]) -> str:
        """Make the calls; return why there is no use in going on, or an empty string."""
        for result in map(replace, (*OPERATIONS, *QUESTIONS)):
            results.append(result)
            if "id" in result.takes and not self._client_id:
                result.rows = [Row(DIFFERS, "not called", "", "", "createClient gave no id")]
                continue
            self._make(result)
            print(f"  {result.operation.id}: {result.status or 'no answer'}", flush=True)
            if isinstance(result.error, errors.AuthenticationError) and not result.question:
                return "The server refused the key (401). Is it whole, and one of this server?"
            if getattr(result.error, "maybe_processed", True) is False and not result.status:
                return "Nothing answers there."
        return ""

    def _make(self, call: Call) -> None:
        portal, known = self._portal, self._client_id
        if call.takes == "unknown key":
            portal = portal.with_options(api_key=confirming.UNKNOWN_KEY)
        # Turned round it has the same form, and is nobody's.
        one = known if call.takes == "id" else known[:1] + known[:0:-1]
        arguments = {"client_id": one} if "id" in call.takes else {}
        self._head = (0, {})
        try:
            response = call.module.sync_detailed(client=portal, max_attempts=1, **arguments)
            call.body = response.content
        except Exception as error:  # noqa: BLE001 - a defect of the client is a finding, too
            call.error, body = error, getattr(error, "body", None)
            call.body = body or b""
            self._head = (0, {}) if body is None else self._head  # It did not arrive whole.
        call.status, call.headers = self._head
        if call.module is create_client:  # Taken from an answer that the client refuses, too.
            found = re.search(rb'"id"\s*:\s*"([^"\\]+)"', call.body)
            self._client_id = found[1].decode() if found else ""

    def ask(self, base_url: str, results: Sequence[Call]) -> Iterator[Finding]:
        """Send what no client of ours would send, and yield what it says of the rules."""
        path = get_client.OPERATION.path.replace("{clientId}", quote(self._client_id, safe=""))
        for rule, method, end, body in REQUESTS if self._client_id else ():
            headers = {"Authorization": f"Bearer {os.environ['PORTAL_API_KEY']}"}
            headers |= {"Content-Type": "application/json"} if body else {}
            url = base_url.rstrip("/") + path + end
            with suppress(httpx.HTTPError):
                self._http.request(method, url, content=body, headers=headers)
                # Of two methods on one path the document has one: its answer decides.
                status = (results[4].status, self._head[0])[rule != "web-otp-is-get"]
                told = f"{method}{' with a body' * bool(body)}: {self._head[0]}"
                yield rule, status in SUCCESS, told


def announce(address: str, path: Path) -> None:
    """Say what a run does before it does it."""
    print(f"Server: {address}\n\nWith the key that is set, 200 requests a minute at the most:")
    for one in (*OPERATIONS, *QUESTIONS):
        print(f"  {one.operation.id:22} {one.title.partition('  ')[2]}")
    for rule, method, end, _ in REQUESTS:
        print(f"  by hand                {method:4} {get_client.OPERATION.path}{end}  {rule}")
    if left := {*api.OPERATIONS} - {call.operation.id for call in OPERATIONS}:
        print(f"It does not call what this script does not know: {', '.join(sorted(left))}.")
    print(
        "\nIt creates one client, which stays: no operation deletes it. It refreshes its session."
    )
    print(f"It writes {path}. No secret is shown. It is meant for a Development key.")


def report(
    results: Sequence[Call], found: Sequence[Finding], comparison: Comparison, path: Path
) -> bool:
    """Print and write what was found, with no secret in it; return whether all is as documented."""
    rules = list[Row]()
    for rule in find_rules(comparison.document):
        seen = [(holds, text) for name, holds, text in found if name == rule.name]
        verdict = ("wrong", "verified")[all(holds for holds, _ in seen)] if seen else "not asked"
        level = {"wrong": DIFFERS, "verified": OK}.get(verdict, NOTE)
        rules.append(Row(level, rule.name, rule.basis, verdict, "; ".join(one for _, one in seen)))
    told = {one.title: one.rows for one in results}
    told["The rules of the document"] = rules
    told = {title: [Row(*map(comparison.cut, one)) for one in rows] for title, rows in told.items()}
    for title, rows in told.items():
        print(f"\n{title}")
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print(f"  {'  '.join(map(str.ljust, row, widths))}".rstrip())
    if results[0].status in SUCCESS:
        print("\nOne client was created, and stays.")
    elif getattr(results[0].error, "maybe_processed", True):
        print("\nA client may have been created all the same.")
    differing = dict.fromkeys(
        one.operation.id for one in results for row in one.rows if row[0] == DIFFERS
    )
    differing |= dict.fromkeys(row.place for row in rules if row.level == DIFFERS)
    print(f"Not as documented: {', '.join(differing)}" if differing else "All is as documented.")
    answers = {title: [row._asdict() for row in rows] for title, rows in told.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"at": f"{datetime.now(UTC)}"} | answers, indent=1), "utf-8")
    return not differing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run for the command line, and return the exit status."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds a call may take")
    parser.add_argument("--report", type=Path, default=Path("reports/verify-live.json"))
    options = parser.parse_args(arguments)
    comparison = Comparison(load_document())
    base_url = os.environ.get("PORTAL_BASE_URL") or SERVICE.base_url or ""
    results, asked = list[Call](), list[Finding]()
    try:
        address = confirming.address_without_credentials(base_url)
        # The key of a server on this machine goes through no proxy.
        is_local = urlsplit(base_url).hostname in {"localhost", "127.0.0.1", "::1"}
        with httpx.Client(trust_env=not is_local, timeout=options.timeout) as http:
            settings: dict[str, Any] = {"base_url": base_url, "timeout": options.timeout}
            portal = Portal(**settings, pace=Pace(200), http_client=http)
            announce(address, options.report)
            if not confirming.is_confirmed(os.environ):
                return _fail("not confirmed, so nothing was sent. To do this: CONFIRM=1")
            runner = Runner(http, portal)
            if not (stopped := runner.run(results)):
                asked += runner.ask(base_url, results)
    except (confirming.UndecidedError, PortalError) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        stopped = "interrupted; what was under way may have been carried out."
    except Exception as error:  # noqa: BLE001 - its message may show a proxy's password
        return _fail(f"{type(error).__name__}. Check HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE.")
    for result in results:
        result.rows = result.rows or [*comparison.compare(result)]
    is_documented = report(results, [*judge(results, asked)], comparison, options.report)
    if stopped:
        _fail(stopped)
        came = any(one.status in SUCCESS for one in results)
        return INTERRUPTED if "interrupted" in stopped else DEVIATES if came else NOT_RUN
    return AS_DOCUMENTED if is_documented else DEVIATES


def _fail(message: str) -> int:
    print(f"verify-live: {message}", file=sys.stderr)
    return NOT_RUN


if __name__ == "__main__":
    confirming.print_whatever_the_terminal()
    sys.exit(main())
