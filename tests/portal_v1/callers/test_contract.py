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


def test_a_finding_shows_no_secret(repository: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", "--url"]
    with MockPortal() as mock:  # It takes any key, which is the finding.
        done = subprocess.run(
            [*command, mock.serve().url, "tests/contract/test_cases.py::test_case"],
            cwd=repository,
            env={**os.environ, "PORTAL_API_KEY": KEY},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        secrets = {one.client_api_key for one in mock.client(KEY).clients.list()}
    assert done.returncode == 1, done.stderr
    assert "API accepts invalid authentication" in done.stdout
    assert '"clientApiKey":"..."' in done.stdout
    assert [one for one in (KEY, *secrets) if one in done.stdout] == []
    assert secrets


def test_a_gateway_ends_with_its_block_however_that_ends() -> None:
    with pytest.raises(LookupError), Gateway("http://127.0.0.1:9").running():
        raise LookupError
