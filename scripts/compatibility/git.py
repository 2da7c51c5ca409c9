"""The repository as git has it. Nothing in the working tree is touched."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path, PurePosixPath

from .errors import NotComparableError

_UPSTREAM = "origin/main"


class Repository:
    """The git repository around a folder.

    Args:
        root: The folder that paths are relative to; the repository may begin above it.

    Raises:
        NotComparableError: There is no git, or `root` is in no repository.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        if self._run("rev-parse", "--git-dir").returncode:
            raise NotComparableError(
                f"{root} is not in a git repository, so there is nothing to compare with."
            )

    def commit(self, ref: str) -> str:
        """Return the id of the commit that `ref` names.

        Raises:
            NotComparableError: It names none.
        """
        found = self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
        )
        if found.returncode or not found.stdout:
            raise NotComparableError(
                f"git knows no commit by the name of {ref!r}. Is it misspelt, or not fetched? In a "
                "shallow clone: git fetch --unshallow."
            )
        return found.stdout.decode().strip()

    def usual_base(self) -> str:
        """Return where the current branch left origin/main.

        Raises:
            NotComparableError: There is no origin/main, or nothing is common with it.
        """
        found = self._run("merge-base", "HEAD", _UPSTREAM)
        if found.returncode:
            raise NotComparableError(
                f"There is no {_UPSTREAM} that this branch left, so say what to compare with: "
                "make breaking BASE=<a commit, branch or tag>."
            )
        return found.stdout.decode().strip()

    def named(self, commit: str) -> str:
        """Return a commit's short id, for a person."""
        found = self._run("rev-parse", "--short", commit)
        return found.stdout.decode().strip() or commit

    def read(self, commit: str, path: str) -> bytes | None:
        """Return a file's content at a commit; None where it was not there."""
        found = self._run("show", f"{commit}:./{path}")
        return None if found.returncode else found.stdout

    def export(self, commit: str, path: str, suffix: str, destination: Path) -> bool:
        """Write the files of a folder at a commit below `destination`.

        Args:
            commit: The commit's id.
            path: The folder, relative to the root.
            suffix: Only files whose name ends so are written.
            destination: Where they go; the folder's own name is left out.

        Returns:
            Whether the commit has such a folder.
        """
        found = self._run("archive", "--format=tar", commit, "--", f"./{path}")
        if found.returncode:
            return False
        with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is None or not member.name.endswith(suffix):
                    continue
                file = destination / PurePosixPath(member.name).relative_to(PurePosixPath(path))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content.read())
        return True

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", *arguments],  # noqa: S607 - git is where PATH has it
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise NotComparableError("git was not found; it is needed to look back.") from None
