"""The comparison of the working tree with a commit: what is read from where."""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import griffe
from generation._yaml import parse_yaml
from generation.document import Document, parse_document
from generation.errors import GenerationError
from generation.extras import MANIFEST, document_digest
from generation.surface import Surface, read_surface
from generation.validation import check_document

from .changelog import new_entries
from .changes import Change, gathered
from .errors import NotComparableError
from .git import Repository
from .python import python_changes
from .verdict import Verdict, Versioned, judge
from .versions import Versions
from .wire import wire_changes

CHANGELOG = "CHANGELOG.md"
CONFIGURATION = "overrides/generator.yaml"
_VERSION_KEY = "package_version_override"


@dataclass(frozen=True)
class Comparison:
    """What came of it.

    Attributes:
        base: The commit's short id.
        document: The document's versions.
        package: The package's versions.
        changes: What changed.
        verdict: What that asks for.
        unknown: Why the Python surface could not be compared; empty where it was.
    """

    base: str
    document: Versions
    package: Versions
    changes: list[Change]
    verdict: Verdict
    unknown: str


class Comparer:
    """Compares the files in a folder with what they were.

    Args:
        root: The folder.
        spec: The OpenAPI document's path in it.
        package: The generated package's path in it.
    """

    def __init__(self, root: Path, *, spec: str, package: str) -> None:
        self._root = root
        self._spec = spec
        self._package = package
        self._repository = Repository(root)

    def compare(self, base: str | None) -> Comparison:
        """Compare with the commit that `base` names; with where this branch left main, if None.

        Raises:
            NotComparableError: It could not be compared; the message says why, and what to do.
        """
        repository = self._repository
        commit = repository.usual_base() if base is None else repository.commit(base)
        name = repository.named(commit) if base is None else base
        old, new = self._old_document(commit, name), self._new_document()
        changes = list(wire_changes(old, new))
        unknown = ""
        try:
            changes.extend(self._python_changes(commit, new))
        except NotComparableError as error:
            unknown = str(error)
        changes = gathered(changes)
        document = Versions(*(str(one.data["info"]["version"]) for one in (old, new)))
        package = self._package_versions(commit, document)
        verdict = judge(
            changes,
            Versioned(document, f"info.version in {self._spec}"),
            Versioned(package, f"{_VERSION_KEY} in {CONFIGURATION}"),
            is_told=self._is_told(commit),
        )
        return Comparison(name, document, package, changes, verdict, unknown)

    def _old_document(self, commit: str, name: str) -> Document:
        raw = self._repository.read(commit, self._spec)
        if raw is None:
            raise NotComparableError(
                f"There is no {self._spec} at {name}, so there is nothing to compare with. Take a "
                "later commit."
            )
        return _document(raw, self._spec, f"{name}:{self._spec}")

    def _new_document(self) -> Document:
        try:
            raw = (self._root / self._spec).read_bytes()
        except OSError as error:
            raise NotComparableError(f"{self._spec} cannot be read: {error.strerror}.") from None
        return _document(raw, self._spec, self._spec)

    def _python_changes(self, commit: str, document: Document) -> Iterator[Change]:
        package = self._root / self._package
        with tempfile.TemporaryDirectory() as folder:
            before = Path(folder) / package.name
            existed = self._repository.export(commit, self._package, ".py", before)
            if not existed and not package.exists():
                raise NotComparableError(f"There is no package at {self._package}, then or now.")
            self._check_made_from(document)
            old = _surface(before, f"{self._package} at the old commit") if existed else Surface()
            new = _surface(package, self._package)
        yield from python_changes(old, new)

    def _check_made_from(self, document: Document) -> None:
        """A package of before the edit would make a break look like none."""
        manifest = self._root / self._package / MANIFEST
        try:
            digest = json.loads(manifest.read_bytes())["document"]["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            digest = None
        if digest != document_digest(document.data):
            raise NotComparableError(
                f"{self._package} was not made from {self._spec} as it stands. Run `make generate` "
                "first."
            )

    def _package_versions(self, commit: str, document: Versions) -> Versions:
        raw = self._repository.read(commit, CONFIGURATION)
        now = self._root / CONFIGURATION
        return Versions(
            _version(raw, document.old),
            _version(now.read_bytes() if now.is_file() else None, document.new),
        )

    def _is_told(self, commit: str) -> bool:
        before = self._repository.read(commit, CHANGELOG) or b""
        now = self._root / CHANGELOG
        text = now.read_bytes() if now.is_file() else b""
        return bool(new_entries(*(one.decode("utf-8", "replace") for one in (before, text))))


def _document(raw: bytes, path: str, source: str) -> Document:
    try:
        document = parse_document(raw, source, is_json=path.lower().endswith(".json"))
        check_document(document)
    except GenerationError as error:
        raise NotComparableError(str(error)) from None
    return document


def _surface(package: Path, name: str) -> Surface:
    try:
        for module in package.rglob("*.py"):
            ast.parse(module.read_bytes())  # griffe passes over what it cannot parse.
        return read_surface(package)
    except (griffe.GriffeError, SyntaxError, OSError, ImportError) as error:
        raise NotComparableError(f"{name} cannot be read as Python: {error}.") from None


def _version(configuration: bytes | None, fallback: str) -> str:
    """Return the package's version; without one of its own, the generator takes the document's."""
    if configuration is None:
        return fallback
    values: Any
    try:
        values, _ = parse_yaml(configuration.decode("utf-8"), CONFIGURATION)
    except (GenerationError, UnicodeDecodeError) as error:
        raise NotComparableError(str(error)) from None
    version = values.get(_VERSION_KEY) if isinstance(values, dict) else None
    return fallback if version is None else str(version)
