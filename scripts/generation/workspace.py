"""A folder to work in beside the package, and the swap that puts the result in its place.

Everything happens in `<output>/.<package>.generate-…`: on the package's own file system, so that a
rename suffices, and under a name by which the next run finds what an interrupted one left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from .document import shown
from .errors import GenerationError
from .extras import MANIFEST

_RETIRED = "retired"


class Workspace:
    """The folder in which a package is made, gone again when the `with` block is left.

    Args:
        output: The folder that holds the package; made when it is missing.
        package: The package's name.

    Raises:
        GenerationError: Another run is at work there, or what stands in the package's place was
            not made by a run like this one.
    """

    def __init__(self, output: Path, package: str) -> None:
        self._output = output
        self._prefix = f".{package}.generate-"
        self._name = package
        self._made: list[Path] = []
        self._lock = -1
        self._root = output

    @property
    def current(self) -> Path:
        """The package as it is in the output folder, whether there is one or not."""
        return self._output / self._name

    @property
    def staged(self) -> Path:
        """The folder in which the new package is to be made."""
        return self._root / self._name

    def __enter__(self) -> Self:
        try:
            self._make_output()
            self._acquire()
            for leftover in sorted(self._output.glob(f"{self._prefix}*")):
                self._restore(leftover)
                shutil.rmtree(leftover)
            self._refuse_what_is_not_ours()
            self._root = Path(tempfile.mkdtemp(prefix=self._prefix, dir=self._output))
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._restore(self._root)
            # What cannot be removed now is no reason to fail; the next run meets it again.
            shutil.rmtree(self._root, ignore_errors=True)
        finally:
            self._leave()

    def swap(self) -> None:
        """Put the staged package in the place of the current one, wholly or not at all."""
        if self.current.exists():
            self.current.rename(self._root / _RETIRED)
        # Should this fail, or never be reached, _restore puts the retired one back.
        self.staged.rename(self.current)

    def _restore(self, root: Path) -> None:
        """Undo half a swap of the run whose working folder this is."""
        retired = root / _RETIRED
        if retired.is_dir() and not self.current.exists():
            retired.rename(self.current)

    def _make_output(self) -> None:
        missing = [
            folder for folder in (self._output, *self._output.parents) if not folder.exists()
        ]
        self._made = missing
        try:
            self._output.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise GenerationError(f"{shown(self._output)}: this is no folder.") from None

    def _acquire(self) -> None:
        self._lock = os.open(self._output, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GenerationError(
                f"{shown(self._output)}: another generation is at work here; wait until it is done."
            ) from None

    def _refuse_what_is_not_ours(self) -> None:
        current = self.current
        if current.is_symlink() or (current.exists() and not current.is_dir()):
            raise GenerationError(
                f"{shown(current)}: this is no folder of its own, and is not replaced; "
                "move it away first."
            )
        if current.is_dir() and any(current.iterdir()) and not (current / MANIFEST).is_file():
            raise GenerationError(
                f"{shown(current)}: this was not generated (it has no {MANIFEST}), and is not "
                "replaced; move it away first, or choose another --output or --package."
            )

    def _leave(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        # Folders that this run made and that hold nothing, as after a failure.
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:
                break
