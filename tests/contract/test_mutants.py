"""make contract-mutants: defects that can be planted, and what is told of each."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from conformance import mutation
from conformance.errors import CannotRunError
from conformance.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "generated" / "portal_v1"

HARMLESS = Mutant("nothing is wrong", "client", "errors.py", r"\A", "# A comment.\n")
LOUD = Mutant(
    "the server's words are lost", "client", "_core/failures.py", r"error=text,", "error=None,"
)
STALE = Mutant("long gone", "mock", "mock/_engine.py", "words that are nowhere", "others")
BROKEN = Mutant("no Python", "client", "errors.py", r"\A", "def\n")


def run(monkeypatch: pytest.MonkeyPatch, *mutants: Mutant) -> int:
    monkeypatch.setattr(mutation, "MUTANTS", mutants)
    return mutation.main(ROOT, ["--examples", "2"])


def test_there_are_enough_of_each_kind() -> None:
    names = [one.name for one in MUTANTS]
    assert len(names) == len(set(names))
    assert len([one for one in MUTANTS if one.where == "client"]) >= 25
    assert len([one for one in MUTANTS if one.where == "mock"]) >= 15


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_each_changes_the_package_of_today_and_leaves_it_python(mutant: Mutant) -> None:
    changed = mutation.planted(PACKAGE, mutant)
    assert all(str(path).startswith("mock/") == (mutant.where == "mock") for path in changed)
    for path, text in changed.items():
        ast.parse(text, str(path))


def test_what_is_caught_what_is_not_and_what_does_not_even_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in PACKAGE.rglob("*.py")}
    assert run(monkeypatch, LOUD, HARMLESS, BROKEN) == 2
    loud, harmless, broken, *_ = capsys.readouterr().out.splitlines()
    assert "the server's words are lost" in loud
    assert "client_agreement" in loud
    assert "NOT CAUGHT" in harmless
    assert "NOT CAUGHT" not in broken
    assert before == {path: path.read_bytes() for path in PACKAGE.rglob("*.py")}


@pytest.mark.parametrize(
    ("fates", "status", "said"),
    [
        ([mutation.Fate(LOUD, ("model (walks)",), 1.0)], 0, "1 of 1 planted"),
        ([mutation.Fate(LOUD, (), 1.0)], 1, "0 of 1 planted"),
        ([mutation.Fate(LOUD, (), 1.0, "it did not start")], 2, "no proof"),
    ],
)
def test_the_verdict(
    capsys: pytest.CaptureFixture[str], fates: list[mutation.Fate], status: int, said: str
) -> None:
    assert mutation.verdict(fates) == status
    assert said in capsys.readouterr().out


def test_a_defect_that_fits_nothing_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CannotRunError, match="changes nothing in"):
        mutation.planted(PACKAGE, STALE)
    assert run(monkeypatch, LOUD, STALE) == 2
    assert "'long gone' changes nothing in mock/_engine.py" in capsys.readouterr().err


def test_a_name_that_no_defect_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation.main(ROOT, ["--only", "no such defect"]) == 2
    assert "no defect has 'no such defect' in its name" in capsys.readouterr().err
