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

CONSUMER = """
import asyncio, pickle, sys
from acme._vendor.anything import AsyncPortal, Portal, PortalError

assert not {"jsonschema_rs", "sqlite3", "pytest", "portal_v1"} & sys.modules.keys()
def call_all(portal: Portal) -> list[object]:
    call, created = portal.clients, portal.clients.create(is_account_abstracted=True)
    assert [client.id for client in call.iter()] == [created.id]
    answers = call.get(created.id), call.refresh_session(created.id), call.list()
    return [created, *answers, call.generate_web_otp(created.id)]
async def call_all_async(portal: AsyncPortal) -> list[object]:
    call, created = portal.clients, await portal.clients.create(is_account_abstracted=True)
    assert [client.id async for client in call.iter()] == [created.id]
    answers = await call.get(created.id), await call.refresh_session(created.id), await call.list()
    return [created, *answers, await call.generate_web_otp(created.id)]
def fail(portal: Portal, client_id: str) -> PortalError:
    try:
        portal.clients.get(client_id)
    except PortalError as error:
        return error
    raise AssertionError(client_id)
url = sys.argv[1]
with Portal("sync", base_url=url) as portal:
    answers = [call_all(portal), asyncio.run(call_all_async(AsyncPortal("async", base_url=url)))]
    nowhere = Portal("key", base_url="http://127.0.0.1:1", max_attempts=1)
    errors = [fail(portal, "?"), fail(portal, ".."), fail(nowhere, "1")]
assert pickle.loads(pickle.dumps(answers)) == answers
for error in errors:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.attempts) == (type(error), str(error), error.attempts)
print(*(type(error).__name__ for error in errors))
"""

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
    (tmp_path / "consumer.py").write_text(CONSUMER)
    with MockPortal(api_keys=["sync", "async"]) as mock, mock.serve() as server:
        printed = run(python, "consumer.py", server.url, cwd=tmp_path)
    assert printed == "BadRequestError InvalidRequestError APIConnectionError\n"
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
    shutil.copytree(ROOT / "generated/portal_v1", tmp_path / "source")
    for file in (tmp_path / "source/_version.py", tmp_path / "source/manifest.json"):
        file.write_text(file.read_text().replace(f'"{portal_v1.__version__}"', '"0.0.9"'))
    vendor(sys.executable, tmp_path, "newer", "--with", "mock")
    vendor(sys.executable, tmp_path, "older", "--with", "mock", "--source", tmp_path / "source")
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
