# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/endpoint_module.py.jinja.
"""Refresh a client's session token: POST /custodians/clients/{clientId}/session."""

# The client's pipeline is private to the package, of which this module is a part.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ... import client as _client
from ... import types
from ..._core import decode
from ..._core import operation as core
from ...models.client_session import ClientSession
from ...models.error import Error
from ...types import UNSET, Unset

OPERATION: Final[core.Operation[ClientSession]] = core.Operation(
    id="refreshClientSession",
    method="POST",
    path="/custodians/clients/{clientId}/session",
    resource="clients",
    method_name="refresh_session",
    parameters=(
        core.Parameter("clientId", "client_id", "path", required=True, response_field="id"),
    ),
    repeatable=True,
    responses={
        200: decode.json_parser(ClientSession.from_dict),
    },
    errors={
        400: decode.json_parser(Error.from_dict),
        401: decode.json_parser(Error.from_dict),
        429: decode.json_parser(Error.from_dict),
    },
    credential=core.Credential("Authorization", "Bearer"),
    accept="application/json",
)


def sync_detailed(
    client_id: str,
    *,
    client: _client.Portal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> types.Response[ClientSession]:
    """Refresh a client's session token.

    Hands out a new Client Session Token (CST). A CST lapses after 24 hours without use,
    and 7 days after it was made in any case.

    Args:
        client_id: The id of a client.
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        The response, with its status and headers.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return client._pipeline.run(
        OPERATION,
        core.build_request(OPERATION, client_id=client_id),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    )


def sync(
    client_id: str,
    *,
    client: _client.Portal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> ClientSession:
    """Refresh a client's session token.

    Hands out a new Client Session Token (CST). A CST lapses after 24 hours without use,
    and 7 days after it was made in any case.

    Args:
        client_id: The id of a client.
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        The client's new session token.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return client._pipeline.run(
        OPERATION,
        core.build_request(OPERATION, client_id=client_id),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    ).parsed


async def asyncio_detailed(
    client_id: str,
    *,
    client: _client.AsyncPortal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> types.Response[ClientSession]:
    """Refresh a client's session token.

    Hands out a new Client Session Token (CST). A CST lapses after 24 hours without use,
    and 7 days after it was made in any case.

    Args:
        client_id: The id of a client.
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        The response, with its status and headers.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return await client._pipeline.run(
        OPERATION,
        core.build_request(OPERATION, client_id=client_id),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    )


async def asyncio(
    client_id: str,
    *,
    client: _client.AsyncPortal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> ClientSession:
    """Refresh a client's session token.

    Hands out a new Client Session Token (CST). A CST lapses after 24 hours without use,
    and 7 days after it was made in any case.

    Args:
        client_id: The id of a client.
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        The client's new session token.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return (
        await client._pipeline.run(
            OPERATION,
            core.build_request(OPERATION, client_id=client_id),
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )
    ).parsed
