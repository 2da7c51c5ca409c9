"""The mock's clock: what lapses, the rate limit, and its clients' pauses."""

from __future__ import annotations

import asyncio
import time

import pytest
from sample import RateLimitError
from sample.mock import MockSample

from tests.mock._support import PARCELS, ask


def test_so_many_a_minute_and_no_more() -> None:
    with MockSample(clock=lambda: 1e6, rate_limit=2, api_keys=["one", "two"]) as still:
        for _ in range(2):
            assert ask(still, "GET", PARCELS, headers=()).status == 401  # which does not count
            assert ask(still, "GET", PARCELS).status == 200
            still.clock.advance(10)
        refused = ask(still, "GET", PARCELS)
        assert (refused.status, refused.headers["retry-after"]) == (429, "40")
        assert refused.json == {"error": "Too many requests"}
        assert ask(still, "GET", PARCELS, headers=[("authorization", "Bearer two")]).status == 200
        still.clock.advance(40)
        assert [ask(still, "GET", PARCELS).status for _ in range(2)] == [200, 429]
        still.clock.reset()  # a time before all that was counted
        assert ask(still, "GET", PARCELS).status == 200


def test_a_pause_takes_no_time_and_moves_the_clock() -> None:
    with MockSample(rate_limit=1) as mock, mock.client() as portal:
        portal.parcels.list()
        mock.fault("rate_limited", times=1, retry_after=7)
        begun, now = time.monotonic(), mock.clock()
        # Seven seconds are told by the fault; the minute, of which they are a part, by the limit.
        portal.with_options(timeout=90).parcels.list()
        assert time.monotonic() - begun < 5
        assert mock.clock() - now >= 60
        with pytest.raises(RateLimitError):
            asyncio.run(mock.async_client(timeout=2).parcels.list())


def test_time_that_a_test_freezes_is_the_mocks(monkeypatch: pytest.MonkeyPatch) -> None:
    with MockSample() as mock:
        monkeypatch.setattr("time.time", lambda: 86_400.0)
        assert mock.clock() == 86_400.0
        mock.clock.advance(1e308)
        for step in (-1.0, float("nan"), float("inf"), 1e308):
            with pytest.raises(ValueError, match="from 0"):
                mock.clock.advance(step)


def test_no_client_of_the_mock_goes_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "" if name.lower() == "no_proxy" else "http://127.0.0.1:9")
    with MockSample() as mock, mock.client() as portal:
        assert portal.parcels.list() == []
        assert asyncio.run(mock.async_client().parcels.list()) == []
