"""The package is replaced wholly or not at all, whatever happens on the way."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generation._support import PACKAGE, Tree, snapshot

KILLED = 9


def fail_to_rename(monkeypatch: pytest.MonkeyPatch, source: str, error: BaseException) -> None:
    """Let the rename of the staged package, or of the current one, fail."""
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        staged = ".generate-" in self.parent.name
        if self.name == PACKAGE and staged == (source == "staged"):
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)


@pytest.mark.parametrize("source", ["staged", "current"])
def test_a_full_disk(tree: Tree, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    fail_to_rename(monkeypatch, source, OSError(errno.ENOSPC, "No space left on device"))
    said = tree.refused()
    assert "No space left on device." in said
    assert "portal_v1 is as it was." in said


def test_an_interrupt_amid_the_swap(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_rename(monkeypatch, "staged", KeyboardInterrupt())
    assert "interrupted." in tree.refused()


def test_a_run_that_is_killed_amid_the_swap(tree: Tree) -> None:
    before = snapshot(tree.output)
    program = f"""if True:
        import os, sys
        from pathlib import Path
        sys.path.insert(0, "scripts")
        from generation.cli import main
        rename = Path.rename
        def killed(self, target):
            if ".generate-" in self.parent.name:
                os._exit({KILLED})
            return rename(self, target)
        Path.rename = killed
        main([], root=Path.cwd())
    """
    done = subprocess.run([sys.executable, "-B", "-c", program], cwd=tree.root, check=False)
    assert done.returncode == KILLED
    assert not tree.package.exists()
    (leftover,) = tree.output.glob(".*")
    assert leftover.name.startswith(f".{PACKAGE}.generate-")
    # The next run puts things right, even one that comes to nothing.
    (tree.modules / "_broken.py").write_text("def broken(:\n")
    outcome = tree.generate()
    assert outcome.code == 1
    assert "portal_v1 is as it was." in outcome.err
    assert snapshot(tree.output) == before


def test_leftovers_go_and_what_is_not_ours_stays(tree: Tree) -> None:
    for name in ("retired", PACKAGE):
        shutil.copytree(tree.package, tree.output / f".{PACKAGE}.generate-x1" / name)
    other = tree.output / ".portal_v2.generate-x1"
    other.mkdir()
    outcome = tree.generate()
    assert outcome.code == 0, outcome.err
    names = {path.name for path in tree.output.iterdir()}
    assert names == {PACKAGE, "of-somebody-else.txt", other.name}


def test_nothing_of_the_former_package_is_left(tree: Tree) -> None:
    tree.generated()
    assert not (tree.package / "models" / "pet.py").exists()
    assert (tree.output / "of-somebody-else.txt").read_text() == "Not to be touched.\n"


def test_what_was_not_generated_is_not_replaced(tree: Tree) -> None:
    (tree.package / "manifest.json").unlink()
    assert "this was not generated (it has no manifest.json)" in tree.refused()


def test_a_file_or_a_link_in_the_place_of_the_package(tree: Tree) -> None:
    shutil.move(tree.package, tree.root / "elsewhere")
    tree.package.symlink_to(tree.root / "elsewhere")
    assert "this is no folder of its own" in tree.refused()
    tree.package.unlink()
    tree.package.write_text("a file\n")
    assert "this is no folder of its own" in tree.refused()


def test_an_output_that_is_a_file(tree: Tree) -> None:
    output = tree.root / "file"
    output.write_text("")
    assert "file: this is no folder." in tree.refused("--output", str(output))
    assert "Not a directory" in tree.refused("--output", str(output / "below"))


def test_an_output_that_is_not_there(tree: Tree) -> None:
    output = tree.root / "a" / "b"
    (tree.modules / "_broken.py").write_text("def broken(:\n")
    assert "Nothing was made." in tree.refused("--output", str(output))
    assert not (tree.root / "a").exists()
    (tree.modules / "_broken.py").unlink()
    assert "portal_v1 is new: " in tree.generated("--output", str(output))
    assert (output / PACKAGE / "py.typed").is_file()


def test_two_runs_at_once(tree: Tree) -> None:
    folder = os.open(tree.output, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        assert "another generation is at work here" in tree.refused()
    finally:
        os.close(folder)


def test_a_former_package_that_cannot_be_read(tree: Tree) -> None:
    (tree.package / "__init__.py").write_text("def broken(:\n")
    said = tree.generated()
    assert "The former portal_v1 cannot be read, so there is no comparison" in said
