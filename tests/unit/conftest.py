from __future__ import annotations

from collections.abc import Iterator

import pytest
from portal_v1.mock import MockPortal


@pytest.fixture
def mock() -> Iterator[MockPortal]:
    with MockPortal() as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)
