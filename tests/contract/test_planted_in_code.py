"""Defects planted in copies of the package: each is found, by the check that is there for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract._support import contract, edited_package

DEFECTS = {
    "the client reads a field from another key": (
        "models/created_client.py",
        'id=decode.required(fields, "id", decode.string)',
        'id=decode.required(fields, "clientApiKey", decode.string)',
        ("createClient", "client_agreement"),
    ),
    "the client quotes paths twice": (
        "_core/encode.py",
        'return quote(segment, safe="")',
        'return quote(quote(segment, safe=""), safe="")',
        (None, "client_agreement"),
    ),
    "the client sends a create again after a failure": (
        "api/clients/create_client.py",
        "repeatable=False",
        "repeatable=True",
        ("createClient", "model"),
    ),
    "the mock answers another status": (
        "mock/_engine.py",
        "status, response = operation.responses.success",
        "_, response = operation.responses.success\n        status = 203",
        ("listClients", "status_code_conformance"),
    ),
    "the mock shows another custodian's client": (
        "mock/_state.py",
        'WHERE custodian = ? AND place = ? "',
        'WHERE ? AND place = ? "',
        (None, "model"),
    ),
    "the mock forgets one in the list": (
        "mock/_state.py",
        "yield from map(_item, rows)",
        "yield from map(_item, rows[: len(rows) - 1 or None])",
        ("listClients", "model"),
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found_with_both_clients(
    repository: Path, tmp_path: Path, name: str
) -> None:
    file, old, new, (operation, check) = DEFECTS[name]
    package = edited_package(repository, tmp_path, {file: (old, new)})
    run = contract(repository, tmp_path / "reports", "--package", package, "--examples", "4")
    assert (run.code, run.err) == (1, "")
    assert any(check == found and operation in {None, one} for one, found in run.findings)
    for suite in run.junit.findall("testsuite"):
        said = [failure.get("message") or "" for failure in suite.iter("failure")]
        assert any(message.startswith(f"{check}: ") for message in said)
