"""make verify-live: what it calls, which deviations it finds, and that it shows no secret."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import verify_live
from portal_v1._document import load_document
from portal_v1.mock import MockPortal

from tests.portal_v1.callers._forwarding import Answer, Change, Forwarding, forwarding

KEY = "key-7d20c1aa-for-this-test"
CLIENTS = "/custodians/clients"
OPERATIONS = ["createClient", "listClients", "getClient"]
OPERATIONS += ["refreshClientSession", "generateClientWebOtp"]
PROBES = ["getClient", "listClients"]
BY_HAND = ["getClient", "refreshClientSession", "refreshClientSession", None]
NOT_ASKED = "session-lapses"
RULES = {
    NOT_ASKED: "documented | not asked",
    "every-field-is-answered": "assumed | verified | all of them",
    "get-without-content-type": "observed | verified | GET: 200",
    "session-takes-no-body": "observed | verified | POST: 200; POST with a body: 200",
    "web-otp-is-get": "documented | verified | POST with a body: 405",
    "unknown-client-is-400": "assumed | verified | 400",
    "unknown-key-is-401": "documented | verified | 401",
    "abstraction-is-off-by-default": "assumed | verified | false",
    "no-wallet-is-null": "assumed | verified | null, null, null",
    "error-may-be-empty": "documented | verified | string; string",
}
UNKNOWN_ID = "What does an unknown client id get?"
UNKNOWN_KEY = "What does an unknown API key get?"


class Run(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str

    def row(self, operation: str, place: str, question: str = "") -> str:
        """The row of a place: level, place, documented, found, remark."""
        for block in self.out.split("\n\n"):
            title, *rows = block.splitlines()
            asked = title.rpartition("  ")[2] if title.endswith("?") else ""
            if title.startswith(f"{operation}  ") and asked == question:
                for cells in (re.split(r" {2,}", row.strip()) for row in rows):
                    if cells[1:] and cells[1] == place:
                        return " | ".join(cells)
        raise AssertionError(f"no row {place} of {operation} {question} in:\n{self.out}")

    def rule(self, name: str) -> str:
        """What was found of a rule: basis, verdict, and what was seen."""
        (row,) = re.findall(rf"^  \S+ +{name} +(.*)$", self.out, re.MULTILINE)
        return " | ".join(re.split(r" {2,}", row))


@pytest.fixture
def mock() -> Iterator[MockPortal]:
    with MockPortal(api_keys=[KEY]) as running:
        yield running


@pytest.fixture
def url(mock: MockPortal) -> str:
    return mock.serve().url


Verify = Callable[..., Run]


@pytest.fixture
def verify(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Verify:
    def run(url: str, *arguments: str, **environment: str) -> Run:
        settings = {"PORTAL_API_KEY": KEY, "PORTAL_BASE_URL": url, "CONFIRM": "1", **environment}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        code = verify_live.main(arguments)
        return Run(code, *capsys.readouterr())

    return run


def called(mock: MockPortal) -> list[str | None]:
    return [entry.operation_id for entry in mock.calls()]


def program(url: str, **environment: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[3]
    settings = {"PORTAL_API_KEY": KEY, "PORTAL_BASE_URL": url, "CONFIRM": "1", **environment}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "scripts/verify_live.py"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "generated"), **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def test_a_server_that_is_as_documented(
    mock: Any, url: str, verify: Verify, tmp_path: Path
) -> None:
    report = tmp_path / "reports" / "verify-live.json"
    with forwarding(url) as server:
        run = verify(server.url)
    assert (run.code, run.err) == (0, "")
    assert called(mock) == [*OPERATIONS, *PROBES, *BY_HAND]
    assert run.out.endswith("One client was created, and stays.\nAll is as documented.\n")
    (made,) = {json.loads(server.answers[0].body)["id"]}
    assert [path for _, path, _ in server.requests[2:5]] == [
        f"{CLIENTS}/{made}{end}" for end in ("", "/session", "/web-otp")
    ]
    assert not any("cookie" in headers for _, _, headers in server.requests)
    assert run.row("createClient", "status") == "ok | status | 201, 400, 401, 429 | 201"
    assert run.row("getClient", "body").startswith("ok | body | JSON | 1")
    assert run.row("getClient", "status", UNKNOWN_ID).endswith("| 400")
    assert run.row("getClient", "body", UNKNOWN_ID).endswith('{"error":"Client not found"}')
    assert run.row("listClients", "status", UNKNOWN_KEY).endswith("| 401")
    assert len(mock.client(KEY).clients.list()) == 1
    assert {name: run.rule(name) for name in RULES} == RULES
    (told,) = [value for key, value in json.loads(report.read_text()).items() if "rules" in key]
    assert {one["place"] for one in told} == {rule.name for rule in mock.rules}
    assert {one["place"] for one in told if one["found"] == "verified"} == {*RULES} - {NOT_ASKED}
    assert made not in report.read_text()


def test_it_says_what_it_would_do_and_sends_nothing_until_confirmed(
    mock: MockPortal, url: str, verify: Verify
) -> None:
    for confirm in ("", "yes", "0"):
        run = verify(url, CONFIRM=confirm)
        assert (run.code, called(mock)) == (2, [])
        assert run.out.startswith(f"Server: {url}\n")
        for text in [*OPERATIONS, UNKNOWN_ID, UNKNOWN_KEY, "It creates one client, which stays"]:
            assert text in run.out
        assert run.err == "verify-live: not confirmed, so nothing was sent. To do this: CONFIRM=1\n"
    assert verify("", CONFIRM="").out.startswith("Server: https://api.portalhq.io/api/v1\n")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORTAL_API_KEY": ""}, "PORTAL_API_KEY"),
        ({"PORTAL_API_KEY": "hunter2 words\n"}, "key"),
        ({"PORTAL_BASE_URL": "http://someone:hunter2@127.0.0.1:9/v1"}, "user name or password"),
        ({"PORTAL_BASE_URL": "http://user:hunter2@["}, "PORTAL_BASE_URL is not a URL."),
        ({"PORTAL_BASE_URL": "http://example.invalid/v1"}, "is not https"),
        (
            {"PORTAL_BASE_URL": "https://example.invalid", "HTTPS_PROXY": "odd://a:hunter2@b"},
            "HTTPS_PROXY",
        ),
    ],
)
def test_settings_that_cannot_be_used(verify: Verify, settings: dict[str, str], said: str) -> None:
    run = verify("http://127.0.0.1:9/v1", **settings)
    assert (run.code, run.out) == (2, "")
    assert said in run.err
    assert "hunter2" not in run.err


def alter(place: str, change: Callable[[Any], Any] | None = None, **values: Any) -> Change:
    """Changes the body, or replaces parts, of successful answers to requests of this form."""

    def altered(method: str, path: str, answer: Answer) -> Answer:
        if answer.status >= 300 or not re.fullmatch(place, f"{method} {path}"):
            return answer
        return answer.with_json(change) if change else answer._replace(**values)

    return altered


GET, LIST, CREATE = f"GET {CLIENTS}/[^/]+", f"GET {CLIENTS}", f"POST {CLIENTS}"
SESSION = f"POST {CLIENTS}/[^/]+/session"
DEVIATIONS: dict[str, tuple[Change, str, str, str]] = {
    "a missing field": (
        alter("GET .*/web-otp", lambda body: {"id": body["id"]}),
        *("generateClientWebOtp", "$.otp", "required | nothing | missing"),
    ),
    "a wrong type": (
        alter(CREATE, lambda body: {**body, "isAccountAbstracted": [1]}),
        *("createClient", "$.isAccountAbstracted", "boolean | array | of another type"),
    ),
    "null": (
        alter(SESSION, lambda body: {**body, "clientSessionToken": None}),
        *("refreshClientSession", "$.clientSessionToken", "string | null | of another type"),
    ),
    "an undocumented field": (
        alter(GET, lambda body: {**body, "createdAt": {"the-value-of": "it"}}),
        *("getClient", "$.createdAt", "nothing | object | not documented"),
    ),
    "an undocumented field of some items": (
        alter(LIST, lambda body: [{**body[0], "createdAt": "the-value-of-it"}, *body * 2]),
        *("listClients", "$[].createdAt", "nothing | string | not documented in 1 of 3"),
    ),
    "a field that some items lack": (
        alter(LIST, lambda body: [{"clientApiKey": "0x"}, *body * 2]),
        *("listClients", "$[].id", "required | nothing | missing in 1 of 3"),
    ),
    "an undocumented status": (
        lambda _m, path, answer: answer._replace(status=418) if "otp" in path else answer,
        *("generateClientWebOtp", "status", "200, 400, 401, 429 | 418 | not documented"),
    ),
    "another success": (
        alter(CREATE, status=200),
        *("createClient", "status", "201, 400, 401, 429 | 200 | not documented"),
    ),
    "a documented refusal": (
        alter(LIST, status=429, body=b'{"error": "Too many"}'),
        *("listClients", "status", "429 | documented, but another success was expected"),
    ),
    "another content type": (
        alter(GET, headers={"content-type": "text/plain"}),
        *("getClient", "content type", "application/json | text/plain | not documented"),
    ),
    "no content type": (
        alter(GET, headers={}),
        *("getClient", "content type", "application/json | nothing | not documented"),
    ),
    "no JSON": (
        alter(LIST, body=b"<html>the-value-of-it</html>"),
        *("listClients", "body", "JSON | 28 bytes | not JSON"),
    ),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_a_deviation_is_found_and_the_run_goes_on(
    mock: MockPortal, url: str, verify: Verify, name: str
) -> None:
    change, operation, place, told = DEVIATIONS[name]
    with forwarding(url, change) as server:
        run = verify(server.url)
    assert run.code == 1
    assert called(mock) == [*OPERATIONS, *PROBES, *BY_HAND]
    row = run.row(operation, place)
    assert row.startswith("DIFFERS")
    assert row.endswith(told)
    assert re.search(f"^Not as documented: {operation}(,|$)", run.out, re.MULTILINE)
    assert "the-value-of" not in run.out + run.err


def test_what_is_left_open_may_deviate_too(url: str, verify: Verify) -> None:
    def lenient(method: str, path: str, answer: Answer) -> Answer:
        if answer.status == 401:
            body = b'[{"id": "the-value-of-it", "clientApiKey": "of-another"}]'
            return answer._replace(status=200, body=body)
        return answer._replace(status=404) if answer.status == 400 else answer

    with forwarding(url, lenient) as server:
        run = verify(server.url)
    assert run.code == 1
    assert run.row("getClient", "status", UNKNOWN_ID).endswith("404 | not documented")
    assert run.row("listClients", "status", UNKNOWN_KEY).endswith("another refusal was expected")
    assert run.row("listClients", "body", UNKNOWN_KEY).startswith("ok | body | JSON")
    assert run.rule("unknown-client-is-400") == "assumed | wrong | 404"
    assert run.rule("unknown-key-is-401") == "documented | wrong | 200"
    assert "the-value-of" not in run.out
    assert "of-another" not in run.out


def test_the_client_is_compared_with_the_document(
    url: str, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = copy.deepcopy(load_document())
    schemas = document["components"]["schemas"]
    schemas["ClientSession"]["properties"]["isAccountAbstracted"]["type"] = ["boolean", "null"]
    schemas["ClientWebOtp"]["required"].append("expiresAt")
    schemas["Client"]["properties"]["id"]["maxLength"] = 3
    monkeypatch.setattr(verify_live, "api", SimpleNamespace(OPERATIONS=["replaceClients"]))
    monkeypatch.setattr(verify_live, "load_document", lambda: document)
    null = alter(SESSION, lambda body: {**body, "isAccountAbstracted": None})
    with forwarding(url, null) as server:
        run = verify(server.url)
    assert run.row("refreshClientSession", "client").endswith("it refused what is documented")
    assert run.row("generateClientWebOtp", "client").endswith("it took what is not documented")
    assert run.row("getClient", "$.id").endswith("breaks maxLength")
    assert "It does not call what this script does not know: replaceClients." in run.out


def test_no_secret_is_shown_though_a_server_repeats_them(url: str, verify: Verify) -> None:
    def gossip(method: str, path: str, answer: Answer) -> Answer:
        tokens = server.values_of("clientSessionToken") | {KEY}
        text = " ".join(["not you, \x1b[31m", *tokens])
        if answer.status >= 400:
            return answer.with_json(lambda _: {"error": text, KEY: text})
        if re.fullmatch(f"{CLIENTS}/[^/]+", path):
            return answer.with_json(lambda body: {**body, "address": text})
        if path.endswith("/session"):  # The client refuses it.
            answer = answer.with_json(lambda body: {**body, "isAccountAbstracted": "yes"})
        return answer._replace(headers={"content-type": f"application/json; key={KEY}"})

    server: Forwarding
    with forwarding(url, gossip) as server:
        run = verify(server.url)
    secrets = server.values_of("clientApiKey", "clientSessionToken", "otp") | {KEY}
    assert len(secrets) >= 5  # the key, the client's key, its two tokens, its OTP
    assert [one for one in secrets if one in run.out + run.err] == []
    assert "\x1b" not in run.out
    assert "not you" in run.row("getClient", "body", UNKNOWN_ID)


def test_where_it_cannot_go_on_it_says_so(mock: Any, url: str, verify: Verify) -> None:
    run = verify(url, PORTAL_API_KEY="a-key-of-somewhere-else")
    assert (run.code, called(mock)) == (2, OPERATIONS[:1])
    assert "The server refused the key (401)" in run.err
    run = verify("http://127.0.0.1:1/api/v1")
    assert (run.code, run.err) == (2, "verify-live: Nothing answers there.\n")
    with mock.fault("missing_field", "createClient", path="$.id"):
        run = verify(url)
    assert run.code == 1
    assert run.row("getClient", "not called").endswith("createClient gave no id")
    with mock.fault("latency", "createClient", seconds=0.6):
        run = verify(url, "--timeout", "0.3")
    assert run.code == 1
    assert "APITimeoutError" in run.row("createClient", "answer")
    assert "A client may have been created all the same." in run.out


def test_the_program_shows_what_there_is_when_interrupted(mock: Any, url: str) -> None:
    with program(url, HTTP_PROXY="http://127.0.0.1:1", PYTHONIOENCODING="ascii") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("All is as documented.\n")
    mock.fault("latency", "getClient", seconds=30)
    before = len(called(mock))
    with program(url) as process:
        deadline = time.monotonic() + 20
        while len(called(mock)) < before + 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.startswith("verify-live: interrupted")
    assert re.search("ok +status +201.* 201", out)
