"""A closed client says so; a copy is closed with its origin, and not the other way round."""

from __future__ import annotations

import asyncio

import pytest
from portal_v1 import AsyncPortal, ConfigurationError, Portal

from tests.network._cases import each_list, each_mode, each_operation
from tests.network._observe import KEY
from tests.network._operations import FIRST, Operation, whole
from tests.network.conftest import Serve


@each_operation
@each_mode
def test_closing_twice_and_using_after(serve: Serve, operation: Operation, mode: str) -> None:
    server = serve(whole(operation))
    with pytest.raises(ConfigurationError, match="closed") as caught:  # noqa: PT012 - either way
        if mode == "sync":
            portal = Portal(KEY, base_url=server.url)
            operation.call(portal)
            portal.close()
            portal.close()
            operation.call(portal)
        else:

            async def calling() -> None:
                portal = AsyncPortal(KEY, base_url=server.url)
                await operation.call_async(portal)
                await portal.aclose()
                await portal.aclose()
                await operation.call_async(portal)

            asyncio.run(calling())
    assert caught.value.maybe_processed is False
    assert len(server.requests) == 1


@each_list
def test_streaming_after_closing(serve: Serve, operation: Operation) -> None:
    server = serve(whole(operation))
    portal = Portal(KEY, base_url=server.url)
    portal.close()
    with pytest.raises(ConfigurationError, match="closed"):
        next(operation.iterate(portal))
    assert server.peers == []


def test_a_copy_of_a_closed_client_is_closed(serve: Serve) -> None:
    server = serve(whole())
    portal = Portal(KEY, base_url=server.url)
    before = portal.with_options(timeout=5)
    FIRST.call(before)
    portal.close()
    for copy in (before, portal.with_options(timeout=5)):
        with pytest.raises(ConfigurationError, match="closed"):
            FIRST.call(copy)
    assert len(server.requests) == 1


def test_closing_a_copy_leaves_its_origin_open(serve: Serve) -> None:
    server = serve(whole())
    with Portal(KEY, base_url=server.url) as portal:
        with portal.with_options(timeout=5) as copy:
            FIRST.call(copy)
        FIRST.call(portal)
    assert len(server.peers) == 1
