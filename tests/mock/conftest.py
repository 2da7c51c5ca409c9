from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from portal_v1._document import load_document
from portal_v1._http import httpx
from portal_v1.mock import MockPortal


@pytest.fixture
def mock() -> Iterator[MockPortal]:
    with MockPortal() as running:
        yield running


@pytest.fixture
def http(mock: MockPortal) -> Iterator[httpx.Client]:
    with httpx.Client(
        transport=mock.transport(),
        base_url=mock.base_url,
        headers={"Authorization": "Bearer one", "Content-Type": "application/json"},
    ) as client:
        yield client


@pytest.fixture
def document() -> dict[str, Any]:
    """The package's own document, to be edited."""
    return copy.deepcopy(load_document())
