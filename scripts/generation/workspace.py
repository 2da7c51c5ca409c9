"""A folder to work in beside the package, and the swap that puts the result in its place."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import GenerationError, display_path
from .metadata import MANIFEST


@contextlib.contextmanager
def staging(output: Path, package: str) -> Iterator[Path]:
    """Give the folder in which a package is to be made; it is gone when the block is left.

    It is on the package's own file system, so that a rename suffices.

    Args:
        output: The folder that holds the package; made when it is missing.
        package: The package's name.

    Raises:
        GenerationError: Another run is at work there, or what stands in the package's place was
            not made by a run like this one.
    """
    missing = [folder for folder in (output, *output.parents) if not folder.exists()]
    try:
        output.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise GenerationError(f"{display_path(output)}: this is no folder.") from None
    lock = os.open(output, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GenerationError(
                f"{display_path(output)}: another generation is at work here; "
                "wait until it is done."
            ) from None
        _refuse_foreign(output / package)
        with tempfile.TemporaryDirectory(
            prefix=f".{package}.generate-", dir=output, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder) / package
    finally:
        os.close(lock)
        with contextlib.suppress(OSError):  # Folders that this run made and that hold nothing.
            for made in missing:
                made.rmdir()


def swap(staged: Path, current: Path) -> None:
    """Put the staged package in the place of the current one, wholly or not at all."""
    retired = staged.with_name("retired")
    if current.exists():
        current.rename(retired)
    try:
        staged.rename(current)
    except BaseException:
        if retired.exists():
            retired.rename(current)
        raise


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


def _refuse_foreign(current: Path) -> None:
    if current.is_symlink() or (current.exists() and not current.is_dir()):
        raise GenerationError(
            f"{display_path(current)}: this is no folder of its own, and is not replaced; "
            "move it away first."
        )
    if current.is_dir() and any(current.iterdir()) and not (current / MANIFEST).is_file():
        raise GenerationError(
            f"{display_path(current)}: this was not generated (it has no {MANIFEST}), and is not "
            "replaced; move it away first, or choose another --output or --package."
        )
