"""make verify-live: what it calls, what it says before, and how it ends."""

from __future__ import annotations

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

import pytest
from portal_v1.mock import Answer, MockPortal
from verification.judging import Judge
from verification.operations import Operation
from verification.rows import Row

from tests.contract._live_support import (
    CLIENTS,
    KEY,
    ORDER,
    PROBES,
    UNKNOWN_ID,
    UNKNOWN_KEY,
    Altered,
    Run,
    altered,
    called,
    is_get_client,
    leave_out,
    plain,
    unchanged,
    verify,
    with_json,
)
from tests.generation._support import CLIENT, Tree, copy_repository, snapshot
from tests.network._server import nobody


@pytest.fixture
def mock() -> Iterator[MockPortal]:
    with MockPortal(api_keys=[KEY]) as running:
        yield running


@pytest.fixture
def url(mock: MockPortal) -> str:
    return mock.serve().url


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
