from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.generation._support import Tree, copy_repository


@pytest.fixture
def tree(repository: Path, tmp_path: Path) -> Tree:
    """A copy of the repository in which a package stands that a run may replace."""
    tree = copy_repository(repository, tmp_path / "repository")
    (tree.package / "models").mkdir(parents=True)
    for name, text in {
        "__init__.py": '"""The former package."""\n',
        "manifest.json": "{}\n",
        "models/__init__.py": "",
        "models/pet.py": "class Pet:\n    name: str\n",
    }.items():
        (tree.package / name).write_text(text)
    (tree.output / "of-somebody-else.txt").write_text("Not to be touched.\n")
    return tree


@pytest.fixture(scope="session")
def made(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy of the repository, generated once for all. Not to be changed."""
    tree = copy_repository(repository, tmp_path_factory.mktemp("made"))
    tree.generated()
    return tree


@pytest.fixture
def copied(made: Tree, tmp_path: Path) -> Tree:
    """A copy of the generated one, to be changed."""
    root = tmp_path / "copied"
    shutil.copytree(made.root, root)
    return Tree(root)
