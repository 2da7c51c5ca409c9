"""The pinned ruff, deaf to every configuration around it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import GenerationError

# -P because a package beside the working folder must not pass for a module that ruff needs;
# exclude=[] because ruff would pass over folders called build, dist, venv …, which are good names
# for a tag; no gitignore, no cache, no RUFF_… variable, so that nothing outside has a say.
_COMMON = (
    *("--isolated", "--no-cache", "--no-respect-gitignore", "--config=exclude=[]"),
    *("--config=line-length=100", "--target-version=py311"),
)
# Sorted imports and unused ones are mended. Names that are nowhere defined, or defined twice, are
# not: they are what a clash of names looks like in the result.
_MENDED = "I,F401,RUF022,D403"
_REFUSED = "F811,F821,F822,F823"


def format_package(package: Path, files: Sequence[Path] | None = None) -> None:
    """Sort the imports of the package in folder `package`, drop unused ones, format its code.

    Args:
        package: The package's folder.
        files: The only files to format, relative to it; all of them unless given.

    Raises:
        GenerationError: ruff is missing, or finds what it cannot mend, undefined names among it.
    """
    rules = (f"--select={_MENDED},{_REFUSED}", f"--fixable={_MENDED}")
    named = [f"{package.name}/{file.as_posix()}" for file in files or () if file.suffix == ".py"]
    _ruff("check", "--fix", *rules, "--output-format=concise", *named, package=package)
    _ruff("format", *named, package=package)


def _ruff(command: str, *options: str, package: Path) -> None:
    arguments = [*options] if options[-1:] and options[-1][0] != "-" else [*options, package.name]
    environment = {name: value for name, value in os.environ.items() if name[:5] != "RUFF_"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "ruff", command, *_COMMON, *arguments],
        cwd=package.parent,
        env=environment,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode != 0:
        output = f"{done.stdout}\n{done.stderr}".strip().splitlines()
        raise GenerationError(
            f"ruff {command} failed on the rendered package (exit code {done.returncode}): "
            "a template or a module in overrides/ is at fault.",
            [line for line in output if line.strip()] or ["It said nothing."],
        )
