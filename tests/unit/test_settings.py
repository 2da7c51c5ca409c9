from __future__ import annotations

import asyncio
from typing import Any

import pytest
from portal_v1 import AsyncPortal, ConfigurationError, Pace, Portal
from portal_v1._http import httpx
from portal_v1.mock import MockPortal

from tests.unit._support import (
    BAD_KEYS,
    BASE_URL,
    CREATED,
    HIDDEN,
    KEY,
    Script,
    call,
    refused,
)

MAKERS = [Portal, AsyncPortal]
BAD_URLS: list[Any] = [
    "",
    "   ",
    "portal.invalid/v1",
    "//portal.invalid/v1",
    "/v1",
    "ftp://portal.invalid",
    "file:///etc/passwd",
    "https://",
    "https:///v1",
    "https://portal.invalid/a b",
    "https://portal.invalid/a\nb",
    "https://portal.invalid\\@elsewhere.invalid",
    f"https://user:{HIDDEN}@portal.invalid",
    f"https://{HIDDEN}@portal.invalid",
    "https://@portal.invalid",
    f"https://portal.invalid/v1?key={HIDDEN}",
    "https://portal.invalid/v1?",
    f"https://portal.invalid/v1#{HIDDEN}",
    "https://portal.invalid/v1#",
    "https://portal.invalid/./v1",
    "https://portal.invalid/a/../v1",
    "https://portal.invalid/..",
    "https://portal.invalid/a/%2e%2e/v1",
    "https://portal.invalid:port",
    "https://portal.invalid:-1",
    "https://portal.invalid:65536",
    "https://[::1",
    "https://portal.invalid/\ud800",
    "https://portal.invalid/\x85",
    "http://portal.invalid/v1",
    "http://10.0.0.1/v1",
    "http://0.0.0.0/v1",
    "http://127.0.0.1.portal.invalid/v1",
    "http://localhost.portal.invalid/v1",
    b"https://portal.invalid",
    443,
]
BAD_SECONDS: list[Any] = [0, 0.0, -1, float("nan"), float("inf"), float("-inf"), True, "30", [30]]
BAD_ATTEMPTS: list[Any] = [0, -1, True, 2.0, "3", None]
BAD_HEADERS: list[Any] = [
    {"": "value"},
    {"a name": HIDDEN},
    {"name:": HIDDEN},
    {"näme": HIDDEN},
    {b"name": HIDDEN},
    {"X-Name": f"{HIDDEN}\r\nX-Other: 1"},
    {"X-Name": f"{HIDDEN}\x00"},
    {"X-Name": f" {HIDDEN}"},
    {"X-Name": f"{HIDDEN} "},
    {"X-Name": f"{HIDDEN}ключ"},
    {"X-Name": HIDDEN.encode()},
    {"X-Name": None},
    [("X-Name", HIDDEN)],
    HIDDEN,
]


@pytest.mark.parametrize("make", MAKERS)
class TestMaking:
    def test_without_a_key(self, make: Any) -> None:
        assert "PORTAL_API_KEY" in refused(make)

    @pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
    def test_a_key_that_cannot_be_one(self, make: Any, key: Any) -> None:
        assert "key" in refused(lambda: make(key))

    @pytest.mark.parametrize("key", ["", f"{HIDDEN} two", f"{HIDDEN}\n"])
    def test_such_a_key_in_the_environment(
        self, make: Any, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PORTAL_API_KEY", key)
        assert "PORTAL_API_KEY" in refused(make)

    @pytest.mark.parametrize("url", BAD_URLS, ids=ascii)
    def test_a_base_url_that_cannot_be_one(self, make: Any, url: Any) -> None:
        assert "base_url" in refused(lambda: make(KEY, base_url=url))

    @pytest.mark.parametrize("url", ["", "http://portal.invalid", f"https://{HIDDEN}@h.invalid"])
    def test_such_a_base_url_in_the_environment(
        self, make: Any, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PORTAL_BASE_URL", url)
        assert "PORTAL_BASE_URL" in refused(lambda: make(KEY))

    @pytest.mark.parametrize(
        "url",
        [
            "https://portal.invalid",
            "https://portal.invalid:8443/deep/er/",
            "HTTPS://portal.invalid",
            "http://127.0.0.1:8000",
            "http://127.8.8.8",
            "http://[::1]:8000/v1",
            "http://localhost:8000",
            "http://portal.localhost",
        ],
    )
    def test_a_base_url_that_can(self, make: Any, url: str) -> None:
        assert url.lower().rstrip("/") in repr(make(KEY, base_url=url)).lower()

    @pytest.mark.parametrize("option", ["timeout", "connect_timeout"])
    @pytest.mark.parametrize("seconds", BAD_SECONDS, ids=repr)
    def test_seconds_that_are_none(self, make: Any, option: str, seconds: Any) -> None:
        assert option in refused(lambda: make(KEY, **{option: seconds}))
        assert option in refused(lambda: make(KEY).with_options(**{option: seconds}))

    @pytest.mark.parametrize("attempts", BAD_ATTEMPTS, ids=repr)
    def test_attempts_that_are_none(self, make: Any, attempts: Any) -> None:
        assert "max_attempts" in refused(lambda: make(KEY, max_attempts=attempts))
        assert "max_attempts" in refused(lambda: make(KEY).with_options(max_attempts=attempts))

    @pytest.mark.parametrize("headers", BAD_HEADERS, ids=ascii)
    def test_headers_that_cannot_be_sent(self, make: Any, headers: Any) -> None:
        assert "header" in refused(lambda: make(KEY, headers=headers))
        assert "header" in refused(lambda: make(KEY).with_options(headers=headers))

    @pytest.mark.parametrize(
        "name", ["Authorization", "authorization", "CONTENT-TYPE", "Host", "Content-Length"]
    )
    def test_headers_that_are_the_clients_own(self, make: Any, name: str) -> None:
        assert name in refused(lambda: make(KEY, headers={name: HIDDEN}))

    @pytest.mark.parametrize("pace", [200, "200", Pace], ids=repr)
    def test_a_pace_that_is_none(self, make: Any, pace: Any) -> None:
        assert "pace" in refused(lambda: make(KEY, pace=pace))

    def test_with_options_checks_the_key(self, make: Any) -> None:
        refused(lambda: make(KEY).with_options(api_key=f"{HIDDEN} two"))


@pytest.mark.parametrize("http_client", ["other", object(), httpx, httpx.Client])
def test_an_http_client_that_is_none(http_client: Any) -> None:
    assert "httpx.Client" in refused(lambda: Portal(KEY, http_client=http_client))
    assert "httpx.AsyncClient" in refused(lambda: AsyncPortal(KEY, http_client=http_client))


def test_an_http_client_of_the_other_kind() -> None:
    with httpx.Client() as http:
        refused(lambda: AsyncPortal(KEY, http_client=http))  # type: ignore[arg-type]
    other: Any = httpx.AsyncClient()
    refused(lambda: Portal(KEY, http_client=other))
    asyncio.run(other.aclose())


def test_key_and_base_url_come_from_the_environment(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script((201, CREATED))
    monkeypatch.setenv("PORTAL_API_KEY", "from-the-environment")
    monkeypatch.setenv("PORTAL_BASE_URL", "https://elsewhere.invalid/base/")
    call(kind, script, "create", api_key=None, base_url=None)
    (request,) = script.requests
    assert request.headers["authorization"] == "Bearer from-the-environment"
    assert str(request.url) == "https://elsewhere.invalid/base/custodians/clients"


def test_arguments_go_before_the_environment(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script((201, CREATED))
    monkeypatch.setenv("PORTAL_API_KEY", "from the environment")
    monkeypatch.setenv("PORTAL_BASE_URL", "nonsense")
    call(kind, script, "create")
    (request,) = script.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert str(request.url) == f"{BASE_URL}/custodians/clients"


def test_headers_go_with_every_request(kind: str) -> None:
    script = Script((201, CREATED))
    headers = {"X-Trace": "abc def", "User-Agent": "mine/1", "X-Empty": ""}
    call(kind, script, "create", headers=headers)
    (request,) = script.requests
    assert {name: request.headers[name] for name in headers} == headers
    assert request.headers.get_list("user-agent") == ["mine/1"]
    assert request.headers["content-type"] == "application/json"


def test_a_header_outside_ascii_is_refused_or_sent(kind: str) -> None:
    script = Script((201, CREATED))
    try:
        call(kind, script, "create", headers={"X-Name": "é"})
    except ConfigurationError:
        assert script.requests == []
    else:
        assert script.requests[0].headers.raw.count((b"X-Name", "é".encode("latin-1"))) == 1


@pytest.mark.parametrize("seconds", BAD_SECONDS, ids=repr)
def test_a_timeout_for_one_call_is_checked(kind: str, seconds: Any) -> None:
    script = Script((201, CREATED))
    assert "timeout" in refused(lambda: call(kind, script, "create", timeout=seconds))
    assert script.requests == []


@pytest.mark.parametrize("attempts", BAD_ATTEMPTS, ids=repr)
def test_attempts_for_one_call_are_checked(kind: str, attempts: Any) -> None:
    script = Script((201, CREATED))

    def create() -> object:
        return call(kind, script, "create", max_attempts=attempts)

    assert "max_attempts" in refused(create)
    assert script.requests == []


@pytest.mark.parametrize("seconds", [1e10, 10**400], ids=["1e10", "10**400"])
@pytest.mark.parametrize("option", ["timeout", "connect_timeout"])
def test_more_seconds_than_a_socket_takes(mock: MockPortal, option: str, seconds: float) -> None:
    options: dict[str, Any] = {"timeout": None, option: seconds}
    with mock.serve() as server:
        try:
            portal = Portal(KEY, base_url=server.url, **options)
        except ConfigurationError:
            return
        with portal:
            assert portal.clients.list() == []
