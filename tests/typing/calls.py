"""How the package is called, as type checkers see it.

It is not run. `make lint` checks it, and `make breaking` checks it as it was against the package
as it is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, assert_type

from portal_v1 import APIStatusError, AsyncPortal, Pace, Portal, PortalError, RateLimitError
from portal_v1.api.clients import get_client
from portal_v1.mock import MockPortal
from portal_v1.models import Client, ClientSession, ClientSummary, ClientWebOtp, CreatedClient
from portal_v1.types import Response


def call_each_operation() -> None:
    with Portal("key", timeout=30, connect_timeout=5, max_attempts=3, pace=Pace(200)) as portal:
        created = portal.clients.create(is_account_abstracted=True)
        assert_type(created, CreatedClient)
        assert_type(portal.clients.get(created.id, timeout=None), Client)
        assert_type(portal.clients.list(max_attempts=1), list[ClientSummary])
        assert_type(portal.clients.iter(), Generator[ClientSummary, None, None])
        assert_type(portal.clients.refresh_session(created.id), ClientSession)
        assert_type(portal.clients.generate_web_otp(created.id).otp, str)
        response = portal.clients.with_response.list(headers={"X-Trace": "t-1"})
        assert_type(response, Response[list[ClientSummary]])
        assert_type(get_client.sync(created.id, client=portal), Client)
        assert_type(get_client.sync_detailed(created.id, client=portal), Response[Client])


async def call_each_operation_asynchronously() -> None:
    async with AsyncPortal(lambda: "key", headers={"X-Team": "a"}) as portal:
        created = await portal.clients.create()
        assert_type(created.client_session_token, str)
        assert_type(await portal.clients.get(created.id), Client)
        assert_type(await portal.clients.list(), list[ClientSummary])
        assert_type(portal.clients.iter(), AsyncGenerator[ClientSummary, None])
        assert_type(await portal.clients.refresh_session(created.id), ClientSession)
        assert_type(await portal.clients.generate_web_otp(created.id), ClientWebOtp)
        assert_type(await portal.clients.with_response.get("id"), Response[Client])
        assert_type(await get_client.asyncio(created.id, client=portal), Client)


def handle_errors(portal: Portal) -> float | None:
    try:
        assert_type(portal.with_options(timeout=5).clients.get("id").address, str | None)
    except RateLimitError as error:
        return error.retry_after
    except APIStatusError as error:
        assert_type(error.status_code, int)
        assert_type(error.error, str | None)
        assert_type(error.request_id, str | None)
    except PortalError as error:
        assert_type(error.maybe_processed, bool)
    return None


def use_the_mock() -> dict[str, Any]:
    with MockPortal(api_keys=["key"]) as mock, mock.serve() as server:
        assert_type(server.url, str)
        assert_type(mock.client("key"), Portal)
        return mock.client("key").clients.create().to_dict()
