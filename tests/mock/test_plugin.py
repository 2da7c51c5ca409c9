"""The pytest plug-in, by its own name and as a copy of the package has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import sample

PACKAGE = Path(sample.__file__).parent

USERS = """
import asyncio

import pytest


def test_one(sample_mock, sample):
    assert sample.parcels.list() == []
    sample.parcels.create()
    with sample_mock.fault("server_error", "listParcels", times=1):
        assert len(sample.parcels.list()) == 1
    assert len(sample_mock.calls("listParcels")) == 3


def test_another_sees_nothing_of_it(sample_mock, sample):
    assert sample.parcels.list() == []
    assert sample_mock.faults == ()
    assert len(sample_mock.calls()) == 1


def test_async(sample_mock, async_sample):
    created = asyncio.run(async_sample.parcels.create())
    assert sample_mock.client().parcels.get(created.id).id == created.id


@pytest.mark.sample_mock(api_keys=["only"], seed=7)
def test_server(sample_mock, sample_server):
    client = type(sample_mock.client())
    with client("only", base_url=sample_server.url) as sample:
        assert sample.parcels.create().id == sample_mock.client("only").parcels.list()[0].id
"""


def run(folder: Path, *arguments: str, path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "--strict-markers", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_copy_of_the_package_has_it_too_and_no_test_sees_another(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "acme" / "parcels")
    (tmp_path / "acme" / "__init__.py").write_text("")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["acme.parcels.pytest_plugin"]\n')
    (tmp_path / "test_users.py").write_text(USERS)
    assert "4 passed" in run(tmp_path, path=tmp_path)


def test_nothing_is_loaded_and_no_name_is_taken_unasked(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert "pytest11" not in project.get("entry-points", {})


def test_without_the_mocks_dependencies_other_tests_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import sys\nsys.modules['jsonschema_rs'] = None\nsys.modules['h11'] = None\n"
    )
    (tmp_path / "test_other.py").write_text("def test_other():\n    pass\n")
    assert "1 passed" in run(tmp_path, "-p", "sample.pytest_plugin", path=PACKAGE.parent)
