"""What cannot be run ends with status 2 and one message that says what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conformance import sending
from conformance.cli import main
from portal_v1.mock import MockPortal

from tests.contract._support import contract, edited_document, edited_package
from tests.network._server import HostileServer, Peer, nobody, raw, reply

EMPTY_LIST = reply(200, b"[]")


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SECONDS_A_CALL", 0.3)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def against(repository: Path, reports: Path, url: str, *more: str) -> str:
    """Run against a server, in vain; return what is told."""
    begun = time.monotonic()
    refusal = contract(repository, reports, "--url", url, "--examples", "2", *more).refusal
    assert time.monotonic() - begun < 20
    assert refusal.count("\n") <= 2
    return refusal


@pytest.mark.parametrize(
    "url",
    [
        "nothing",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:x",
        "http://[::1",
        "http://h:70000",
    ],
)
def test_a_url_that_is_none(repository: Path, reports: Path, url: str) -> None:
    assert f"{url!r} is no URL of a server" in against(repository, reports, url)


def test_nobody_listens(repository: Path, reports: Path) -> None:
    with nobody() as port:
        refusal = against(repository, reports, f"http://127.0.0.1:{port}")
    assert f"Nothing listens at http://127.0.0.1:{port}. Start the server" in refusal


def test_a_url_that_the_client_does_not_take(
    repository: Path, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.target.Target.is_there", lambda self: True)
    assert "https" in against(repository, reports, "http://portal.example.org")


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_wants_another_key_is_asked_once(
    repository: Path, reports: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("PORTAL_API_KEY", "a-key-that-it-does-not-know")
    with HostileServer(reply(status, b'{"error": "a-key-that-it-does-not-know"}')) as server:
        refusal = against(repository, reports, server.url)
        assert [one.request_line.split()[0] for one in server.requests] == ["GET"]
    assert f"refused the key: it answered listClients (GET /custodians/clients) with {status}" in (
        refusal
    )
    assert "into PORTAL_API_KEY" in refusal
    assert "a-key-that" not in refusal


def test_a_mock_that_wants_another_key(
    repository: Path, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PORTAL_API_KEY", raising=False)
    with MockPortal(api_keys=["the-one-key"]) as mock, mock.serve() as server:
        assert "refused the key" in against(repository, reports, server.url)
        assert len(mock.calls()) == 1


def test_a_url_without_the_apis_path(repository: Path, reports: Path) -> None:
    with MockPortal() as mock, mock.serve() as server:
        refusal = against(repository, reports, server.url.removesuffix("/api/v1"))
    assert "with 404" in refusal
    assert "See whether the URL has the API's path too" in refusal


def test_a_server_that_redirects(repository: Path, reports: Path) -> None:
    with HostileServer(reply(302, b"", "Location: /elsewhere")) as server:
        refusal = against(repository, reports, server.url)
        assert len(server.requests) == 1
    assert "with 302, a redirect, and the client follows none" in refusal


def test_a_server_of_pages(repository: Path, reports: Path) -> None:
    with HostileServer(reply(200, b"<html>Hello</html>", kind="text/html")) as server:
        refusal = against(repository, reports, server.url)
    assert "a page of HTML: this is not the API" in refusal


def test_a_server_that_never_answers(
    repository: Path, reports: Path, little_patience: None
) -> None:
    with HostileServer(raw(end=Peer.hold)) as server:
        refusal = against(repository, reports, server.url)
    assert "takes connections, and did not answer listClients" in refusal
    assert "within 0.3 s" in refusal


def test_a_server_that_hangs_up(repository: Path, reports: Path) -> None:
    with HostileServer(raw()) as server:
        assert "broke off at listClients" in against(repository, reports, server.url)


def test_a_server_that_falls_silent(repository: Path, reports: Path, little_patience: None) -> None:
    with HostileServer(*[EMPTY_LIST] * 30, raw(end=Peer.hold)) as server:
        refusal = against(repository, reports, server.url)
    assert "takes connections and no longer answers: the last 3 requests of the sync client" in (
        refusal
    )


@pytest.mark.parametrize("answers", [6, 40, 150])
def test_a_server_that_dies(repository: Path, reports: Path, answers: int) -> None:
    def die(peer: Peer) -> None:
        server.stop_listening()
        peer.close()

    server = _Mortal(*[EMPTY_LIST] * answers, raw(end=die))
    with server:
        refusal = against(repository, reports, server.url)
    assert f"The server at {server.url} stopped answering, after " in refusal
    assert "Nothing listens there any more: look into the server's own log." in refusal


class _Mortal(HostileServer):
    def stop_listening(self) -> None:
        """As a process that ends: no connection lives on, and none is taken."""
        self._stopped.set()
        self._listener.close()
        for peer in list(self.peers):
            peer.abort()


def test_a_document_that_does_not_parse(repository: Path, reports: Path, tmp_path: Path) -> None:
    spec = tmp_path / "broken.yaml"
    spec.write_text("openapi: [3.1.0\n")
    refusal = contract(repository, reports, "--spec", spec).refusal
    assert "broken.yaml, line 2: not valid YAML" in refusal


def test_a_document_that_is_not_there(repository: Path, reports: Path) -> None:
    refusal = contract(repository, reports, "--spec", "/nowhere/spec.yaml").refusal
    assert "/nowhere/spec.yaml: there is no such file." in refusal


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda paths: paths.update({"/more": {"get": _like(paths, operationId="getMore")}}),
            "it has no operation getMore",
        ),
        (
            lambda paths: _get(paths).update(tags=["Others"]),
            "its client has no others, where listClients belongs",
        ),
        (
            lambda paths: _get(paths).update({"x-method-name": "everything"}),
            "clients has no everything for listClients",
        ),
        (
            lambda paths: _get(paths).update(
                parameters=[{"name": "page", "in": "query", "schema": {"type": "integer"}}]
            ),
            "listClients does not take the query parameter page",
        ),
    ],
)
def test_a_package_that_the_document_has_left_behind(
    repository: Path, reports: Path, tmp_path: Path, change: Any, told: str
) -> None:
    spec = edited_document(repository, tmp_path, lambda document: change(document["paths"]))
    refusal = contract(repository, reports, "--spec", spec).refusal
    assert told in refusal
    assert "Run `make generate` first." in refusal


def _get(paths: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = paths["/custodians/clients"]["get"]
    return found


def _like(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**_get(paths), **more}


def test_a_folder_that_is_no_package(repository: Path, reports: Path, tmp_path: Path) -> None:
    (tmp_path / "planted_empty").mkdir()
    for folder in (tmp_path / "planted_empty", tmp_path / "nowhere"):
        refusal = contract(repository, reports, "--package", folder).refusal
        assert f"{folder} is no generated package" in refusal
        assert "Run `make generate` first." in refusal


def test_a_package_that_is_broken(repository: Path, reports: Path, tmp_path: Path) -> None:
    package = edited_package(repository, tmp_path, {})
    (package / "client.py").write_text("import import\n")
    assert "is no generated package" in contract(repository, reports, "--package", package).refusal


def test_a_package_whose_name_is_taken(repository: Path, reports: Path, tmp_path: Path) -> None:
    package = edited_package(repository, tmp_path, {}).rename(tmp_path / "portal_v1")
    refusal = contract(repository, reports, "--package", package).refusal
    assert "Python has another portal_v1 already" in refusal


@pytest.mark.parametrize("count", ["0", "x", "-3", "1.5"])
def test_a_count_that_is_none(
    repository: Path, reports: Path, count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(repository, [f"--examples={count}", "--reports", str(reports)])
    assert stopped.value.code == 2
    assert f"argument --examples: '{count}' is no number from 1" in capsys.readouterr().err
    assert not reports.exists()


def test_reports_that_cannot_be_written_are_noticed_first(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    begun = time.monotonic()
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        run = contract(repository, folder)
        assert f"No report can be written into {folder}: " in run.refusal
        assert "Name another folder with --reports." in run.refusal
        assert run.out == ""
    assert time.monotonic() - begun < 5


@pytest.fixture
def program(repository: Path, reports: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [
            *(sys.executable, "-u", str(repository / "scripts" / "contract.py")),
            *("--examples", "5000", "--reports", str(reports)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("phase", ["announced", "coverage"])
def test_an_interruption_ends_it_with_a_short_message(
    program: subprocess.Popen[str], phase: str
) -> None:
    assert program.stdout is not None
    for line in program.stdout:
        if phase == "announced" or phase in line:
            break
    time.sleep(0.2)
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=30)
    assert program.returncode == 2
    assert err.strip() == "contract: stopped."
