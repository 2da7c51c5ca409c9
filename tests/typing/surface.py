"""What type checkers refuse, and the tree of exceptions as they see it.

It is not run. `make lint` checks it: an ignored error that no longer is one fails.
"""

from __future__ import annotations

from typing import assert_type

from portal_v1 import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncPortal,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    InvalidRequestError,
    InvalidResponseError,
    NotFoundError,
    PermissionDeniedError,
    Portal,
    PortalError,
    RateLimitError,
    ServerError,
)
from portal_v1.api import OperationId
from portal_v1.api.clients import create_client
from portal_v1.mock import FAULTS, Entry, MockPortal
from portal_v1.models import CreateClientRequest, CreatedClient
from portal_v1.types import UNSET, Response


def refuse_what_is_not_documented(portal: Portal, other: AsyncPortal) -> None:
    Portal("key", "https://api.example.com")  # type: ignore[call-arg]
    MockPortal().fault("server_eror")  # type: ignore[arg-type]
    MockPortal().fault("latency", "createClients")  # type: ignore[arg-type]
    MockPortal().calls("getClients")  # type: ignore[arg-type]
    portal.clients.get()  # type: ignore[call-arg]
    portal.clients.get(7)  # type: ignore[arg-type]
    portal.clients.get("id", timeout="3")  # type: ignore[arg-type]
    portal.clients.create(True)  # type: ignore[call-arg]
    portal.clients.create(is_account_abstracted="yes")  # type: ignore[arg-type]
    portal.clients.create(is_account_abstracted=None)  # type: ignore[arg-type]
    portal.clients.create(account=True)  # type: ignore[call-arg]
    portal.clients.get("id", headers={"X-Trace": 1})  # type: ignore[dict-item]
    portal.clients.with_response.iter()  # type: ignore[attr-defined]
    portal.clients.remove("id")  # type: ignore[attr-defined]
    portal.clients.get("id").client_session_token.strip()  # type: ignore[attr-defined]
    portal.with_options(base_url="https://api.example.com")  # type: ignore[call-arg]
    create_client.sync(body=CreateClientRequest())  # type: ignore[call-arg]
    create_client.sync(client=other, body=CreateClientRequest())  # type: ignore[arg-type]


def take_the_names_that_there_are(mock: MockPortal, operation_id: OperationId) -> None:
    for name in FAULTS:
        mock.fault(name, operation_id, times=1, status=503)
    assert_type(mock.calls(operation_id), list[Entry])


async def take_what_is_documented(portal: AsyncPortal) -> None:
    body = CreateClientRequest(is_account_abstracted=UNSET)
    assert_type(await create_client.asyncio(client=portal, body=body), CreatedClient)
    detailed = await create_client.asyncio_detailed(client=portal, body=body)
    assert_type(detailed, Response[CreatedClient])
    assert_type((detailed.status_code, detailed.attempts), tuple[int, int])


connection: type[APIConnectionError] = APITimeoutError
statuses: list[type[APIStatusError]] = [
    *(BadRequestError, AuthenticationError, PermissionDeniedError, NotFoundError),
    *(ConflictError, RateLimitError, ServerError),
]
failures: list[type[PortalError]] = [
    *(ConfigurationError, InvalidRequestError, APIConnectionError, InvalidResponseError),
    APIStatusError,
]
timeout_is_no_status: type[APIStatusError] = APITimeoutError  # type: ignore[assignment]
server_is_no_timeout: type[APITimeoutError] = ServerError  # type: ignore[assignment]
