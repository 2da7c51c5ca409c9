"""The distribution: what the wheel holds and asks for, and what the development pins are."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import mutate
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


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is made of the source distribution."""
    folder = tmp_path_factory.mktemp("distributions")
    with tarfile.open(build("sdist", repository, folder / "sdist")) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.glob("portal_v1-*")
    return build("wheel", source, folder / "wheel")


def test_the_wheel_holds_the_generated_package_and_nothing_else(
    wheel: Path, repository: Path
) -> None:
    root = repository / "generated"
    package = {
        path.relative_to(root).as_posix()
        for path in (root / "portal_v1").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    metadata = {name for name in contents(wheel) if ".dist-info/" in name}
    assert contents(wheel) - metadata == package
    assert package >= {"portal_v1/py.typed", "portal_v1/openapi.json", "portal_v1/_version.py"}
    assert {Path(name).name for name in metadata} >= {"METADATA", "RECORD", "WHEEL", "LICENSE"}


def test_the_wheel_asks_for_httpx_and_attrs_only(wheel: Path) -> None:
    (name,) = (name for name in contents(wheel) if name.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(wheel) as archive:
        metadata = HeaderParser().parsestr(archive.read(name).decode())
    assert (metadata["Name"], metadata["Requires-Python"]) == ("portal-v1", ">=3.11")
    wanted = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    assert {one.name for one in wanted if one.marker is None} == {"attrs", "httpx"}
    assert {
        one.name for one in wanted if one.marker and one.marker.evaluate({"extra": "mock"})
    } == {"h11", "jsonschema-rs"}


def test_the_wheel_runs_from_where_it_is_put(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)  # noqa: S202 - built a moment ago
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import portal_v1.mock; print(portal_v1.__version__, portal_v1.mock.__file__)\n"
        "with portal_v1.mock.MockPortal(api_keys=['k']) as mock:\n"
        "    mock.client('k').clients.create()\n"
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
    version, file = run.stdout.split(maxsplit=1)
    assert f"portal_v1-{version}-" in wheel.name
    assert file.strip() == str(tmp_path / "portal_v1/mock/__init__.py")


def test_all_that_is_needed_is_pinned_and_nothing_else(repository: Path) -> None:
    loaded = tomllib.loads((repository / "pyproject.toml").read_text())
    development = loaded["dependency-groups"]["dev"]
    assert [one for one in development if not re.fullmatch(r"[\w-]+==[\d.]+(b\d+)?", one)] == []
    project = loaded["project"]
    extras = project["optional-dependencies"].values()
    asked = [*project["dependencies"], *development, *(one for extra in extras for one in extra)]
    lines = (repository / "constraints.txt").read_text().splitlines()
    pins = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in (Requirement(line) for line in lines if not line.startswith("#"))
        if pin.marker is None or pin.marker.evaluate()
    }
    assert loaded["build-system"]["requires"] == [
        f"hatchling=={pins[canonicalize_name('hatchling')]}"
    ]
    waiting = [(Requirement(line), "") for line in asked]
    for one, _ in waiting:
        assert one.specifier.contains(pins[canonicalize_name(one.name)]), one
    seen = set[tuple[str, str]]()
    while waiting:
        one, extra = waiting.pop()
        name = canonicalize_name(one.name)
        if (name, extra) not in seen:
            seen.add((name, extra))
            inner = map(Requirement, importlib.metadata.requires(one.name) or [])
            waiting += [
                (needed, more)
                for needed in inner
                for more in ("", *needed.extras)
                if needed.marker is None or needed.marker.evaluate({"extra": extra})
            ]
    assert {name for name, _ in seen} == pins.keys()


def test_what_make_mutants_names_is_there(repository: Path) -> None:
    core = repository / "generated/portal_v1/_core"
    source = "".join((core / f"{name}.py").read_text() for name in mutate.MODULES)
    assert [before for before, _ in mutate.EQUIVALENT if before not in source] == []
    assert [name for name in mutate.TESTS if not (repository / name).is_file()] == []
