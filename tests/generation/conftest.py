from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.generation._support import (
    DOCUMENTS,
    Package,
    Tree,
    copy_repository,
    forget_package,
    load_package,
    make_package,
)

_NUMBERS = itertools.count()


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


@pytest.fixture(scope="session")
def other_packages(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the packages of both documents."""
    tree: Tree = copy_repository(repository, tmp_path_factory.mktemp("others"))
    for document, name in (("library-3.0.yaml", "library_api"), ("studio-3.1.yaml", "studio_api")):
        spec = f"--spec={DOCUMENTS / document}"
        said = tree.generated(spec, f"--package={name}", "--no-house-rules")
        assert f"{name} is new: " in said
    return tree.output


@pytest.fixture(scope="session")
def library(other_packages: Path) -> Iterator[ModuleType]:
    yield load_package(other_packages / "library_api", "library_api")
    forget_package("library_api")


@pytest.fixture(scope="session")
def studio(other_packages: Path) -> Iterator[ModuleType]:
    yield load_package(other_packages / "studio_api", "studio_api")
    forget_package("studio_api")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Package]]:
    """Make packages of small documents."""
    monkeypatch.setenv("DEMO_SHOP_BASE_URL", "https://shop.example.org")
    names: list[str] = []

    def make(text: str) -> Package:
        names.append(f"shop_{next(_NUMBERS)}")
        return make_package(text, tmp_path, names[-1])

    yield make
    for name in names:
        forget_package(name)
