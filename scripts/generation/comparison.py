"""Byte for byte: how does one folder of files differ from another?"""

from __future__ import annotations

from pathlib import Path


def compare_folders(expected: Path, actual: Path) -> list[str]:
    """Return a line for each file of `actual` that is not as in `expected`; none when equal.

    Compiled Python files do not count.
    """
    wanted, found = _files(expected), _files(actual)
    lines = [f"missing: {name}" for name in sorted(wanted.keys() - found.keys())]
    lines += [f"extra:   {name}" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & found.keys()):
        if wanted[name].read_bytes() != found[name].read_bytes():
            lines.append(f"differs: {name}")
    return lines


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if not path.is_dir() and "__pycache__" not in path.parts
    }
