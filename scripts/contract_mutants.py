"""Plant known defects in copies of the package, and show which contract test caught each.

tests/contract/mutants.txt has the defects. The exit status is 0 where each was caught.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import functools
import io
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import hypothesis.stateful  # noqa: F401 - what each run needs is imported once, before it forks
import jsonschema_rs  # noqa: F401 - as above
import pytest
import schemathesis  # noqa: F401 - as above

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, TESTS = ROOT / "generated" / "portal_v1", ROOT / "tests" / "contract"
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain", "--color=no"]
FAILED = re.compile(r"^(?:FAILED|ERROR) \S*?contract/(.*?)(?: - .*)?$", re.MULTILINE)
NOT_PLANTED, NOT_CAUGHT = "NOT PLANTED, its text is not there once", "NOT CAUGHT"


class Mutant(NamedTuple):
    """One defect: a text that stands once in a file of the package, and what takes its place."""

    name: str
    path: str
    old: str
    new: str


def read_mutants(text: str) -> Iterator[Mutant]:
    """Yield the defects: `@ path` for the file, `# name`, then the lines `-` old and `+` new."""
    for part in re.split("^@ ", text, flags=re.MULTILINE)[1:]:
        path, *defects = part.split("\n# ")
        for name, *lines in map(str.splitlines, defects):
            old, new = ("\n".join(one[2:] for one in lines if one[:1] == sign) for sign in "-+")
            yield Mutant(name, path.strip(), old, new)


def run(package: Path, mutant: Mutant) -> tuple[str, str]:
    """Run the contract tests on a copy with one defect; return which one failed, and the output."""
    tests = ["test_cases.py", "test_server.py"]
    if mutant.path.startswith("mock/"):  # The likeliest come first.
        tests.reverse()
    with tempfile.TemporaryDirectory() as folder, io.StringIO() as output:
        copy = Path(shutil.copytree(package, Path(folder, "planted")))
        file = copy / mutant.path
        text = file.read_text("utf-8") if file.is_file() else ""
        if text.count(mutant.old) != 1:
            return NOT_PLANTED, ""
        file.write_text(text.replace(mutant.old, mutant.new), "utf-8")
        os.environ["CONTRACT_PACKAGE"] = str(copy)
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            for test in tests:
                pytest.main([*OPTIONS, str(TESTS / test)])
                if failed := FAILED.search(output.getvalue()):
                    return failed[1], output.getvalue()
        return NOT_CAUGHT, output.getvalue()


def main() -> int:
    """Plant the defects that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="those with this in their name or path")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once")
    options = parser.parse_args()
    mutants = [*read_mutants((TESTS / "mutants.txt").read_text("utf-8"))]
    mutants = [one for one in mutants if options.only in f"{one.path} {one.name}"]
    source = (PACKAGE / "__init__.py").read_text("utf-8")
    sound = Mutant("none", "__init__.py", source, source)
    caught, begun = 0, time.monotonic()
    sys.dont_write_bytecode = False
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("fork").Pool(options.jobs, maxtasksperchild=1) as pool,
    ):
        package = Path(shutil.copytree(PACKAGE, Path(folder, "compiled")))
        compileall.compile_dir(package, quiet=1)
        verdict, output = pool.apply(run, (package, sound))
        if verdict != NOT_CAUGHT:
            print(f"Without any defect the contract tests fail:\n{output}", file=sys.stderr)
            return 1
        results = pool.imap(functools.partial(run, package), mutants)
        for one, (verdict, _) in zip(mutants, results, strict=True):
            caught += verdict not in {NOT_PLANTED, NOT_CAUGHT}
            print(f"{one.path}: {one.name:<45} {verdict}", flush=True)
    count, seconds = len(mutants), time.monotonic() - begun
    print(f"\n{caught} of {count} defects were caught, in {seconds:.0f} s.")
    return int(caught < count)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    sys.exit(main())
