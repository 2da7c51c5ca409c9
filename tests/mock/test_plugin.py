"""The pytest plug-in; tests/portal_v1/callers has it in copies of the package."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import sample

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
    created = sample_mock.client().parcels.create()
    sample_mock.fault("server_error", times=1)
    assert asyncio.run(async_sample.parcels.get(created.id)).id == created.id


@pytest.mark.sample_mock(api_keys=["only"], seed=7)
def test_server(sample_mock, sample_server):
    client = type(sample_mock.client())
    with client("only", base_url=sample_server.url) as sample:
        assert sample.parcels.create().id == sample_mock.client("only").parcels.list()[0].id
"""
SWITCHED_ON = 'pytest_plugins = ["sample.pytest_plugin"]\n'
WITHOUT = "import sys\nsys.modules['jsonschema_rs'] = None\nsys.modules['h11'] = None\n"


def run(folder: Path, conftest: str, tests: str) -> str:
    """Run a user's tests in a pytest of their own."""
    (folder / "conftest.py").write_text(conftest)
    (folder / "test_users.py").write_text(tests)
    path = str(Path(sample.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "--strict-markers"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


def test_each_test_has_a_mock_of_its_own_and_clients_of_it(tmp_path: Path) -> None:
    assert "4 passed" in run(tmp_path, SWITCHED_ON, USERS)


def test_without_the_mocks_dependencies_other_tests_run(tmp_path: Path) -> None:
    assert "1 passed" in run(tmp_path, WITHOUT + SWITCHED_ON, "def test_other():\n    pass\n")


def test_nothing_is_loaded_and_no_name_is_taken_unasked(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert "pytest11" not in project.get("entry-points", {})
