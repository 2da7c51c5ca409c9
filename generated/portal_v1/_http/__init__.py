"""The one place that imports httpx, or httpx2 where only that is installed."""

from __future__ import annotations

from .connection import AsyncConnection, Connection
from .library import httpx

__all__ = ["AsyncConnection", "Connection", "httpx"]
