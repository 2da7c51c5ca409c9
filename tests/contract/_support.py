"""Runs of scripts/contract.py in this process, and packages and documents to run it with."""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml
from conformance.cli import main

from tests.generation._support import forget_package

OPERATIONS = (
    "createClient",
    "listClients",
    "getClient",
    "refreshClientSession",
    "generateClientWebOtp",
)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True)
class Told:
    """What a run came to."""

    code: int
    out: str
    err: str
    reports: Path

    @property
    def rows(self) -> dict[str, dict[str, int]]:
        """The table of operations, by operation and column."""
        lines = iter(self.out.splitlines())
        head = next(line for line in lines if line.startswith("operation "))
        names = head.replace("checks passed", "passed").split()[1:]
        rows = {}
        for line in lines:
            if not line:
                break
            name, *cells = line.split()
            counts = [int(cell.replace(",", "")) for cell in cells]
            rows[name] = dict(zip(names, counts, strict=True))
        return rows

    @property
    def findings(self) -> set[tuple[str, str]]:
        """What was found: operation and check."""
        titles = [line for line in self.summary.splitlines() if line.startswith("## ")]
        pairs = [title.removeprefix("## ").partition(": ") for title in titles]
        return {(operation, check) for operation, _, check in pairs if check}

    @property
    def summary(self) -> str:
        return (self.reports / "summary.md").read_text(encoding="utf-8")

    @property
    def junit(self) -> ElementTree.Element:
        return ElementTree.parse(self.reports / "junit.xml").getroot()  # noqa: S314 - our own

    @property
    def everything(self) -> str:
        """All that a person may see of the run."""
        files = [path.read_text(encoding="utf-8") for path in sorted(self.reports.iterdir())]
        return "\n".join([self.out, self.err, *files])

    @property
    def refusal(self) -> str:
        """The one message of a run that could not be carried out."""
        assert self.code == 2, self
        assert self.err.startswith("contract: ")
        assert "Traceback" not in self.err
        assert "site-packages" not in self.err
        return self.err


def contract(repository: Path, reports: Path, *arguments: str | Path) -> Told:
    """Run the contract tests in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        _imports_restored(),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(repository, [*map(str, arguments), "--reports", str(reports)])
    return Told(code, out.getvalue(), err.getvalue(), reports)


@contextlib.contextmanager
def _imports_restored() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    try:
        yield
    finally:
        sys.path[:] = path
        for name in {one.partition(".")[0] for one in set(sys.modules) - modules}:
            if name.startswith("planted_"):
                forget_package(name)


def document_of(repository: Path) -> dict[str, Any]:
    text = (repository / "openapi" / "portal-v1.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, _LOADER)  # noqa: S506 - a safe loader
    return document


def edited_document(
    repository: Path, folder: Path, change: Callable[[dict[str, Any]], object]
) -> Path:
    """Write the repository's document, changed."""
    document = document_of(repository)
    change(document)
    path = folder / "edited.yaml"
    path.write_text(yaml.dump(document, Dumper=_DUMPER, sort_keys=False), encoding="utf-8")
    return path


def edited_package(repository: Path, folder: Path, edits: dict[str, tuple[str, str]]) -> Path:
    """Copy the generated package under a name of its own, with a text replaced in some files."""
    copy = folder / f"planted_{folder.name}".replace("-", "_")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(repository / "generated" / "portal_v1", copy, ignore=ignored)
    for name, (old, new) in edits.items():
        text = (copy / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (copy / name).write_text(text.replace(old, new), encoding="utf-8")
    return copy
