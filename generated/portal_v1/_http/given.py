# Edited in overrides/package/_http/given.py, from where `make generate` copies it.
"""What sending with a client that was given needs: its public interface is all that is known."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from .._core.clock import Deadline
from .._lazy import asyncio

if TYPE_CHECKING:
    import httpx


def requests_at_once(client: httpx.Client | httpx.AsyncClient) -> int:
    """Return how many connections a client may have; without a limit, a very large number."""
    # It does not say so itself. With another transport than httpx's own, nothing is limited.
    pool = getattr(getattr(client, "_transport", None), "_pool", None)
    most: Any = getattr(pool, "_max_connections", None)
    return most if isinstance(most, int) and most > 0 else sys.maxsize


def sync_time_limit(_: Deadline) -> AbstractContextManager[None]:
    """Return a block that nothing ends: a thread cannot be interrupted."""
    return nullcontext()


def async_time_limit(deadline: Deadline) -> asyncio.Timeout:
    """Return a block that ends with a `TimeoutError` when the call has to be over."""
    # A little later than the library's own timeouts, which know better what was waited for.
    left = deadline.remaining()
    return asyncio.timeout(None if left is None else left + 0.1)


def sync_parts(response: httpx.Response) -> Iterator[bytes]:
    """Return the parts of a body as they come, or as a hook of the client has read them."""
    if response.is_stream_consumed:
        return response.iter_bytes()
    return iter(()) if response.is_closed else response.iter_raw()


def async_parts(response: httpx.Response) -> AsyncIterator[bytes]:
    """Return the parts of a body as they come, or as a hook of the client has read them."""
    if response.is_stream_consumed:
        return response.aiter_bytes()
    return _nothing() if response.is_closed else response.aiter_raw()


async def _nothing() -> AsyncIterator[bytes]:
    for part in list[bytes]():
        yield part
