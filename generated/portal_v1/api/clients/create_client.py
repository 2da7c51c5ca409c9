# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/endpoint_module.py.jinja.
"""Create a client: POST /custodians/clients."""

# The client's pipeline is private to the package, of which this module is a part.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ... import client as _client
from ... import types
from ..._core import decode
from ..._core import operation as core
from ...models.create_client_request import CreateClientRequest
from ...models.created_client import CreatedClient
from ...models.error import Error
from ...types import UNSET, Unset

OPERATION: Final[core.Operation[CreatedClient]] = core.Operation(
    id="createClient",
    method="POST",
    path="/custodians/clients",
    resource="clients",
    method_name="create",
    body=core.Body(
        media_types=("application/json",),
        model=CreateClientRequest,
        arguments=(
            core.Parameter("isAccountAbstracted", "is_account_abstracted", "body", required=False),
        ),
        required=False,
    ),
    contents=(core.Content("application/json", "json", CreateClientRequest),),
    links=(
        core.Link("getClient", {"clientId": "$response.body#/id"}),
        core.Link("refreshClientSession", {"clientId": "$response.body#/id"}),
        core.Link("generateClientWebOtp", {"clientId": "$response.body#/id"}),
        core.Link("listClients", {}),
    ),
    repeatable=False,
    responses={
        201: decode.json_parser(CreatedClient.from_dict),
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
    *,
    client: _client.Portal,
    body: CreateClientRequest | Unset = UNSET,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> types.Response[CreatedClient]:
    """Create a client.

    Registers a new client and answers with its keys. The API takes no idempotency key:
    sent twice, it makes two clients.

    Args:
        client: What to call it with.
        body: What to send.
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
        core.build_request(OPERATION, body=body),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    )


def sync(
    *,
    client: _client.Portal,
    body: CreateClientRequest | Unset = UNSET,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> CreatedClient:
    """Create a client.

    Registers a new client and answers with its keys. The API takes no idempotency key:
    sent twice, it makes two clients.

    Args:
        client: What to call it with.
        body: What to send.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        The client was created.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return client._pipeline.run(
        OPERATION,
        core.build_request(OPERATION, body=body),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    ).parsed


async def asyncio_detailed(
    *,
    client: _client.AsyncPortal,
    body: CreateClientRequest | Unset = UNSET,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> types.Response[CreatedClient]:
    """Create a client.

    Registers a new client and answers with its keys. The API takes no idempotency key:
    sent twice, it makes two clients.

    Args:
        client: What to call it with.
        body: What to send.
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
        core.build_request(OPERATION, body=body),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    )


async def asyncio(
    *,
    client: _client.AsyncPortal,
    body: CreateClientRequest | Unset = UNSET,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> CreatedClient:
    """Create a client.

    Registers a new client and answers with its keys. The API takes no idempotency key:
    sent twice, it makes two clients.

    Args:
        client: What to call it with.
        body: What to send.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        The client was created.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return (
        await client._pipeline.run(
            OPERATION,
            core.build_request(OPERATION, body=body),
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )
    ).parsed
