"""Compare a server with the OpenAPI document, field by field.

Each operation is called once through the generated client: a client is created, listed, fetched,
its session refreshed, a web one-time password generated. Each answer is compared as it came:
status, content type, header fields, and in the body what is missing, of another type, or not
documented. Then it asks what the reference leaves open: what an unknown id gets, and an unknown
key. Nothing is written to disk; no secret and nothing undocumented is shown but by its type.

In the environment:
  PORTAL_API_KEY   the key; take one of the Development environment
  PORTAL_BASE_URL  the server, where it is not the documented one
  CONFIRM=1        that the server may be used; without it, the run says what it would do
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
from _support.confirming import (
    UNKNOWN_KEY,
    UndecidedError,
    address_without_credentials,
    is_confirmed,
    print_whatever_the_terminal,
)
from portal_v1 import Pace, Portal, PortalError, errors
from portal_v1._document import load_document
from portal_v1._service import SERVICE
from portal_v1.api.clients import create_client, get_client, list_clients
from portal_v1.api.clients import generate_client_web_otp as generate_web_otp
from portal_v1.api.clients import refresh_client_session as refresh_session
from portal_v1.models import CreateClientRequest

AS_DOCUMENTED, DEVIATES, NOT_RUN, INTERRUPTED = 0, 1, 2, 130
OK, NOTE, DIFFERS = "ok", "note", "DIFFERS"
SUCCESS: Final = range(200, 300)

_EXIT = "Exit status: 0 when all is as documented, 1 when something is not, 2 when it did not run."
_TYPES: Final = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
_MASK = "******"
_SHORTEST_SECRET = 6  # Anything shorter may stand in a word by chance.


class Call(NamedTuple):
    """A call to make: an operation's module, what it is given, and what it may be answered."""

    module: Any
    takes: str = ""
    question: str = ""
    expected: range = SUCCESS


OPERATIONS: Final = (
    Call(create_client, "body"),
    Call(list_clients),
    Call(get_client, "id"),
    Call(refresh_session, "id"),
    Call(generate_web_otp, "id"),
)
QUESTIONS: Final = (
    Call(get_client, "unknown id", "What does an unknown client id get?", range(400, 500)),
    Call(list_clients, "unknown key", "What does an unknown API key get?", range(401, 402)),
)


class Row(NamedTuple):
    """A place of an answer, what is documented for it, and what was found there."""

    level: str
    place: str
    documented: str
    found: str
    remark: str = ""


@dataclass
class Result:
    """What became of a call; status 0 stands for no whole answer."""

    call: Call
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    error: Exception | None = None
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)

    @property
    def operation(self) -> Any:
        """What the generator knows of the operation."""
        return self.call.module.OPERATION

    @property
    def differs(self) -> bool:
        """Whether anything is not as documented."""
        return any(row.level == DIFFERS for row in self.rows)


class Comparison:
    """Compares answers with an OpenAPI document, and learns the secrets that they hold."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        items = (item for path in document["paths"].values() for item in path.values())
        operations = (item for item in items if isinstance(item, dict) and "operationId" in item)
        self.operations = {operation["operationId"]: operation for operation in operations}
        self.secrets: set[str] = set()

    def compare(self, result: Result) -> Iterator[Row]:
        """Yield a row for each place of an answer."""
        error, body = result.error, result.body
        if not result.status:
            # What the message of an error holds that is none of the client's is not known.
            why = str(error) if isinstance(error, PortalError) else "none of the client's errors"
            why = f"{type(error).__name__}: {why}" if error else "interrupted"
            yield Row(DIFFERS, "answer", "", "none", why)
            return
        responses = self.operations[result.operation.id]["responses"]
        names = (str(result.status), f"{result.status // 100}XX", "default")
        response = next((responses[name] for name in names if name in responses), None)
        remark = "" if response else "not documented"
        if response and result.status not in result.call.expected:
            wanted = "success" if result.call.expected is SUCCESS else "refusal"
            remark = f"documented, but another {wanted} was expected"
        yield _row("status", ", ".join(responses), str(result.status), remark)
        if response is None and result.status in SUCCESS:  # It is compared all the same.
            response = next((responses[name] for name in responses if name.startswith("2")), None)
        response = self._resolve(response or {})
        content = response.get("content", {})
        found = result.headers.get("content-type", "")
        remark = "" if found.partition(";")[0] in {*content} or not response else "not documented"
        yield _row("content type", ", ".join(content), found, remark)
        for name, header in response.get("headers", {}).items():
            if name not in result.headers:
                level = DIFFERS if self._resolve(header).get("required") else NOTE
                yield Row(level, f"header {name}", "", "nothing", "absent")
        size, schema = f"{len(body)} bytes", content.get("application/json", {}).get("schema")
        if schema is None:
            yield _row("body", "", size, "not documented" if body and response else "")
            return
        try:
            value = json.loads(body)
        except ValueError:
            yield Row(DIFFERS, "body", "JSON", size, "not JSON")
            return
        shows = not result.call.question or result.status not in SUCCESS
        rules = jsonschema_rs.validator_for({**self._document, **schema})
        broken = _broken_rules(rules.iter_errors(value))
        is_valid = not broken
        yield from self._walk("$", schema, [value], 1, broken, "", shows)
        yield from (Row(DIFFERS, place, "", "", ", ".join(broken[place])) for place in broken)
        refuses = isinstance(error, errors.InvalidResponseError)
        remark = ("", "it refused what is documented")[refuses]
        if not is_valid:
            remark = ("it took what is not documented", "")[refuses or error is not None]
        yield _row("client", "", type(error).__name__ if error else "read", remark)

    def _walk(  # noqa: PLR0913, PLR0917 - a step down: where, what, and what to do with it
        self,
        place: str,
        schema: Any,
        values: Sequence[Any],
        of: int,
        broken: dict[str, Counter[str]],
        suffix: str,
        shows: bool,  # noqa: FBT001
    ) -> Iterator[Row]:
        """Yield the rows of a place and of those below it, all items of a list as one."""
        parts = [*self._parts(schema)]
        types = [part["type"] for part in parts if "type" in part]
        is_secret = any(part.get("format") == "password" for part in parts)
        types = [one if isinstance(one, str) else " or ".join(one) for one in types]
        documented = (" or ".join(types) or "anything") + (", secret" if is_secret else "") + suffix
        if is_secret:
            self.secrets |= {one for one in map(str, values) if len(one) >= _SHORTEST_SECRET}
        wrong = broken.pop(place, None)
        remarks = wrong or {"absent": of - len(values), "null": values.count(None)}
        texts = [_counted(what, count, of) for what, count in remarks.items() if count]
        found = ", ".join(f"{kind} ({n})" if of > 1 else kind for kind, n in _kinds(values).items())
        if shows and len(values) == 1 and isinstance(values[0], str | bool | int | float):
            found += f" {_MASK if is_secret else json.dumps(values[0], ensure_ascii=False)}"
        level = DIFFERS if wrong else NOTE if texts else OK
        yield Row(level, place, documented, found or "nothing", ", ".join(texts))
        objects = [one for one in values if isinstance(one, dict)]
        known = {name: one for part in parts for name, one in part.get("properties", {}).items()}
        required = {name for part in parts for name in part.get("required", [])}
        for name, one in known.items() if objects else ():
            inner = [value[name] for value in objects if name in value]
            suffix = "" if name in required else ", optional"
            yield from self._walk(
                f"{place}.{name}", one, inner, len(objects), broken, suffix, shows
            )
        for name, count in Counter(name for one in objects for name in {*one} - {*known}).items():
            kinds = ", ".join(_kinds([one[name] for one in objects if name in one]))
            remark = _counted("not documented", count, len(objects))
            yield Row(DIFFERS, f"{place}.{name}", "nothing", kinds, remark)
        items = [item for one in values if isinstance(one, list) for item in one]
        if items:
            one = next((part["items"] for part in parts if "items" in part), {})
            yield from self._walk(f"{place}[]", one, items, len(items), broken, "", shows)
        elif [] in values:
            yield Row(NOTE, f"{place}[]", "", "nothing", "its items are not compared")

    def _parts(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        node = self._resolve(schema) if isinstance(schema, dict) else {}
        yield node
        for keyword in ("allOf", "anyOf", "oneOf"):
            for one in node.get(keyword, ()):
                yield from self._parts(one)

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node


def _broken_rules(errors: Iterable[Any]) -> dict[str, Counter[str]]:
    """Return the rules that a body breaks, by place; a rule's message would show values."""
    broken: dict[str, Counter[str]] = {}
    for error in errors:
        names = ["[]" if isinstance(part, int) else f".{part}" for part in error.instance_path]
        rule = str(error.schema_path[-1])
        if rule == "required":
            names.append(f".{error.kind.property}")
        told = {"required": "missing", "type": "of another type"}.get(rule, f"breaks {rule}")
        broken.setdefault("$" + "".join(names), Counter())[told] += 1
    return broken


def _row(place: str, documented: str, found: str, remark: str) -> Row:
    return Row(DIFFERS if remark else OK, place, documented, found or "nothing", remark)


def _kinds(values: Sequence[Any]) -> Counter[str]:
    return Counter(_TYPES.get(type(value), "number") for value in values)


def _counted(what: str, count: int, of: int) -> str:
    return what if of == 1 else f"{what} in {count} of {of}"


class Runner:
    """Makes the calls, and keeps status and header fields of the last answer."""

    def __init__(self, http: httpx.Client, portal: Portal) -> None:
        self._http = http
        self._portal = portal
        self._client_id = ""
        self._head: tuple[int, Mapping[str, str]] = (0, {})
        http.event_hooks = {"response": [self._keep]}

    def _keep(self, response: httpx.Response) -> None:
        self._head = (response.status_code, response.headers)
        self._http.cookies.clear()

    def run(self, calls: Sequence[Call], results: list[Result]) -> str:
        """Make the calls; return why there is no use in going on, or an empty string."""
        for call in calls:
            result = Result(call)
            results.append(result)
            if "id" in call.takes and not self._client_id:
                result.rows = [Row(DIFFERS, "not called", "", "", "createClient gave no id")]
                continue
            self._make(call, result)
            outcome = result.status or "no answer"
            print(f"  {result.operation.id}: {outcome} in {result.seconds * 1000:.0f} ms")
            error = result.error
            if isinstance(error, errors.AuthenticationError) and not call.question:
                return "The server refused the key (401). Is it whole, and one of this server?"
            unsent = isinstance(error, errors.APIConnectionError) and not error.maybe_processed
            if unsent and len(results) == 1:
                return "Nothing answers there."
        return ""

    def _make(self, call: Call, result: Result) -> None:
        portal, arguments = self._portal, dict[str, Any]()
        if call.takes == "body":
            arguments["body"] = CreateClientRequest(is_account_abstracted=True)
        elif call.takes == "unknown key":
            portal = portal.with_options(api_key=UNKNOWN_KEY)
        elif call.takes:
            known = self._client_id
            # Turned round it has the same form, and is nobody's.
            arguments["client_id"] = known if call.takes == "id" else known[0] + known[:0:-1]
        self._head, begun = (0, {}), time.perf_counter()
        try:
            response = call.module.sync_detailed(client=portal, max_attempts=1, **arguments)
            result.body = response.content
        except Exception as error:  # noqa: BLE001 - a defect of the client is a finding, too
            result.error = error
            result.body = getattr(error, "body", None) or b""
            if getattr(error, "body", None) is None:
                self._head = (0, {})  # The answer did not arrive whole.
        result.seconds = time.perf_counter() - begun
        if call.takes == "body":  # Taken from an answer that the client refuses, too.
            found = re.search(rb'"id"\s*:\s*"([^"\\]+)"', result.body)
            self._client_id = found[1].decode() if found else ""
        result.status, result.headers = self._head


def announce(address: str, calls: Sequence[Call], documented: Sequence[str]) -> None:
    """Say what a run does before it does it."""
    print(f"Server: {address}\n\nWith the key that is set, 200 requests a minute at the most:")
    for call in calls:
        one = call.module.OPERATION
        print(f"  {one.id:22} {one.method:4} {one.path}  {call.question}".rstrip())
    left = [one for one in documented if one not in {call.module.OPERATION.id for call in calls}]
    if left:
        print(f"It does not call what this script does not know: {', '.join(left)}.")
    print(
        "\nIt creates one client, which stays: no operation deletes it. It refreshes that client's "
        "session.\nNo file is written. No secret is shown. It is meant for a Development key.",
        flush=True,
    )


def report(results: Sequence[Result], secrets: set[str]) -> None:
    """Print the results, with no secret in any of them."""

    def cut(text: str) -> str:
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, _MASK)
        return "".join(c if c.isprintable() else " " for c in text)[:100]

    for result in results:
        one = result.operation
        print(f"\n{one.id}  {one.method} {one.path}  {result.call.question}".rstrip())
        cells = [[*map(cut, row)] for row in result.rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            print(f"  {'  '.join(map(str.ljust, row, widths))}".rstrip())
    created = results[0]
    if created.status in SUCCESS:
        print("\nOne client was created, and stays.")
    elif getattr(created.error, "maybe_processed", True):
        print("\nA client may have been created all the same.")
    differing = dict.fromkeys(one.operation.id for one in results if one.differs)
    print(f"Not as documented: {', '.join(differing)}" if differing else "All is as documented.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run for the command line, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXIT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--skip-probes", action="store_true", help="do not ask what is left open")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds a call may take")
    options = parser.parse_args(arguments)
    comparison = Comparison(load_document())
    calls = [*OPERATIONS, *(() if options.skip_probes else QUESTIONS)]
    base_url = os.environ.get("PORTAL_BASE_URL") or SERVICE.base_url or ""
    results: list[Result] = []
    try:
        address = address_without_credentials(base_url)
        # The key of a server on this machine goes through no proxy.
        is_local = urlsplit(base_url).hostname in {"localhost", "127.0.0.1", "::1"}
        with httpx.Client(trust_env=not is_local) as http:
            portal = Portal(
                base_url=base_url, timeout=options.timeout, pace=Pace(200), http_client=http
            )
            announce(address, calls, [*comparison.operations])
            if not is_confirmed(os.environ):
                return _fail("not confirmed, so nothing was sent. To do this: CONFIRM=1")
            stopped = Runner(http, portal).run(calls, results)
    except (UndecidedError, PortalError) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        stopped = "interrupted; what was under way may have been carried out."
    except Exception as error:  # noqa: BLE001 - its message may show a proxy's password
        return _fail(f"{type(error).__name__}. Check HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE.")
    for result in results:
        result.rows = result.rows or [*comparison.compare(result)]
    report(results, comparison.secrets | {os.environ["PORTAL_API_KEY"]})
    if stopped:
        _fail(stopped)
        if stopped.startswith("interrupted"):
            return INTERRUPTED
        return DEVIATES if any(one.status in SUCCESS for one in results) else NOT_RUN
    return DEVIATES if any(one.differs for one in results) else AS_DOCUMENTED


def _fail(message: str) -> int:
    print(f"verify-live: {message}", file=sys.stderr)
    return NOT_RUN


if __name__ == "__main__":
    print_whatever_the_terminal()
    sys.exit(main())
