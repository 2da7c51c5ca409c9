"""ARCHITECTURE.md is true: what it names exists, and no room imports what it says it never does."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = re.sub(r"```.*?```", "", (ROOT / "ARCHITECTURE.md").read_text(), flags=re.DOTALL)
CODE = re.compile(r"`([^`]+)`")


ROOMS = {  # each room of the table, with what it never imports
    CODE.findall(room)[0]: CODE.findall(never)
    for room, never in re.findall(r"^\| (`[^|]+) \|[^|]+\|([^|]*)\|$", TEXT, re.MULTILINE)
}


def imports(file: Path) -> set[str]:
    """Return the dotted names that a module imports when it runs."""
    tree, found = ast.parse(file.read_text()), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base, separator = node.module or "", "."
            if node.level:
                separator = "/"
                folder = file.parents[node.level - 1].relative_to(ROOT).as_posix()
                base = f"{folder}/{base.replace('.', '/')}".rstrip("/")
            found |= {base, *(f"{base}{separator}{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("path", sorted({path for path in CODE.findall(TEXT) if "/" in path}))
def test_what_it_names_exists(path: str) -> None:
    assert any(ROOT.glob(path.rstrip("/"))), f"{path} is named in ARCHITECTURE.md and is not there."


def test_it_has_the_rooms_of_the_house() -> None:
    folders = {"openapi", "overrides", "generated", "scripts", "tests", "docs"}
    assert {room.partition("/")[0] for room in ROOMS} >= folders


@pytest.mark.parametrize("room", [room for room, never in ROOMS.items() if never])
def test_no_room_imports_what_it_never_does(room: str) -> None:
    place = ROOT / room
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    assert files
    for file in files:
        for name in imports(file):
            for never in ROOMS[room]:
                begins = never.rstrip("/").removesuffix(".py")
                assert not re.match(rf"{re.escape(begins)}(?![\w])", name), f"{file} imports {name}"


# Beside the standard library: the two dependencies, their own lower layers, httpx's fork with its
# own, and, by the part of the package, what the extras name.
ALLOWED = {"attrs", "httpx", "httpcore", "httpx2", "httpcore2", "h11"}
EXTRAS = {"mock": {"jsonschema_rs"}, "_cli": {"cyclopts", "rich"}, "pytest_plugin.py": {"pytest"}}


def test_the_package_imports_itself_relatively_and_little_else() -> None:
    package = ROOT / "generated/portal_v1"
    for module in package.rglob("*.py"):
        parts = module.relative_to(package).parts
        roots = {name.partition(".")[0] for name in imports(module) if "/" not in name}
        allowed = ALLOWED.union(*(EXTRAS.get(part, ()) for part in parts))
        assert roots <= allowed | sys.stdlib_module_names, module
        assert parts[0] == "_http" or not roots & {"httpx", "httpx2"}, module
