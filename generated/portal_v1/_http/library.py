# Edited in overrides/package/_http/library.py, from where `make generate` copies it.
"""Which HTTP library is in use: httpx, or httpx2, which has the same interface; h11 is beneath."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import h11

from .. import _lazy
from ..errors import ConfigurationError

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


__all__ = ["h11", "httpcore", "httpx", "library_of", "requests_at_once"]


def library_of(http_client: object, kind: str) -> Any:
    """Return the library whose `kind` of client this is."""
    for base in type(http_client).__mro__:
        library: Any = sys.modules.get(base.__module__.partition(".")[0])
        name = getattr(library, "__name__", None)
        if name in {"httpx", "httpx2"} and isinstance(http_client, getattr(library, kind)):
            _lazy.load("encodings.idna")  # the standard library imports it to look a name up
            return library
    raise ConfigurationError(
        f"http_client is an httpx.{kind}, or httpx2's, not {type(http_client).__name__}."
    )


def requests_at_once(http_client: Any) -> int:
    """Return how many connections a client may have; without a limit, a very large number."""
    # It does not say so itself. With another transport than httpx's own, nothing is limited.
    pool = getattr(getattr(http_client, "_transport", None), "_pool", None)
    most: Any = getattr(pool, "_max_connections", None)
    return most if isinstance(most, int) and most > 0 else sys.maxsize
