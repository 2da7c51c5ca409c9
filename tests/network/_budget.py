"""Calls that have to end when their budget does, and servers that would hold them for longer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from portal_v1 import AsyncPortal, Portal, PortalError

from tests.network._observe import KEY
from tests.network._operations import Operation
from tests.network._server import SILENT, SILENT_AT_ONCE, Answer, Peer, head

BUDGET = 0.2  # seconds
LEEWAY = 1.0  # seconds


@contextlib.contextmanager
def within_budget(least: float = BUDGET - 0.05, budget: float = BUDGET) -> Iterator[None]:
    """What happens here takes the budget, and no more than a second above it."""
    started = time.monotonic()
    try:
        yield
    finally:  # Nearly every call in here raises.
        taken = time.monotonic() - started
        assert least <= taken <= budget + LEEWAY


def fail(operation: Operation, mode: str, url: str, **options: Any) -> PortalError:
    """The error that a call of the budget ends with, in time."""
    options = {"timeout": BUDGET, **options}
    least, budget = options.pop("least", BUDGET - 0.05), options["timeout"]
    with pytest.raises(PortalError) as caught:  # noqa: PT012 - the time is the point
        if mode == "sync":
            with Portal(KEY, base_url=url, **options) as portal, within_budget(least, budget):
                operation.call(portal)
        else:

            async def calling() -> None:
                async with AsyncPortal(KEY, base_url=url, **options) as portal:
                    with within_budget(least, budget):
                        await operation.call_async(portal)

            asyncio.run(calling())
    return caught.value


def stream(operation: Operation, mode: str, url: str, **options: Any) -> PortalError:
    """The error that a streamed answer ends with, in time."""
    with pytest.raises(PortalError) as caught:  # noqa: PT012 - as above
        if mode == "sync":
            with Portal(KEY, base_url=url, timeout=BUDGET, **options) as portal, within_budget():
                list(operation.iterate(portal))
        else:

            async def calling() -> None:
                async with AsyncPortal(KEY, base_url=url, timeout=BUDGET, **options) as portal:
                    with within_budget():
                        async for _ in operation.iterate_async(portal):
                            pass

            asyncio.run(calling())
    return caught.value


def _drips_head(peer: Peer) -> None:
    peer.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000, 0.02)


def _drips_body(peer: Peer) -> None:
    peer.send(head(200, "Content-Length: 1000"))
    peer.drip(b"[" + b" " * 998, 0.02)


def _drips_chunks(peer: Peer) -> None:
    peer.send(head(200, "Transfer-Encoding: chunked"))
    peer.drip(b"1\r\n \r\n" * 300, 0.01)


def _drips_error(peer: Peer) -> None:
    peer.send(head(400, "Content-Length: 1000"))
    peer.drip(b" " * 999, 0.02)


def _floods_body(peer: Peer) -> None:
    peer.send(head(200, "Transfer-Encoding: chunked"))
    peer.flood(b"400\r\n" + b" " * 1024 + b"\r\n")


def _floods_information(peer: Peer) -> None:
    peer.flood(head(103, "Link: </x>"))


def _drips_information(peer: Peer) -> None:
    while peer.drip(head(100), 0.01):
        pass


def _late_then_silent(peer: Peer) -> None:
    time.sleep(BUDGET * 0.8)
    peer.send(head(200, "Content-Length: 1000") + b"[")
    peer.hold()


SLOW: dict[str, Answer] = {
    "no answer": SILENT,
    "a request that is not read": SILENT_AT_ONCE,
    "a head that drips": Answer(_drips_head),
    "a body that drips": Answer(_drips_body),
    "chunks that drip": Answer(_drips_chunks),
    "an error's body that drips": Answer(_drips_error),
    "a body that never ends": Answer(_floods_body),
    "early hints that never end": Answer(_floods_information),
    "100 Continue that drips": Answer(_drips_information),
    "a late answer that stops": Answer(_late_then_silent),
}
