"""What a run makes: the same bytes everywhere, and --check knows them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.generation._support import (
    PACKAGE,
    Tree,
    clean_environment,
    copy_repository,
    snapshot,
)


def hostile_surroundings(folder: Path) -> None:
    """Configuration that ruff and git would heed, if they were let."""
    folder.mkdir(parents=True)
    (folder / "ruff.toml").write_text(
        "line-length = 40\nexclude = ['*.py']\n[lint]\nselect=['ALL']\n"
    )
    (folder / "pyproject.toml").write_text("[tool.ruff]\nline-length = 40\n")
    (folder / ".gitignore").write_text("*\n")
    (folder / ".git").mkdir()


def test_the_same_bytes_everywhere(made: Tree, repository: Path, tmp_path: Path) -> None:
    hostile_surroundings(tmp_path / "build")
    runs: list[tuple[Path, subprocess.Popen[str]]] = []
    for seed, umask, parent in (
        ("0", 0o000, tmp_path / "plain"),
        ("1", 0o077, tmp_path / "build"),
        ("random", 0o022, tmp_path / "other"),
    ):
        tree = copy_repository(repository, parent / "repository")
        environment = clean_environment(
            PYTHONHASHSEED=seed, TZ="Asia/Tokyo", LC_ALL="C", RUFF_LINE_LENGTH="40", COLUMNS="40"
        )
        run = subprocess.Popen(
            [sys.executable, "-B", str(tree.root / "scripts" / "generate.py")],
            cwd=parent,
            env=environment,
            umask=umask,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        runs.append((tree.package, run))
    for package, run in runs:
        _, err = run.communicate(timeout=60)
        assert (run.returncode, err) == (0, "")
        assert snapshot(package) == snapshot(made.package)


def test_a_second_run_changes_nothing(copied: Tree) -> None:
    before = snapshot(copied.output)
    assert copied.generated() == "portal_v1: no change on the Python surface.\n"
    assert snapshot(copied.output) == before


def test_modes(made: Tree) -> None:
    for path in (made.package, *made.package.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


def test_nothing_of_this_machine_is_in_it(made: Tree) -> None:
    root = str(made.root).encode()
    for path in made.package.rglob("*"):
        assert path.is_dir() or root not in path.read_bytes(), path
        assert path.name != "__pycache__"


def test_the_document_is_in_it(made: Tree) -> None:
    text = (made.package / "openapi.json").read_text(encoding="utf-8")
    expected = yaml.safe_load(made.spec.read_text(encoding="utf-8"))
    assert json.loads(text) == expected
    assert text == json.dumps(expected, indent=2, ensure_ascii=False) + "\n"
    assert (made.package / "py.typed").read_bytes() == b""


def test_the_manifest(made: Tree) -> None:
    document = json.loads((made.package / "openapi.json").read_text(encoding="utf-8"))
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    configuration = yaml.safe_load(made.configuration.read_text())
    assert json.loads((made.package / "manifest.json").read_text(encoding="utf-8")) == {
        "document": {
            "title": document["info"]["title"],
            "version": document["info"]["version"],
            "sha256": hashlib.sha256(canonical.encode()).hexdigest(),
        },
        "package": {"name": PACKAGE, "version": configuration["package_version_override"]},
        "generator": {
            "name": "openapi-python-client",
            "version": version("openapi-python-client"),
        },
        "formatter": {"name": "ruff", "version": version("ruff")},
    }


def test_layout_and_comments_do_not_change_the_package(copied: Tree) -> None:
    before = snapshot(copied.package)
    copied.spec.write_text("# A remark.\n" + copied.spec.read_text() + "\n\n")
    copied.generated()
    assert snapshot(copied.package) == before


def test_code_is_formatted_whatever_the_tag_is_called(copied: Tree) -> None:
    def retag(document: dict[str, Any]) -> None:
        document["paths"]["/custodians/clients"]["get"]["tags"] = ["Build"]

    copied.edit(retag)
    copied.generated()
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "ruff", "format", "--check", "--isolated", "--no-cache"),
            *("--line-length=100", "--config=exclude=[]", "--no-respect-gitignore", "."),
        ],
        cwd=copied.package,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (copied.package / "api" / "build").is_dir()
    assert done.returncode == 0, done.stdout


def test_check_when_all_is_well(copied: Tree) -> None:
    (copied.package / "__pycache__").mkdir()
    (copied.package / "__pycache__" / "client.cpython-311.pyc").write_bytes(b"")
    before = snapshot(copied.root)
    outcome = copied.generate("--check")
    assert (outcome.code, outcome.err) == (0, "")
    assert "portal_v1 is what is generated from" in outcome.out
    assert snapshot(copied.root) == before


def test_check_names_what_differs(copied: Tree) -> None:
    (copied.package / "client.py").write_text("# edited\n")
    (copied.package / "models" / "__init__.py").unlink()
    (copied.package / "extra.py").write_text("")
    said = copied.refused("--check")
    assert "run `make generate`" in said
    assert said.splitlines()[1:] == [
        "  - missing: models/__init__.py",
        "  - extra:   extra.py",
        "  - differs: client.py",
    ]


def test_check_sees_a_change_of_the_document(copied: Tree) -> None:
    with copied.edited() as document:
        document["info"]["version"] = "1.0.1"
    said = copied.refused("--check")
    assert "differs: openapi.json" in said
    assert "differs: manifest.json" in said


def test_check_when_there_is_nothing(tree: Tree) -> None:
    assert "is missing; run `make generate`." in tree.refused("--check", "--package", "absent")


def test_check_when_the_document_is_wrong(tree: Tree) -> None:
    tree.spec.write_text("a: 1\n")
    said = tree.refused("--check")
    assert "`openapi` must say" in said
    assert "as it was" not in said


def test_defaults_do_not_depend_on_the_current_folder(made: Tree, tmp_path: Path) -> None:
    done = made.program("--check", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_named_files_are_seen_from_the_current_folder(
    made: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_bytes(made.spec.read_bytes())
    monkeypatch.chdir(tmp_path)
    outcome = made.generate("--spec", "mine.yaml", "--output", "out", "--package", "mine")
    assert outcome.code == 0, outcome.err
    assert [path.name for path in Path("out").iterdir()] == ["mine"]


def test_a_terminal_that_shows_ascii_only(copied: Tree) -> None:
    with copied.edited() as document:
        schema = document["components"]["schemas"]["ClientWebOtp"]
        schema["properties"]["id"]["type"] = ["string", "null"]
    done = copied.program(env=clean_environment(PYTHONIOENCODING="ascii"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "~ ClientWebOtp.id: str \\u2192 " in done.stdout


def test_help() -> None:
    done = subprocess.run(
        [sys.executable, "-B", "scripts/generate.py", "--help"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    for option in ("--spec", "--output", "--package", "--no-house-rules", "--check"):
        assert option in done.stdout
    assert "--accept-upstream" in done.stdout


def test_a_wrong_option(made: Tree) -> None:
    done = made.program("--chekc")
    assert done.returncode == 2
    assert "unrecognized arguments: --chekc" in done.stderr


def test_a_program_without_its_packages(made: Tree) -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-S", str(made.root / "scripts" / "generate.py")],
        cwd=made.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "is not installed; `make generate` sets up what it needs." in done.stderr
    assert "Traceback" not in done.stderr
