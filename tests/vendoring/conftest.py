from __future__ import annotations

from pathlib import Path

import pytest

from tests.vendoring._support import Project, vendored


@pytest.fixture(scope="session")
def package(repository: Path) -> Path:
    """The package as it is generated."""
    return repository / "generated" / "portal_v1"


@pytest.fixture(scope="session")
def project(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that carries the package; tests only add files to it."""
    return vendored(package, tmp_path_factory.mktemp("project"))
