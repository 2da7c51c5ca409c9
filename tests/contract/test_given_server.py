"""A server by its URL: one custodian, no faults, and whatever is there already."""

from __future__ import annotations

from pathlib import Path

import pytest
from portal_v1.mock import MockPortal

from tests.contract._support import OPERATIONS, contract

KEY = "a-key-from-the-environment"


def test_it_is_tested_with_the_key_of_the_environment_starting_from_what_is_there(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_API_KEY", KEY)
    with MockPortal(api_keys=[KEY]) as mock, mock.serve() as server:
        mock.client(KEY).clients.create()
        counts = [len(mock.client(KEY).clients.list())]
        for number in ("first", "second"):
            run = contract(
                *(repository, tmp_path / number, "--url", f"{server.url}/"),
                *("--examples", "2", "--seed", "3"),
            )
            assert (run.code, run.err) == (0, ""), run.out
            assert server.url in run.out.splitlines()[0]
            assert run.rows.keys() == set(OPERATIONS)
            assert all(row["calls"] > 0 for row in run.rows.values())
            assert "  sync   walks " in run.out
            assert "  async  walks " in run.out
            assert "503" not in run.rows["createClient"]
            assert "429" not in run.rows["createClient"]
            assert "portal_2" not in run.everything
            assert KEY not in run.everything
            counts.append(len(mock.client(KEY).clients.list()))
    assert counts[0] < counts[1] < counts[2]  # Nothing was reset, and nothing was in the way.
