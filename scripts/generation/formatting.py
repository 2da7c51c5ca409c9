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
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    "--config=exclude=[]",
    "--config=line-length=100",
    "--target-version=py311",
)


def format_package(package: Path) -> None:
    """Sort the imports of the package in folder `package`, drop unused ones, format its code.

    Raises:
        GenerationError: ruff is missing, or finds what it cannot mend.
    """
    _ruff("check", "--fix", "--select=I,F401", "--output-format=concise", package=package)
    _ruff("format", package=package)


def _ruff(command: str, *options: str, package: Path) -> None:
    arguments: Sequence[str] = (sys.executable, "-P", "-m", "ruff", command, *_COMMON, *options)
    environment = {name: value for name, value in os.environ.items() if name[:5] != "RUFF_"}
    done = subprocess.run(
        [*arguments, package.name],
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
