"""The specification that this package was generated from."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _text() -> str:
    return files(__package__ or "").joinpath("openapi.json").read_text("utf-8")


def load_document() -> dict[str, Any]:
    """Return the OpenAPI document, a copy of one's own."""
    document: dict[str, Any] = json.loads(_text())
    return document
