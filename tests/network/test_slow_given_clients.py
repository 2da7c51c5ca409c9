"""The budget holds for a client of httpx that was given, as far as its public interface goes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest
from portal_v1 import (
    APITimeoutError,
    AsyncPortal,
    Portal,
)
from portal_v1._http import httpx

from tests.network._budget import BUDGET, SLOW, within_budget
from tests.network._observe import KEY
from tests.network._operations import FIRST
from tests.network.conftest import Serve

_TLS = ssl.create_default_context()  # Made once, for the clients that are given.

each_slow = pytest.mark.parametrize("slow", SLOW)


@contextlib.asynccontextmanager
async def _given_async(url: str) -> AsyncIterator[AsyncPortal]:
    async with httpx.AsyncClient(trust_env=False, verify=_TLS) as http:
        yield AsyncPortal(KEY, base_url=url, timeout=BUDGET, http_client=http)


@each_slow
def test_an_answer_through_a_given_async_client(serve: Serve, slow: str) -> None:
    server = serve(SLOW[slow])

    async def calling() -> None:
        async with _given_async(server.url) as portal:
            with within_budget():
                await FIRST.call_async(portal)

    with pytest.raises(APITimeoutError) as caught:
        asyncio.run(calling())
    assert caught.value.maybe_processed is True


# What each of a sync client's reads may take is all that its public interface can say, so that
# within a head nothing stops it; see `Connection`.
_BEYOND_SYNC = {"a head that drips", "100 Continue that drips", "early hints that never end"}


@pytest.mark.parametrize("slow", [one for one in SLOW if one not in _BEYOND_SYNC])
def test_an_answer_through_a_given_sync_client(serve: Serve, slow: str) -> None:
    server = serve(SLOW[slow])
    with httpx.Client(trust_env=False, verify=_TLS) as http:
        portal = Portal(KEY, base_url=server.url, timeout=BUDGET, http_client=http)
        with pytest.raises(APITimeoutError) as caught, within_budget():
            FIRST.call(portal)
    assert caught.value.maybe_processed is True
