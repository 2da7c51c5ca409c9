"""make vendor: what it copies, what it says of a copy, and what it does not overwrite."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import vendor

Vendor = Callable[..., tuple[int, str]]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where the copy is put."""
    return tmp_path / "acme/_vendor/wallets"


@pytest.fixture
def run(copy: Path, capsys: pytest.CaptureFixture[str]) -> Vendor:
    def vendor_into(*arguments: str, dest: Path = copy.parent) -> tuple[int, str]:
        status = vendor.main([str(dest), "--name", "wallets", *arguments])
        out, err = capsys.readouterr()
        return status, out + err

    return vendor_into


def release(root: Path, number: int) -> None:
    """Make a checkout of a small package as it was released; the third lacks a function."""
    package = root / "generated/portal_v1"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("def get() -> int: ...\n" if number < 3 else "")
    manifest = {"package": {"name": "shop", "version": f"0.{number}.0"}, "document": {}}
    (package / "manifest.json").write_text(json.dumps(manifest))
    told = [f"## [0.{one}.0] - 2026-01-01\n\n- Change {one}.\n" for one in range(number, 0, -1)]
    (root / "CHANGELOG.md").write_text("\n".join(told))
    (root / "LICENSE").touch()


def files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_the_copy_has_what_was_asked_for_and_says_what_it_is(
    run: Vendor, copy: Path, repository: Path
) -> None:
    package = {
        name for name in files(repository / "generated/portal_v1") if "__pycache__" not in name
    }
    own = {"LICENSE", "CHANGELOG.md", "VENDORED.json", "_vendored.py"}
    mock = {name for name in package if name.startswith("mock/")}
    mock |= {"pytest_plugin.py", "_document.py", "openapi.json"}
    cli = {name for name in package if name.startswith("_cli/")} | {"__main__.py"}
    assert run()[0] == 0
    assert files(copy) == package - mock - cli | own
    assert run("--with", "mock")[0] == 0
    assert files(copy) == package - cli | own
    manifest = json.loads((copy / "VENDORED.json").read_text())
    made_from = json.loads((repository / "generated/portal_v1/manifest.json").read_text())
    assert manifest["version"] == made_from["package"]["version"]
    assert manifest["document"]["sha256"] == made_from["document"]["sha256"]
    assert manifest["files"].keys() == files(copy) - {"VENDORED.json"}
    assert list(copy.parent.iterdir()) == [copy]
    assert run("--update")[0] == 0
    assert "mock/__init__.py" in files(copy)


def test_edits_are_told_and_not_overwritten_unless_told(run: Vendor, copy: Path) -> None:
    run()
    cached = copy / "_core/__pycache__/cached.pyc"  # is no edit
    cached.parent.mkdir()
    cached.touch()
    check = [sys.executable, "-I", "-S", str(copy / "_vendored.py")]
    assert subprocess.run(check, check=False, capture_output=True, timeout=60).returncode == 0
    (copy / "client.py").write_text("# mine\n")
    (copy / "extra.py").touch()
    (copy / "types.py").unlink()
    edits = ["client.py: edited", "extra.py: added", "types.py: removed"]
    alone = subprocess.run(check, check=False, capture_output=True, text=True, timeout=60)
    assert (alone.returncode, alone.stdout.splitlines()[1:]) == (1, edits)
    status, told = run("--check")
    assert status == 1
    assert all(line in told for line in edits)
    assert "is behind" not in told
    for arguments in ([], ["--update"]):
        status, told = run(*arguments)
        assert (status, (copy / "client.py").read_text()) == (2, "# mine\n")
        assert "--force replaces it all the same" in told
    assert run("--update", "--force")[0] == 0
    assert run("--check") == (0, f"{copy} is portal_v1 0.1.0, unchanged and current.\n")


def test_a_copy_that_is_behind_is_told_by_which_releases_and_what_breaks(
    run: Vendor, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_from(number: int, *options: str) -> tuple[int, str]:
        root = tmp_path / str(number)
        if not root.exists():
            release(root, number)
        monkeypatch.setattr(vendor, "ROOT", root)
        return run(*options)

    assert run_from(1)[0] == 0
    status, told = run_from(2, "--check")
    assert (status, "behind by 0.2.0: it is of 0.1.0." in told) == (1, True)
    assert told.endswith("What breaks for callers:\n  nothing\n")
    status, told = run_from(3, "--check")
    assert (status, "behind by 0.2.0, 0.3.0: it is of 0.1.0." in told) == (1, True)
    news, _, breaks = told.partition("\n\nNew in the changelog:\n  ")[2].partition("\n\n")
    assert news.replace(" - 2026-01-01\n  -", "").split("\n  ") == [
        "## [0.3.0] Change 3.",
        "## [0.2.0] Change 2.",
    ]
    assert breaks.endswith("\n  shop.get: Public object was removed\n")
    (tmp_path / "1/LICENSE").write_text("Another")
    assert "behind by changes not yet released" in run_from(1, "--check")[1]
    assert run_from(3, "--update")[0] == 0
    assert run("--check") == (0, f"{copy} is shop 0.3.0, unchanged and current.\n")


def test_it_asks_before_it_replaces_what_it_did_not_write(
    run: Vendor, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy.mkdir(parents=True)
    (copy / "mine.py").touch()
    status, told = run()
    assert (status, files(copy)) == (2, {"mine.py"})
    assert "is there already, and no copy" in told
    for answer, expected in (("n\n", 2), ("", 2), ("y\n", 0)):
        typed = io.StringIO(answer)
        monkeypatch.setattr(typed, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdin", typed)
        assert run()[0] == expected
        assert (copy / "mine.py").exists() == (expected == 2)


def test_bad_use_is_said(run: Vendor, tmp_path: Path) -> None:
    acme, own = tmp_path / "acme", vendor.ROOT
    for dest, arguments, said in [
        (acme, ["--name", "two words"], "'two words' cannot be the name of a Python package."),
        (acme, ["--check"], "is no copy: it has no VENDORED.json"),
        (acme, ["--update"], "is no copy: it has no VENDORED.json"),
        (Path(), ["--force"], "is a folder of your code"),
        (own, ["--force", "--name", "generated"], "is a folder of your code"),
        (own / "generated", ["--force", "--name", "portal_v1"], "is a folder of your code"),
    ]:
        status, told = run(*arguments, dest=dest)
        assert (status, said in told, list(tmp_path.iterdir())) == (2, True, []), arguments
    assert (own / "generated/portal_v1/client.py").is_file()


def test_a_failure_leaves_what_was_there(
    run: Vendor, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    before = files(copy)
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device", "new")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    status, told = run("--with", "mock")
    assert (status, files(copy), list(copy.parent.iterdir())) == (2, before, [copy])
    assert "No space left on device" in told
