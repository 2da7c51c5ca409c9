"""Plants defects in copies of the package, and runs the contract tests against each."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from .errors import CannotRunError
from .mutants import MUTANTS, Mutant
from .tables import table

_DESCRIPTION = """\
The proof of the contract tests: known defects of the mock and of the client, each planted in a
copy of the package, and the check that caught each. The exit status is 0 when every defect was
caught, 1 when one was not, and 2 when one could not be planted."""
_EXAMPLES = 40
_SECONDS_A_RUN = 300


@dataclass(frozen=True)
class Fate:
    """What became of a defect.

    Attributes:
        mutant: The defect.
        caught: The checks that noticed it, most often first, each with a phase.
        seconds: How long it took.
        trouble: Why the run told nothing; empty where it did.
    """

    mutant: Mutant
    caught: tuple[str, ...]
    seconds: float
    trouble: str = ""


def main(root: Path, arguments: Sequence[str] | None = None) -> int:
    """Plant the defects that the command line asks for.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(
        prog="contract_mutants",
        description=_DESCRIPTION,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--only", default="", help="those whose names have this in them")
    parser.add_argument("--examples", default=str(_EXAMPLES), help="as for contract.py")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    options = parser.parse_args(arguments)
    chosen = [one for one in MUTANTS if options.only in one.name]
    if not chosen:
        print(f"contract_mutants: no defect has {options.only!r} in its name.", file=sys.stderr)
        return 2
    package = root / "generated" / "portal_v1"
    try:
        for mutant in chosen:
            planted(package, mutant)
        _sound(root, package, options.examples)
    except CannotRunError as error:
        print(f"contract_mutants: {error}", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(fate, root, package, mutant, options.examples) for mutant in chosen]
        fates = []
        for future in running:
            fates.append(future.result())
            print(_line(fates[-1]), flush=True)
    return verdict(fates)


def planted(package: Path, mutant: Mutant) -> dict[Path, str]:
    """Return the text of each file that a defect changes, changed.

    Raises:
        CannotRunError: It changes nothing.
    """
    changed = {}
    for path in sorted(package.glob(mutant.files)):
        text = path.read_text(encoding="utf-8")
        broken = re.sub(mutant.old, mutant.new, text)
        if broken != text:
            changed[path.relative_to(package)] = broken
    if not changed:
        raise CannotRunError(
            f"{mutant.name!r} changes nothing in {mutant.files}: the code is another by now. "
            "Write the defect anew in scripts/conformance/mutants.py."
        )
    return changed


def fate(root: Path, package: Path, mutant: Mutant, examples: str) -> Fate:
    """Run the contract tests with one defect.

    Args:
        root: The repository.
        package: The package, which stays as it is.
        mutant: The defect.
        examples: As for contract.py.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, package.name)
        shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for path, text in planted(package, mutant).items():
            (copy / path).write_text(text, encoding="utf-8")
        status, output = _run(root, copy, Path(folder, "reports"), examples)
        seconds = time.monotonic() - begun
        if status not in {0, 1} or not Path(folder, "reports", "junit.xml").is_file():
            return Fate(mutant, (), seconds, output.strip().rpartition("\n")[2])
        return Fate(mutant, tuple(_checks(Path(folder, "reports", "junit.xml"))), seconds)


def _run(root: Path, package: Path, reports: Path, examples: str) -> tuple[int, str]:
    command = [sys.executable, str(root / "scripts" / "contract.py"), "--package", str(package)]
    try:
        done = subprocess.run(
            [*command, "--reports", str(reports), "--examples", examples],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS_A_RUN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 2, f"it did not end within {_SECONDS_A_RUN} s"
    return done.returncode, done.stdout


def _sound(root: Path, package: Path, examples: str) -> None:
    """Make sure that nothing is found where nothing is planted."""
    with tempfile.TemporaryDirectory() as folder:
        status, output = _run(root, package, Path(folder), examples)
    if status != 0:
        raise CannotRunError(f"Without any defect the contract tests fail:\n{output}")


def _checks(junit: Path) -> Iterator[str]:
    found = Counter[str]()
    for case in ElementTree.parse(junit).iter("testcase"):  # noqa: S314 - our own file
        phase = case.get("classname", "").rpartition(".")[2]
        for failure in case.iter("failure"):
            check = failure.get("message", "").partition(":")[0]
            found[f"{check} ({phase})"] += 1
    yield from (name for name, _ in found.most_common())


def _line(one: Fate) -> str:
    how = one.trouble or (", ".join(one.caught[:2]) if one.caught else "NOT CAUGHT")
    more = f" and {len(one.caught) - 2} more" if len(one.caught) > 2 else ""
    return f"{one.mutant.where:<7} {one.mutant.name:<50} {how}{more}  {one.seconds:.0f} s"


def verdict(fates: Sequence[Fate]) -> int:
    """Tell how many defects were caught, and by which checks; return the exit status."""
    by_check = Counter(
        check for one in fates for check in {name.partition(" ")[0] for name in one.caught}
    )
    print()
    rows = [["check", "defects it noticed"]]
    rows += [[name, str(count)] for name, count in by_check.most_common()]
    print("\n".join(table(rows)))
    caught = sum(bool(one.caught) for one in fates)
    print(f"\n{caught} of {len(fates)} planted defects were caught.")
    if any(one.trouble for one in fates):
        print("Those that could not be tried are no proof: mend them in mutants.py.")
        return 2
    return 0 if caught == len(fates) else 1
