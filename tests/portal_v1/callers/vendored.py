"""The proof of vendoring, for `make test-vendored`: copies in projects that have little else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import portal_v1
import pytest
from portal_v1.mock import MockPortal

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENTS = [("3.11", "httpx"), ("3.12", "httpx"), ("3.13", "httpx"), ("3.11", "httpx2")]

BESIDE_EACH_OTHER = """
import pickle, pytest
import acme._vendor.newer as newer, acme._vendor.older as older, portal_v1
import NAME as mine

def test_each_copy_is_itself(portal, portal_mock):
    assert [newer.__version__, older.__version__] == [portal_v1.__version__, "0.0.9"]
    created = pickle.loads(pickle.dumps(portal.clients.create()))
    assert type(created).__module__.startswith("NAME.models")
    portal_mock.fault("server_error", status=503)
    with pytest.raises(mine.ServerError) as caught:
        portal.clients.create()
    others = {newer.PortalError, older.PortalError, portal_v1.PortalError} - {mine.PortalError}
    assert len(others) == 2 and not isinstance(caught.value, tuple(others))
"""


def run(*command: str | Path, cwd: Path, warnings: str = "error") -> str:
    environment = {**os.environ, "PYTHONWARNINGS": warnings, "PYTHONPATH": ""}
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def vendor(python: str | Path, folder: Path, name: str, *options: str | Path) -> None:
    script, target = ROOT / "scripts/vendor.py", folder / "acme/_vendor"
    run(python, "-S", script, target, "--name", name, *options, cwd=folder)


def find_python(version: str) -> str:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    named = shutil.which(f"python{version}") or sys.executable
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    others = map(str, pyenv.glob(f"versions/{version}.*/bin/python"))
    for python in (sys.executable, named, *others):
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return python
    pytest.skip(f"There is no Python {version} here.")


@pytest.mark.parametrize(("version", "library"), ENVIRONMENTS)
def test_a_copy_works_where_little_else_is(version: str, library: str, tmp_path: Path) -> None:
    python = tmp_path / "environment/bin/python"
    run(find_python(version), "-m", "venv", "--without-pip", "environment", cwd=tmp_path)
    pinned = ("-c", ROOT / "constraints.txt", "-c", ROOT / "scripts/_support/httpx2.txt")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "-qqq", *pinned, library, "attrs", cwd=tmp_path, warnings="ignore")
    vendor(python, tmp_path, "anything")
    consumer = Path(__file__).with_name("consumer.py").read_text()
    consumer = consumer.replace("portal_v1", "acme._vendor.anything")
    (tmp_path / "consumer.py").write_text(consumer)
    with MockPortal() as mock, mock.serve() as server:
        run(python, "consumer.py", server.url, cwd=tmp_path)
    run(python, "-I", "-S", "acme/_vendor/anything/_vendored.py", cwd=tmp_path)

    # A type checker knows the copy's httpx as httpx alone: without it, only the caller is checked.
    has_types = library == "httpx"
    packages = ["-p", "acme._vendor.anything"] if has_types else ["--follow-imports=silent"]
    included = ["consumer.py", "acme"] if has_types else ["consumer.py"]
    strict = {"typeCheckingMode": "strict"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"include": included, **strict}))
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", python)
    run(*mypy, "-m", "consumer", *packages, cwd=tmp_path)
    run(sys.executable, "-m", "basedpyright", "--pythonpath", python, cwd=tmp_path)


def test_copies_of_different_versions_live_beside_the_installed_one(tmp_path: Path) -> None:
    for name in ("newer", "older"):
        vendor(sys.executable, tmp_path, name, "--with", "mock")
    version = tmp_path / "acme/_vendor/older/_version.py"
    version.write_text(version.read_text().replace(f'"{portal_v1.__version__}"', '"0.0.9"'))
    names = ("acme._vendor.newer", "acme._vendor.older", "portal_v1")
    plugins = [f"{name}.pytest_plugin" for name in names]
    (tmp_path / "conftest.py").write_text(f"pytest_plugins = {plugins}\n")
    for name, plugin in zip(names, plugins, strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "conftest.py").write_text(f"from {plugin} import portal, portal_mock\n")
        (tmp_path / name / "test_calls.py").write_text(BESIDE_EACH_OTHER.replace("NAME", name))
    pytest_there = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    told = run(*pytest_there, "--import-mode=importlib", *names, cwd=tmp_path)
    assert "3 passed" in told
