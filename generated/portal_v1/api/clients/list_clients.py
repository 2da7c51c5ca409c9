# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/endpoint_module.py.jinja.
"""List all clients: GET /custodians/clients."""

# The client's pipeline is private to the package, of which this module is a part.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Final

from ... import client as _client
from ... import types
from ..._core import decode
from ..._core import operation as core
from ...models.client_summary import ClientSummary
from ...models.error import Error
from ...types import UNSET, Unset

OPERATION: Final[core.ListOperation[list[ClientSummary], ClientSummary]] = core.ListOperation(
    id="listClients",
    method="GET",
    path="/custodians/clients",
    resource="clients",
    method_name="list",
    iterator_name="iter",
    repeatable=True,
    responses={
        200: decode.json_parser(lambda value: decode.array(value, ClientSummary.from_dict)),
    },
    errors={
        400: decode.json_parser(Error.from_dict),
        401: decode.json_parser(Error.from_dict),
        429: decode.json_parser(Error.from_dict),
    },
    credential=core.Credential("Authorization", "Bearer"),
    accept="application/json",
    item=ClientSummary.from_dict,
)


def sync_detailed(
    *,
    client: _client.Portal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> types.Response[list[ClientSummary]]:
    """List all clients.

    Answers with every client of the custodian in one array: there are no pages.

    Args:
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
        core.build_request(OPERATION),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    )


def sync(
    *,
    client: _client.Portal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> list[ClientSummary]:
    """List all clients.

    Answers with every client of the custodian in one array: there are no pages.

    Args:
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        All clients of the custodian.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return client._pipeline.run(
        OPERATION,
        core.build_request(OPERATION),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    ).parsed


async def asyncio_detailed(
    *,
    client: _client.AsyncPortal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> types.Response[list[ClientSummary]]:
    """List all clients.

    Answers with every client of the custodian in one array: there are no pages.

    Args:
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
        core.build_request(OPERATION),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    )


async def asyncio(
    *,
    client: _client.AsyncPortal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> list[ClientSummary]:
    """List all clients.

    Answers with every client of the custodian in one array: there are no pages.

    Args:
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        All clients of the custodian.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return (
        await client._pipeline.run(
            OPERATION,
            core.build_request(OPERATION),
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )
    ).parsed


def iterate(
    *,
    client: _client.Portal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> Generator[ClientSummary, None, None]:
    """List all clients.

    Answers with every client of the custodian in one array: there are no pages.

    Args:
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Yields:
        The items of the list, each as soon as it has arrived.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return client._pipeline.iterate(
        OPERATION,
        core.build_request(OPERATION),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    )


def iterate_async(
    *,
    client: _client.AsyncPortal,
    timeout: float | Unset | None = UNSET,
    max_attempts: int | Unset = UNSET,
    headers: Mapping[str, str] | None = None,
) -> AsyncGenerator[ClientSummary, None]:
    """List all clients.

    Answers with every client of the custodian in one array: there are no pages.

    Args:
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Yields:
        The items of the list, each as soon as it has arrived.

    Raises:
        PortalError: The call failed; each of its classes says how.
    """
    return client._pipeline.iterate(
        OPERATION,
        core.build_request(OPERATION),
        timeout=timeout,
        max_attempts=max_attempts,
        headers=headers,
    )
