# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/resource.py.jinja.
"""The operations under the tag Clients."""

from __future__ import annotations

import builtins
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any

from .. import client as _client
from .. import models as _models
from .. import types as _types
from .._core import encode
from ..api import clients as _operations
from ..types import UNSET, Unset


class ClientsResource:
    """The operations under the tag Clients.

    It is an attribute of `Portal`; there is no need to make one.
    """

    __slots__ = ("_client",)

    def __init__(self, client: _client.Portal) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    @property
    def with_response(self) -> ClientsResourceWithResponse:
        """The same methods, which return a `Response`: status, headers, attempts and the value."""
        return ClientsResourceWithResponse(self._client)

    def list(
        self,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> builtins.list[_models.ClientSummary]:
        """List all clients.

        Answers with every client of the custodian in one array: there are no pages.

        Args:
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            All clients of the custodian.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.list_clients.sync(
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def iter(
        self,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> Generator[_models.ClientSummary, None, None]:
        """List all clients.

        Answers with every client of the custodian in one array: there are no pages.

        Args:
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Yields:
            The items of the list, each as soon as it has arrived.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.list_clients.iterate(
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def create(
        self,
        *,
        is_account_abstracted: bool | Unset = UNSET,
        additional_properties: Mapping[str, Any] | Unset = UNSET,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _models.CreatedClient:
        """Create a client.

        Registers a new client and answers with its keys. The API takes no idempotency key:
        sent twice, it makes two clients.

        Args:
            is_account_abstracted: Whether the client will use ERC-4337 account abstraction.
            additional_properties: What else the body is to have.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The client was created.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.create_client.sync(
            body=encode.optional_body(
                "createClient",
                _models.CreateClientRequest,
                (),
                is_account_abstracted=is_account_abstracted,
                additional_properties=additional_properties,
            ),
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def get(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _models.Client:
        """Get a client.

        Fetches one client of the custodian.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The client.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.get_client.sync(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def refresh_session(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _models.ClientSession:
        """Refresh a client's session token.

        Hands out a new Client Session Token (CST). A CST lapses after 24 hours without use,
        and 7 days after it was made in any case.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The client's new session token.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.refresh_client_session.sync(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def generate_web_otp(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _models.ClientWebOtp:
        """Generate a client's web one-time password.

        Generates a one-time password (OTP) with which the client is logged in on the web. It
        works once. Portal calls this way legacy: it is still available, and V3 is preferred.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The one-time password.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.generate_client_web_otp.sync(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )


class ClientsResourceWithResponse:
    """The operations under the tag Clients, with the whole response.

    It is an attribute of `ClientsResource`; there is no need to make one.
    """

    __slots__ = ("_client",)

    def __init__(self, client: _client.Portal) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    def list(
        self,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[builtins.list[_models.ClientSummary]]:
        """List all clients.

        Answers with every client of the custodian in one array: there are no pages.

        Args:
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.list_clients.sync_detailed(
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def create(
        self,
        *,
        is_account_abstracted: bool | Unset = UNSET,
        additional_properties: Mapping[str, Any] | Unset = UNSET,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[_models.CreatedClient]:
        """Create a client.

        Registers a new client and answers with its keys. The API takes no idempotency key:
        sent twice, it makes two clients.

        Args:
            is_account_abstracted: Whether the client will use ERC-4337 account abstraction.
            additional_properties: What else the body is to have.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.create_client.sync_detailed(
            body=encode.optional_body(
                "createClient",
                _models.CreateClientRequest,
                (),
                is_account_abstracted=is_account_abstracted,
                additional_properties=additional_properties,
            ),
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def get(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[_models.Client]:
        """Get a client.

        Fetches one client of the custodian.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.get_client.sync_detailed(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def refresh_session(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[_models.ClientSession]:
        """Refresh a client's session token.

        Hands out a new Client Session Token (CST). A CST lapses after 24 hours without use,
        and 7 days after it was made in any case.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.refresh_client_session.sync_detailed(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def generate_web_otp(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[_models.ClientWebOtp]:
        """Generate a client's web one-time password.

        Generates a one-time password (OTP) with which the client is logged in on the web. It
        works once. Portal calls this way legacy: it is still available, and V3 is preferred.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.generate_client_web_otp.sync_detailed(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )


class AsyncClientsResource:
    """The operations under the tag Clients, for an event loop.

    It is an attribute of `AsyncPortal`; there is no need to make one.
    """

    __slots__ = ("_client",)

    def __init__(self, client: _client.AsyncPortal) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    @property
    def with_response(self) -> AsyncClientsResourceWithResponse:
        """The same methods, which return a `Response`: status, headers, attempts and the value."""
        return AsyncClientsResourceWithResponse(self._client)

    async def list(
        self,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> builtins.list[_models.ClientSummary]:
        """List all clients.

        Answers with every client of the custodian in one array: there are no pages.

        Args:
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            All clients of the custodian.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.list_clients.asyncio(
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    def iter(
        self,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[_models.ClientSummary, None]:
        """List all clients.

        Answers with every client of the custodian in one array: there are no pages.

        Args:
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Yields:
            The items of the list, each as soon as it has arrived.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return _operations.list_clients.iterate_async(
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    async def create(
        self,
        *,
        is_account_abstracted: bool | Unset = UNSET,
        additional_properties: Mapping[str, Any] | Unset = UNSET,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _models.CreatedClient:
        """Create a client.

        Registers a new client and answers with its keys. The API takes no idempotency key:
        sent twice, it makes two clients.

        Args:
            is_account_abstracted: Whether the client will use ERC-4337 account abstraction.
            additional_properties: What else the body is to have.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The client was created.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.create_client.asyncio(
            body=encode.optional_body(
                "createClient",
                _models.CreateClientRequest,
                (),
                is_account_abstracted=is_account_abstracted,
                additional_properties=additional_properties,
            ),
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    async def get(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _models.Client:
        """Get a client.

        Fetches one client of the custodian.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The client.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.get_client.asyncio(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    async def refresh_session(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _models.ClientSession:
        """Refresh a client's session token.

        Hands out a new Client Session Token (CST). A CST lapses after 24 hours without use,
        and 7 days after it was made in any case.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The client's new session token.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.refresh_client_session.asyncio(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    async def generate_web_otp(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _models.ClientWebOtp:
        """Generate a client's web one-time password.

        Generates a one-time password (OTP) with which the client is logged in on the web. It
        works once. Portal calls this way legacy: it is still available, and V3 is preferred.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The one-time password.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.generate_client_web_otp.asyncio(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )


class AsyncClientsResourceWithResponse:
    """The operations under the tag Clients, for an event loop, with the whole response.

    It is an attribute of `AsyncClientsResource`; there is no need to make one.
    """

    __slots__ = ("_client",)

    def __init__(self, client: _client.AsyncPortal) -> None:
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._client!r}>"

    async def list(
        self,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[builtins.list[_models.ClientSummary]]:
        """List all clients.

        Answers with every client of the custodian in one array: there are no pages.

        Args:
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.list_clients.asyncio_detailed(
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    async def create(
        self,
        *,
        is_account_abstracted: bool | Unset = UNSET,
        additional_properties: Mapping[str, Any] | Unset = UNSET,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[_models.CreatedClient]:
        """Create a client.

        Registers a new client and answers with its keys. The API takes no idempotency key:
        sent twice, it makes two clients.

        Args:
            is_account_abstracted: Whether the client will use ERC-4337 account abstraction.
            additional_properties: What else the body is to have.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.create_client.asyncio_detailed(
            body=encode.optional_body(
                "createClient",
                _models.CreateClientRequest,
                (),
                is_account_abstracted=is_account_abstracted,
                additional_properties=additional_properties,
            ),
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    async def get(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[_models.Client]:
        """Get a client.

        Fetches one client of the custodian.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.get_client.asyncio_detailed(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    async def refresh_session(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[_models.ClientSession]:
        """Refresh a client's session token.

        Hands out a new Client Session Token (CST). A CST lapses after 24 hours without use,
        and 7 days after it was made in any case.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.refresh_client_session.asyncio_detailed(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )

    async def generate_web_otp(
        self,
        client_id: str,
        *,
        timeout: float | Unset | None = UNSET,
        max_attempts: int | Unset = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> _types.Response[_models.ClientWebOtp]:
        """Generate a client's web one-time password.

        Generates a one-time password (OTP) with which the client is logged in on the web. It
        works once. Portal calls this way legacy: it is still available, and V3 is preferred.

        Args:
            client_id: The id of a client.
            timeout: Seconds for the whole call, in place of the client's; None for no limit.
            max_attempts: How often to send it at the most, in place of the client's.
            headers: Header fields for this call, beside the client's or in their place.

        Returns:
            The response, with its status and headers.

        Raises:
            PortalError: The call failed; each of its classes says how.
        """
        return await _operations.generate_client_web_otp.asyncio_detailed(
            client_id=client_id,
            client=self._client,
            timeout=timeout,
            max_attempts=max_attempts,
            headers=headers,
        )
