"""make verify-live: what it calls, which deviations it finds, and that it shows no secret."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import Mock

import httpx
import pytest
import verify_live
from portal_v1 import api
from portal_v1.mock import MockPortal

from tests.gateway import Gateway, reply

KEY, SECOND_KEY = "key-7d20c1aa-for-this-test", "key-of-another-custodian"
CLIENTS = "/custodians/clients"
OPERATIONS = ["createClient", "listClients", "getClient"]
OPERATIONS += ["refreshClientSession", "generateClientWebOtp"]


class Run(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str
    report: str

    def rows(self, title: str) -> list[str]:
        """The rows of a table of the report: level, place, documented, found, remark."""
        tables = json.loads(self.report)
        (rows,) = [rows for name, rows in tables.items() if name.startswith(title)]
        return [" | ".join(filter(None, row.values())) for row in rows]

    @property
    def rules(self) -> dict[str, str]:
        """What was found of each rule: basis, verdict, and what was seen."""
        rows = (row.split(" | ", 2) for row in self.rows("The rules of the document"))
        return {name: told for _, name, told in rows}


@pytest.fixture
def mock() -> Iterator[MockPortal]:
    with MockPortal(api_keys=[KEY, SECOND_KEY]) as running:
        yield running


@pytest.fixture
def url(mock: MockPortal) -> str:
    return mock.serve().url


Verify = Callable[..., Run]


@pytest.fixture
def verify(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Verify:
    monkeypatch.setattr(sys, "argv", ["verify_live.py"])
    monkeypatch.chdir(tmp_path)

    def run(url: str, **environment: str) -> Run:
        settings = {"PORTAL_API_KEY": KEY, "PORTAL_BASE_URL": url, "CONFIRM": "1", **environment}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
            if not value:
                monkeypatch.delenv(name)
        code, report = verify_live.main(), Path("reports/verify-live.json")
        return Run(code, *capsys.readouterr(), report.read_text() if report.exists() else "{}")

    return run


def called(mock: MockPortal) -> list[str | None]:
    return [entry.operation_id for entry in mock.calls()]


def test_a_server_that_is_as_documented(mock: Any, url: str, verify: Verify) -> None:
    proxy = {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}  # is passed by
    with Gateway(url).running() as server:
        run = verify(server.url, PORTAL_API_KEY_2=SECOND_KEY, **proxy)
    assert (run.code, run.err) == (0, "")
    assert run.out.endswith("Clients created, which stay: 2.\nAll is as documented.\n")
    assert len(mock.client(KEY).clients.list()) == 2
    assert mock.client(SECOND_KEY).clients.list() == []
    assert not any("cookie" in one.request.headers for one in server.answers)
    assert run.rows("listClients") == ["ok | answer | 200, application/json | 291 bytes"]
    told = {rule.name for rule in mock.rules}
    assert run.rules.keys() == told
    verified = {name for name in told if "| verified |" in run.rules[name]}
    reason = r"\w+ \| not asked \| (it takes|no operation takes|no answer tells)"
    assert all(re.match(reason, run.rules[name]) for name in told - verified)
    assert len(verified) == 18
    assert run.rules["list-is-oldest-first"].endswith("| new ones: 1, 2 of 2")
    assert run.rules["web-otp-is-get"].endswith(
        "POST /custodians/clients/{known}/web-otp: 405, 31 bytes"
    )
    assert run.rules["unknown-key-is-401"].endswith("(key: none): 401, The API key is missing")
    secrets = server.values_of("id", "clientApiKey", "clientSessionToken", "otp") | {KEY}
    assert [one for one in secrets if one in run.out + run.report] == []


def test_it_says_what_it_would_do_and_sends_nothing_until_confirmed(
    mock: Any, url: str, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "OPERATIONS", [*OPERATIONS, "replaceClients"])
    run = verify(url, CONFIRM="yes")
    assert (run.code, called(mock)) == (2, [])
    assert run.out.startswith(f"Server: {url}\n")
    for text in [*OPERATIONS, "unknown-client-is-400", "It creates two clients, which stay"]:
        assert text in run.out
    assert "It does not call what this script does not know: replaceClients.\n" in run.out
    assert run.err == "verify-live: not confirmed, so nothing was sent. To do this: CONFIRM=1\n"
    assert verify("", CONFIRM="").out.startswith("Server: https://api.portalhq.io/api/v1\n")


# What servers may do instead: which requests are meant, by `change`'s text of them, what becomes
# of the answers (new parts, new JSON, or the first answer again), and what is told: a rule that is
# wrong then, or an operation and a row of it.
Becomes = Callable[[Any], Any] | dict[str, Any] | None
Deviation = tuple[str, Becomes, str]
REFUSAL: dict[str, Any] = {"status": 403, "body": b'{"error": "No"}'}
LIST, GET, SESSION = f"200 GET {CLIENTS} ", f"200 GET {CLIENTS}/[^/ ]+ ", "200 .*/session"


def put(**fields: Any) -> Becomes:
    return lambda got: [one | fields for one in got] if isinstance(got, list) else got | fields


def only_id(got: Any) -> Any:
    return {"id": got["id"]}


DEVIATIONS: list[list[Deviation]] = [
    [
        ("^201 ", put(isAccountAbstracted=[1]), "createClient: $.isAccountAbstracted | type | arr"),
        ("^201 ", {}, "createClient: client | InvalidResponseError | it refuses it"),
        (LIST, lambda got: [{"otp": ""}, *got], "listClients: $[] | required | object"),
        (GET, put(new={"the-value-of": 1}), "getClient: $ | additionalProperties | object | Add"),
        (SESSION, put(id=None), "refreshClientSession: $.id | type | null"),
        ("200 .*/web-otp", only_id, "generateClientWebOtp: $ | required | object"),
    ],
    [
        ("^201 ", {"status": 200}, "createClient: status | enum | number"),
        (LIST, {"status": 429}, "listClients: status | enum | number"),
        (GET, {"body": b"the-value-of"}, "getClient: $ | JSON | 12 bytes | not JSON"),
        (SESSION, {"headers": {}}, "refreshClientSession: type | enum | string"),
        ("200 .*/web-otp", {"status": 218}, "generateClientWebOtp: status | enum | number"),
    ],
    [
        (" -untyped- ", REFUSAL, "get-without-content-type"),
        ("/session .* -empty-", REFUSAL, "session-takes-no-body"),
        (" {$", {"status": 500}, "unfit-body-is-400"),
        (f"201 POST {CLIENTS} .* -empty-", REFUSAL, "create-takes-no-body"),
        (f"201 POST {CLIENTS} .*userId", REFUSAL | {"status": 400}, "create-takes-other-keys"),
        ("nothing", {}, "list-is-oldest-first"),  # the client that was refused stands there
        ("%C3%BC", {"status": 422}, "ids-have-any-form"),
        (SECOND_KEY, REFUSAL, "other-custodians-are-unseen"),
        ("^401 ", {"status": 200, "body": b'["the-value-of-it"]'}, "unknown-key-is-401"),
    ],
    [
        ("^400 (GET|.* {}$)", {"status": 404}, "unknown-client-is-400"),
        (" {$", {"body": b'{"error": ["No"], "message": "No"}'}, "error-may-be-empty"),
        ("GET .*/web-otp", {"status": 405}, "web-otp-is-get"),
        ("GET .*/web-otp", {}, "web-otp-is-legacy"),
        (LIST, {"status": 415}, "content-type-on-every-request"),
        ("^201 ", put(isAccountAbstracted=True), "abstraction-is-off-by-default"),
    ],
    [
        ("^201 .* -empty-", None, "create-twice-makes-two"),
        (LIST, lambda got: got[::-1], "list-is-oldest-first"),
        (LIST, put(address="0x"), "no-wallet-is-null"),
        (GET, only_id, "every-field-is-answered"),
        ("%C3%BC", {"status": 429}, "limit-is-told-by-429"),  # and tells of no other rule
    ],
]


def path_of(answer: httpx.Response) -> str:
    return answer.request.url.raw_path.decode().removeprefix("/api/v1")


@pytest.mark.parametrize("deviations", DEVIATIONS)
def test_a_deviation_is_told_and_the_run_goes_on(
    mock: Any, url: str, verify: Verify, deviations: list[Deviation]
) -> None:
    def change(answer: httpx.Response) -> httpx.Response:
        sent, status, body = answer.request, answer.status_code, answer.content
        text = f"{status} {sent.method} {path_of(answer)} {sent.headers.get('authorization')} "
        text += f"{sent.headers.get('content-type', '-untyped-')} "
        text += sent.content.decode() or "-empty-"
        media = {"content-type": answer.headers["content-type"]}
        parts: dict[str, Any] = {"status": status, "headers": media, "body": body}
        for _, becomes, _ in (one for one in deviations if re.search(one[0], text)):
            if becomes is None:
                parts["body"] = server.answers[0].content
            elif isinstance(becomes, dict):
                parts |= becomes
            else:
                parts["body"] = json.dumps(becomes(json.loads(parts["body"]))).encode()
        return httpx.Response(parts["status"], headers=parts["headers"], content=parts["body"])

    with Gateway(url, change).running() as server:
        run = verify(server.url, PORTAL_API_KEY_2=SECOND_KEY)
    assert run.code == 1
    assert "the-value-of" not in run.out + run.err
    assert {*OPERATIONS} <= {*called(mock)}
    for _, _, told in deviations:
        name, _, row = told.partition(": ")
        assert re.search(f"^Not as documented: .*{name}", run.out, re.MULTILINE)
        assert not row or any(one.startswith(f"DIFFERS | {row}") for one in run.rows(name)), told
    rules = {told for _, _, told in deviations if ": " not in told}
    wrong = {name for name, told in run.rules.items() if "| wrong |" in told}
    assert not rules or wrong == rules
    assert ("verified" in run.rules["error-may-be-a-message"]) == ("error-may-be-empty" in rules)


def test_no_secret_is_shown_though_a_server_repeats_them(url: str, verify: Verify) -> None:
    def gossip(answer: httpx.Response) -> httpx.Response:
        tokens = server.values_of("clientSessionToken") | {KEY}
        text, body = " ".join(["not you, \x1b[31m", *tokens]), answer.json()
        if answer.status_code >= 400:
            body = {"error": text, KEY: text}
        elif re.fullmatch(f"{CLIENTS}/[^/]+", path_of(answer)):
            body["address"] = f"at {text}"
        elif path_of(answer).endswith("/session"):  # The client refuses it.
            body["isAccountAbstracted"] = "yes"
        return reply(answer.status_code, body, {"Content-Type": f"application/json; key={KEY}"})

    with Gateway(url, gossip).running() as server:
        run = verify(server.url)
    secrets = server.values_of("clientApiKey", "clientSessionToken", "otp") | {KEY}
    assert len(secrets) >= 5  # the key, the clients' keys, tokens, an OTP
    assert [one for one in secrets if one in run.out + run.err] == []
    assert "\x1b" not in run.out
    assert "not you" in run.rules["unknown-client-is-400"]
    assert "it takes a key of another custodian" in run.rules["other-custodians-are-unseen"]


def test_where_it_cannot_go_on_it_says_so(
    mock: Any, url: str, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = verify(url, PORTAL_API_KEY="")
    assert (run.code, run.out, "PORTAL_API_KEY" in run.err) == (2, "", True)
    run = verify("https://example.invalid", HTTPS_PROXY="odd://a:hunter2@b")
    assert (run.code, run.out, "HTTPS_PROXY" in run.err) == (2, "", True)
    assert "hunter2" not in run.err
    run = verify(url, PORTAL_API_KEY="a-key-of-somewhere-else", HTTPS_PROXY="")
    assert (run.code, called(mock)) == (2, OPERATIONS[:1])
    assert "The server refused the key (401)" in run.err
    run = verify("http://127.0.0.1:1/api/v1")
    assert (run.code, run.err) == (2, "verify-live: Nothing answers there.\n")
    with mock.fault("missing_field", "createClient", path="$.id"):
        run = verify(url)
    assert run.code == 1
    assert run.rows("getClient") == ["DIFFERS | answer | none | createClient gave no id"]
    with mock.fault("reset_after_reading", "createClient"):
        run = verify(url)
    assert run.code == 1
    assert "APIConnectionError" in run.rows("createClient")[0]
    assert "A client may have been created all the same." in run.out
    interrupt = Mock(side_effect=KeyboardInterrupt)
    monkeypatch.setattr(verify_live.V1.get_client, "sync_detailed", interrupt)
    run = verify(url)
    assert run.err.startswith("verify-live: interrupted; what was under way may have")
    assert run.rows("getClient") == ["DIFFERS | answer | none | interrupted"]
    assert "\nClients created, which stay: 2.\n" in run.out
