"""A git repository with a document, a package and a changelog, then and now."""

from __future__ import annotations

import io
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from compatibility.cli import main
from generation.extras import document_digest

from tests.contract._compatibility_cases import SHOP

SPEC = "openapi/shop.yaml"
PACKAGE = "generated/shop"
CONFIGURATION = "overrides/generator.yaml"
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "# Changelog\n\n## [Unreleased]\n\n- The first entry.\n"
TOLD = f"{UNRELEASED}- The second entry.\n"


@dataclass(frozen=True)
class Run:
    """What one comparison printed, and how it ended."""

    status: int
    output: str

    @property
    def rows(self) -> list[str]:
        """The table's rows, from its Markdown, marks first."""
        lines = [line for line in self.output.splitlines() if line.startswith("| ")]
        return [_plain(line) for line in lines[2:]]

    @property
    def breaks(self) -> list[str]:
        return [row for row in self.rows if row.startswith("| **BREAKING**")]


def _plain(line: str) -> str:
    for sign in "\\`*_[]<>#|~&!@:":
        line = line.replace(f"&#{ord(sign)};", sign)
    return line


@dataclass
class Shop:
    """A repository in a folder; what it holds is committed by `commit`."""

    root: Path

    def git(self, *arguments: str) -> str:
        identity = {
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "A"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "a@example.com"),
            **dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), os.devnull),
        }
        return subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={**os.environ, **identity},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout.strip()

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def describe(self, document: dict[str, Any]) -> None:
        """Writes the document, and the manifest of a package that is made from it."""
        self.write(SPEC, yaml.safe_dump(document, sort_keys=False))
        digest = document_digest(document)
        self.write(f"{PACKAGE}/manifest.json", f'{{"document": {{"sha256": "{digest}"}}}}')

    def version(self, version: str) -> None:
        self.write(CONFIGURATION, f"package_version_override: {version}\n")

    def code(self, **modules: str) -> None:
        for name, text in {"__init__": "", **modules}.items():
            self.write(f"{PACKAGE}/{name}.py", text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A state")

    def compare(self, *arguments: str, base: str | None = "HEAD") -> Run:
        stream = io.StringIO()
        options = ["--root", str(self.root), "--spec", SPEC, "--package", PACKAGE, *arguments]
        if "--format" not in arguments:
            options += ["--format", "markdown"]
        bases = [] if base is None else ["--", base]
        status = main([*options, *bases], root=self.root, environ={}, stream=stream)
        return Run(status, stream.getvalue())


def shop(root: Path) -> Shop:
    """Returns a repository with one commit: the document of the cases and an empty package."""
    root.mkdir(parents=True, exist_ok=True)
    made = Shop(root)
    made.git("init", "--quiet", "--initial-branch", "main")
    made.describe(SHOP)
    made.version("0.4.2")
    made.code()
    made.write(CHANGELOG, UNRELEASED)
    made.commit()
    return made
