"""Generates the tests' own package `sample` from tests/fixture.yaml into build/tests.

The tests do so before they begin, and `make lint` before it checks types. Nothing is done where
the package is up to date.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "tests"
DOCUMENT = ROOT / "tests" / "fixture.yaml"
_SOURCES = ("overrides", "scripts/generation")


def make_sample() -> None:
    """Generate the package where it is missing, or older than what it is made from.

    `GENERATOR_PYTHON` names the interpreter that has the generator, where this one has not.

    Raises:
        RuntimeError: The generation failed; the message is what it printed.
    """
    mark = OUTPUT / "sample.digest"
    digest = _digest()
    if mark.is_file() and mark.read_text() == digest and (OUTPUT / "sample").is_dir():
        return
    OUTPUT.mkdir(parents=True, exist_ok=True)
    python = os.environ.get("GENERATOR_PYTHON", sys.executable)
    options = ["--spec", str(DOCUMENT), "--output", str(OUTPUT), "--package", "sample"]
    done = subprocess.run(
        [python, str(ROOT / "scripts" / "generate.py"), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"tests/fixture.yaml was not generated:\n{done.stdout}{done.stderr}")
    mark.write_text(digest)


def _digest() -> str:
    files = [DOCUMENT, ROOT / "scripts" / "generate.py"]
    for folder in _SOURCES:
        files += (file for file in (ROOT / folder).rglob("*") if file.suffix != ".pyc")
    digest = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file()):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


if __name__ == "__main__":
    make_sample()
