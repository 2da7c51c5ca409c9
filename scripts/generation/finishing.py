"""What follows the rendering: copied modules, files beside the code, ruff, a try of each import."""

from __future__ import annotations

import ast
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
_MARK = "Edited in overrides/package/"
_COMMENTS = {".py": "# {}\n", ".md": "<!-- {} -->\n", ".html": "<!-- {} -->\n"}

# What turns a module of a folder `_async` into its twin in `_sync`, in this order.
_TO_SYNC = (
    (r"\bAsyncGenerator\[(.+), None\]", r"Generator[\1, None, None]"),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait\s+", ""),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\b(_?)a(close|iter|iter_bytes|iter_raw|next)\b", r"\1\2"),
    (r"\bhandle_async_request\b", "handle_request"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\b(_?)Async(?=[A-Z])", r"\1"),
    (r"\bsleep_async\b", "sleep"),
    (r"\b(\w*_)?async(_\w*)?\b", r"\1sync\2"),
)
_ASYNC = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)

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
_RUN: dict[str, Any] = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
_PROGRAM = """
import gc, importlib, json, pathlib, sys, traceback
gc.disable()
root, package = json.load(sys.stdin)
sys.path.insert(0, root)
failures, effects = [], {}
for path in sorted(pathlib.Path(root, package).rglob("*.py")):
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    try:
        name.endswith("__main__") or importlib.import_module(name)
    except BaseException as error:
        where = ""
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith(root):
                where = f" ({frame.filename[len(root) + 1:]}, line {frame.lineno})"
        failures.append(f"{name}{where}: {type(error).__name__}: {error}")
if not failures:
    mock = sys.modules[package + ".mock"]
    try:
        with getattr(mock, "Mock" + sys.modules[package + "._service"].SERVICE.name)() as running:
            effects = running.effects
    except mock.DocumentError as error:
        effects = str(error)
sys.stdout.write(json.dumps([failures, effects]))
"""


def is_copied(content: bytes) -> bool:
    """Tell whether a file of a package was copied into it, by its first line."""
    return _MARK.encode() in content.partition(b"\n")[0]


def copy_package(source: Path, destination: Path) -> None:
    """Copy the modules in the folder `source` into the package in folder `destination`.

    Each file that can hold a comment begins with one that says where it is edited. A module of a
    folder `_async` gives its synchronous twin in the folder `_sync` as well.
    """
    for path in sorted(source.rglob("*")):
        if path.is_dir() or "__pycache__" in path.parts:
            continue
        name, content = path.relative_to(source), path.read_text(encoding="utf-8")
        copies = [(name, content, "from where `make generate` copies it")]
        if path.suffix == ".py" and "_async" in name.parts:
            twin = Path(*("_sync" if part == "_async" else part for part in name.parts))
            for pattern, replacement in _TO_SYNC:
                content = re.sub(pattern, replacement, content)
            for node in ast.walk(ast.parse(content)):
                if getattr(node, "is_async", 0) or isinstance(node, _ASYNC):
                    line = f"{name.as_posix()}, line {getattr(node, 'lineno', 1)}"
                    raise GenerationError(f"{line}: this stays asynchronous in the twin.")
            copies.append((twin, content, "of which `make generate` makes this sync twin"))
        for target, code, words in copies:
            if (destination / target).exists():
                raise GenerationError(
                    f"{target} is both a template's result and a module of the package. "
                    "Keep one of them."
                )
            comment = _COMMENTS.get(path.suffix, "")
            first = comment.format(f"{_MARK}{name.as_posix()}, {words}.")
            write_file(destination / target, first + code)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file of a package, the same bytes everywhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


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
    write_file(package / "py.typed", "")
    for target, value in (("openapi.json", document), (MANIFEST, manifest)):
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        write_file(package / target, f"{text}\n")


def format_package(package: Path) -> None:
    """Sort the imports of a package, drop unused ones, format its code; refuse undefined names."""
    rules = (f"--select={_MENDED},{_REFUSED}", f"--fixable={_MENDED}", "--output-format=concise")
    environment = {name: value for name, value in os.environ.items() if name[:5] != "RUFF_"}
    for command in (("check", "--fix", *rules), ("format",)):
        arguments = [find_ruff_bin(), *command, *_RUFF, package.name]
        done = subprocess.run(arguments, cwd=package.parent, env=environment, check=False, **_RUN)
        if done.returncode != 0:
            raise GenerationError(
                f"ruff {command[0]} failed on the rendered package (exit code {done.returncode}): "
                "a template or a module in overrides/ is at fault.",
                filter(str.strip, f"{done.stdout}\n{done.stderr}".splitlines()),
            )


def check_imports(package: Path) -> dict[str, str]:
    """Import every module of a package in a fresh interpreter, warnings being errors.

    Return what the operations do to the mock's state.
    """
    # -I: nothing of this machine's environment counts; -B: no __pycache__ in the result.
    command = [sys.executable, "-I", "-B", "-W", "error", "-c", _PROGRAM]
    argument = json.dumps([str(package.parent), package.name])
    done = subprocess.run(command, cwd=package.parent, input=argument, check=False, **_RUN)
    try:
        failures, effects = json.loads(done.stdout)
    except ValueError:
        failures = (done.stdout + done.stderr).strip().splitlines()[-5:]
        failures = failures or [f"the interpreter ended with exit code {done.returncode}"]
    if failures:
        raise GenerationError(
            "The rendered package does not import: a template or a module in overrides/ is at "
            "fault.",
            failures,
        )
    if isinstance(effects, str):
        raise GenerationError(f"The mock cannot be made of this document: {effects}")
    return dict(effects)
