"""The environment that make sets up: when it is made, when it is left alone, when it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Only seems to install and to make environments, and is a real Python for all else.
PYTHON = f"""
case "$*" in
    *"-r constraints.txt"*)
        echo "A word of pip" >&2
        for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo Collecting; done
        exit "${{PIP_EXIT:-0}}" ;;
    *"-m venv"*) mkdir -p .venv/bin .venv/lib/python3/site-packages
        cp "$0" .venv/bin/python; exit ;;
esac
exec '{sys.executable}' "$@"
"""
OLD = 'case "$*" in -V) echo Python 3.9.2 ;; *) exit 1 ;; esac'


class Clone:
    """A copy of what the setup reads, and a PATH with interpreters."""

    def __init__(self, folder: Path) -> None:
        self.root, self.path = folder / "a clone", folder / "bin"
        for made in (self.root / "scripts/_support", self.path):
            made.mkdir(parents=True)
        for name in ("constraints.txt", "scripts/_support/venv.sh"):
            shutil.copy(ROOT / name, self.root / name)
        for name in ("awk", "cat", "cp", "find", "mkdir", "rm", "sh", "tail"):
            (self.path / name).symlink_to(str(shutil.which(name)))

    def add(self, name: str, script: str = PYTHON) -> None:
        program = self.path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def setup(self, python: str = "", **env: str) -> tuple[int, str]:
        command = ["sh", "scripts/_support/venv.sh", ".venv", python]
        env = {"PATH": str(self.path), **env}
        done = subprocess.run(
            command, cwd=self.root, env=env, capture_output=True, text=True, check=False, timeout=60
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_it_is_made_once_and_again_only_where_it_has_to_be(clone: Clone) -> None:
    clone.add("python3", OLD)  # gives way to one that is not
    clone.add("python3.12")
    status, told = clone.setup(PIP_EXIT="1")
    assert (status, "making .venv with Python 3." in told) == (1, True)
    assert ".venv could not be filled:\nsetup: A word of pip" in told
    assert "20 packages fetched" in clone.setup()[1]  # What is not finished is done again.
    assert clone.setup() == (0, "")
    for changed in ("constraints.txt", "."):
        time.sleep(0.02)  # times of files are compared; a file system may count in 10 ms
        os.utime(clone.root / changed)
        if changed == ".":
            clone.root = clone.root.rename(clone.root.with_name("elsewhere"))
        assert "bringing .venv up to date" in clone.setup()[1]
    (link,) = clone.root.glob(".venv/lib/*/*/*.pth")
    assert link.read_text() == f"{clone.root}/generated\n"
    (clone.root / ".venv/bin/python").unlink()
    assert "making .venv" in clone.setup()[1]
    other = PYTHON.replace("exec", 'case "$*" in *base_prefix*) echo other; exit ;; esac; exec')
    clone.add("python-other", other)
    assert "making .venv" in clone.setup("python-other")[1]
    assert clone.setup("python-other") == (0, "")


@pytest.mark.parametrize(
    ("asked", "script", "said"),
    [
        ("", None, "Python 3.11 or newer is needed. Tried: python3 (not found), python3.13 (not"),
        ("", OLD, "Tried: python3 (Python 3.9.2), python3.13 (not found)"),
        ("my python", OLD, "Tried: my python (Python 3.9.2)."),
        ("", f'case "$*" in *ensurepip*) exit 1 ;; esac\n{PYTHON}', "python3-venv"),
    ],
)
def test_without_a_python_that_can_it_says_so(
    clone: Clone, asked: str, script: str | None, said: str
) -> None:
    if script:
        clone.add(asked or "python3", script)
    status, told = clone.setup(asked)
    assert (status, said in told) == (1, True)
    assert not (clone.root / ".venv").exists()
