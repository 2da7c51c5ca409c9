"""Which HTTP library is in use: httpx, or httpx2, which has the same interface."""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    import httpcore
    import httpx
else:
    try:
        import httpcore
        import httpx
    except ModuleNotFoundError:
        import httpcore2 as httpcore
        import httpx2 as httpx


__all__ = ["INSTALLED", "Library", "httpcore", "httpx", "library_of"]


@frozen
class Library:
    """An HTTP library: its public interface, and that of the connection pool beneath it."""

    httpx: ModuleType
    httpcore: ModuleType


INSTALLED = Library(httpx, httpcore)


@cache
def _named(name: str) -> Library:
    return Library(
        importlib.import_module(name), importlib.import_module(name.replace("httpx", "httpcore"))
    )


def library_of(http_client: Any) -> Library | None:
    """Return the library that a client belongs to; None where it belongs to neither."""
    for kind in type(http_client).__mro__:
        root = kind.__module__.partition(".")[0]
        if root in {"httpx", "httpx2"}:
            return _named(root)
    return None
