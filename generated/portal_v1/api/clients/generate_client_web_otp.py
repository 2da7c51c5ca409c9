# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/endpoint_module.py.jinja.
"""Generate a client's web one-time password: GET /custodians/clients/{clientId}/web-otp."""

# The client's pipeline is private to the package, of which this module is a part.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ... import client as _client
from ... import types
from ..._core import decode
from ..._core import operation as core
from ...models.client_web_otp import ClientWebOtp
from ...models.error import Error
from ...types import UNSET, Unset

OPERATION: Final[core.Operation[ClientWebOtp]] = core.Operation(
    id="generateClientWebOtp",
    method="GET",
    path="/custodians/clients/{clientId}/web-otp",
    resource="clients",
    method_name="generate_web_otp",
    parameters=(
        core.Parameter("clientId", "client_id", "path", required=True, response_field="id"),
    ),
    repeatable=True,
    responses={
        200: decode.json_parser(ClientWebOtp.from_dict),
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
) -> types.Response[ClientWebOtp]:
    """Generate a client's web one-time password.

    Generates a one-time password (OTP) with which the client is logged in on the web. It
    works once. Portal calls this way legacy: it is still available, and V3 is preferred.

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
) -> ClientWebOtp:
    """Generate a client's web one-time password.

    Generates a one-time password (OTP) with which the client is logged in on the web. It
    works once. Portal calls this way legacy: it is still available, and V3 is preferred.

    Args:
        client_id: The id of a client.
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        The one-time password.

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
) -> types.Response[ClientWebOtp]:
    """Generate a client's web one-time password.

    Generates a one-time password (OTP) with which the client is logged in on the web. It
    works once. Portal calls this way legacy: it is still available, and V3 is preferred.

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
) -> ClientWebOtp:
    """Generate a client's web one-time password.

    Generates a one-time password (OTP) with which the client is logged in on the web. It
    works once. Portal calls this way legacy: it is still available, and V3 is preferred.

    Args:
        client_id: The id of a client.
        client: What to call it with.
        timeout: Seconds for the whole call, in place of the client's; None for no limit.
        max_attempts: How often to send it at the most, in place of the client's.
        headers: Header fields for this call, beside the client's or in their place.

    Returns:
        The one-time password.

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
