"""The modules that do not depend on the document: copied, and sync twins made of async ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .errors import GenerationError

_MARK = "Edited in overrides/package/"
_COMMENTS = {".py": "# {}", ".md": "<!-- {} -->", ".html": "<!-- {} -->"}

# What turns a module of a folder `_async` into its twin in `_sync`, in this order.
_TO_SYNC = (
    (r"\bAsyncGenerator\[(.+), None\]", r"Generator[\1, None, None]"),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait\s+", ""),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\b(_?)a(close|iter|next)\b", r"\1\2"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\b(_?)Async(?=[A-Z])", r"\1"),
    (r"\bsleep_async\b", "sleep"),
    (r"\b(\w*_)?async(_\w*)?\b", r"\1sync\2"),
)


def is_copied(path: Path) -> bool:
    """Tell whether a file of a package was copied into it, by its first line."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _MARK in file.readline().decode("utf-8", "replace")


def copy_package(source: Path, destination: Path) -> None:
    """Copy the modules in the folder `source` into the package in folder `destination`.

    Each file that can hold a comment begins with one that says where it is edited. A module of a
    folder `_async` gives its synchronous twin in the folder `_sync` as well.
    """
    for path in sorted(source.rglob("*")):
        if "__pycache__" in path.parts or path.is_dir() or path.suffix == ".pyc":
            continue
        for target, content in _copies(path, path.relative_to(source)):
            made = destination / target
            if made.exists():
                raise GenerationError(
                    f"{target} is both a template's result and a module of the package. "
                    "Keep one of them."
                )
            made.parent.mkdir(parents=True, exist_ok=True)
            made.write_bytes(content)


def _copies(path: Path, name: Path) -> Iterator[tuple[Path, bytes]]:
    content, comment = path.read_bytes(), _COMMENTS.get(path.suffix, "")
    edited = f"{_MARK}{name.as_posix()}"
    first = comment.format(f"{edited}, from where `make generate` copies it.")
    yield name, (f"{first}\n".encode() if comment else b"") + content
    if path.suffix == ".py" and "_async" in name.parts:
        twin = Path(*("_sync" if part == "_async" else part for part in name.parts))
        first = comment.format(f"{edited}, of which `make generate` makes this sync twin.")
        code = to_sync(content.decode(), edited.removeprefix("Edited in "))
        yield twin, f"{first}\n{code}".encode()


def to_sync(code: str, source: str) -> str:
    """Return the synchronous twin of the asynchronous module `source`."""
    for pattern, replacement in _TO_SYNC:
        code = re.sub(pattern, replacement, code)
    kinds = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
    for node in ast.walk(ast.parse(code)):
        if getattr(node, "is_async", 0) or isinstance(node, kinds):
            line = getattr(node, "lineno", 1)
            raise GenerationError(f"{source}, line {line}: this stays asynchronous in the twin.")
    return code
