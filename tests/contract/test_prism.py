"""Prism as the server: what is left out for it, and why. `make contract-prism` runs it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from conformance.stateless import EXCUSES, LEFT_OUT, NO_CHECKS, spelled_out, survives
from schemathesis.checks import CHECKS, load_all_checks

from tests.contract._support import contract, document_of


def test_without_node_it_says_so(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Prism needs Node.js, and npx was not found" in (
        contract(repository, tmp_path / "reports", "--prism").refusal
    )


def test_where_it_does_not_start_what_it_said_is_shown(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npx = tmp_path / "npx"
    npx.write_text("#!/bin/sh\necho 'no such package'\nexit 1\n")
    npx.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    refusal = contract(repository, tmp_path / "reports", "--prism").refusal
    assert "Prism did not start. It said:\nno such package" in refusal


def test_what_is_left_out_and_excused_exists_and_has_a_reason() -> None:
    load_all_checks()
    assert set(LEFT_OUT) - NO_CHECKS <= set(CHECKS.get_all_names())
    assert {excuse.check for excuse in EXCUSES} <= set(CHECKS.get_all_names())
    for reason in (*LEFT_OUT.values(), *(excuse.reason for excuse in EXCUSES)):
        assert len(reason.split()) > 5
    assert all(excuse.words for excuse in EXCUSES)


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        ({"plain": ["ü", {"x": 1}]}, True),
        ({"ü": 1}, False),
        ({"a": {"\x7f": 1}}, False),
        ([{"a\n": 1}], False),
        (b"\xff", True),
        (None, True),
    ],
)
def test_names_that_no_header_can_have_are_not_sent(body: Any, whole: bool) -> None:
    assert survives(body) is whole


def test_spelling_out_only_adds(repository: Path) -> None:
    document = document_of(repository)
    before = copy.deepcopy(document)
    spelled = spelled_out(document)
    assert document == before
    assert _without_additions(spelled, document) == document
    session = spelled["paths"]["/custodians/clients/{clientId}/session"]["post"]
    assert session["requestBody"]["content"].keys() == {"application/json"}
    del before["info"]["x-client"]["content-type"]
    assert spelled_out(before) == before


def _without_additions(value: Any, like: Any) -> Any:
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: _without_additions(value[key], like[key]) for key in like}
    return value
