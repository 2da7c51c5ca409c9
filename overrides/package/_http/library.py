"""Which HTTP library is in use: httpx, or httpx2, which has the same interface; h11 is beneath."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

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


__all__ = ["INSTALLED", "Library", "h11", "httpcore", "httpx", "library_of", "validate_library"]


class Library(NamedTuple):
    """An HTTP library: its public interface, and that of the connection pool beneath it."""

    httpx: ModuleType
    httpcore: ModuleType


INSTALLED = Library(httpx, httpcore)


@cache
def _import_library(name: str) -> Library:
    return Library(_lazy.load(name), _lazy.load(name.replace("httpx", "httpcore")))


def library_of(http_client: Any) -> Library | None:
    """Return the library that a client belongs to; None where it belongs to neither."""
    for kind in type(http_client).__mro__:
        root = kind.__module__.partition(".")[0]
        if root in {"httpx", "httpx2"}:
            return _import_library(root)
    return None


def validate_library(http_client: object, kind: str) -> Library:
    """Return the library that a client belongs to."""
    library = library_of(http_client)
    if library is None or not isinstance(http_client, getattr(library.httpx, kind)):
        raise ConfigurationError(
            f"http_client is an httpx.{kind}, or httpx2's, not {type(http_client).__name__}."
        )
    _lazy.load("encodings.idna")  # the standard library imports it to look a name up
    return library
