"""The specification that this package was generated from."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def load_document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    file = files(__package__ or "").joinpath("openapi.json")
    document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return document
