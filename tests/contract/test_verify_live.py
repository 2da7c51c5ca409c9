"""make verify-live: what it calls, what it finds, what it keeps to itself, and how it ends."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import portal_v1.api.clients.list_clients
import portal_v1.models
import pytest
import verification.cli
from portal_v1._document import load_document
from portal_v1.mock import Answer, MockPortal
from verification.judging import Judge
from verification.operations import Operation
from verification.rows import Row

from tests.contract._live_support import KEY, Altered, Run, altered, plain, verify, with_json
from tests.generation._support import CLIENT, Tree, copy_repository, snapshot
from tests.hostile._server import nobody

ORDER = ["createClient", "listClients", "getClient", "refreshClientSession", "generateClientWebOtp"]
PROBES = ["getClient", "listClients"]
UNKNOWN_ID = "What does an unknown clientId get?"
UNKNOWN_KEY = "What does an unknown API key get?"
CLIENTS = "/custodians/clients"


@pytest.fixture
def mock() -> Iterator[MockPortal]:
    with MockPortal(api_keys=[KEY]) as running:
        yield running


@pytest.fixture
def url(mock: MockPortal) -> str:
    return mock.serve().url


def called(mock: MockPortal) -> list[str | None]:
    return [entry.operation_id for entry in mock.calls()]


def secret_names() -> set[str]:
    schemas = load_document()["components"]["schemas"].values()
    return {
        name
        for schema in schemas
        for name, field in schema["properties"].items()
        if field.get("format") == "password"
    }


def unchanged(_method: str, _path: str, answer: Answer) -> Answer:
    return answer


def is_get_client(method: str, path: str) -> bool:
    return method == "GET" and re.fullmatch(rf"{CLIENTS}/[^/]+", path) is not None


class TestAServerThatIsAsDocumented:
    def test_each_operation_is_called_once_in_the_order_of_the_links(
        self, mock: MockPortal, url: str
    ) -> None:
        run = verify(url)
        assert (run.code, run.err) == (0, "")
        assert called(mock) == ORDER + PROBES
        assert "All that was called is as documented." in run.out
        assert "5 of 5 operations called, 2 open questions asked." in run.out
        assert "1 thing was created there, nothing deleted." in run.out

    def test_what_one_answers_feeds_the_others(self, mock: MockPortal) -> None:
        with altered(mock, unchanged) as server:
            assert verify(server.url).code == 0
        made = json.loads(server.answers[0])["id"]
        paths = [path for _, path, _ in server.requests]
        assert paths[2:5] == [f"{CLIENTS}/{made}{end}" for end in ("", "/session", "/web-otp")]

    def test_documented_fields_are_shown_by_type_and_plain_values(self, url: str) -> None:
        run = verify(url)
        assert re.fullmatch(r'ok \$\.id string string "c\w{24}"', run.row("$.id", "getClient"))
        assert run.row("$.isAccountAbstracted", "getClient") == (
            "ok $.isAccountAbstracted boolean boolean true"
        )
        assert run.row("status", "createClient") == "ok status 201, 400, 401, 429 201"
        assert run.row("client", "createClient") == "ok client read"

    def test_what_may_be_null_or_absent_is_noted(self, mock: MockPortal) -> None:
        def without_address(method: str, path: str, answer: Answer) -> Answer:
            if is_get_client(method, path) and answer.status == 200:
                return with_json(answer, lambda body: {**body} | {"address": None})
            if path == CLIENTS and method == "GET" and answer.status == 200:
                return with_json(answer, lambda body: [{**body[0]}, leave_out(body[0], "address")])
            return answer

        with altered(mock, without_address) as server:
            run = verify(server.url)
        assert run.code == 0
        assert run.row("$.address", "getClient") == (
            "note $.address string or null, optional null null"
        )
        assert run.row("$[].address", "listClients").endswith("absent in 1 of 2; null in 1 of 2")

    def test_an_empty_list_says_that_nothing_was_compared(self, mock: MockPortal) -> None:
        def empty(method: str, path: str, answer: Answer) -> Answer:
            is_list = method == "GET" and path == CLIENTS and answer.status == 200
            return answer._replace(body=b"[]") if is_list else answer

        with altered(mock, empty) as server:
            run = verify(server.url)
        assert run.code == 0
        assert "its items are not compared" in run.row("$[]", "listClients")

    def test_cookies_are_not_sent_back(self, mock: MockPortal) -> None:
        def with_cookie(_method: str, _path: str, answer: Answer) -> Answer:
            return answer._replace(headers=[*answer.headers, ("set-cookie", "a=b; Path=/")])

        with altered(mock, with_cookie) as server:
            assert verify(server.url).code == 0
        assert [headers for _, _, headers in server.requests if "cookie" in headers] == []

    def test_the_pace_is_kept(self, mock: MockPortal, url: str) -> None:
        # Room for six in a minute: the seventh would have to wait longer than its call may take.
        run = verify(url, "--per-minute", "6", "--timeout", "2")
        assert run.code == 1
        assert called(mock) == (ORDER + PROBES)[:6]
        assert "the pace of 6 requests in 60 s" in " ".join(
            run.row("answer", "listClients", UNKNOWN_KEY).split()
        )


def leave_out(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


class TestBeforeItRuns:
    @pytest.mark.parametrize("confirm", ["", "yes", "0"])
    def test_it_says_what_it_would_do_and_sends_nothing(
        self, mock: MockPortal, url: str, confirm: str
    ) -> None:
        run = verify(url, CONFIRM=confirm)
        assert run.code == 2
        assert called(mock) == []
        assert run.out.startswith(f"Server: {url}\n")
        for operation in ORDER:
            assert re.search(rf"^  {operation} +(GET|POST) +{CLIENTS}", run.out, re.MULTILINE)
        assert run.out.count("(fed by createClient)") == 3
        assert UNKNOWN_ID in run.out
        assert UNKNOWN_KEY in run.out
        assert "It creates 1 thing there: createClient (Create a client).\n" in run.out
        assert "no operation of this API does, so what it creates stays" in run.out
        assert "No file is written." in run.out
        assert run.err == "verify-live: not confirmed, so nothing was sent. To do this: CONFIRM=1\n"

    def test_it_says_the_same_where_it_is_confirmed(self, url: str) -> None:
        asked = verify(url, CONFIRM="").out
        assert verify(url).out.startswith(asked)

    @pytest.mark.parametrize("key", [None, ""])
    def test_no_key(self, mock: MockPortal, url: str, key: str | None) -> None:
        run = verify(url, PORTAL_API_KEY=key or "")
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith("verify-live: PORTAL_API_KEY is not set. Put a key of the Dev")
        assert called(mock) == []

    def test_without_a_url_it_is_the_documents_server(self) -> None:
        run = verify("", CONFIRM="")
        assert run.out.startswith("Server: https://api.portalhq.io/api/v1\n")

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ("http://someone:hunter2@127.0.0.1:9/v1", "holds a user name or password"),
            ("http://user:hunter2@[", "PORTAL_BASE_URL is not a URL."),
            ("http://example.invalid/hunter3", "is not https"),
        ],
    )
    def test_a_url_that_cannot_be_used(self, wrong: str, said: str) -> None:
        run = verify(wrong)
        assert run.code == 2
        assert said in run.err
        assert "hunter2" not in run.out + run.err

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [(["--per-minute", "0"], "A pace is one request"), (["--timeout", "0"], "over 0 seconds")],
    )
    def test_options_that_cannot_be_used(self, url: str, arguments: list[str], said: str) -> None:
        run = verify(url, *arguments)
        assert run.code == 2
        assert said in run.err

    def test_a_key_that_cannot_be_sent_is_not_shown(self, url: str) -> None:
        run = verify(url, PORTAL_API_KEY="two words\n")
        assert run.code == 2
        assert "two words" not in run.out + run.err

    def test_a_proxy_that_cannot_be_used_is_not_shown(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "nonsense://someone:hunter2@proxy")
        run = verify(url)
        assert run.code == 2
        assert "HTTPS_PROXY" in run.err
        assert "hunter2" not in run.out + run.err


class TestWhereItCannotRun:
    def test_a_refused_key_stops_it(self, mock: MockPortal, url: str) -> None:
        run = verify(url, PORTAL_API_KEY="a-key-of-somewhere-else")
        assert run.code == 2
        assert called(mock) == ORDER[:1]
        assert "The server refused the key (401)" in run.err
        assert "1 of 5 operations called" in run.out
        assert "a-key-of-somewhere-else" not in run.out + run.err

    def test_a_key_that_is_refused_later_stops_it_with_what_was_found(
        self, mock: MockPortal
    ) -> None:
        refusal = Answer(401, [("content-type", "application/json")], b"{}")

        def refuse(method: str, path: str, answer: Answer) -> Answer:
            return refusal if is_get_client(method, path) else answer

        with altered(mock, refuse) as server:
            run = verify(server.url)
        assert run.code == 1
        assert called(mock) == ORDER[:3]
        assert "The server refused the key (401)" in run.err
        assert run.row("$.id", "createClient")

    def test_nobody_listens(self) -> None:
        with nobody() as port:
            run = verify(f"http://127.0.0.1:{port}/api/v1")
        assert run.code == 2
        assert run.err == ("verify-live: Nothing answers there, so nothing further was called.\n")
        assert "the connection was not made" in " ".join(run.row("answer", "createClient").split())

    def test_no_answer_to_anything(self, mock: MockPortal, url: str) -> None:
        mock.fault("empty_reply")
        run = verify(url)
        assert run.code == 2
        assert called(mock) == ["createClient", "listClients", "getClient", "listClients"]
        assert "createClient may have created something all the same." in run.out

    def test_an_interruption_shows_what_there_is(self, mock: MockPortal, url: str) -> None:
        mock.fault("latency", "getClient", seconds=30)
        with script(url) as process:
            deadline = time.monotonic() + 20
            while "createClient" not in called(mock) or len(called(mock)) < 3:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert "verify-live: interrupted." in err
        assert "Traceback" not in err
        assert "$.clientSessionToken" in out


ROOT = Path(__file__).resolve().parents[2]


def script(
    url: str, *arguments: str, root: Path = ROOT, **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "scripts/verify_live.py", *arguments],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": str(root / "generated"),
            "PYTHONIOENCODING": "utf-8",
            "PORTAL_API_KEY": KEY,
            "PORTAL_BASE_URL": url,
            "CONFIRM": "1",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


class TestADefectOfItsOwn:
    @pytest.fixture(autouse=True)
    def defect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = Judge.rows

        def fail(self: Judge, operation: Operation, *rest: Any, **more: Any) -> list[Row]:
            if operation.id == ORDER[2]:
                raise LookupError("the-value-of-something")
            return rows(self, operation, *rest, **more)

        monkeypatch.setattr(Judge, "rows", fail)

    def test_it_is_told_without_frames_after_what_was_found(self, url: str) -> None:
        run = verify(url)
        assert run.code == 2
        assert run.row("$.id", "createClient").startswith("ok ")
        assert run.err == (
            "verify-live: failed: LookupError. This is a defect here; see --traceback.\n"
        )

    def test_its_frames_are_to_be_had(self, url: str) -> None:
        with pytest.raises(LookupError):
            verify(url, "--traceback")


class TestTheProgram:
    def test_it_runs_and_ends_with_its_status(self, url: str) -> None:
        with script(url) as process:
            out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        assert out.rstrip().endswith("All that was called is as documented.")

    def test_help_tells_of_the_environment_and_the_exit_status(self, url: str) -> None:
        with script(url, "--help") as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        for word in ("PORTAL_API_KEY", "PORTAL_BASE_URL", "CONFIRM=1", "--skip-probes"):
            assert word in out
        assert re.search(r"Exit status: 0 .+, 1 .+, 2 ", out)

    def test_what_is_not_installed_is_named(self, url: str, tmp_path: Path) -> None:
        (tmp_path / "portal_v1.py").write_text("raise ImportError('No module named attrs')")
        with script(url, PYTHONPATH=str(tmp_path)) as process:
            _, err = process.communicate(timeout=60)
        assert process.returncode == 2
        assert err.startswith("verify-live: No module named attrs. `make verify-live` sets up")
        assert "Traceback" not in err


class TestDeviationsOfFields:
    def test_a_wrong_type_is_found_and_the_run_goes_on(self, mock: MockPortal, url: str) -> None:
        mock.fault("wrong_type", "createClient", path="$.isAccountAbstracted")
        run = verify(url)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES
        assert run.row("$.isAccountAbstracted", "createClient") == (
            "DIFFERS $.isAccountAbstracted boolean array array, which is not documented"
        )
        assert run.row("client", "createClient") == (
            "note client InvalidResponseError it refused the answer"
        )
        assert "  createClient: $.isAccountAbstracted: array, which is not documented" in run.out

    def test_a_missing_field(self, mock: MockPortal, url: str) -> None:
        mock.fault("missing_field", "generateClientWebOtp", path="$.otp")
        run = verify(url)
        assert run.code == 1
        assert run.row("$.otp", "generateClientWebOtp") == (
            "DIFFERS $.otp string, secret nothing missing"
        )

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ("missing_field", "its answer has no $response.body#/id."),
            ("wrong_type", "$response.body#/id is object in its answer."),
        ],
    )
    def test_without_the_id_what_it_feeds_is_not_called(
        self, mock: MockPortal, url: str, fault: str, said: str
    ) -> None:
        mock.fault(fault, "createClient", path="$.id")
        run = verify(url)
        assert run.code == 1
        assert called(mock) == [*ORDER[:2], *PROBES]
        for operation in ORDER[2:]:
            assert f"not called  createClient does not feed it: {said}" in run.table(operation)
            assert f"  {operation}: not called. " in run.out

    def test_null_where_it_is_not_documented(self, mock: MockPortal) -> None:
        def nulled(method: str, path: str, answer: Answer) -> Answer:
            if path.endswith("/session"):
                return with_json(answer, lambda body: {**body, "clientSessionToken": None})
            return answer

        with altered(mock, nulled) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("$.clientSessionToken", "refreshClientSession") == (
            "DIFFERS $.clientSessionToken string, secret null null, which is not documented"
        )

    def test_what_is_not_documented_is_told_by_name_and_type(self, mock: MockPortal) -> None:
        more = {
            "createdAt": "the-value-of-createdAt",
            "wallet": {"chain": "the-value-of-chain", "shares": [1, 2, "the-value-of-share"]},
        }

        def with_more(method: str, path: str, answer: Answer) -> Answer:
            if is_get_client(method, path) and answer.status == 200:
                return with_json(answer, lambda body: {**body, **more})
            return answer

        with altered(mock, with_more) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("$.createdAt", "getClient") == (
            "DIFFERS $.createdAt nothing string not documented"
        )
        wallet = run.row("$.wallet", "getClient")
        assert "{chain: string, shares: [2 of integer, 1 of string]}" in wallet
        assert run.row("client", "getClient") == "ok client read"
        assert "the-value-of" not in run.out + run.err

    def test_of_a_list_all_items_are_summed_up(self, mock: MockPortal) -> None:
        mock.seed_clients(9, api_key=KEY, has_wallet=True)

        def varied(method: str, path: str, answer: Answer) -> Answer:
            if not (method == "GET" and path == CLIENTS and answer.status == 200):
                return answer
            return with_json(answer, lambda body: [*map(vary, range(len(body)), body)])

        def vary(number: int, item: dict[str, Any]) -> dict[str, Any]:
            if number < 2:
                return {**item, "environment": "the-value-of-environment"}
            if number == 2:
                return leave_out(item, "id")
            return {**item, "clientApiKey": None} if number == 3 else item

        with altered(mock, varied) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("$[].address", "listClients") == (
            "note $[].address string or null, optional string (9), null (1) null in 1 of 10"
        )
        assert run.row("$[].id", "listClients") == (
            "DIFFERS $[].id string string missing in 1 of 10"
        )
        assert run.row("$[].environment", "listClients") == (
            "DIFFERS $[].environment nothing string not documented in 2 of 10"
        )
        assert run.row("$[].clientApiKey", "listClients").endswith(
            "null, which is not documented in 1 of 10"
        )
        table = run.table("listClients")
        assert "0x" not in table
        assert "the-value-of" not in run.out


class TestDeviationsOfTheWhole:
    def test_html(self, mock: MockPortal) -> None:
        page = plain(200, b"<html>the-value-of-html</html>", "text/html; charset=utf-8")

        def answer_html(method: str, path: str, answer: Answer) -> Answer:
            return page if method == "GET" and path == CLIENTS else answer

        with altered(mock, answer_html) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("content type", "listClients") == (
            "DIFFERS content type application/json text/html; charset=utf-8 not documented"
        )
        assert run.row("body", "listClients") == "DIFFERS body JSON 30 bytes, text/html not JSON"
        assert "the-value-of" not in run.out + run.err
        assert run.row("status", "getClient") == "ok status 200, 400, 401, 429 200"

    def test_html_to_everything(self, mock: MockPortal) -> None:
        page = plain(502, b"<html></html>", "text/html")
        with altered(mock, lambda *_: page) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.err == ""
        assert run.row("status", "createClient") == (
            "DIFFERS status 201, 400, 401, 429 502 not documented"
        )
        assert "createClient does not feed it: its answer was 502." in run.table("getClient")

    def test_another_content_type_does_not_keep_the_body_from_being_compared(
        self, mock: MockPortal
    ) -> None:
        def as_text(method: str, path: str, answer: Answer) -> Answer:
            return answer._replace(headers=[("content-type", "text/plain")])

        with altered(mock, as_text) as server:
            run = verify(server.url)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES
        assert run.row("content type", "getClient").endswith("text/plain not documented")
        assert run.row("$.isAccountAbstracted", "getClient").startswith("ok ")

    def test_no_content_type(self, mock: MockPortal) -> None:
        with altered(mock, lambda _m, _p, answer: answer._replace(headers=[])) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("content type", "createClient").endswith("none missing")

    def test_another_success_than_the_documented_one(self, mock: MockPortal) -> None:
        with altered(
            mock, lambda _m, _p, one: one._replace(status=200) if one.status == 201 else one
        ) as server:
            run = verify(server.url)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES
        assert run.row("status", "createClient") == (
            "DIFFERS status 201, 400, 401, 429 200 not documented"
        )
        assert run.row("$.id", "createClient").startswith("ok ")

    def test_an_undocumented_status(self, mock: MockPortal, url: str) -> None:
        mock.fault("undocumented_status", "refreshClientSession", status=418)
        run = verify(url)
        assert run.code == 1
        assert run.row("status", "refreshClientSession").endswith("418 not documented")
        assert run.row("body", "refreshClientSession") == "ok body 34 bytes, text/plain"

    def test_too_many_requests(self, mock: MockPortal, url: str) -> None:
        mock.fault("rate_limited", "listClients", times=1, retry_after=4321)
        run = verify(url)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES  # it is not sent again
        assert run.row("status", "listClients") == (
            "DIFFERS status 200, 400, 401, 429 429 documented, but a success was expected"
        )
        assert run.row("header Retry-After", "listClients").startswith("ok ")
        assert "4321" not in run.out
        assert run.row("client", "listClients") == "ok client RateLimitError"

    def test_a_documented_header_that_is_absent(self, mock: MockPortal) -> None:
        limited = Answer(429, [("content-type", "application/json")], b"{}")

        def limit(method: str, path: str, answer: Answer) -> Answer:
            return limited if method == "GET" and path == CLIENTS else answer

        with altered(mock, limit) as server:
            run = verify(server.url)
        assert run.row("header Retry-After", "listClients") == (
            "note header Retry-After optional nothing absent"
        )

    def test_malformed_json(self, mock: MockPortal, url: str) -> None:
        mock.fault("malformed_json", "createClient")
        run = verify(url)
        assert run.code == 1
        assert run.row("body", "createClient").endswith("not JSON")
        assert "createClient does not feed it: its answer is not JSON." in run.table("getClient")
        assert run.row("status", "listClients").startswith("ok ")
        assert KEY not in run.out

    def test_a_time_out_is_told_where_it_happened(self, mock: MockPortal, url: str) -> None:
        mock.fault("latency", "getClient", seconds=0.6, times=1)
        run = verify(url, "--timeout", "0.3")
        assert run.code == 1
        assert run.row("answer", "getClient").startswith("DIFFERS answer none APITimeoutError: ")
        assert run.row("status", "generateClientWebOtp").startswith("ok ")

    def test_a_create_that_times_out(self, mock: MockPortal, url: str) -> None:
        mock.fault("latency", "createClient", seconds=0.6)
        run = verify(url, "--timeout", "0.3")
        assert run.code == 1
        assert "createClient may have created something all the same." in run.out
        assert "createClient does not feed it: it gave no answer." in run.table("getClient")

    def test_a_body_that_breaks_off(self, mock: MockPortal, url: str) -> None:
        mock.fault("truncated_body", "listClients")
        run = verify(url, "--skip-probes")
        assert run.code == 1
        assert "APIConnectionError" in run.row("answer", "listClients")
        assert "Traceback" not in run.out + run.err


class TestTheOpenQuestions:
    def test_an_unknown_id_of_the_same_form_is_asked_for(self, mock: MockPortal) -> None:
        with altered(mock, unchanged) as server:
            verify(server.url)
        made = json.loads(server.answers[0])["id"]
        method, path, headers = server.requests[5]
        asked = path.rpartition("/")[2]
        assert method == "GET"
        assert asked != made
        assert re.sub(r"\d", "0", re.sub("[a-z]", "a", asked)) == re.sub(
            r"\d", "0", re.sub("[a-z]", "a", made)
        )
        assert headers["authorization"] == f"Bearer {KEY}"
        assert "authorization" in server.requests[6][2]
        assert KEY not in server.requests[6][2]["authorization"]

    def test_the_words_of_the_server_are_shown(self, url: str) -> None:
        run = verify(url)
        assert run.row("$.error", "getClient", UNKNOWN_ID).endswith('string "Client not found"')
        assert run.row("status", "getClient", UNKNOWN_ID) == "ok status 200, 400, 401, 429 400"
        assert run.row("status", "listClients", UNKNOWN_KEY) == "ok status 200, 400, 401, 429 401"

    def test_another_answer_than_the_documented_one(self, mock: MockPortal) -> None:
        def not_found(method: str, path: str, answer: Answer) -> Answer:
            return answer._replace(status=404) if answer.status == 400 else answer

        with altered(mock, not_found) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("status", "getClient", UNKNOWN_ID).endswith("404 not documented")
        assert run.row("body", "getClient", UNKNOWN_ID) == "ok body {error: string}"

    def test_a_server_that_takes_every_key(self) -> None:
        with MockPortal() as mock:
            mock.seed_clients(3, api_key="a-key-that-no-server-knows", has_wallet=True)
            run = verify(mock.serve().url)
        assert run.code == 1
        assert run.row("status", "listClients", UNKNOWN_KEY).endswith(
            "documented, but it has to be refused as a key that is not known"
        )
        assert "0x" not in run.table("listClients", UNKNOWN_KEY)

    def test_a_server_that_knows_every_id_shows_no_values(self, mock: MockPortal) -> None:
        body = {"id": "the-value-of-id", "clientApiKey": "secret-of-another"}

        def known(method: str, path: str, answer: Answer) -> Answer:
            if not is_get_client(method, path) or answer.status == 200:
                return answer
            return plain(200, json.dumps(body).encode(), "application/json")

        with altered(mock, known) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("status", "getClient", UNKNOWN_ID).endswith("a refusal was expected")
        assert run.row("$.id", "getClient", UNKNOWN_ID) == "ok $.id string string"
        assert "the-value-of" not in run.out
        assert "secret-of-another" not in run.out

    def test_they_can_be_left_out(self, mock: MockPortal, url: str) -> None:
        run = verify(url, "--skip-probes")
        assert run.code == 0
        assert called(mock) == ORDER
        assert "Open question" not in run.out
        assert UNKNOWN_ID not in run.out


class TestSecrets:
    def test_none_is_shown_whatever_is_answered(self, mock: MockPortal) -> None:
        mock.seed_clients(3, api_key=KEY)
        with altered(mock, unchanged) as server:
            run = verify(server.url)
        assert_quiet(run, server)
        assert run.row("$.otp", "generateClientWebOtp") == "ok $.otp string, secret string ••••••"

    def test_none_is_shown_where_a_server_repeats_them(self, mock: MockPortal) -> None:
        tokens: list[str] = []

        def gossip(method: str, path: str, answer: Answer) -> Answer:
            body = json.loads(answer.content)
            if answer.status == 201:
                tokens.append(body["clientSessionToken"])
            if answer.status >= 400:
                text = f"not you, {KEY}, nor {tokens[0]}"
                return with_json(answer, lambda _: {"error": text, KEY: tokens[0]})
            if is_get_client(method, path):
                return with_json(answer, lambda it: {**it, "address": f"{tokens[0]} {KEY}"})
            headers = [("content-type", f"application/json; key={KEY}"), ("x-request-id", KEY)]
            return answer._replace(headers=headers)

        with altered(mock, gossip) as server:
            run = verify(server.url)
        assert run.code == 1
        assert_quiet(run, server, {tokens[0]})
        assert 'string "not you, ••••••, nor ••••••"' in run.row("$.error", "getClient", UNKNOWN_ID)

    def test_none_is_shown_where_the_answer_is_refused(self, mock: MockPortal) -> None:
        def spoilt(method: str, path: str, answer: Answer) -> Answer:
            if answer.status >= 400 or (method == "GET" and path == CLIENTS):
                return answer
            return with_json(answer, lambda body: {**body, "isAccountAbstracted": "yes"})

        with altered(mock, spoilt) as server:
            run = verify(server.url)
        assert run.code == 1
        assert_quiet(run, server)


def assert_quiet(run: Run, server: Altered, more: frozenset[str] | set[str] = frozenset()) -> None:
    secrets = server.secrets(secret_names()) | {KEY} | more
    assert len(secrets) >= 4  # the key, the client's key, its tokens, its OTP
    assert [one for one in secrets if one in run.out + run.err] == []


class TestTheClient:
    """What it is compared with is swapped: so the client and the document are at odds."""

    @pytest.fixture
    def document(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        document = copy.deepcopy(load_document())
        monkeypatch.setattr(verification.cli, "load_document", lambda: document)
        return document

    def test_it_refuses_what_is_documented(
        self, mock: MockPortal, document: dict[str, Any]
    ) -> None:
        fields = document["components"]["schemas"]["ClientSession"]["properties"]
        fields["isAccountAbstracted"]["type"] = ["boolean", "null"]

        def nulled(method: str, path: str, answer: Answer) -> Answer:
            if path.endswith("/session"):
                return with_json(answer, lambda body: {**body, "isAccountAbstracted": None})
            return answer

        with altered(mock, nulled) as server:
            run = verify(server.url)
        assert run.code == 1
        assert run.row("$.isAccountAbstracted", "refreshClientSession").startswith("note ")
        assert run.row("client", "refreshClientSession") == (
            "DIFFERS client InvalidResponseError it refused what is documented"
        )

    def test_it_takes_what_is_not_documented(self, url: str, document: dict[str, Any]) -> None:
        document["components"]["schemas"]["ClientWebOtp"]["required"].append("expiresAt")
        run = verify(url)
        assert run.code == 1
        assert run.row("$.expiresAt", "generateClientWebOtp").endswith("missing")
        assert run.row("client", "generateClientWebOtp") == (
            "DIFFERS client read it took what is not documented"
        )

    def test_an_operation_that_it_does_not_have(self, url: str, document: dict[str, Any]) -> None:
        item = document["paths"]["/custodians/clients"]
        item["put"] = {**item["get"], "operationId": "replaceClients"}
        run = verify(url)
        assert run.code == 1
        assert "The generated client does not have it." in run.table("replaceClients")

    def test_it_loses_a_field(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        to_dict = portal_v1.models.Client.to_dict

        def forgetful(self: portal_v1.models.Client) -> dict[str, Any]:
            return leave_out(to_dict(self), "isAccountAbstracted")

        monkeypatch.setattr(portal_v1.models.Client, "to_dict", forgetful)
        run = verify(url)
        assert run.code == 1
        assert run.row("client", "getClient") == (
            "DIFFERS client read it lost $.isAccountAbstracted"
        )

    def test_it_raises_what_is_none_of_its_errors(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(**_: object) -> None:
            raise TypeError("the-value-of-something")

        monkeypatch.setattr(portal_v1.api.clients.list_clients, "sync_detailed", fail)
        run = verify(url, "--skip-probes")
        assert run.code == 1
        assert run.row("answer", "listClients") == (
            "DIFFERS answer none the client raised TypeError, which is none of its errors"
        )
        assert "the-value-of" not in run.out + run.err

    def test_a_rule_beyond_types(self, url: str, document: dict[str, Any]) -> None:
        schema = document["components"]["schemas"]["ClientSession"]["properties"]["id"]
        schema["maxLength"] = 3
        run = verify(url)
        assert run.code == 1
        assert run.row("$.id", "refreshClientSession").startswith("ok ")
        assert "rule maxLength" in run.table("refreshClientSession")


@pytest.fixture(scope="module")
def sixth(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The repository with one more operation in its document, generated."""
    tree = copy_repository(repository, tmp_path_factory.mktemp("sixth"))
    with tree.edited() as document:
        document["tags"].append({"name": "Archive"})
        document["paths"][CLIENT]["delete"] = {
            "operationId": "deleteClient",
            "tags": ["Archive"],
            "summary": "Delete a client",
            "security": [{"portalApiKey": []}],
            "parameters": [
                {
                    "name": "deletionReason",
                    "in": "query",
                    "required": True,
                    "schema": {"type": "string", "enum": ["CHURN", "TEST_DATA"]},
                }
            ],
            "responses": {
                "204": {"description": "The client is gone."},
                "401": {"$ref": "#/components/responses/Unauthorized"},
            },
        }
        document["paths"][CLIENTS]["post"]["responses"]["201"]["links"]["deleteClient"] = {
            "operationId": "deleteClient",
            "parameters": {"clientId": "$response.body#/id"},
        }
    tree.generated()
    return tree


class TestASixthOperation:
    def run(self, tree: Tree, server: Altered) -> Run:
        environment = {"PYTHONPATH": str(tree.output)}
        with script(server.url, root=tree.root, **environment) as process:
            out, err = process.communicate(timeout=60)
        return Run(process.returncode, out, err)

    @pytest.fixture
    def mock(self, sixth: Tree) -> Iterator[MockPortal]:
        document = json.loads((sixth.package / "openapi.json").read_text())
        with MockPortal(document, api_keys=[KEY]) as running:
            yield running

    def test_it_is_called_last_on_what_was_created_and_nothing_is_written(
        self, sixth: Tree, mock: MockPortal
    ) -> None:
        before = snapshot(sixth.root)
        with altered(mock, unchanged) as server:
            run = self.run(sixth, server)
        assert (run.code, run.err) == (0, "")
        assert snapshot(sixth.root) == before
        assert called(mock) == [*ORDER, "deleteClient", *PROBES]
        made = json.loads(server.answers[0])["id"]
        method, path, _ = server.requests[5]
        assert (method, path) == ("DELETE", f"{CLIENTS}/{made}?deletionReason=CHURN")
        assert "It deletes only what it has created itself: deleteClient." in run.out
        assert "1 thing was created there, 1 deleted." in run.out
        assert run.row("status", "deleteClient") == "ok status 204, 401 204"

    def test_where_it_is_not_told_that_something_was_created_nothing_is_deleted(
        self, sixth: Tree, mock: MockPortal
    ) -> None:
        with altered(
            mock, lambda _m, _p, one: one._replace(status=200) if one.status == 201 else one
        ) as server:
            run = self.run(sixth, server)
        assert run.code == 1
        assert called(mock) == ORDER + PROBES
        assert "its answer was 200, so what it names may not be new, and this deletes" in (
            run.table("deleteClient")
        )

    def test_a_body_where_none_is_documented(self, sixth: Tree, mock: MockPortal) -> None:
        def with_body(method: str, path: str, answer: Answer) -> Answer:
            return plain(200, b"{}", "application/json") if method == "DELETE" else answer

        with altered(mock, with_body) as server:
            run = self.run(sixth, server)
        assert run.code == 1
        assert run.row("status", "deleteClient").endswith("200 not documented")
        assert run.row("body", "deleteClient") == "DIFFERS body none object not documented"
