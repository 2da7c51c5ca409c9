"""A copy of what a generation needs, and what may be done with it."""

from __future__ import annotations

import contextlib
import importlib
import io
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import yaml
from generation.document import Document
from generation.errors import GenerationError
from generation.rendering import render
from generation.running import copy_package, main, write_metadata
from generation.validation import check_document

PACKAGE = "portal_v1"
DOCUMENTS = Path(__file__).parent / "documents"
ROOT = Path(__file__).parents[2]


class Tree:
    """A repository with openapi/, overrides/, scripts/ and whatever was generated."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spec = root / "openapi" / "portal-v1.yaml"
        self.output = root / "generated"
        self.package = self.output / PACKAGE
        self.templates = root / "overrides" / "templates"
        self.modules = root / "overrides" / "package"

    def generate(self, *arguments: str) -> tuple[int, str, str]:
        """Run the generation in this process; return its exit status, and what it printed."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(arguments, root=self.root)
        assert [*self.output.glob(".*")] == [], "something is left over"
        return code, out.getvalue(), err.getvalue()

    def generated(self, *arguments: str) -> str:
        """Run the generation, which must succeed; return what it says."""
        code, out, err = self.generate(*arguments)
        assert (code, err) == (0, "")
        return out

    def refused(self, *arguments: str) -> str:
        """Run the generation, which must fail and leave everything as it was; return its words."""
        before = snapshot(self.output)
        code, out, err = self.generate(*arguments)
        assert (code, out, err[:10]) == (1, "", "generate: ")
        assert "Traceback" not in err
        assert snapshot(self.output) == before
        return err

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start scripts/generate.py as a program of its own."""
        command = [sys.executable, "-B", str(self.root / "scripts" / "generate.py"), *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, text=True, stdout=pipe, stderr=pipe, **options)

    @contextlib.contextmanager
    def edited(self) -> Iterator[dict[str, Any]]:
        """Give the document to edit, and write it back."""
        document: dict[str, Any] = yaml.safe_load(self.spec.read_text(encoding="utf-8"))
        yield document
        self.spec.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def copy_repository(root: Path) -> Tree:
    """Copy what a generation reads, without what it makes; the document is that of the tests."""
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in ("overrides", "scripts"):
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    tree = Tree(root)
    tree.spec.parent.mkdir()
    shutil.copy(ROOT / "tests" / "fixture.yaml", tree.spec)
    return tree


def run_exercise(package: Path) -> dict[str, str]:
    """Call every operation of a package against its mock; return what failed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.generation.exercise", str(package)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    failures: dict[str, str] = json.loads(done.stdout)
    return failures


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder: modes, and the bytes of its files."""
    return {
        path.relative_to(folder).as_posix(): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


# Small documents -------------------------------------------------------------------------------

_HEAD = "openapi: 3.1.0\ninfo: {title: Demo Shop, version: '1'}\n"
_NUMBERS = itertools.count()
_OK = '{"200": {description: Fine., content: {application/json: {schema: {type: string}}}}}'


def document_of(text: str) -> Document:
    """Read a small document; its head is added where it has none, and `OK` stands for responses."""
    text = text if text.startswith("openapi") else _HEAD + text
    return Document(text.replace("OK", _OK).encode(), "shop.yaml", is_json=False)


def findings(text: str) -> str:
    """Check a small document, which must be refused; return how."""
    try:
        check_document(document_of(text))
    except GenerationError as error:
        return str(error)
    raise AssertionError("The document was not refused.")


class Package(NamedTuple):
    """A package made of a small document, its modules, and what the rendering said."""

    root: ModuleType
    models: ModuleType
    notes: list[str]

    def module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.root.__name__}.{name}")


def make_package(folder: Path, text: str) -> Package:
    """Render a small document and copy the modules beside it, all in this process, unformatted."""
    document, name = document_of(text), f"shop_{next(_NUMBERS)}"
    notes = check_document(document)
    overrides = ROOT / "overrides"
    notes += render(document, "shop.yaml", folder / name, overrides / "templates")
    write_metadata(folder / name, document.data, overrides / "package")
    copy_package(overrides / "package", folder / name)
    importlib.invalidate_caches()
    root = importlib.import_module(name)
    return Package(root, importlib.import_module(f"{name}.models"), notes)
