from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from portal_v1 import (
    APITimeoutError,
    AsyncPortal,
    AuthenticationError,
    BadRequestError,
    Portal,
    ServerError,
)
from portal_v1.mock import MockPortal
from portal_v1.models import Client, ClientSession, ClientSummary, ClientWebOtp, CreatedClient

from tests.unit._support import KEY, METHODS, ManualClock, Script, call

SENT = {
    "create": ("POST", ""),
    "get": ("GET", "/client-1"),
    "list": ("GET", ""),
    "iter": ("GET", ""),
    "refresh_session": ("POST", "/client-1/session"),
    "generate_web_otp": ("GET", "/client-1/web-otp"),
}


@contextmanager
def reached(mock: MockPortal, how: str) -> Iterator[dict[str, Any]]:
    """How a client is set up to reach the mock."""
    if how == "in-process":
        yield {}
    else:
        with mock.serve() as server:
            yield {"base_url": server.url, "http_client": None}


@pytest.mark.parametrize("how", ["in-process", "tcp"])
class TestAgainstTheMock:
    def test_a_client_from_its_creation_to_its_password(self, mock: MockPortal, how: str) -> None:
        with reached(mock, how) as options, mock.client(KEY, **options) as portal:
            created = portal.clients.create(is_account_abstracted=True)
            client = portal.clients.get(created.id)
            listed = portal.clients.list()
            iterated = list(portal.clients.iter())
            session = portal.clients.refresh_session(created.id)
            otp = portal.clients.generate_web_otp(created.id)
        check(created, client, listed, session, otp)
        assert iterated == listed

    def test_the_same_asynchronously(self, mock: MockPortal, how: str) -> None:
        async def run(options: dict[str, Any]) -> None:
            async with mock.async_client(KEY, **options) as portal:
                created = await portal.clients.create(is_account_abstracted=True)
                client, listed, session, otp = await asyncio.gather(
                    portal.clients.get(created.id),
                    portal.clients.list(),
                    portal.clients.refresh_session(created.id),
                    portal.clients.generate_web_otp(created.id),
                )
                iterated = [item async for item in portal.clients.iter()]
            check(created, client, listed, session, otp)
            assert iterated == listed

        with reached(mock, how) as options:
            asyncio.run(run(options))

    def test_what_the_mock_refuses(self, how: str) -> None:
        with (
            MockPortal(api_keys=[KEY]) as mock,
            reached(mock, how) as options,
            mock.client(KEY, **options) as known,
            mock.client("unknown", **options) as unknown,
        ):
            for method in ("get", "refresh_session", "generate_web_otp"):
                with pytest.raises(BadRequestError) as caught:
                    getattr(known.clients, method)("nobody")
                assert caught.value.error
                assert caught.value.error in str(caught.value)
            with pytest.raises(AuthenticationError) as refused:
                unknown.clients.create()
            assert refused.value.maybe_processed is False
            assert known.clients.list() == []


def check(
    created: CreatedClient,
    client: Client,
    listed: list[ClientSummary],
    session: ClientSession,
    otp: ClientWebOtp,
) -> None:
    assert created.is_account_abstracted is True
    assert created.client_api_key
    assert client == Client(created.id, created.client_api_key, True)
    assert [type(item) for item in listed] == [ClientSummary]
    assert (listed[0].id, listed[0].client_api_key) == (created.id, created.client_api_key)
    assert session.id == otp.id == created.id
    assert session.client_session_token not in {"", created.client_session_token}
    assert otp.otp


@pytest.mark.parametrize("method", METHODS)
class TestOneCall:
    def test_it_sends_the_documented_request(self, kind: str, method: str) -> None:
        args, status, answer = METHODS[method]
        script = Script((status, answer))
        call(kind, script, method, *args)
        (request,) = script.requests
        verb, below = SENT[method]
        assert request.method == verb
        assert request.url.path.startswith(f"/api/v1/custodians/clients{below}")
        assert request.url.query == b""
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["accept"] == "application/json"
        assert request.headers["user-agent"].startswith("portal-v1/")
        assert request.content == (b"{}" if verb == "POST" else b"")

    def test_its_own_number_of_attempts(self, kind: str, method: str) -> None:
        args, _, _ = METHODS[method]
        script = Script((429, {"error": "slow down"}, {"Retry-After": "0"}))
        with pytest.raises(Exception, match="slow down") as caught:
            call(kind, script, method, *args, max_attempts=4)
        assert len(script.requests) == 4
        assert vars(caught.value)["attempts"] == 4

    def test_its_own_timeout(self, kind: str, method: str) -> None:
        args, _, _ = METHODS[method]
        script = Script((429, {}, {"Retry-After": "7"}))
        with pytest.raises(Exception, match="429") as caught:
            call(kind, script, method, *args, timeout=2)
        assert len(script.requests) == 1, "waiting 7 s would take more than the 2 that there are"
        assert vars(caught.value)["retry_after"] == 7


def test_a_timeout_of_one_call_ends_it(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(APITimeoutError) as caught:
            _create(url) if kind == "sync" else asyncio.run(_create_async(url))
    assert caught.value.maybe_processed is True
    assert caught.value.attempts == 1


def _create(url: str) -> CreatedClient:
    with Portal(KEY, base_url=url) as portal:
        return portal.clients.create(timeout=0.1)


async def _create_async(url: str) -> CreatedClient:
    async with AsyncPortal(KEY, base_url=url) as portal:
        return await portal.clients.create(timeout=0.1)


@pytest.mark.parametrize("value", [True, False])
def test_create_sends_what_was_said(kind: str, value: bool) -> None:
    script = Script((201, METHODS["create"][2]))
    call(kind, script, "create", is_account_abstracted=value)
    assert json.loads(script.requests[0].content) == {"isAccountAbstracted": value}


def test_a_create_whose_fate_is_unknown_is_not_sent_again() -> None:
    script = Script((503, {"error": "busy"}))
    with script.client() as portal, pytest.raises(ServerError) as caught:
        portal.with_options(clock=ManualClock()).clients.create()
    assert len(script.requests) == 1
    assert caught.value.maybe_processed is True


@pytest.mark.parametrize("method", ["get", "list", "iter", "refresh_session"])
def test_what_is_safe_is_sent_again(method: str) -> None:
    args, status, answer = METHODS[method]
    script, clock = Script((503, {}), (502, {}), (status, answer)), ManualClock()
    with script.client() as portal:
        found = getattr(portal.with_options(clock=clock).clients, method)(*args)
        assert (list(found) if method == "iter" else found) is not None
    assert len(script.requests) == 3
    assert clock.slept == [0.5, 1.0]
