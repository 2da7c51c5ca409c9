# Edited in overrides/package/_http/__init__.py, from where `make generate` copies it.
"""The one place that imports httpx, or httpx2 where only that is installed."""

from __future__ import annotations

from ._async.connection import AsyncConnection
from ._sync.connection import Connection
from .library import httpx

__all__ = ["AsyncConnection", "Connection", "httpx"]
