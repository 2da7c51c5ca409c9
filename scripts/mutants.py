"""Plants defects in the code that decides what a call does, and shows which no test notices.

The defects are mutmut's, in a copy of the package and its tests. The exit status is 1 when one was
not noticed, but for those that change nothing anyone could notice (`EQUIVALENT`); each is printed
as a change to the code. CONTRIBUTING.md says what to do then.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from _support.terminal import make_parser

ROOT: Final = Path(__file__).resolve().parents[1]
MODULES: Final = ("attempts", "clock", "pace")
TESTS: Final = (
    *(f"tests/unit/test_{name}.py" for name in ("calls", "client", "items", "waiting")),
    *(f"tests/network/test_{name}.py" for name in ("connections", "decisions")),
)
# A part of a line as it is and as a defect makes it, and why no test can tell them apart.
EQUIVALENT: Final = {
    ('get("retry-after")', 'get("RETRY-AFTER")'): "header fields are looked up in any case",
    ("field[0].lower()", "field[0].upper()"): "the names are compared in one case",
    ('name or ""', 'name or "XXXX"'): "no scheme has either name",
    ('value or ""', 'value or "XXXX"'): "neither is a number of seconds or a date",
    ("[-math.inf] * (", "[+math.inf] * ("): "a new file is begun as one of a time to come is",
    ("written > now", "written >= now"): "no clock is wrong by just that",
    ("left if left > 0", "left if left >= 0"): "it is 0 either way",
    ("size + 1", "size + 2"): "what is longer is refused, by how much ever",
}
# mutmut takes the code below src/ for the package. Hypothesis is to try the same each time.
SETTINGS: Final = """
[tool.pytest]
minversion = "9.0"
pythonpath = ["src", "."]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider"]

[tool.mutmut]
source_paths = ["src"]
only_mutate = {modules}
pytest_add_cli_args_test_selection = {tests}
also_copy = ["src"]
use_git_change_detection = false
track_dependencies = false
timeout_constant = 10.0
"""


def prepare(folder: Path) -> None:
    """Copy what is to be mutated and what is to notice it."""
    ignored = shutil.ignore_patterns("__pycache__", "*_cache", ".hypothesis")
    subprocess.run([sys.executable, ROOT / "tests/sample_package.py"], check=True)
    for package in (ROOT / "generated/portal_v1", ROOT / "build/tests/sample"):
        shutil.copytree(package, folder / "src" / package.name, ignore=ignored)
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=ignored)
    (folder / "tests/sample_package.py").write_text("def make_sample() -> None: ...\n")
    paths = [f"src/sample/_core/{module}.py" for module in MODULES]
    (folder / "pyproject.toml").write_text(SETTINGS.format(modules=paths, tests=[*TESTS]))
    # Python remembers of a folder on its path that it was not there when it started.
    (folder / "mutants/src").mkdir(parents=True)


def mutmut(folder: Path, *arguments: str) -> str:
    """Run mutmut in the folder, its output shown while it plants, and return what it said."""
    process = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str((folder / "mutants/src").resolve())},
        stdout=subprocess.PIPE if arguments[0] != "run" else None,
        text=True,
        check=True,
    )
    return process.stdout or ""


def why_equivalent(diff: str) -> str | None:
    """Return why a defect of one line changes nothing that could be noticed; None where it may."""
    removed, *_, added = re.findall(r"^[-+](?![-+]{2} )(.*)", diff, re.MULTILINE)
    for (before, after), reason in EQUIVALENT.items():
        if before in removed and removed.replace(before, after) == added:
            return reason
    return None


def main() -> int:
    """Run for the command line and return the exit status."""
    make_parser(__doc__).parse_args()
    gaps = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(folder)
        mutmut(folder, "run")
        for line in mutmut(folder, "results").splitlines():
            name, _, verdict = line.strip().rpartition(": ")
            if name and verdict not in {"killed", "timeout"}:  # A test without an end is noticed.
                diff = mutmut(folder, "show", name)
                reason = why_equivalent(diff)
                gaps += reason is None
                print(f"\n=== {name}" + (f" changes nothing: {reason}" if reason else f"\n{diff}"))
    print(f"{gaps} defects were not noticed.")
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
