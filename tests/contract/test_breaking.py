"""make breaking: what changed since a commit, what breaks, and what that asks for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from compatibility.changes import gathered
from compatibility.wire import wire_changes
from generation.document import Document, parse_document
from generation.errors import GenerationError
from generation.validation import check_document

from tests.contract._compatibility_cases import (
    ASKED_FOR,
    BEYOND,
    FIELDS,
    GONE,
    ORDERS,
    SHOP,
    TEXT,
    WORDS_ONLY,
    Case,
    Edit,
    both,
    edited,
    put,
)
from tests.contract._compatibility_support import (
    CHANGELOG,
    PACKAGE,
    SPEC,
    TOLD,
    UNRELEASED,
    Shop,
    shop,
)

ADDITION = put(TEXT, *FIELDS, "colour")
BREAK = put(GONE, *FIELDS, "price")


def version(number: str) -> Edit:
    return put(number, "info", "version")


@pytest.fixture
def old(tmp_path: Path) -> Shop:
    return shop(tmp_path / "shop")


def document(data: object, name: str) -> Document:
    parsed = parse_document(json.dumps(data).encode(), name, is_json=True)
    check_document(parsed)
    return parsed


@pytest.mark.parametrize("case", [*ASKED_FOR, *BEYOND], ids=lambda case: case.name)
def test_a_change_on_the_wire_breaks_or_not(case: Case) -> None:
    after = document(edited(case.edit), "new")
    changes = gathered(wire_changes(document(SHOP, "old"), after))
    assert any(change.breaking for change in changes) is case.breaking
    deciding = [change for change in changes if change.breaking is case.breaking]
    told = [f"{one.what} {one.old} → {one.new} {' '.join(one.users)}" for one in deciding]
    assert any(case.shown in line for line in told), told


@pytest.mark.parametrize(("name", "edit"), WORDS_ONLY)
def test_another_way_to_say_the_same_is_no_change(name: str, edit: Edit) -> None:
    after = document(edited(edit), "new")
    assert after.data != SHOP
    assert list(wire_changes(document(SHOP, "old"), after)) == []
    assert list(wire_changes(after, document(SHOP, "old"))) == []


def test_nullable_of_openapi_3_0_is_the_null_of_3_1() -> None:
    older = edited(both(put("3.0.3", "openapi"), put({**TEXT, "nullable": True}, *FIELDS, "note")))
    assert list(wire_changes(document(older, "old"), document(SHOP, "new"))) == []
    narrower = edited(put(TEXT, *FIELDS, "note"), older)
    changes = list(wire_changes(document(narrower, "old"), document(SHOP, "new")))
    assert {(one.old, one.new, one.breaking) for one in changes} == {
        ("string", "string or null", True)
    }


def test_nullable_beside_a_reference_is_compared_too() -> None:
    wrapped = {"allOf": [{"$ref": "#/components/schemas/Error"}]}
    older = edited(both(put("3.0.3", "openapi"), put(TEXT, *FIELDS, "note")))
    plain = edited(put(wrapped, *FIELDS, "note"), older)
    nullable = edited(put({**wrapped, "nullable": True}, *FIELDS, "note"), older)
    for then, now, breaks in ((plain, nullable, True), (nullable, plain, False)):
        changes = list(wire_changes(document(then, "old"), document(now, "new")))
        assert {change.breaking for change in changes} == {breaks}


def test_nothing_but_words_can_be_taken_out_unnoticed() -> None:
    """Every key of the document, one after the other."""
    old = document(SHOP, "old")
    unnoticed: list[tuple[str | int, ...]] = []
    tried = 0
    for place in places(SHOP):
        shorter = edited(put(GONE, *place))
        try:
            new = document(shorter, "new")
        except GenerationError:
            continue  # The document needs it.
        tried += 1
        words = place[-1] == "summary" or "tags" in place
        unused = place[:3] == ("components", "securitySchemes", "other")
        if not words and not unused and not list(wire_changes(old, new)):
            unnoticed.append(place)
    assert tried > 100
    assert unnoticed == []


def places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*place, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*place, key))


def test_a_component_that_many_answers_share_takes_one_line(old: Shop) -> None:
    old.describe(edited(BREAK))
    (row,) = old.compare().rows
    assert row.startswith("| **BREAKING** | wire | answer Order.price (listOrders, createOrder, ")


@pytest.mark.parametrize(
    ("number", "status"),
    [("1.2.3", 1), ("1.2.4", 1), ("1.3.0", 1), ("2.0.0", 0), ("0.9.0", 1), ("next", 1)],
)
def test_a_break_on_the_wire_asks_for_the_next_major_version(
    old: Shop, number: str, status: int
) -> None:
    old.describe(edited(both(BREAK, version(number))))
    old.write(CHANGELOG, TOLD)
    run = old.compare("--format", "text")
    assert run.status == status
    assert ("has to become 2.0.0" in run.output) == (status == 1)


def test_while_it_is_0_x_the_second_number_allows_a_break(old: Shop) -> None:
    old.describe(edited(version("0.3.1")))
    old.commit()
    old.write(CHANGELOG, TOLD)
    old.describe(edited(both(BREAK, version("0.3.2"))))
    assert old.compare().status == 1
    old.describe(edited(both(BREAK, version("0.4.0"))))
    assert old.compare().status == 0
    old.describe(edited(both(BREAK, version("1.0.0"))))
    assert old.compare().status == 0


def test_an_addition_asks_for_a_minor_version_and_goes_in_without(old: Shop) -> None:
    old.write(CHANGELOG, TOLD)
    old.describe(edited(ADDITION))
    run = old.compare("--format", "text")
    assert run.status == 0
    assert "1.3.0 would tell it" in run.output
    assert run.output.endswith("Nothing breaks.\n")
    old.describe(edited(both(ADDITION, version("1.3.0"))))
    assert "would tell it" not in old.compare("--format", "text").output


@pytest.mark.parametrize(
    ("changelog", "told"),
    [
        (UNRELEASED, False),
        (UNRELEASED.replace("The first entry.", "The\n  first   entry."), False),
        (TOLD, True),
        ("# Changelog\n\n## [Unreleased]\n\n## [1.0.0]\n\n- The first entry.\n", False),
        ("# Changelog\n\n## [Unreleased]\n\n## [1.0.0]\n\n- The first.\n- A new one.\n", True),
        (f"{UNRELEASED}\nNo list item.\n\n### Added\n", False),
        ("", False),
    ],
)
def test_a_change_asks_for_an_entry_in_the_changelog(
    old: Shop, changelog: str, *, told: bool
) -> None:
    old.describe(edited(ADDITION))
    old.write(CHANGELOG, changelog)
    run = old.compare("--format", "text")
    assert run.status == (0 if told else 1)
    assert ("no new entry under Unreleased" in run.output) is not told


def test_an_entry_under_a_version_that_is_out_does_not_count(old: Shop) -> None:
    old.write(CHANGELOG, f"{UNRELEASED}\n## [1.2.3]\n\n- Old.\n")
    old.commit()
    old.describe(edited(ADDITION))
    old.write(CHANGELOG, f"{UNRELEASED}\n## [1.2.3]\n\n- Old.\n- Late.\n")
    assert old.compare().status == 1


def test_words_ask_for_nothing(old: Shop) -> None:
    old.describe(edited(put("Other words.", *ORDERS, "get", "summary")))
    run = old.compare("--format", "text")
    assert (run.status, run.rows) == (0, [])
    assert run.output.endswith("Nothing changed, on the wire or for Python callers.\n")


def test_with_no_base_it_takes_where_the_branch_left_main(old: Shop, tmp_path: Path) -> None:
    clone = Shop(tmp_path / "clone")
    old.git("clone", "--quiet", str(old.root), str(clone.root))
    old.describe(edited(BREAK))
    old.commit()
    clone.git("fetch", "--quiet")
    clone.describe(edited(ADDITION))
    clone.commit()
    (row,) = clone.compare(base=None).rows
    assert "Order.colour" in row


def test_a_branch_and_a_tag_are_bases_too(old: Shop) -> None:
    old.git("tag", "v1")
    old.describe(edited(ADDITION))
    old.commit()
    assert old.compare(base="main").rows == []
    assert len(old.compare(base="v1").rows) == 1


def test_a_repository_that_begins_above_is_read_all_the_same(tmp_path: Path) -> None:
    whole = shop(tmp_path / "whole")
    part = Shop(whole.root / "clients" / "python")
    part.root.mkdir(parents=True)
    for name in ("openapi", "generated", "overrides", CHANGELOG):
        (whole.root / name).rename(part.root / name)
    whole.commit()
    part.describe(edited(BREAK))
    assert len(part.compare().breaks) == 1
    assert part.compare().rows == part.compare("--package", f"{PACKAGE}/").rows


def test_the_working_tree_is_not_touched(old: Shop) -> None:
    old.describe(edited(BREAK))
    before = old.git("status", "--porcelain", "--ignored")
    old.compare()
    assert old.git("status", "--porcelain", "--ignored") == before


def test_what_a_document_says_is_shown_as_it_is(old: Shop) -> None:
    old.describe(edited(put("<b>|x|</b>\n![](y)\x1b[31m", *FIELDS, "token", "x-odd")))
    markdown = old.compare().output
    (row,) = [line for line in markdown.splitlines() if "x-odd" in line]
    assert row.count("|") == 5
    assert "<" not in row
    assert "![" not in row
    assert "\x1b" not in old.compare("--format", "text").output


@pytest.mark.parametrize("base", ["nowhere", "--output=file", "HEAD~5", "HEAD:openapi"])
def test_an_unknown_base_is_said(old: Shop, base: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert old.compare(base=base).status == 2
    assert f"git knows no commit by the name of {base!r}." in capsys.readouterr().err
    assert not (old.root / "file").exists()


def test_with_no_base_and_no_main_elsewhere_it_asks_for_one(
    old: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert old.compare(base=None).status == 2
    assert "make breaking BASE=" in capsys.readouterr().err


def test_no_document_at_the_base_is_said(old: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    old.git("rm", "--quiet", "--cached", SPEC)
    old.git("commit", "--quiet", "--message", "Without")
    assert old.compare().status == 2
    assert capsys.readouterr().err.startswith(f"breaking: There is no {SPEC} at HEAD")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("openapi: [", "not valid YAML"),
        ("openapi: 2.0.0\n", "`openapi` must say"),
        ("- a\n", "a list"),
        ("openapi: 3.1.0\n", "is not valid OpenAPI"),
    ],
)
@pytest.mark.parametrize("then", [True, False])
def test_a_document_that_does_not_parse_is_said(
    old: Shop, text: str, said: str, *, then: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    old.write(SPEC, text)
    if then:
        old.commit()
        old.describe(SHOP)
    assert old.compare().status == 2
    error = capsys.readouterr().err
    assert said in error
    assert (f"HEAD:{SPEC}" in error) is then


def test_no_document_now_is_said(old: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (old.root / SPEC).unlink()
    assert old.compare().status == 2
    assert f"{SPEC} cannot be read" in capsys.readouterr().err


def test_outside_of_git_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    folder = tmp_path / "plain"
    folder.mkdir()
    assert Shop(folder).compare().status == 2
    assert "is not in a git repository" in capsys.readouterr().err


def test_without_git_it_says_so(
    old: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert old.compare().status == 2
    assert capsys.readouterr().err == "breaking: git was not found; it is needed to look back.\n"


def test_a_package_of_before_the_edit_is_not_taken_for_one_of_now(
    old: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    old.write(SPEC, yaml.safe_dump(edited(ADDITION)))
    run = old.compare()
    assert run.status == 2
    assert len(run.rows) == 1
    assert "Run `make generate` first." in capsys.readouterr().err


def test_a_package_that_is_no_python_is_said(old: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    old.code(client="def broken(:\n")
    assert old.compare().status == 2
    assert "cannot be read as Python" in capsys.readouterr().err


def test_this_repository_is_compared_with_its_last_commit(repository: Path, tmp_path: Path) -> None:
    """The committed state against itself, by the script, in a copy with a history of its own."""
    for name in ("openapi", "overrides", "generated", "scripts", CHANGELOG):
        source = repository / name
        if source.is_dir():
            shutil.copytree(
                source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".*")
            )
        else:
            shutil.copy(source, tmp_path / name)
    here = Shop(tmp_path)
    here.git("init", "--quiet")
    here.commit()
    command = [sys.executable, "scripts/breaking.py", "HEAD"]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.endswith("Nothing changed, on the wire or for Python callers.\n")
    models = (tmp_path / "generated/portal_v1/models").glob("*.py")
    model = next(one for one in sorted(models) if " | None = None\n" in one.read_text())
    model.write_text(model.read_text().replace(" | None = None\n", "\n"))
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 1
    assert re.search(r"fine +Python +field \w+\.\w+ +str \| None = None → str", run.stdout)
    assert here.git("status", "--porcelain") == f"M {model.relative_to(tmp_path)}"
