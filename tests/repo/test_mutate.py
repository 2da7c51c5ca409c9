"""make mutants: what it tells of the defects that survived."""

from __future__ import annotations

from pathlib import Path

import mutate
import pytest


def diff(removed: str, added: str) -> str:
    return f"--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n def a():\n-    {removed}\n+    {added}\n"


def test_a_defect_that_no_test_notices_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutate.tell({"call_1": diff("attempt += 1", "attempt += 2")}) == 1
    shown = capsys.readouterr().out
    assert "=== call_1\n" in shown
    assert "+    attempt += 2" in shown
    assert "1 defects were not noticed." in shown


def test_a_defect_that_changes_nothing_is_named_with_the_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    known = dict(enumerate(mutate.EQUIVALENT))
    assert mutate.tell({f"one_{number}": diff(*change) for number, change in known.items()}) == 0
    shown = capsys.readouterr().out
    for reason in mutate.EQUIVALENT.values():
        assert f"changes nothing: {reason}" in shown


def test_another_defect_of_the_same_line_is_a_gap() -> None:
    removed, _ = next(iter(mutate.EQUIVALENT))
    assert mutate.tell({"one": diff(removed, "pass")}) == 1


def test_what_is_said_to_change_nothing_is_still_there(repository: Path) -> None:
    modules = [
        (repository / f"generated/portal_v1/_core/{name}.py").read_text() for name in mutate.MODULES
    ]
    for removed, _ in mutate.EQUIVALENT:
        assert any(removed in module for module in modules), removed


def test_each_test_that_is_to_notice_is_there(repository: Path) -> None:
    assert [name for name in mutate.TESTS if not (repository / name).is_file()] == []
