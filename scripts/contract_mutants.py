"""Plant known defects in copies of the package, and show which contract test caught each.

tests/contract/mutants.txt has the defects. The exit status is 0 where each was caught, 1 where one
was not, 2 where one could not be planted or the tests fail without any.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import functools
import io
import multiprocessing
import os
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
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--assert=plain", "--package"]


class Mutant(NamedTuple):
    """One defect: a text that stands once in a file of the package, and what takes its place."""

    name: str
    path: str
    old: str
    new: str


def read_mutants(text: str) -> Iterator[Mutant]:
    """Yield the defects: `@ path` for the file, `# name`, then the lines `-` old and `+` new."""
    path = name = ""
    old: list[str] = []
    new: list[str] = []
    for line in [*text.splitlines(), "# "]:
        kind, rest = line[:1], line[2:]
        if kind in {"@", "#"} and name:
            yield Mutant(name, path, "\n".join(old), "\n".join(new))
            name, old, new = "", [], []
        path = rest if kind == "@" else path
        name = rest if kind == "#" else name
        {"-": old, "+": new}.get(kind, []).append(rest)


class _Listener:
    """Notes which tests failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.failed += ["no test begins"] if report.failed else []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed += [report.nodeid.partition("contract/")[2]] if report.failed else []


def run(package: Path, mutant: Mutant | None) -> tuple[list[str], str]:
    """Run the contract tests on a copy of the package with one defect, until one fails."""
    tests = ["test_answers.py", "test_cases.py", "test_server.py"]
    if mutant and mutant.path.startswith("mock/"):  # The likeliest come first.
        tests.reverse()
    listener = _Listener()
    with tempfile.TemporaryDirectory() as folder, io.StringIO() as output:
        copy = Path(folder, "planted")
        shutil.copytree(package, copy)
        if mutant is not None:
            text = (copy / mutant.path).read_text("utf-8")
            (copy / mutant.path).write_text(text.replace(mutant.old, mutant.new), "utf-8")
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            while tests and not listener.failed:
                path = str(TESTS / tests.pop(0))
                pytest.main([*OPTIONS, str(copy), path], plugins=[listener])
        return listener.failed, output.getvalue()


def main() -> int:
    """Plant the defects that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--package", type=Path, default=PACKAGE, help="the package's folder")
    parser.add_argument("--only", default="", help="those with this in their name or path")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    options = parser.parse_args()
    mutants = [*read_mutants((TESTS / "mutants.txt").read_text("utf-8"))]
    mutants = [one for one in mutants if options.only in f"{one.path} {one.name}"]
    files = {one.path: options.package / one.path for one in mutants}
    sources = {path: file.read_text("utf-8") for path, file in files.items() if file.is_file()}
    lost = [one for one in mutants if sources.get(one.path, "").count(one.old) != 1]
    for one in lost:
        print(f"{one.path}: {one.name:<45} NOT PLANTED, its text is not there once", flush=True)
    planted, missed, begun = [one for one in mutants if one not in lost], 0, time.monotonic()
    sys.dont_write_bytecode = False
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("fork").Pool(options.jobs, maxtasksperchild=1) as pool,
    ):
        package = Path(shutil.copytree(options.package, Path(folder, "compiled")))
        compileall.compile_dir(package, quiet=1)
        failed, output = pool.apply(run, (package, None))
        if failed:
            print(f"Without any defect the contract tests fail:\n{output}", file=sys.stderr)
            return 2
        results = pool.imap(functools.partial(run, package), planted)
        for one, (failed, _) in zip(planted, results, strict=True):
            missed += not failed
            print(f"{one.path}: {one.name:<45} {(*failed, 'NOT CAUGHT')[0]}", flush=True)
    count, seconds = len(planted), time.monotonic() - begun
    print(f"\n{count - missed} of {count} planted defects were caught, in {seconds:.0f} s.")
    return 2 if lost else min(missed, 1)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    sys.exit(main())
