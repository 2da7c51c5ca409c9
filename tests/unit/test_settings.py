from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sample import AsyncSample, CallEvent, Sample
from sample._http import httpx

from tests.unit._support import (
    BAD_HEADERS,
    BAD_KEYS,
    BASE_URL,
    CREATED,
    HIDDEN,
    KEY,
    Script,
    call,
    refused,
)


async def observe(_: CallEvent) -> None: ...


class Observe:
    async def __call__(self, _: CallEvent) -> None: ...


BAD_URLS: list[Any] = [
    *("", "   ", "parcels.invalid/v1", "//parcels.invalid/v1", "/v1", "https://", "https:///v1"),
    *("ftp://parcels.invalid", "file:///etc/passwd", "https://parcels.invalid/a b"),
    *("https://parcels.invalid/a\nb", "https://parcels.invalid\\@elsewhere.invalid"),
    *(f"https://user:{HIDDEN}@parcels.invalid", f"https://{HIDDEN}@parcels.invalid"),
    *("https://@parcels.invalid", f"https://parcels.invalid/v1?key={HIDDEN}"),
    *("https://parcels.invalid/v1?", f"https://parcels.invalid/v1#{HIDDEN}"),
    *("https://parcels.invalid/v1#", "https://parcels.invalid/a/../v1"),
    *("https://parcels.invalid/a/%2e%2e/v1", "https://parcels.invalid:port"),
    *("https://parcels.invalid:-1", "https://parcels.invalid:65536", "https://[::1"),
    *(
        "https://parcels.invalid/\ud800",
        "https://parcels.invalid/%zz",
        "https://parcels.invalid/\x85",
    ),
    *("http://parcels.invalid/v1", "http://10.0.0.1/v1", "http://0.0.0.0/v1"),
    *("http://127.0.0.1.parcels.invalid/v1", "http://localhost.parcels.invalid/v1"),
    *(b"https://parcels.invalid", 443),
]
GOOD_URLS = [
    *(
        "https://parcels.invalid",
        "https://parcels.invalid:8443/deep/er/",
        "HTTPS://parcels.invalid",
    ),
    *("http://127.0.0.1:8000", "http://127.8.8.8", "http://[::1]:8000/v1", "http://localhost:80"),
]
BAD_SECONDS: list[Any] = [0, -1, float("nan"), float("inf"), 1e10, 10**400, True, "30", [30]]
BAD_ATTEMPTS: list[Any] = [0, -1, True, 2.0, "3", None]
BAD_SIZES: list[Any] = [0, -1, True, 2.0, "3"]
REFUSED = {
    "timeout": BAD_SECONDS,
    "connect_timeout": BAD_SECONDS,
    "keepalive": BAD_SECONDS,
    "max_attempts": BAD_ATTEMPTS,
    "max_response_bytes": BAD_SIZES,
    "headers": BAD_HEADERS,
    "pace": [200, "200", object],
    "observer": ["log", 7, observe, Observe()],
}
both = pytest.mark.parametrize("make", [Sample, AsyncSample])


@both
class TestMaking:
    def test_a_key_that_is_none(self, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "SAMPLE_API_KEY" in refused(make)
        for key in BAD_KEYS:
            assert "key" in refused(partial(make, key))
            assert "key" in refused(partial(make(KEY).with_options, api_key=key))
        for key in ("", f"{HIDDEN} two", f"{HIDDEN}\n"):
            monkeypatch.setenv("SAMPLE_API_KEY", key)
            assert "SAMPLE_API_KEY" in refused(make)

    def test_a_base_url(self, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for url in BAD_URLS:
            assert "base_url" in refused(partial(make, KEY, base_url=url)), url
            if isinstance(url, str) and url.isprintable():
                with monkeypatch.context() as patch:
                    patch.setenv("SAMPLE_BASE_URL", url)
                    assert "SAMPLE_BASE_URL" in refused(partial(make, KEY)), url
        for url in GOOD_URLS:
            assert url.lower().rstrip("/") in repr(make(KEY, base_url=url)).lower()

    @pytest.mark.parametrize("option", REFUSED)
    def test_options_that_cannot_be_used(self, make: Any, option: str) -> None:
        name = "header" if option == "headers" else option
        for value in REFUSED[option]:
            said = refused(partial(make, KEY, **{option: value}))
            assert name in said
            assert refused(partial(make(KEY).with_options, **{option: value})) == said

    def test_an_http_client_that_is_none(self, make: Any) -> None:
        kinds: list[Any] = [httpx.Client, httpx.AsyncClient]
        wanted = f"httpx.{kinds[make is AsyncSample].__name__}"
        for given in ("other", object(), httpx, *kinds, kinds[make is Sample]()):
            assert wanted in refused(partial(make, KEY, http_client=given))


def test_key_and_base_url_come_from_the_environment_where_none_is_given(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script((201, CREATED))
    monkeypatch.setenv("SAMPLE_API_KEY", "from-the-environment")
    monkeypatch.setenv("SAMPLE_BASE_URL", "https://elsewhere.invalid/base/")
    call(kind, script, "create", api_key=None, base_url=None)
    call(kind, script, "create")
    sent = [(str(one.url), one.headers["authorization"]) for one in script.requests]
    assert sent == [
        ("https://elsewhere.invalid/base/parcels", "Bearer from-the-environment"),
        (f"{BASE_URL}/parcels", f"Bearer {KEY}"),
    ]


def test_headers_go_with_every_request(kind: str) -> None:
    script = Script((201, CREATED))
    headers = {"X-Trace": "abc def", "User-Agent": "mine/1", "X-Empty": ""}
    call(kind, script, "create", headers=headers)
    (request,) = script.requests
    assert {name: request.headers[name] for name in headers} == headers
    assert request.headers.get_list("user-agent") == ["mine/1"]
    assert request.headers["content-type"] == "application/json"
