"""The environment that make sets up: when it is made, when it is left alone, when it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.repo.fakes import FakePath

# Takes note of what pip is asked for, and is a real Python for all else.
PYTHON = f"""
case "$*" in
    *"-m pip install"*) exit "${{PIP_EXIT:-0}}" ;;
    *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python; exit ;;
esac
exec '{sys.executable}' "$@"
"""

OLD = """
case "$*" in
    *print*) echo 3.9.2 ;;
    *) exit 1 ;;
esac
"""


class Clone:
    """A copy of what the setup reads, and a PATH with fake interpreters."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.root = folder / "a clone"
        (self.root / "scripts/_support").mkdir(parents=True)
        (self.root / "generated/portal_v1").mkdir(parents=True)
        for name in ("Makefile", "pyproject.toml", "constraints.txt", "scripts/_support/venv.sh"):
            shutil.copy(repository / name, self.root / name)
        self.version = self.root / "generated/portal_v1/_version.py"
        self.version.touch()
        self.path = FakePath(folder / "bin", "awk", "cat", "cp", "make", "mkdir", "rm", "sh")

    def setup(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        time.sleep(0.02)  # times of files are compared; a file system may count in 10 ms
        return self.path.run("make", "setup", *arguments, cwd=self.root, **env)

    def installs(self) -> int:
        return len(self.path.calls("--requirement constraints.txt"))


@pytest.fixture
def clone(tmp_path: Path, repository: Path) -> Clone:
    return Clone(tmp_path, repository)


def test_a_new_clone_is_set_up_once(clone: Clone) -> None:
    clone.path.add("python3", PYTHON)
    first = clone.setup()
    assert (first.returncode, first.stderr) == (0, "")
    assert "making .venv with Python 3." in first.stdout
    assert clone.path.calls("--no-deps --no-build-isolation --editable .") != []

    second = clone.setup()
    assert (second.returncode, second.stdout) == (0, ".venv is ready.\n")
    assert clone.installs() == 1


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_it_is_brought_up_to_date_after_a_change(clone: Clone, name: str) -> None:
    clone.path.add("python3", PYTHON)
    clone.setup()
    time.sleep(0.02)
    os.utime(clone.root / name)
    assert "bringing .venv up to date" in clone.setup().stdout
    assert clone.installs() == 2
    assert len(clone.path.calls("-m venv")) == 1


def test_it_is_brought_up_to_date_after_the_folder_moved(clone: Clone) -> None:
    clone.path.add("python3", PYTHON)
    clone.setup()
    clone.root = clone.root.rename(clone.root.with_name("elsewhere"))
    assert "bringing .venv up to date" in clone.setup().stdout
    assert clone.installs() == 2


def test_it_is_made_anew_where_its_python_is_gone(clone: Clone) -> None:
    clone.path.add("python3", PYTHON)
    clone.setup()
    (clone.root / ".venv/bin/python").unlink()
    assert "making .venv" in clone.setup().stdout
    assert len(clone.path.calls("-m venv --clear")) == 2


def test_it_is_made_anew_with_the_python_that_is_asked_for(clone: Clone) -> None:
    clone.path.add("python3", PYTHON)
    clone.setup()
    other = PYTHON.replace("exec", 'case "$*" in *base_prefix*) echo other; exit ;; esac; exec')
    clone.path.add("python-other", other)
    assert "making .venv" in clone.setup("PYTHON=python-other").stdout
    assert clone.setup("PYTHON=python-other").stdout == ".venv is ready.\n"


def test_what_is_not_finished_is_done_again(clone: Clone) -> None:
    clone.path.add("python3", PYTHON)
    failed = clone.setup(PIP_EXIT="1")
    assert failed.returncode != 0
    assert "constraints.txt could not be installed" in failed.stderr
    assert clone.setup().returncode == 0
    assert clone.installs() == 2


def test_without_the_generated_package_its_generator_still_gets_its_tools(clone: Clone) -> None:
    clone.path.add("python3", PYTHON)
    clone.version.unlink()
    run = clone.setup()
    assert (run.returncode, clone.installs()) == (0, 1)
    assert "generated/portal_v1 is missing; make generate makes it" in run.stdout
    clone.version.touch()
    clone.setup()
    assert clone.path.calls("--editable .") != []


def test_a_python3_that_is_too_old_gives_way_to_one_that_is_not(clone: Clone) -> None:
    clone.path.add("python3", OLD)
    clone.path.add("python3.12", PYTHON)
    assert clone.setup().returncode == 0
    assert clone.path.calls("python3.12 -m venv") != []


def test_no_python_that_is_new_enough(clone: Clone) -> None:
    clone.path.add("python3", OLD)
    run = clone.setup()
    assert run.returncode != 0
    assert "Python 3.11 or newer is needed" in run.stderr
    assert "python3 (3.9.2), python3.13 (not found), python3.12 (not found)" in run.stderr
    assert not (clone.root / ".venv").exists()


def test_a_python_that_is_named_is_the_only_one_tried(clone: Clone) -> None:
    clone.path.add("python3", PYTHON)
    clone.path.add("my python", OLD)
    run = clone.setup("PYTHON=my python")
    assert run.returncode != 0
    assert "Tried: my python (3.9.2)." in run.stderr


def test_a_python_without_ensurepip(clone: Clone) -> None:
    clone.path.add("python3", f'case "$*" in *ensurepip*) exit 1 ;; esac\n{PYTHON}')
    run = clone.setup()
    assert run.returncode != 0
    assert "ensurepip" in run.stderr
    assert "python3-venv" in run.stderr
    assert not (clone.root / ".venv").exists()
