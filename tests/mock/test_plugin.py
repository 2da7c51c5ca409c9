"""The pytest plug-in; tests/portal_v1/callers has it in copies of the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.mock._support import PACKAGES

pytest_plugins = ["pytester"]
USERS = """
import asyncio

import pytest


def test_one(sample_mock, sample):
    sample_mock.fault("server_error", "listParcels", times=1)
    sample.parcels.create()
    assert len(sample.parcels.list()) == 1
    assert len(sample_mock.calls("listParcels")) == 2


def test_another_sees_nothing_of_it(sample_mock, async_sample):
    assert asyncio.run(async_sample.parcels.list()) == []
    assert len(sample_mock.calls()) == 1


@pytest.mark.sample_mock(api_keys=["only"], seed=7)
def test_server(sample_mock, sample_server):
    client = type(sample_mock.client())
    with client("only", base_url=sample_server.url) as sample:
        assert sample.parcels.create().id == sample_mock.client("only").parcels.list()[0].id
"""
SWITCHED_ON = 'pytest_plugins = ["sample.pytest_plugin"]\n'
WITHOUT = "import sys\nsys.modules['jsonschema_rs'] = None\nsys.modules['h11'] = None\n"


@pytest.mark.parametrize(
    ("conftest", "tests", "passed"),
    [(SWITCHED_ON, USERS, 3), (WITHOUT + SWITCHED_ON, "def test_other():\n    pass\n", 1)],
    ids=["each test has a mock of its own", "without the mock's dependencies others run"],
)
def test_switched_on(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    conftest: str,
    tests: str,
    passed: int,
) -> None:
    monkeypatch.setenv("PYTHONPATH", PACKAGES)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest(conftest)
    pytester.makepyfile(tests)
    done = pytester.runpytest_subprocess("-W", "error", "--strict-markers")
    done.assert_outcomes(passed=passed)


def test_nothing_is_loaded_and_no_name_is_taken_unasked(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert "pytest11" not in project.get("entry-points", {})
