"""A copy of the package under another name, in a project that has httpx and attrs only."""

from __future__ import annotations

import ast
import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from portal_v1.mock import MockPortal

NAME = "acme.vendor.wallets"
KEY = "vendored-key"
# What the package may import beside the standard library: its two dependencies, httpx's own
# lower layers, httpx's fork with its own, what the extras name, and what only type checkers import.
ALLOWED = {"attrs", "httpx", "httpcore", "httpx2", "httpcore2", "h11", "typing_extensions"}
ALLOWED_TO_EXTRAS = {"mock": {"jsonschema_rs"}, "_cli": {"cyclopts", "rich", "_typeshed"}}


class Project:
    """A folder with the copy, and one with what is installed; nothing else is known there."""

    def __init__(self, package: Path, folder: Path) -> None:
        self.code, self.libraries = folder / "code", folder / "libraries"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(package, self.code / NAME.replace(".", "/"), ignore=ignored)
        waiting, found = ["httpx", "attrs"], set[str]()
        while waiting:
            distribution = importlib.metadata.distribution(waiting.pop())
            if distribution.name in found:
                continue
            found.add(distribution.name)
            for file in distribution.files or ():
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    target = self.libraries / file
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(str(file.locate()), target)
            needed = map(Requirement, distribution.requires or ())
            waiting += [
                one.name
                for one in needed
                if one.marker is None or one.marker.evaluate({"extra": ""})
            ]

    def run(self, program: str, *arguments: str) -> list[str]:
        """Runs a program; returns the lines that it printed."""
        head = f"import sys; sys.path += [{str(self.code)!r}, {str(self.libraries)!r}]\n"
        run = subprocess.run(
            [sys.executable, "-I", "-S", "-W", "error", "-c", head + program, *arguments],
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
            cwd=self.code,
        )
        assert (run.returncode, run.stderr) == (0, "")
        return run.stdout.splitlines()


@pytest.fixture(scope="module")
def package(repository: Path) -> Path:
    return repository / "generated" / "portal_v1"


@pytest.fixture(scope="module")
def project(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(package, tmp_path_factory.mktemp("project"))


def test_it_imports_without_a_warning_what_it_needs_and_no_more(project: Project) -> None:
    *loaded, file = project.run(
        f"import {NAME} as package, pickle\n"
        "for name in package.__all__:\n"
        "    found = getattr(package, name)\n"
        "    assert not isinstance(found, type) or found.__module__.startswith(package.__name__)\n"
        "error = pickle.loads(pickle.dumps(package.NotFoundError('gone', status_code=404)))\n"
        "assert type(error) is package.NotFoundError and error.status_code == 404\n"
        "print(*sorted(sys.modules), package.__file__, sep='\\n')\n"
    )
    assert Path(file).is_relative_to(project.code)
    roots = {module.partition(".")[0] for module in loaded}
    assert {"httpx", "attrs"} <= roots
    assert not roots & {"portal_v1", "jsonschema_rs", "yaml", "sqlite3", "_sqlite3", "pytest"}
    assert not [module for module in loaded if module.startswith(f"{NAME}.mock")]


CALLS = f"""
import asyncio
from {NAME} import AsyncPortal, AuthenticationError, Portal
from {NAME}.models import CreatedClient

key, url = sys.argv[1:]
with Portal(key, base_url=url) as portal:
    created = portal.clients.create()
    assert type(created) is CreatedClient
    assert [item.id for item in portal.clients.iter()] == [created.id]
    try:
        portal.with_options(api_key="another").clients.list()
    except AuthenticationError as error:
        print(error.status_code)

async def main():
    async with AsyncPortal(key, base_url=url) as portal:
        await portal.clients.create()
        print(len(await portal.clients.list()), len([item async for item in portal.clients.iter()]))

asyncio.run(main())
"""


def test_it_calls_over_a_socket(project: Project) -> None:
    with MockPortal(api_keys=[KEY]) as mock, mock.serve() as server:
        assert project.run(CALLS, KEY, server.url) == ["401", "2 2"]


def test_its_mock_says_what_it_needs(project: Project) -> None:
    lines = project.run(
        f"try:\n    from {NAME}.mock import MockPortal\n    MockPortal()\n"
        "except ImportError as error:\n    print(error)\n"
    )
    assert "jsonschema-rs" in " ".join(lines)
    assert "pip install" in " ".join(lines)


def test_mypy_sees_its_types(project: Project, repository: Path) -> None:
    calls = (repository / "tests/typing/calls.py").read_text(encoding="utf-8")
    wrong = "\n\nPortal().clients.get(7)  # type: ignore[arg-type]\n"
    (project.code / "calls.py").write_text(calls.replace("portal_v1", NAME) + wrong)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "calls.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=project.code,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout


def test_it_imports_itself_relatively_and_little_else(package: Path) -> None:
    modules = sorted(package.rglob("*.py"))
    assert len(modules) > 40
    importing_httpx = set()
    for module in modules:
        place = module.relative_to(package)
        allowed = ALLOWED.union(*(ALLOWED_TO_EXTRAS.get(part, set()) for part in place.parts))
        allowed |= {"pytest"} if place.name == "pytest_plugin.py" else set()
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level > 0:
                assert node.level <= len(place.parts), module
                continue
            roots = set[str]()
            if isinstance(node, ast.Import):
                roots = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                roots = {(node.module or "").partition(".")[0]}
            assert roots <= allowed | sys.stdlib_module_names, module
            if isinstance(node, ast.Import) and roots & (ALLOWED - {"attrs", "h11"}):
                importing_httpx.add(place.parts[0])
    assert importing_httpx == {"_http"}
