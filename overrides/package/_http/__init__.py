"""The one place that imports httpx, or httpx2 where only that is installed."""

from typing import TYPE_CHECKING

from .. import _lazy

if TYPE_CHECKING:
    from ._async.connection import AsyncConnection
    from ._sync.connection import Connection
    from .library import httpx
else:
    # Neither before a client is made, nor for threads what an event loop needs.
    __getattr__, __dir__ = _lazy.export(
        __name__,
        {
            "AsyncConnection": "._async.connection",
            "Connection": "._sync.connection",
            "httpx": ".library",
        },
    )

__all__ = ["AsyncConnection", "Connection", "httpx"]
