"""Say what breaks for callers of the generated package since a commit.

griffe compares the public names, mypy what they take and give, then and in the working tree. A
break passes where it is announced: by the package's next major version (while that is 0.x, by its
second number) and by a change of CHANGELOG.md.

Exit status: 0 when all is well, 1 for a break that is not announced, 2 for no comparison.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from itertools import groupby
from pathlib import Path

from _support.callers import NotComparableError, find_breaks
from _support.terminal import make_parser, run_script
from packaging.version import Version
from release import read_version

PACKAGE = Path("generated/portal_v1")


def main() -> int:
    """Compare the package in the current folder with an older one; return the exit status."""
    parser = make_parser(__doc__)
    parser.add_argument("base", nargs="?", help="a commit (default: where this branch left main)")
    options = parser.parse_args()
    try:
        base = options.base or _find_base()
        with tempfile.TemporaryDirectory() as folder:
            files = _git("archive", "--format=tar", base, str(PACKAGE))
            with tarfile.open(fileobj=io.BytesIO(files)) as archive:
                archive.extractall(folder, filter="data")
            old = Path(folder) / PACKAGE
            breaks = find_breaks(old, PACKAGE)
            version, version_now = read_version(old), read_version(PACKAGE)
        is_told = _git("diff", "--name-only", base, "--", "CHANGELOG.md") != b""
    except (NotComparableError, FileNotFoundError) as error:  # the latter where git is missing
        print(f"breaking: {error}", file=sys.stderr)
        return 2
    print(f"{PACKAGE} compared with {base}: {len(breaks) or 'no'} break{'s'[: len(breaks) != 1]}.")
    for where, found in groupby(breaks, lambda one: one[0]):
        print(f"\n{where}", *(what for _, what in found), sep="\n    ")
    if not breaks:
        return 0
    if is_told and announces_breaks(version, version_now):
        print(f"\nVersion {version_now} and CHANGELOG.md announce it.")
        return 0
    print(
        f"\nIf it has to be: raise the version from {version} to the next major one (it is "
        f"{version_now} now), and tell it in CHANGELOG.md."
    )
    return 1


def announces_breaks(old: str, new: str) -> bool:
    """Tell whether a version is the next major one; while it is 0.x, the second number counts."""
    (major, minor, *_), (next_major, next_minor, *_) = (Version(one).release for one in (old, new))
    return next_major > major or (next_major == major == 0 and next_minor > minor)


def _find_base() -> str:
    for main_branch in ("origin/main", "main"):
        try:
            return _git("merge-base", "HEAD", main_branch).decode().strip()
        except NotComparableError:
            continue
    raise NotComparableError(
        "there is no branch main that this one left. Say what to compare with: make breaking "
        "BASE=<a commit, branch or tag>."
    )


def _git(*arguments: str) -> bytes:
    run = subprocess.run(["git", *arguments], capture_output=True, check=False)  # noqa: S607 - git is taken from PATH
    if run.returncode:
        raise NotComparableError(f"git: {run.stderr.decode().strip()}.")
    return run.stdout


if __name__ == "__main__":
    sys.exit(run_script(main))
