"""Does the package import, module by module, in a fresh interpreter?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .errors import GenerationError

# Modules that need more than the package's own dependencies, and what they may need.
_OPTIONAL = {
    "mock": {"jsonschema_rs", "h11"},
    "pytest_plugin": {"pytest"},
    "_cli": {"cyclopts", "rich"},
}

_PROGRAM = """
import importlib, json, sys, traceback
root, package, modules, optional = json.load(sys.stdin)
sys.path.insert(0, root)
failures, skipped, effects, problem = [], [], {}, None
for name in modules:
    try:
        module = importlib.import_module(name)
        if not (module.__file__ or "").startswith(root):
            failures.append(f"{name}: another module of this name came first: {module.__file__}")
    except BaseException as error:
        within = name.split(".")[1:2]
        missing = (getattr(error, "name", None) or "").split(".")[0]
        if isinstance(error, ModuleNotFoundError) and missing in optional.get("".join(within), ()):
            skipped.append(name)
            continue
        where = ""
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith(root):
                where = f" ({frame.filename[len(root) + 1:]}, line {frame.lineno})"
        failures.append(f"{name}{where}: {type(error).__name__}: {error}")
if not failures and package + ".mock" not in skipped:
    mock = sys.modules[package + ".mock"]
    try:
        kinds = [kind for kind in vars(mock).values() if isinstance(kind, type)]
        (made,) = [kind for kind in kinds if mock.Mock in kind.__bases__]
        with made() as running:
            effects = running.effects
    except mock.DocumentError as error:
        problem = str(error)
sys.stdout.write(json.dumps([failures, skipped, effects, problem]))
"""


def check_imports(package: Path) -> tuple[list[str], dict[str, str]]:
    """Import every module of the package in folder `package`, warnings being errors.

    What a subpackage needs beyond the package's own dependencies may be missing here: the
    modules that could not be tried for that reason are returned, and what the operations do to
    the mock's state.

    Raises:
        GenerationError: A module does not import, or the mock cannot be made of the document.
    """
    root = package.parent
    optional = {name: sorted(modules) for name, modules in _OPTIONAL.items()}
    argument = json.dumps([str(root), package.name, _modules(package), optional])
    # -I: nothing of this machine's environment counts; -B: no __pycache__ in the result.
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-W", "error", "-c", _PROGRAM],
        input=argument,
        cwd=root,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    try:
        failures, skipped, effects, problem = json.loads(done.stdout)
    except ValueError:
        skipped, effects, problem = [], {}, None
        failures = (done.stdout + done.stderr).strip().splitlines()[-5:]
        failures = failures or [f"the interpreter ended with exit code {done.returncode}"]
    if failures or done.returncode != 0:
        raise GenerationError(
            "The rendered package does not import: a template or a module in overrides/ is at "
            "fault.",
            failures,
        )
    if problem is not None:
        raise GenerationError(f"The mock cannot be made of this document: {problem}")
    return skipped, effects


def _modules(package: Path) -> list[str]:
    names = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        if parts[-1] != "__main__":
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(names)
