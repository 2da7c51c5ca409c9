"""The pytest plug-in, as the distribution has it and as a copy of the package has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import portal_v1
import pytest

PACKAGE = Path(portal_v1.__file__).parent

USERS = """
import asyncio

import pytest


def test_one(portal_mock, portal):
    assert portal.clients.list() == []
    portal.clients.create()
    with portal_mock.fault("server_error", "listClients", times=1):
        assert len(portal.clients.list()) == 1
    assert len(portal_mock.calls("listClients")) == 3


def test_another_sees_nothing_of_it(portal_mock, portal):
    assert portal.clients.list() == []
    assert portal_mock.faults == ()
    assert len(portal_mock.calls()) == 1


def test_async(portal_mock, async_portal):
    created = asyncio.run(async_portal.clients.create())
    assert portal_mock.client().clients.get(created.id).id == created.id


@pytest.mark.portal_mock(api_keys=["only"], seed=7)
def test_server(portal_mock, portal_server):
    client = type(portal_mock.client())
    with client("only", base_url=portal_server.url) as portal:
        assert portal.clients.create().id == portal_mock.client("only").clients.list()[0].id


@pytest.mark.portal_mock(rate_limit=1)
def test_options(portal_mock):
    portal = portal_mock.client(max_attempts=1)
    portal.clients.list()
    with pytest.raises(Exception, match="429"):
        portal.clients.list()
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


def test_it_isolates_tests_under_xdist_too(tmp_path: Path) -> None:
    (tmp_path / "test_users.py").write_text(USERS)
    out = run(
        tmp_path, "-p", "portal_v1.pytest_plugin", "-p", "xdist", "-n", "2", path=PACKAGE.parent
    )
    assert "5 passed" in out


def test_a_copy_of_the_package_has_it_too(tmp_path: Path) -> None:
    shutil.copytree(
        PACKAGE, tmp_path / "acme" / "wallets", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "acme" / "__init__.py").write_text("")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["acme.wallets.pytest_plugin"]\n')
    (tmp_path / "test_users.py").write_text(USERS)
    assert "5 passed" in run(tmp_path, path=tmp_path)


def test_an_installation_alone_loads_nothing_and_takes_no_names(repository: Path) -> None:
    assert "pytest11" not in (repository / "pyproject.toml").read_text()


def test_without_the_mocks_dependencies_other_tests_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import sys\nsys.modules['jsonschema_rs'] = None\nsys.modules['h11'] = None\n"
    )
    (tmp_path / "test_other.py").write_text("def test_other():\n    pass\n")
    assert "1 passed" in run(tmp_path, "-p", "portal_v1.pytest_plugin", path=PACKAGE.parent)


def test_the_fixtures_say_what_they_are(tmp_path: Path) -> None:
    out = run(tmp_path, "--fixtures", "-p", "portal_v1.pytest_plugin", path=PACKAGE.parent)
    for name in ("portal_mock", "portal", "async_portal", "portal_server"):
        assert f"\n{name} -- " in out


def test_the_readme_example_passes(tmp_path: Path, repository: Path) -> None:
    """The test file in the section on the mock, as a user has it."""
    text = (repository / "README.md").read_text()
    blocks = [part.partition("```")[0] for part in text.split("```python\n")[1:]]
    (example,) = [block for block in blocks if "portal_mock" in block] or pytest.skip(
        "the README has no example with portal_mock yet"
    )
    (tmp_path / "test_example.py").write_text(textwrap.dedent(example))
    assert "passed" in run(tmp_path, "-p", "portal_v1.pytest_plugin", path=PACKAGE.parent)
