"""The mock's own clients: the package's, in-process."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time

import pytest
from portal_v1 import AsyncPortal, AuthenticationError, BadRequestError, Portal, RateLimitError
from portal_v1.mock import MockPortal

from tests.mock._support import JSON, KEY, ask


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


def test_a_pause_takes_no_time_and_moves_the_clock() -> None:
    with MockPortal(rate_limit=1) as mock, mock.client() as portal:
        portal.clients.list()
        mock.fault("rate_limited", times=1, retry_after=7)
        begun, now = time.monotonic(), mock.clock()
        # Seven seconds are told by the fault; the minute, of which they are a part, by the limit.
        portal.with_options(timeout=90).clients.list()
        assert time.monotonic() - begun < 5
        assert mock.clock() - now >= 60
        with pytest.raises(RateLimitError):
            asyncio.run(mock.async_client(timeout=2).clients.list())


def test_no_client_of_the_mock_goes_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
    with MockPortal() as mock, mock.client() as portal:
        assert portal.clients.list() == asyncio.run(mock.async_client().clients.list()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_beside_threads_can_use_the_mock(mock: MockPortal) -> None:
    done = threading.Event()

    def call() -> None:
        while not done.is_set():
            mock.handle("POST", "/api/v1/custodians/clients", [KEY, JSON], b"{}")

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if not child:
                signal.alarm(10)
                os._exit(ask(mock, "POST", "/api/v1/custodians/clients", b"{}").status != 201)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_client_over_tcp(mock: MockPortal) -> None:
    with mock.serve() as server, Portal("key", base_url=server.url) as portal:
        created = portal.clients.create()
        assert portal.clients.get(created.id).id == created.id
