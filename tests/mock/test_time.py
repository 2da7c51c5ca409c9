"""The rate limit, and what lapses."""

from __future__ import annotations

import pytest
from portal_v1 import RateLimitError
from portal_v1.mock import MockPortal

from tests.mock._support import ask

CLIENTS = "/api/v1/custodians/clients"


@pytest.fixture
def still() -> MockPortal:
    return MockPortal(clock=lambda: 1_000_000.0, rate_limit=200)


def test_200_a_minute_and_no_more(still: MockPortal) -> None:
    for _ in range(200):
        assert ask(still, "GET", CLIENTS).status == 200
        still.clock.advance(0.1)
    refused = ask(still, "GET", CLIENTS)
    assert refused.status == 429
    assert refused.headers["retry-after"] == "40"
    assert refused.json == {"error": "Too many requests"}
    still.clock.advance(39)
    assert ask(still, "GET", CLIENTS).headers["retry-after"] == "1"
    still.clock.advance(1)
    assert ask(still, "GET", CLIENTS).status == 200
    assert ask(still, "GET", CLIENTS).status == 429


def test_each_custodian_has_a_limit_of_its_own(still: MockPortal) -> None:
    for _ in range(201):
        last = ask(still, "GET", CLIENTS)
    assert last.status == 429
    other = [("authorization", "Bearer two")]
    assert ask(still, "GET", CLIENTS, headers=other).status == 200


def test_who_is_unknown_does_not_count() -> None:
    with MockPortal(api_keys=["one"], rate_limit=1) as mock:
        for _ in range(3):
            assert ask(mock, "GET", CLIENTS, headers=()).status == 401
        assert ask(mock, "GET", CLIENTS).status == 200


def test_the_client_waits_as_long_as_it_is_told() -> None:
    with MockPortal(rate_limit=2) as mock:
        portal = mock.client(max_attempts=1)
        portal.clients.list()
        portal.clients.list()
        with pytest.raises(RateLimitError) as caught:
            portal.clients.list()
        assert 0 < (caught.value.retry_after or 0) <= 60
        mock.clock.advance(60)
        portal.clients.list()


def test_no_limit_unless_it_is_asked_for(mock: MockPortal) -> None:
    assert {ask(mock, "GET", CLIENTS).status for _ in range(300)} == {200}


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_is_none(limit: int) -> None:
    with pytest.raises(ValueError, match="from 1"):
        MockPortal(rate_limit=limit)


def test_a_session_lapses_without_use(still: MockPortal) -> None:
    token = still.client().clients.create().client_session_token
    still.clock.advance(hours=23.9)
    assert still.session_is_live(token)
    still.clock.advance(hours=0.1)
    assert not still.session_is_live(token)
    assert not still.use_session(token)


def test_each_use_keeps_a_session_alive_but_not_past_7_days(still: MockPortal) -> None:
    token = still.client().clients.create().client_session_token
    for _ in range(8):
        still.clock.advance(hours=20)
        assert still.use_session(token)
    still.clock.advance(hours=7.9)
    assert still.session_is_live(token)
    still.clock.advance(hours=0.1)
    assert not still.session_is_live(token)


def test_a_refreshed_session_is_another_one(still: MockPortal) -> None:
    portal = still.client()
    created = portal.clients.create()
    still.clock.advance(days=1)
    renewed = portal.clients.refresh_session(created.id).client_session_token
    assert still.session_is_live(renewed)
    assert not still.session_is_live(created.client_session_token)
    assert not still.session_is_live("cst-unknown")


def test_a_one_time_password_works_once(still: MockPortal) -> None:
    portal = still.client()
    created = portal.clients.create()
    first, second = (portal.clients.generate_web_otp(created.id).otp for _ in range(2))
    assert still.redeem_otp(first) == created.id
    assert still.redeem_otp(first) is None
    assert still.redeem_otp(second) == created.id
    assert still.redeem_otp("otp-unknown") is None


def test_time_that_a_test_freezes_is_the_mocks(monkeypatch: pytest.MonkeyPatch) -> None:
    with MockPortal() as mock:
        monkeypatch.setattr("time.time", lambda: 86_400.0)
        assert mock.clock() == 86_400.0


def test_the_clock_does_not_move_back(still: MockPortal) -> None:
    for step in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="from 0"):
            still.clock.advance(step)
    assert still.clock() == 1_000_000.0
