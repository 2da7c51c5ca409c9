"""What holds for every test, whatever is set on the machine that runs it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.sample_package import make_sample

# The tests' own package is made before anything imports it, by the workers' parent alone.
if "PYTEST_XDIST_WORKER" not in os.environ:
    make_sample()
    importlib.invalidate_caches()  # its folder may not have been there when Python started

# A busy machine makes an example slow, and no test judges by time.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def nothing_set_outside() -> Iterator[None]:
    """Keeps a developer's API key, and a proxy, away from the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith("PORTAL_") or name == "CONFIRM":
                patch.delenv(name)
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(
                name, ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost"]))
            )
        yield


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parents[1]
