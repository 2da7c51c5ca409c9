"""An async client belongs to one event loop, and says so in another."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from portal_v1 import AsyncPortal, ConfigurationError

from tests.network._observe import KEY
from tests.network._operations import FIRST, whole
from tests.network.conftest import Serve


def test_another_event_loop_is_told_so(serve: Serve) -> None:
    server = serve(whole())
    portal = AsyncPortal(KEY, base_url=server.url)

    async def first() -> None:
        await FIRST.call_async(portal)
        with ThreadPoolExecutor(1) as thread:  # a second loop while this one still runs
            second = thread.submit(asyncio.run, FIRST.call_async(portal))
            with pytest.raises(ConfigurationError, match="another event loop"):
                await asyncio.wrap_future(second)
        assert (await FIRST.call_async(portal)).attempts == 1
        await portal.aclose()

    asyncio.run(first())
    assert len(server.requests) == 2


def test_a_later_event_loop_is_told_so(serve: Serve) -> None:
    server = serve(whole())
    portal = AsyncPortal(KEY, base_url=server.url)

    async def calling() -> None:
        await FIRST.call_async(portal)

    async def closing() -> None:
        await portal.aclose()

    with asyncio.Runner() as runner:
        runner.run(calling())
        with pytest.raises(ConfigurationError, match="another event loop"):
            asyncio.run(calling())
        asyncio.run(closing())  # Closing elsewhere leaves the first loop's connections alone.
        runner.run(closing())
    assert len(server.requests) == 1


def test_asyncio_run_twice_with_a_client_each(serve: Serve) -> None:
    server = serve(whole())

    async def calling() -> int:
        async with AsyncPortal(KEY, base_url=server.url) as portal:
            attempts: int = (await FIRST.call_async(portal)).attempts
            return attempts

    assert [asyncio.run(calling()), asyncio.run(calling())] == [1, 1]
