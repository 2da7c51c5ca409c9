from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

from tests.vendoring._support import NAME, Project

# What the package may import beside the standard library: its two dependencies, httpx's own
# lower layers, httpx's fork with its own, and what the extras name.
ALLOWED = {"attrs", "httpx", "httpcore", "httpx2", "httpcore2", "h11"}
ALLOWED_TO_EXTRAS = {"mock": {"jsonschema_rs"}, "_cli": {"cyclopts", "rich", "_typeshed"}}


def imported(module: Path) -> set[str]:
    """The roots of what a module imports absolutely, wherever in it."""
    roots = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            roots.add((node.module or "").partition(".")[0])
    return roots


def test_the_package_imports_itself_relatively_and_little_else(package: Path) -> None:
    modules = sorted(package.rglob("*.py"))
    assert len(modules) > 40
    for module in modules:
        extras = (ALLOWED_TO_EXTRAS.get(part, set()) for part in module.parts)
        allowed = ALLOWED.union(*extras)
        if module.name == "pytest_plugin.py":
            allowed = allowed | {"pytest"}
        assert imported(module) <= allowed | sys.stdlib_module_names, module


def test_only_one_place_imports_httpx(package: Path) -> None:
    at_run_time = {
        module.relative_to(package).as_posix()
        for module in package.rglob("*.py")
        if any(
            isinstance(node, ast.Import)
            and any(alias.name in ALLOWED - {"attrs", "h11"} for alias in node.names)
            for node in _outside_type_checking(ast.parse(module.read_text(encoding="utf-8")))
        )
    }
    assert at_run_time == {"_http/library.py"}


def _outside_type_checking(tree: ast.Module) -> list[ast.AST]:
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)
    return found


def test_no_relative_import_leaves_the_package(package: Path) -> None:
    for module in package.rglob("*.py"):
        depth = len(module.relative_to(package).parts)
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= depth, module


def test_it_imports_without_a_warning_and_loads_no_more_than_it_needs(project: Project) -> None:
    result = project.run(
        f"import {NAME} as package, json\n"
        "print(json.dumps([package.__file__, package.__name__, sorted(sys.modules)]))\n"
    )
    assert (result.returncode, result.stderr) == (0, "")
    file, name, loaded = json.loads(result.stdout)
    assert Path(file).is_relative_to(project.code)
    assert name == NAME
    roots = {module.partition(".")[0] for module in loaded}
    assert not roots & {"portal_v1", "jsonschema_rs", "yaml", "sqlite3", "_sqlite3", "pytest"}
    assert {"httpx", "attrs"} <= roots
    assert not [module for module in loaded if module.startswith(f"{NAME}.mock")]


def test_what_it_exports_is_there_and_its_own(project: Project) -> None:
    result = project.run(
        f"import {NAME} as package, pickle\n"
        "for name in package.__all__:\n"
        "    found = getattr(package, name)\n"
        "    if isinstance(found, type):\n"
        "        assert found.__module__.startswith(package.__name__), name\n"
        "assert pickle.loads(pickle.dumps(package.UNSET)) is package.UNSET\n"
        "error = pickle.loads(pickle.dumps(package.NotFoundError('gone', status_code=404)))\n"
        "assert type(error) is package.NotFoundError and error.status_code == 404\n"
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("way", [f"import {NAME}.mock", f"from {NAME}.mock import MockPortal"])
def test_the_mock_explains_what_it_needs(project: Project, way: str) -> None:
    result = project.run(f"try:\n    {way}\nexcept ImportError as error:\n    print(error)\n")
    assert (result.returncode, result.stderr) == (0, "")
    assert "jsonschema-rs" in result.stdout
    assert "mock" in result.stdout
    assert "pip install" in result.stdout
