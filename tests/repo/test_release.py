"""The distribution: what the wheel holds and says, and what the development pins are."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import tarfile
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
import release
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from trove_classifiers import classifiers


@pytest.fixture(scope="module")
def built(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return release.build(repository, tmp_path_factory.mktemp("dist"))


def test_the_wheel_holds_the_package_and_says_all_about_it(
    built: tuple[Path, Path], repository: Path
) -> None:
    root = repository / "generated"
    version = release.read_version(root / "portal_v1")
    files = [file for file in (root / "portal_v1").rglob("*") if "__pycache__" not in file.parts]
    package = {file.relative_to(root).as_posix() for file in files if file.is_file()}
    with zipfile.ZipFile(built[0]) as archive:
        info = f"portal_v1-{version}.dist-info"
        names = set(archive.namelist())
        metadata = HeaderParser().parsestr(archive.read(f"{info}/METADATA").decode())
    assert {name for name in names if not name.startswith(info)} == package
    assert names >= {f"{info}/licenses/LICENSE", f"{info}/entry_points.txt", "portal_v1/py.typed"}
    assert set(metadata.get_all("Classifier", [])) <= classifiers
    wanted = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    assert {one.name for one in wanted if one.marker is None} == {"attrs", "httpx"}
    assert set(metadata.get_all("Provides-Extra", [])) == {"cli", "mock", "otel"}


def test_the_wheel_is_the_same_to_the_byte_wherever_it_is_built(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = (path for path in tmp_path.iterdir() if path.is_dir())
    for file in root.rglob("*"):  # another machine: other times, other modes
        os.utime(file, (1_000_000_000, 1_000_000_000))
        file.chmod(0o700 if file.is_dir() else 0o600)
    again, sdist_again = release.build(root, tmp_path / "again")
    assert again.read_bytes() == wheel.read_bytes()
    assert sdist_again.read_bytes() == sdist.read_bytes()
    assert {path.name for path in root.iterdir()} <= {
        *("CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "generated", "pyproject.toml"),
        ".gitignore",
    }


def test_version_changelog_and_manifest_agree(repository: Path, tmp_path: Path) -> None:
    assert release.find_version_problems(repository, None) == []
    (package := tmp_path / "generated/portal_v1").mkdir(parents=True)
    (package / "_version.py").write_text('__version__ = "1.2.3"\n')
    changelog = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-01\n\n- A change.\n"
    unreleased = changelog.replace("[Unreleased]\n", "[Unreleased]\n\n- More.\n")
    no_date = changelog.replace("2026-01-01", "soon")
    for told, tag, manifest, problem in [
        (changelog, None, "1.2.3", ""),
        (changelog, "v1.2.3", "1.2.3", ""),
        (no_date, "v1.2.3", "1.2.3", "has no heading `## [1.2.3] - YYYY-MM-DD`"),
        (unreleased, None, "1.2.3", ""),
        (unreleased, "v1.2.3", "1.2.3", "still has changes"),
        (changelog, "v1.2.4", "1.2.3", "The tag is v1.2.4; the package's version is 1.2.3."),
        (changelog, None, "1.2.2", "manifest.json says 1.2.2, _version.py 1.2.3"),
    ]:
        (package / "manifest.json").write_text(json.dumps({"package": {"version": manifest}}))
        (tmp_path / "CHANGELOG.md").write_text(told)
        problems = "\n".join(release.find_version_problems(tmp_path, tag))
        assert (problem in problems) if problem else not problems


def test_the_pins_are_what_the_project_asks_for(repository: Path) -> None:
    configuration = tomllib.loads((repository / "pyproject.toml").read_text())
    lines = (repository / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"==[\w.+!]+", str(pin.specifier)) for pin in pins)
    pinned = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins
        if pin.marker is None or pin.marker.evaluate()
    }
    project, development = configuration["project"], configuration["dependency-groups"]["dev"]
    wanted = [*project["dependencies"], *development]
    wanted += [line for extra in project["optional-dependencies"].values() for line in extra]
    for needed in map(Requirement, wanted):
        assert needed.specifier.contains(pinned[canonicalize_name(needed.name)]), needed
    assert all(re.fullmatch(r"[\w-]+==[\d.]+(b\d+)?", line) for line in development)
    for line in (line for name in pinned for line in importlib.metadata.requires(name) or ()):
        one = Requirement(line)
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            assert canonicalize_name(one.name) in pinned, line
    assert configuration["build-system"]["requires"] == [
        f"hatchling=={pinned[canonicalize_name('hatchling')]}"
    ]
