"""A copy of what a generation needs, and what may be done with it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import yaml
from generation.cli import main

PACKAGE = "portal_v1"
CLIENTS = "/custodians/clients"
CLIENT = "/custodians/clients/{clientId}"
DOCUMENTS = Path(__file__).parent / "documents"

# The same as safe_load and safe_dump, and several times as fast where libyaml is there.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Snapshot = dict[str, tuple[int, bytes]]


class Outcome(NamedTuple):
    """What a run of scripts/generate.py came to."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Tree:
    """A repository with openapi/, overrides/, scripts/ and whatever was generated."""

    root: Path

    @property
    def spec(self) -> Path:
        return self.root / "openapi" / "portal-v1.yaml"

    @property
    def output(self) -> Path:
        return self.root / "generated"

    @property
    def package(self) -> Path:
        return self.output / PACKAGE

    @property
    def templates(self) -> Path:
        return self.root / "overrides" / "templates"

    @property
    def modules(self) -> Path:
        return self.root / "overrides" / "package"

    @property
    def configuration(self) -> Path:
        return self.root / "overrides" / "generator.yaml"

    @property
    def upstream(self) -> Path:
        return self.root / "overrides" / "upstream.json"

    def generate(self, *arguments: str) -> Outcome:
        """Run the generation in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(arguments, root=self.root)
        return Outcome(code, out.getvalue(), err.getvalue())

    def generated(self, *arguments: str) -> str:
        """Run the generation, which must succeed; return what it says."""
        outcome = self.generate(*arguments)
        assert outcome.code == 0, outcome.err
        assert outcome.err == ""
        self.assert_no_leftovers()
        return outcome.out

    def refused(self, *arguments: str) -> str:
        """Run the generation, which must fail and leave everything as it was; return its words."""
        before = snapshot(self.root)
        outcome = self.generate(*arguments)
        assert outcome.code == 1, outcome
        assert outcome.out == ""
        assert outcome.err.startswith("generate: ")
        assert "Traceback" not in outcome.err
        assert snapshot(self.root) == before
        self.assert_no_leftovers()
        return outcome.err

    def assert_no_leftovers(self) -> None:
        if self.output.is_dir():
            assert [path.name for path in self.output.iterdir() if path.name[0] == "."] == []

    def program(
        self, *arguments: str, cwd: Path | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run scripts/generate.py as a program of its own."""
        return subprocess.run(
            [sys.executable, "-B", str(self.root / "scripts" / "generate.py"), *arguments],
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    @contextlib.contextmanager
    def edited(self) -> Iterator[dict[str, Any]]:
        """Give the document to edit, and write it back."""
        document: dict[str, Any] = yaml.load(self.spec.read_text(encoding="utf-8"), _LOADER)  # noqa: S506
        yield document
        text = yaml.dump(document, Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
        self.spec.write_text(text, encoding="utf-8")

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the document."""
        with self.edited() as document:
            change(document)

    def replace(self, old: str, new: str) -> int:
        """Replace a text that stands once in the document; return its line."""
        text = self.spec.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the document"
        self.spec.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1


def copy_repository(repository: Path, root: Path) -> Tree:
    """Copy what a generation reads, without what it makes."""
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in ("openapi", "overrides", "scripts"):
        shutil.copytree(repository / name, root / name, ignore=ignored)
    return Tree(root)


def snapshot(folder: Path) -> Snapshot:
    """Everything in a folder: modes, and the bytes of its files."""
    return {
        path.relative_to(folder).as_posix(): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def write_package(folder: Path, modules: dict[str, str]) -> Path:
    """Write a package of modules, named as "models/pet"."""
    for name, text in modules.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    folder.mkdir(exist_ok=True, parents=True)
    for parent in {folder, *(path.parent for path in folder.rglob("*.py"))}:
        (parent / "__init__.py").touch()
    return folder


def load_package(folder: Path, name: str) -> ModuleType:
    """Import the package in a folder under a name of its own, beside the repository's."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def forget_package(name: str) -> None:
    """Undo load_package."""
    for loaded in [*sys.modules]:
        if loaded == name or loaded.startswith(f"{name}."):
            del sys.modules[loaded]


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment with a few variables of one's own."""
    return {**os.environ, **more}
