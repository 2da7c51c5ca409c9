"""What follows the rendering: files beside the code, ruff, and a try of each import."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ruff import find_ruff_bin  # type: ignore[import-untyped]  # it comes without types

from .errors import GenerationError

GENERATOR = "openapi-python-client"
MANIFEST = "manifest.json"

# exclude=[] because ruff would pass over folders called build, dist, venv …, which are good names
# for a tag; no gitignore, no cache, no RUFF_… variable, so that nothing outside has a say.
_RUFF = (
    *("--isolated", "--no-cache", "--no-respect-gitignore", "--config=exclude=[]"),
    *("--config=line-length=100", "--target-version=py311"),
)
# Sorted imports and unused ones are mended. Names that are nowhere defined, or defined twice, are
# not: they are what a clash of names looks like in the result.
_MENDED = "I,F401,RUF022,D403"
_REFUSED = "F811,F821,F822,F823"
# Modules that need more than the package's own dependencies, and what they may need.
_OPTIONAL = {
    "mock": ["jsonschema_rs", "h11"],
    "pytest_plugin": ["pytest"],
    "_cli": ["cyclopts", "rich"],
}
_PROGRAM = """
import gc, importlib, json, sys, traceback
gc.disable()
root, package, modules, optional = json.load(sys.stdin)
sys.path.insert(0, root)
failures, skipped, effects = [], [], {}
for name in modules:
    try:
        importlib.import_module(name)
    except BaseException as error:
        missing = (getattr(error, "name", None) or "").split(".")[0]
        needed = optional.get((name + ".").split(".")[1], ())
        if isinstance(error, ModuleNotFoundError) and missing in needed:
            skipped.append(name)
            continue
        where = ""
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith(root):
                where = f" ({frame.filename[len(root) + 1:]}, line {frame.lineno})"
        failures.append(f"{name}{where}: {type(error).__name__}: {error}")
if not failures and package + ".mock" not in skipped:
    mock = sys.modules[package + ".mock"]
    kinds = [kind for kind in vars(mock).values() if isinstance(kind, type)]
    (made,) = [kind for kind in kinds if mock.Mock in kind.__bases__]
    try:
        with made() as running:
            effects = running.effects
    except mock.DocumentError as error:
        effects = str(error)
sys.stdout.write(json.dumps([failures, skipped, effects]))
"""


def write_metadata(package: Path, document: dict[str, Any], modules: Path) -> None:
    """Write py.typed, openapi.json and manifest.json into a package made of these modules."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    info, code = document["info"], (modules / "_version.py").read_text(encoding="utf-8")
    (package_version,) = re.findall(r'^__version__ = "(.+)"$', code, re.MULTILINE)
    # Nothing that varies by machine or by time: two runs make the same bytes.
    manifest = {
        "document": {
            "title": info["title"],
            "version": info["version"],
            "sha256": hashlib.sha256(canonical.encode("utf-8")).hexdigest(),
        },
        "package": {"name": package.name, "version": package_version},
        "generator": {"name": GENERATOR, "version": version(GENERATOR)},
        "formatter": {"name": "ruff", "version": version("ruff")},
    }
    (package / "py.typed").touch()
    for target, value in (("openapi.json", document), (MANIFEST, manifest)):
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (package / target).write_text(text, encoding="utf-8", newline="\n")


def format_package(package: Path) -> None:
    """Sort the imports of a package, drop unused ones, format its code; refuse undefined names."""
    rules = (f"--select={_MENDED},{_REFUSED}", f"--fixable={_MENDED}", "--output-format=concise")
    environment = {name: value for name, value in os.environ.items() if name[:5] != "RUFF_"}
    for command in (("check", "--fix", *rules), ("format",)):
        arguments = [find_ruff_bin(), *command, *_RUFF, package.name]
        done = _run(arguments, package.parent, env=environment)
        if done.returncode != 0:
            raise GenerationError(
                f"ruff {command[0]} failed on the rendered package (exit code {done.returncode}): "
                "a template or a module in overrides/ is at fault.",
                filter(str.strip, f"{done.stdout}\n{done.stderr}".splitlines()),
            )


def check_imports(package: Path) -> tuple[list[str], dict[str, str]]:
    """Import every module of a package in a fresh interpreter, warnings being errors.

    Returns:
        The modules that need an extra that is not installed, and so were not tried; and what the
        operations do to the mock's state.
    """
    argument = [str(package.parent), package.name, _modules(package), _OPTIONAL]
    # -I: nothing of this machine's environment counts; -B: no __pycache__ in the result.
    command = [sys.executable, "-I", "-B", "-W", "error", "-c", _PROGRAM]
    done = _run(command, package.parent, input=json.dumps(argument))
    try:
        failures, skipped, effects = json.loads(done.stdout)
    except ValueError:
        skipped, effects = [], {}
        failures = (done.stdout + done.stderr).strip().splitlines()[-5:]
        failures = failures or [f"the interpreter ended with exit code {done.returncode}"]
    if failures or done.returncode != 0:
        raise GenerationError(
            "The rendered package does not import: a template or a module in overrides/ is at "
            "fault.",
            failures,
        )
    if isinstance(effects, str):
        raise GenerationError(f"The mock cannot be made of this document: {effects}")
    return skipped, effects


def _run(command: list[str], folder: Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        **more,
    )


def _modules(package: Path) -> list[str]:
    names = []
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(name for name in names if not name.endswith("__main__"))
