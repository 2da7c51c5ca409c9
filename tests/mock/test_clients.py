"""The mock's own clients: the package's, in-process."""

from __future__ import annotations

import asyncio

import pytest
from portal_v1 import AsyncPortal, AuthenticationError, BadRequestError, Portal
from portal_v1.mock import MockPortal


def test_a_client_talks_to_the_mock_in_process(mock: MockPortal) -> None:
    with mock.client() as portal:
        assert isinstance(portal, Portal)
        created = portal.clients.create(is_account_abstracted=True)
        assert portal.clients.get(created.id).client_api_key == created.client_api_key
        assert [one.id for one in portal.clients.list()] == [created.id]
        session = portal.clients.refresh_session(created.id)
        assert session.client_session_token != created.client_session_token
        assert portal.clients.generate_web_otp(created.id).id == created.id


def test_an_async_client_shares_its_state(mock: MockPortal) -> None:
    with mock.client() as portal:
        created = portal.clients.create()

    async def fetch() -> str:
        async with mock.async_client() as portal:
            assert isinstance(portal, AsyncPortal)
            return (await portal.clients.get(created.id)).id

    assert asyncio.run(fetch()) == created.id


def test_each_key_is_a_custodian(mock: MockPortal) -> None:
    with mock.client("one") as one, mock.client("two") as two:
        created = one.clients.create()
        with pytest.raises(BadRequestError) as caught:
            two.clients.get(created.id)
    assert caught.value.error == "Client not found"


def test_a_refused_key() -> None:
    with (
        MockPortal(api_keys=["good"]) as mock,
        mock.client("bad", max_attempts=1) as portal,
        pytest.raises(AuthenticationError) as caught,
    ):
        portal.clients.list()
    assert caught.value.error == "The API key is not known"


def test_a_client_over_tcp(mock: MockPortal) -> None:
    with mock.serve() as server, Portal("key", base_url=server.url) as portal:
        created = portal.clients.create()
        assert portal.clients.get(created.id).id == created.id
