import importlib
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.generation._support import DOCUMENTS, Tree, copy_repository, make_package


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy of the repository, generated once for all. Not to be changed."""
    tree = copy_repository(tmp_path_factory.mktemp("made"))
    tree.generated()
    (tree.output / "of-somebody-else.txt").write_text("Not to be touched.\n")
    return tree


@pytest.fixture
def tree(made: Tree, tmp_path: Path) -> Tree:
    """A copy of the generated one, to be changed."""
    return Tree(shutil.copytree(made.root, tmp_path / "repository"))


@pytest.fixture(scope="session")
def other_packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder with the packages of documents that are nothing like V1's."""
    tree = copy_repository(tmp_path_factory.mktemp("others"))
    for document in ("library-3.0.yaml", "studio-3.1.yaml", "custodian-3.1.yaml"):
        name = f"{document.partition('-')[0]}_api"
        spec = f"--spec={DOCUMENTS / document}"
        assert f"{name} is new." in tree.generated(spec, f"--package={name}", "--no-house-rules")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tree.output)
        yield tree.output


@pytest.fixture
def library(other_packages: Path) -> Any:
    return importlib.import_module("library_api")


@pytest.fixture
def studio(other_packages: Path) -> Any:
    return importlib.import_module("studio_api")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Any, str]]:
    """Make packages of small documents, and tell what is to be noted of them."""
    monkeypatch.setenv("DEMO_SHOP_BASE_URL", "https://shop.example.org")
    monkeypatch.syspath_prepend(tmp_path)
    return partial(make_package, tmp_path)
