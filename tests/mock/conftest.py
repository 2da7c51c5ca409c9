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
    """The package's own document, with a code that works once, to be edited."""
    document = load_document()
    code = {"type": "string", "format": "password", "examples": ["door-5f2b9f04"]}
    schema = {"type": "object", "required": ["id", "code"], "properties": {"id": {}, "code": code}}
    document["paths"]["/parcels/{parcelId}/door-code"] = {
        "parameters": [{"$ref": "#/components/parameters/ParcelId"}],
        "get": {
            "operationId": "getDoorCode",
            "security": [{"serviceKey": []}],
            "responses": {
                "200": {
                    "description": "A code.",
                    "content": {"application/json": {"schema": schema}},
                },
                "400": {"$ref": "#/components/responses/BadRequest"},
            },
        },
    }
    return document
