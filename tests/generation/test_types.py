"""What is generated from other documents type-checks strictly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_mypy(other_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-color-output"),
            *("--python-version=3.11", f"--cache-dir={tmp_path_factory.mktemp('mypy')}"),
            *("-p", "library_api", "-p", "studio_api"),
        ],
        cwd=other_packages,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
