"""A run as `make contract` makes it, against the mock of the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contract._support import OPERATIONS, Told, contract, document_of

PHASES = ["examples", "coverage", "fuzzing", "stateful", "drill", "walks"]


@pytest.fixture(scope="module")
def run(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return contract(repository, tmp_path_factory.mktemp("run"), "--examples", "6", "--seed", "11")


def test_client_and_mock_are_as_the_document_says(run: Told) -> None:
    assert (run.code, run.err) == (0, "")
    assert "All is as the document says" in run.out
    assert run.findings == set()


def test_it_says_first_what_is_tested_and_how_to_repeat_it(run: Told) -> None:
    first = run.out.splitlines()[0]
    assert "openapi/portal-v1.yaml" in first
    assert "the mock of portal_v1" in first
    assert "SEED=11 EXAMPLES=6" in first


def test_every_phase_sends_requests_with_both_clients(run: Told) -> None:
    for mode in ("sync", "async"):
        lines = re.findall(rf"^  {mode} +(\w+) +([\d,]+) requests", run.out, re.MULTILINE)
        assert [name for name, _ in lines] == PHASES
        assert all(int(count.replace(",", "")) > 0 for _, count in lines)


def test_both_clients_send_the_same(run: Told) -> None:
    found = re.search(r"fingerprint: sync (\w+), async (\w+)", run.out)
    assert found is not None
    assert found[1] == found[2]
    assert re.fullmatch(r"[0-9a-f]{16}", found[1])


def test_the_client_calls_every_operation_of_the_document(run: Told, repository: Path) -> None:
    documented = {
        operation["operationId"]
        for item in document_of(repository)["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
    }
    assert documented == set(OPERATIONS)
    assert run.rows.keys() == documented
    for row in run.rows.values():
        assert row["calls"] > 0
        assert row["passed"] > 0
        assert row["failed"] == 0
        assert row["calls"] <= sum(count for name, count in row.items() if name.isdecimal())


def test_good_and_bad_data_are_sent(run: Told) -> None:
    rows = run.rows
    assert all(row["401"] > 0 for row in rows.values())  # without a key, or with a wrong one
    assert rows["createClient"]["201"] > 0
    assert rows["createClient"]["400"] > 0
    assert rows["getClient"]["200"] > 0
    assert rows["getClient"]["400"] > 0
    for check in ("positive_data_acceptance", "negative_data_rejection", "client_agreement"):
        (line,) = [line for line in run.summary.splitlines() if line.startswith(f"| {check} |")]
        assert "failed" not in line
        assert all(cell.strip() != "0" for cell in line.strip("|").split("|")[1:]), line


def test_what_was_sent_without_the_client_is_counted_by_its_reason(run: Told) -> None:
    lines = run.out.splitlines()
    for title in (
        "Not expressible through a typed client, sent as they are: ",
        "Refused by the client before sending, then sent as they are: ",
    ):
        start = next(index for index, line in enumerate(lines) if line.startswith(title))
        counts = []
        for line in lines[start + 1 :]:
            match = re.fullmatch(r" +([\d,]+)  (.+)", line)
            if match is None:
                break
            counts.append(int(match[1].replace(",", "")))
            assert len(match[2]) > 5
        total = lines[start].removeprefix(title)
        assert int(total.replace(",", "")) == sum(counts) > 0


def test_the_numbers_of_the_last_line_are_those_of_the_table(run: Told) -> None:
    calls = sum(row["calls"] for row in run.rows.values())
    assert f"after {calls:,} calls through the client." in run.out


def test_the_reports_say_the_same_as_the_terminal(run: Told) -> None:
    suites = run.junit.findall("testsuite")
    assert [suite.get("name") for suite in suites] == ["sync client", "async client"]
    for suite in suites:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases) == len(PHASES) * len(OPERATIONS)
        assert suite.get("failures") == "0"
        assert {case.get("name") for case in cases} == set(OPERATIONS)
    for name, row in run.rows.items():
        assert f"| {name} | {row['calls']:,} |" in run.summary
    assert "All is as the document says" in run.summary
