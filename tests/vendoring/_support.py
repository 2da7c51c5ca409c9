"""A project that carries the package under another name, and has httpx and attrs only."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

NAME = "acme.vendor.wallets"
PACKAGE = Path(*NAME.split("."))


@dataclass(frozen=True)
class Project:
    """The project's two folders on sys.path: its own code, and what it has installed."""

    code: Path
    libraries: Path

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program to which nothing but the standard library and the project is known."""
        head = f"import sys; sys.path += [{str(self.code)!r}, {str(self.libraries)!r}]\n"
        return subprocess.run(
            [sys.executable, "-I", "-S", "-W", "error", "-c", head + program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.code,
        )


def vendored(package: Path, folder: Path) -> Project:
    """Make the project in an empty folder."""
    project = Project(folder / "code", folder / "libraries")
    shutil.copytree(
        package, project.code / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    for parent in list(PACKAGE.parents)[:-1]:
        (project.code / parent / "__init__.py").touch()
    for distribution in closure(["httpx", "attrs"]):
        copy_files(distribution, project.libraries)
    return project


def closure(names: Iterable[str]) -> list[importlib.metadata.Distribution]:
    """Return distributions with all that they require, extras apart."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = importlib.metadata.distribution(name)
            for text in found[name].requires or ():
                requirement = Requirement(text)
                if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                    waiting.append(requirement.name)
    return [*found.values()]


def copy_files(distribution: importlib.metadata.Distribution, folder: Path) -> None:
    """Copy what a distribution has installed beside its metadata; its programs stay behind."""
    for file in distribution.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target)
