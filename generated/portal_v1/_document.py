# Edited in overrides/package/_document.py, from where `make generate` copies it.
"""The specification that this package was generated from."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _text() -> str:
    return Path(__file__).with_name("openapi.json").read_text(encoding="utf-8")


def load_document() -> dict[str, Any]:
    """Return the OpenAPI document, a copy of one's own."""
    document: dict[str, Any] = json.loads(_text())
    return document
