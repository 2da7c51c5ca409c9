"""Programs that stand in for others on a PATH of their own, and note how they were called."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


class FakePath:
    """A folder of programs that is the whole PATH of what runs with it."""

    def __init__(self, folder: Path, *real: str) -> None:
        self.folder = folder
        self.log = folder.parent / f"{folder.name}.log"
        self.log.touch()
        folder.mkdir()
        for name in real:
            found = shutil.which(name)
            assert found is not None, f"{name} is needed for this test"
            (folder / name).symlink_to(found)

    def add(self, name: str, script: str, *, at: Path | None = None) -> Path:
        """Puts a shell script there that notes its arguments first."""
        path = at or self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho \"{name} $*\" >>'{self.log}'\n{script}\n")
        path.chmod(0o755)
        return path

    def calls(self, word: str = "") -> list[str]:
        """The calls so far, with their arguments, in which a word occurs."""
        return [line for line in self.log.read_text().splitlines() if word in line]

    def run(self, *command: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Runs a command with nothing in its environment but this PATH and what is given."""
        return subprocess.run(
            command,
            cwd=cwd,
            env={"PATH": str(self.folder), "HOME": str(self.folder.parent), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def environment_without_make() -> dict[str, str]:
    """This process's environment, less what a make that started it left there."""
    left = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKE_TERMOUT", "MAKE_TERMERR"}
    left |= {"ARGS", "BASE", "PYTHON", "VENV"}
    return {name: value for name, value in os.environ.items() if name not in left}
