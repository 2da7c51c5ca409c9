"""make contract: what a finding shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from portal_v1.mock import MockPortal

from tests.gateway import Gateway

KEY = "key-5b0d9c17-for-this-test"


def hold(repository: Path, url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "--url", url]
    return subprocess.run(
        [*command, "tests/contract/test_cases.py::test_case"],
        cwd=repository,
        env={**os.environ, "PORTAL_API_KEY": KEY},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_where_nobody_answers_that_is_said(repository: Path) -> None:
    done = hold(repository, "http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (4, "")
    assert "Nothing answers at http://127.0.0.1:9" in done.stderr


def test_a_finding_shows_no_secret(repository: Path) -> None:
    with MockPortal() as mock:  # It takes any key, which is the finding.
        done = hold(repository, mock.serve().url)
        secrets = {one.client_api_key for one in mock.client(KEY).clients.list()}
    assert done.returncode == 1, done.stderr
    assert "API accepts invalid authentication" in done.stdout
    assert '"clientApiKey":"..."' in done.stdout
    assert [one for one in (KEY, *secrets) if one in done.stdout] == []
    assert secrets


def test_a_gateway_ends_with_its_block_however_that_ends() -> None:
    with pytest.raises(LookupError), Gateway("http://127.0.0.1:9").running():
        raise LookupError
