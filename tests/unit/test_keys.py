from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest
from portal_v1 import ConfigurationError

from tests.unit._support import BAD_KEYS, CREATED, HIDDEN, Script, call, refused


class TestCallableKey:
    def test_it_is_asked_at_each_request(self, kind: str) -> None:
        keys = iter(["first", "second"])
        script = Script((500, {}), (200, []))
        call(kind, script, "list", api_key=lambda: next(keys))
        assert [request.headers["authorization"] for request in script.requests] == [
            "Bearer first",
            "Bearer second",
        ]

    def test_it_may_be_async(self) -> None:
        async def key() -> str:
            await asyncio.sleep(0)
            return "awaited"

        script = Script((201, CREATED))
        call("async", script, "create", api_key=key)
        assert script.requests[0].headers["authorization"] == "Bearer awaited"

    def test_an_async_one_is_refused_by_the_sync_client(self) -> None:
        async def key() -> str:
            return HIDDEN

        waiting: Callable[[], Awaitable[str]] = key
        script = Script((201, CREATED))
        assert "async" in refused(lambda: call("sync", script, "create", api_key=waiting))
        assert script.requests == []

    def test_so_is_whatever_else_has_to_be_awaited(self) -> None:
        class Waiting:
            def __await__(self) -> Generator[None, None, str]:
                yield
                return HIDDEN

        script = Script((201, CREATED))
        assert "async" in refused(lambda: call("sync", script, "create", api_key=Waiting))
        assert script.requests == []

    @pytest.mark.parametrize("key", [*BAD_KEYS, None], ids=ascii)
    def test_what_it_returns_is_checked(self, kind: str, key: Any) -> None:
        script = Script((201, CREATED))
        refused(lambda: call(kind, script, "create", api_key=lambda: key))
        assert script.requests == []

    def test_what_it_raises_is_the_cause(self, kind: str) -> None:
        def key() -> str:
            raise LookupError("vault is sealed")

        script = Script((201, CREATED))
        with pytest.raises(ConfigurationError, match="LookupError") as caught:
            call(kind, script, "create", api_key=key)
        assert isinstance(caught.value.__cause__, LookupError)
        assert script.requests == []
