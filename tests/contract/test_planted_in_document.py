"""A document that the server does not meet: what is told, to whom, and what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from portal_v1.mock import MockPortal

from tests.contract._support import Told, contract, edited_document


def spoil(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    schemas["ClientSummary"]["properties"]["clientApiKey"]["maxLength"] = 3  # in an array's items
    token = {"type": "integer", "format": "password"}  # The check itself would show the value.
    schemas["CreatedClient"]["properties"]["clientSessionToken"] = token


@pytest.fixture(scope="module")
def secrets() -> list[str]:
    """Gathers what the mock hands out."""
    return []


@pytest.fixture(scope="module")
def run(repository: Path, tmp_path_factory: pytest.TempPathFactory, secrets: list[str]) -> Told:
    folder = tmp_path_factory.mktemp("spoiled")
    spec = edited_document(repository, folder, spoil)
    original = MockPortal.handle

    def listening(self: MockPortal, *arguments: Any) -> Any:
        answer = original(self, *arguments)
        _gather(_json(answer.content), secrets)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MockPortal, "handle", listening)
        return contract(repository, folder / "reports", "--spec", spec, "--examples", "4")


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _gather(value: Any, secrets: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in {"clientApiKey", "clientSessionToken", "otp"}:
                secrets.append(str(inner))
            _gather(inner, secrets)
    elif isinstance(value, list):
        for inner in value:
            _gather(inner, secrets)


def finding(run: Told, operation: str, check: str) -> str:
    """What the terminal tells of a finding."""
    parts = run.out.split(f". {operation}: {check} ")
    assert len(parts) > 1, run.out
    return parts[1].split("\n\n")[0]


def test_the_exit_status_is_1(run: Told) -> None:
    assert (run.code, run.err) == (1, "")
    assert "things are not as the document says" in run.out


@pytest.mark.parametrize(
    ("operation", "place"),
    [
        ("listClients", "$[0].clientApiKey: "),
        ("createClient", "$.clientSessionToken: "),
    ],
)
def test_a_finding_names_operation_check_and_place(run: Told, operation: str, place: str) -> None:
    assert (operation, "response_schema_conformance") in run.findings
    assert place in finding(run, operation, "response_schema_conformance")


def test_a_finding_can_be_repeated_with_curl_and_with_the_client(run: Told) -> None:
    told = finding(run, "createClient", "response_schema_conformance")
    curl = next(line for line in told.splitlines() if line.strip().startswith("curl -X POST "))
    assert '-H "authorization: Bearer $PORTAL_API_KEY"' in curl.replace(
        "Authorization", "authorization"
    )
    assert curl.rstrip().endswith("http://127.0.0.1:8080/api/v1/custodians/clients")
    last = told.splitlines()[-1].strip()
    assert last.startswith(("create_client.sync_detailed(client=portal", "portal.clients.create("))


def test_a_finding_of_a_walk_shows_the_way(run: Told) -> None:
    walks = [
        failure.text or ""
        for case in run.junit.iter("testcase")
        if str(case.get("classname")).endswith(".walks")
        for failure in case.findall("failure")
    ]
    assert walks
    assert all("portal_1" in way or "portal_2" in way for way in walks)


def test_no_secret_is_shown_anywhere(run: Told, secrets: list[str]) -> None:
    assert len(secrets) > 50
    everything = run.everything
    for secret in {*secrets, "key-of-the-first-custodian", "key-of-the-second-custodian"}:
        assert secret not in everything
        assert secret[: len(secret) * 2 // 3] not in everything


def test_junit_counts_what_failed(run: Told) -> None:
    suites = run.junit.findall("testsuite")
    assert len(suites) == 2
    for suite in suites:
        failed = [case for case in suite.findall("testcase") if case.findall("failure")]
        assert int(suite.get("failures", "")) == len(failed) > 0
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
    names = {
        (case.get("name"), (failure.get("message") or "").partition(":")[0])
        for case in run.junit.iter("testcase")
        for failure in case.findall("failure")
    }
    assert names == run.findings


def test_the_summary_has_each_finding_once_with_its_count(run: Told) -> None:
    titles = [line for line in run.summary.splitlines() if line.startswith("## ")]
    told = [line for line in run.out.splitlines() if line[:1].isdigit() and ". " in line]
    assert len(told) == len([title for title in titles if ": " in title])
    assert "**" in run.summary
    assert " times." in run.summary
