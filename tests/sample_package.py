"""Generates the tests' own package `sample` from tests/fixture.yaml into build/tests.

The tests do so before they begin, and `make lint` before it checks types. Nothing is done where
the package is up to date.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "tests"
DOCUMENT = ROOT / "tests" / "fixture.yaml"
GENERATOR = ROOT / "scripts" / "generate.py"


def make_sample() -> None:
    """Generate the package where it is missing, or older than what it is made from.

    Raises:
        RuntimeError: The generation failed; the message is what it printed.
    """
    mark = OUTPUT / "sample.made"
    sources = [DOCUMENT, GENERATOR]
    for folder in (ROOT / "overrides", ROOT / "scripts" / "generation"):
        files = (one for one in folder.rglob("*") if "__pycache__" not in one.parts)
        sources += [folder, *files]
    # A folder changes when something in it comes or goes.
    newest = max(one.stat().st_mtime for one in sources)
    if mark.is_file() and mark.stat().st_mtime >= newest and (OUTPUT / "sample").is_dir():
        return
    OUTPUT.mkdir(parents=True, exist_ok=True)
    options = ["--spec", str(DOCUMENT), "--output", str(OUTPUT), "--package", "sample"]
    done = subprocess.run(
        [sys.executable, str(GENERATOR), *options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"tests/fixture.yaml was not generated:\n{done.stdout}{done.stderr}")
    mark.touch()


if __name__ == "__main__":
    make_sample()
