from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sample._document import load_document
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
def document() -> dict[str, Any]:
    """The package's own document, to be edited."""
    return load_document()
