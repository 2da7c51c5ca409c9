from __future__ import annotations

import asyncio

import pytest
from portal_v1 import APIConnectionError, APITimeoutError, AsyncPortal, Portal, PortalError
from portal_v1._http import httpx

from tests.unit._support import BASE_URL, KEY, shown

SENDING: list[tuple[str, type[APIConnectionError], bool]] = [
    ("ConnectError", APIConnectionError, False),
    ("ConnectTimeout", APITimeoutError, False),
    ("PoolTimeout", APITimeoutError, False),
    ("ProxyError", APIConnectionError, False),
    ("WriteError", APIConnectionError, True),
    ("WriteTimeout", APITimeoutError, True),
    ("ReadError", APIConnectionError, True),
    ("ReadTimeout", APITimeoutError, True),
    ("RemoteProtocolError", APIConnectionError, True),
]


@pytest.mark.parametrize(("name", "error", "maybe"), SENDING, ids=[entry[0] for entry in SENDING])
def test_what_httpx_raises_stays_inside(
    kind: str, name: str, error: type[APIConnectionError], maybe: bool
) -> None:
    sent: list[httpx.Request] = []

    def fail(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        raise getattr(httpx, name)("the wire is cut")

    async def run() -> None:
        http = httpx.AsyncClient(transport=httpx.MockTransport(fail))
        await AsyncPortal(KEY, base_url=BASE_URL, http_client=http, max_attempts=1).clients.create()

    def run_sync() -> None:
        http = httpx.Client(transport=httpx.MockTransport(fail))
        Portal(KEY, base_url=BASE_URL, http_client=http, max_attempts=1).clients.create()

    with pytest.raises(PortalError) as caught:
        asyncio.run(run()) if kind == "async" else run_sync()
    assert type(caught.value) is error
    assert caught.value.maybe_processed is maybe
    assert (caught.value.operation_id, caught.value.attempts) == ("createClient", 1)
    assert type(caught.value).advice in str(caught.value)
    assert len(sent) == 1
    assert KEY not in shown(caught.value)


def test_a_given_async_client_that_knows_no_time() -> None:
    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(30)
            return httpx.Response(200, request=request)

    async def run() -> None:
        async with httpx.AsyncClient(transport=Slow()) as http:
            portal = AsyncPortal(KEY, base_url=BASE_URL, http_client=http, timeout=0.05)
            await portal.clients.create()

    with pytest.raises(APITimeoutError) as caught:
        asyncio.run(run())
    assert caught.value.maybe_processed is True
