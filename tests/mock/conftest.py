from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sample._document import load_document
from sample._http import httpx
from sample.mock import MockSample, MockServer


@pytest.fixture
def mock() -> Iterator[MockSample]:
    with MockSample() as running:
        yield running


@pytest.fixture
def server(mock: MockSample) -> Iterator[MockServer]:
    with mock.serve() as running:
        yield running


@pytest.fixture
def http(mock: MockSample) -> Iterator[httpx.Client]:
    with httpx.Client(
        transport=mock.transport(),
        base_url=mock.base_url,
        headers={"Authorization": "Bearer one", "Content-Type": "application/json"},
    ) as client:
        yield client


@pytest.fixture
def document() -> dict[str, Any]:
    """The package's own document, to be edited."""
    return load_document()
