"""A copy of what a generation needs, small documents, and a server for the clients made of them."""

import contextlib
import importlib
import io
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import yaml
from generation.document import Document
from generation.errors import GenerationError
from generation.rendering import render
from generation.running import copy_package, main, write_metadata
from generation.validation import check_document

PACKAGE = "portal_v1"
DOCUMENTS = Path(__file__).parent / "documents"
ROOT = Path(__file__).parents[2]
_HEAD = "openapi: 3.1.0\ninfo: {title: Demo Shop, version: '1'}\n"
_NUMBERS = itertools.count()
_OK = '{"200": {description: Fine., content: {application/json: {schema: {type: string}}}}}'


class Tree:
    """A repository with openapi/, overrides/, scripts/ and whatever was generated."""

    def __init__(self, root: Path) -> None:
        self.root, self.spec = root, root / "openapi" / "portal-v1.yaml"
        self.output, self.package = root / "generated", root / "generated" / PACKAGE
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

    def run(self, cwd: Path, **environment: str) -> str:
        """Run scripts/generate.py as a program of its own; return what it prints."""
        return run_python("-B", str(self.root / "scripts/generate.py"), cwd=cwd, **environment)

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


def snapshot(folder: Path) -> dict[Path, bytes]:
    """Everything in a folder: its names, and the bytes of its files."""
    found = folder.rglob("*")
    return {one.relative_to(folder): one.read_bytes() if one.is_file() else b"" for one in found}


def run_python(*arguments: str, cwd: Path, **environment: str) -> str:
    """Run Python, which must succeed; return what it prints."""
    env = {**os.environ, **environment}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:] + done.stderr
    return done.stdout


def exercise(package: Path) -> None:
    """Call every operation of a package against its mock; each must answer."""
    run_python("-m", "tests.generation.exercise", cwd=ROOT, CONTRACT_PACKAGE=str(package))


def document_of(text: str | bytes) -> Document:
    """Read a small document; a head is added where it has none, and `OK` stands for responses."""
    if isinstance(text, str):
        has_head = text.startswith("openapi") or not text[:1].isalpha()
        text = f"{'' if has_head else _HEAD}{text}".replace("OK", _OK).encode()
    return Document(text, "shop.yaml", is_json=text[:1] == b"{")


def check(
    text: str | bytes, checks: Callable[[Document], Any] = check_document
) -> tuple[bool, str]:
    """Check a small document; return whether it is refused, and what is told of it."""
    try:
        return False, "\n".join(checks(document_of(text)))
    except GenerationError as error:
        return True, str(error)


def make_package(folder: Path, text: str) -> tuple[Any, str]:
    """Make a package of a small document in this process, unformatted; return it and the notes."""
    document, name, overrides = document_of(text), f"shop_{next(_NUMBERS)}", ROOT / "overrides"
    notes = check_document(document)
    notes += render(document, "shop.yaml", folder / name, overrides / "templates")
    write_metadata(folder / name, document.data, overrides / "package")
    copy_package(overrides / "package", folder / name)
    importlib.invalidate_caches()
    return importlib.import_module(name), "\n".join(notes)


class Server(httpx.MockTransport):
    """Answers every request of a package's client alike, and keeps the last one."""

    request: httpx.Request

    def __init__(self, status: int, body: Any = None, **more: Any) -> None:
        super().__init__(self._answer)
        self._make_answer = partial(httpx.Response, status, json=body, **more)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        return self._make_answer()

    def client(self, package: ModuleType, **options: Any) -> Any:
        client = getattr(package, package.client.SERVICE.name)
        return client("a-key", http_client=httpx.Client(transport=self), **options)

    @property
    def target(self) -> str:
        return f"{self.request.method} {self.request.url.raw_path.decode()}"
