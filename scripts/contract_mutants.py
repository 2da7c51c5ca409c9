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
from collections.abc import Iterator, Mapping
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


class Result(NamedTuple):
    """What became of a defect: the test that failed, how long each took, what was printed."""

    mutant: Mutant
    status: int
    failed: str
    durations: dict[str, float]
    output: str
    seconds: float


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


def find_problem(package: Path, mutant: Mutant) -> str | None:
    """Return why a defect cannot be planted."""
    file = package / mutant.path
    count = file.read_text("utf-8").count(mutant.old) if file.is_file() else 0
    if count == 1 and mutant.old != mutant.new:
        return None
    return f"{mutant.name!r}: what it replaces stands {count} times in {mutant.path}, not once."


def run(package: Path, durations: Mapping[str, float], mutant: Mutant | None) -> Result:
    """Run the contract tests on a copy of the package with one defect, until one fails.

    Those of the mock come first for its defects; else the quickest, by what they took before.
    """
    begun, failed, took = time.monotonic(), [], dict[str, float]()
    is_mock = mutant is not None and mutant.path.startswith("mock/")

    class Plugin:
        @pytest.hookimpl(trylast=True)
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            def rank(item: pytest.Item) -> tuple[bool, str, float]:
                module = item.nodeid.partition("::")[0]
                whole = sum(v for k, v in durations.items() if k.startswith(module))
                return (
                    is_mock and "test_mock" not in module,
                    f"{whole:9.2f}",
                    durations[item.nodeid],
                )

            if durations:
                items.sort(key=rank)

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            failed.extend(["no test begins"] if report.failed else [])

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            took[report.nodeid] = took.get(report.nodeid, 0.0) + report.duration
            if report.failed:
                failed.append(report.nodeid.rpartition("/")[2])

    with tempfile.TemporaryDirectory() as folder, io.StringIO() as output:
        copy = Path(folder, "planted")
        shutil.copytree(package, copy)
        if mutant is not None:
            text = (copy / mutant.path).read_text("utf-8")
            (copy / mutant.path).write_text(text.replace(mutant.old, mutant.new), "utf-8")
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            status = pytest.main([*OPTIONS, str(copy), str(TESTS)], plugins=[Plugin()])
        told = output.getvalue()
    seconds = time.monotonic() - begun
    return Result(
        mutant or Mutant("", "", "", ""), int(status), (*failed, "")[0], took, told, seconds
    )


def main() -> int:
    """Plant the defects that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--package", type=Path, default=PACKAGE, help="the package's folder")
    parser.add_argument("--only", default="", help="those with this in their name or path")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    options = parser.parse_args()
    mutants = [*read_mutants((TESTS / "mutants.txt").read_text("utf-8"))]
    mutants = [one for one in mutants if options.only in f"{one.path} {one.name}"]
    problems = {one: find_problem(options.package, one) for one in mutants}
    mutants = [one for one in mutants if problems[one] is None]
    print(*filter(None, problems.values()), sep="\n", file=sys.stderr)
    missed = 0
    sys.dont_write_bytecode = False
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("fork").Pool(options.jobs, maxtasksperchild=1) as pool,
    ):
        package = Path(shutil.copytree(options.package, Path(folder, "compiled")))
        compileall.compile_dir(package, quiet=1)
        sound = pool.apply(run, (package, {}, None))
        if sound.status != 0:
            print(f"Without any defect the contract tests fail:\n{sound.output}", file=sys.stderr)
            return 2
        for one in pool.imap(functools.partial(run, package, sound.durations), mutants):
            missed += not one.failed
            how = one.failed or f"NOT CAUGHT (pytest: {one.status})"
            told = f"{one.mutant.path}: {one.mutant.name:<45} {how}"
            print(f"{told}  {one.seconds:.1f} s", flush=True)
    print(f"\n{len(mutants) - missed} of {len(mutants)} planted defects were caught.")
    return 2 if len(problems) > len(mutants) else min(missed, 1)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    sys.exit(main())
