"""The distribution: what the wheel holds, what it asks for, and what the development pins are."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def build(kind: str, source: Path, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", repository, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    return loaded


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def package_files(repository: Path) -> set[str]:
    root = repository / "generated"
    return {
        path.relative_to(root).as_posix()
        for path in (root / "portal_v1").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_generated_package_and_nothing_else(
    wheel: Path, repository: Path
) -> None:
    metadata = {name for name in contents(wheel) if ".dist-info/" in name}
    package = contents(wheel) - metadata
    assert package == package_files(repository)
    assert package >= {
        "portal_v1/__init__.py",
        "portal_v1/_version.py",
        "portal_v1/manifest.json",
        "portal_v1/mock/__init__.py",
        "portal_v1/openapi.json",
        "portal_v1/py.typed",
    }
    assert {Path(name).name for name in metadata} >= {"METADATA", "RECORD", "WHEEL", "LICENSE"}


def test_the_wheel_says_what_it_is(wheel: Path, repository: Path) -> None:
    metadata = read_metadata(wheel)
    version = re.search(
        r'__version__ = "(.+)"', (repository / "generated/portal_v1/_version.py").read_text()
    )
    assert version is not None
    assert metadata["Name"] == "portal-v1"
    assert metadata["Version"] == version[1]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"


def test_the_wheel_asks_for_httpx_and_attrs_only(wheel: Path) -> None:
    wanted = [Requirement(line) for line in read_metadata(wheel).get_all("Requires-Dist", [])]
    assert {needed.name for needed in wanted if needed.marker is None} == {"attrs", "httpx"}
    assert {
        needed.name
        for needed in wanted
        if needed.marker is not None and needed.marker.evaluate({"extra": "mock"})
    } == {"h11", "jsonschema-rs"}


def read_metadata(wheel: Path) -> Message:
    (name,) = [name for name in contents(wheel) if name.endswith(".dist-info/METADATA")]
    with zipfile.ZipFile(wheel) as archive:
        return HeaderParser().parsestr(archive.read(name).decode())


def test_the_wheel_imports_from_where_it_is_put(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)  # noqa: S202 - built a moment ago
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import portal_v1, portal_v1.mock\n"
        "print(portal_v1.__file__, portal_v1.mock.__file__, sep='\\n')\n"
        "portal_v1.mock.MockPortal().close()\n"
        "portal_v1.Portal('key').close()\n"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", program, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines() == [
        str(tmp_path / "portal_v1/__init__.py"),
        str(tmp_path / "portal_v1/mock/__init__.py"),
    ]


def test_the_source_distribution_makes_the_same_wheel(
    wheel: Path, repository: Path, tmp_path: Path
) -> None:
    source = build("sdist", repository, tmp_path / "sdist")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = [path for path in tmp_path.iterdir() if path.name.startswith("portal_v1-")]
    assert contents(build("wheel", root, tmp_path / "again")) == contents(wheel)
    assert {path.name for path in root.iterdir()} == {
        "CHANGELOG.md",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "generated",
        "pyproject.toml",
    } | ({".gitignore"} if (root / ".gitignore").exists() else set())


def pins(repository: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in (repository / "constraints.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        pin = Requirement(line)
        match = re.fullmatch(r"==([A-Za-z0-9.+!]+)", str(pin.specifier))
        assert match, f"not a pin: {line!r}"
        if pin.marker is None or pin.marker.evaluate():
            found[canonicalize_name(pin.name)] = match[1]
    return found


def requirements(project: dict[str, Any]) -> list[Requirement]:
    extras = project["optional-dependencies"]
    return [
        Requirement(line) for line in [*project["dependencies"], *extras["mock"], *extras["dev"]]
    ]


def test_the_pins_meet_what_the_project_asks_for(repository: Path, project: dict[str, Any]) -> None:
    pinned = pins(repository)
    for needed in requirements(project):
        assert needed.specifier.contains(pinned[canonicalize_name(needed.name)]), needed


def test_development_tools_are_asked_for_exactly(project: dict[str, Any]) -> None:
    for line in project["optional-dependencies"]["dev"]:
        assert re.fullmatch(r"[\w-]+==[\d.]+(b\d+)?", line), line


def test_all_that_is_brought_along_is_pinned(repository: Path, project: dict[str, Any]) -> None:
    assert set(brought_along(requirements(project))) - pins(repository).keys() == set()


def test_nothing_is_pinned_that_nobody_asks_for(repository: Path, project: dict[str, Any]) -> None:
    assert pins(repository).keys() - set(brought_along(requirements(project))) == set()


def brought_along(wanted: Iterable[Requirement]) -> set[str]:
    """The names of these and of all that they need here, as the installed metadata says."""
    open_ones = [(needed, extra) for needed in wanted for extra in ["", *needed.extras]]
    seen: set[tuple[str, str]] = set()
    while open_ones:
        needed, extra = open_ones.pop()
        key = canonicalize_name(needed.name), extra
        if key in seen:
            continue
        seen.add(key)
        for line in importlib.metadata.requires(needed.name) or []:
            inner = Requirement(line)
            if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                open_ones += [(inner, more) for more in ["", *inner.extras]]
    return {name for name, _ in seen}


def test_the_backend_is_the_one_that_is_pinned(repository: Path) -> None:
    system = tomllib.loads((repository / "pyproject.toml").read_text())["build-system"]
    assert system["requires"] == [f"hatchling=={pins(repository)['hatchling']}"]
