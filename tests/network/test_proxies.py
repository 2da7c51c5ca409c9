"""HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY: honoured as httpx honours them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from portal_v1 import APIConnectionError, AsyncPortal, ConfigurationError, Portal
from portal_v1._http import httpx
from portal_v1._http.proxies import proxy_for

from tests.network._support_tls import SUBJECT, Proxy, https_server

KEY = "the-key-of-the-proxy-tests"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


@pytest.fixture(autouse=True)
def no_proxy_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[bytes], Path]]:
    authority = trustme.CA()
    bundle = tmp_path_factory.mktemp("proxies") / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    with https_server(authority.issue_cert("portal.test")) as (url, heads):
        yield url.replace("localhost", "portal.test"), heads, bundle


@pytest.fixture
def https(server: tuple[str, list[bytes], Path], monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an HTTPS server that has seen no request yet."""
    url, heads, bundle = server
    heads.clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    look_up = socket.getaddrinfo

    def here(host: Any, *args: Any, **options: Any) -> Any:
        return look_up("127.0.0.1" if host == "portal.test" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    return url


@pytest.fixture
def heads(server: tuple[str, list[bytes], Path]) -> list[bytes]:
    return server[1]


def call(url: str, *, asynchronous: bool, http_client: Any = None) -> Any:
    async def run() -> Any:
        async with AsyncPortal(
            KEY, base_url=url, http_client=http_client, max_attempts=1
        ) as portal:
            return await SUBJECT.asyncio(portal)

    if asynchronous:
        return asyncio.run(run())
    with Portal(KEY, base_url=url, http_client=http_client, max_attempts=1) as portal:
        return SUBJECT.sync(portal)


@both_ways
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_https_goes_through_a_tunnel_and_the_proxy_sees_no_key(
    name: str, https: str, heads: list[bytes], asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy() as proxy:
        monkeypatch.setenv(name, proxy.url)
        assert len(call(https, asynchronous=asynchronous)) == 3
    target = https.split("/")[2].encode()
    assert [head.split(b"\r\n")[0] for head in proxy.heads] == [b"CONNECT " + target + b" HTTP/1.1"]
    assert b"authorization" not in proxy.heads[0].lower()
    assert KEY.encode() not in proxy.received
    assert SUBJECT.path.encode() not in proxy.received
    assert KEY.encode() in heads[0]


@both_ways
def test_a_proxy_without_a_scheme_and_with_a_password(
    https: str, asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"someone:pa%20ss@{proxy.url.removeprefix('http://')}")
        assert len(call(https, asynchronous=asynchronous)) == 3
    assert b"Proxy-Authorization: Basic c29tZW9uZTpwYSBzcw==" in proxy.heads[0]
    assert KEY.encode() not in proxy.received


@both_ways
@pytest.mark.parametrize("refusal", ["407 Proxy Authentication Required", "502 Bad Gateway"])
def test_a_proxy_that_refuses_is_named_as_the_cause_and_its_password_is_not_shown(
    refusal: str,
    https: str,
    heads: list[bytes],
    asynchronous: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Proxy(refusal) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//someone:a-proxy-password@"))
        with pytest.raises(APIConnectionError, match="proxy") as caught:
            call(https, asynchronous=asynchronous)
    assert caught.value.maybe_processed is False
    assert refusal in str(caught.value)
    assert "a-proxy-password" not in str(caught.value)
    assert heads == []


@both_ways
def test_a_proxy_that_is_not_there(
    https: str, asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:a-proxy-password@127.0.0.1:{port}")
    with pytest.raises(APIConnectionError, match="Check the network, the proxy") as caught:
        call(https, asynchronous=asynchronous)
    assert caught.value.maybe_processed is False
    assert "a-proxy-password" not in str(caught.value)


@both_ways
@pytest.mark.parametrize(
    "proxy",
    ["ftp://127.0.0.1:9", "http://127.0.0.1:port"],
    ids=["another scheme", "no port"],
)
def test_a_proxy_that_cannot_be_used_is_told_and_not_gone_past(
    proxy: str,
    https: str,
    heads: list[bytes],
    asynchronous: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.replace("//", "//someone:a-proxy-password@"))
    with pytest.raises(ConfigurationError, match="Check HTTPS_PROXY") as caught:
        call(https, asynchronous=asynchronous)
    assert caught.value.maybe_processed is False
    assert "a-proxy-password" not in "".join(traceback.format_exception(caught.value))
    assert heads == []


@both_ways
def test_nothing_leads_to_this_machine_through_a_proxy(
    asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy() as proxy, socket.create_server(("127.0.0.1", 0)) as unused:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        port = unused.getsockname()[1]
        unused.close()
        for url in ("http://localhost", "http://127.0.0.1", "https://localhost"):
            with pytest.raises(APIConnectionError, match="Errno 111"):
                call(f"{url}:{port}/v1", asynchronous=asynchronous)
    assert proxy.heads == []


@both_ways
def test_no_proxy_leads_past_the_proxy(
    https: str, heads: list[bytes], asynchronous: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "example.test, portal.test")
        assert len(call(https, asynchronous=asynchronous)) == 3
    assert proxy.heads == []
    assert len(heads) == 1


@both_ways
def test_a_client_of_ones_own_brings_its_own_proxy(
    server: tuple[str, list[bytes], Path], https: str, asynchronous: bool
) -> None:
    context = ssl.create_default_context(cafile=server[2])
    with Proxy() as proxy:
        kind = httpx.AsyncClient if asynchronous else httpx.Client
        client = kind(proxy=proxy.url, verify=context, trust_env=False)
        assert len(call(https, asynchronous=asynchronous, http_client=client)) == 3
    assert proxy.heads[0].startswith(b"CONNECT portal.test:")
    assert KEY.encode() not in proxy.received


URLS = (
    "https://api.example.com/v1",
    "https://API.Example.com/v1",
    "https://example.com",
    "https://notexample.com",
    "https://example.com:8443/v1",
    "http://example.com/v1",
    "https://localhost.example.org",
    "https://[2001:db8::1]/v1",
    "https://10.1.2.3",
)
NO_PROXIES = (
    *("", "*", " * ", ",", "example.com", ".example.com", "EXAMPLE.com"),
    *("api.example.com", "example.com:8443", "example.com:443", "api.example.com:443"),
    *("https://example.com", "http://example.com", "all://example.com", "https://example.com:8443"),
    *("localhost", "127.0.0.1", "127.0.0.1:8000", "::1", "2001:db8::1"),
    *("other.test, example.com", "other.test,,example.com,"),
    *("com", "ample.com", "example", "localhost:8080", ".localhost", "http://127.0.0.1"),
)


@pytest.mark.parametrize("no_proxy", NO_PROXIES)
def test_no_proxy_is_read_as_httpx_reads_it(no_proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://secure.proxy.test:1")
    monkeypatch.setenv("HTTP_PROXY", "http://plain.proxy.test:2")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    with httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
        expected = {url: chosen(client, url) for url in URLS}
    assert {url: proxy_for(url) for url in URLS} == expected


# httpx reads nothing in these, or refuses to start; httpx2 reads them.
ONLY_HTTPX2 = {
    "*.example.com": ["https://api.example.com/v1", "https://API.Example.com/v1"],
    "[2001:db8::1]": ["https://[2001:db8::1]/v1"],
    "other.test,[2001:db8::1]": ["https://[2001:db8::1]/v1"],
    "10.0.0.0/8": ["https://10.1.2.3"],
    "2001:db8::/32": ["https://[2001:db8::1]/v1"],
}


@pytest.mark.parametrize("no_proxy", ONLY_HTTPX2)
def test_what_only_httpx2_reads_is_read_with_httpx_too(
    no_proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://some.proxy.test:1")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert [url for url in URLS if proxy_for(url) is None] == ONLY_HTTPX2[no_proxy]
    if httpx.__name__ == "httpx2":
        with httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
            assert [url for url in URLS if chosen(client, url) is None] == ONLY_HTTPX2[no_proxy]


PROXIES: tuple[dict[str, str], ...] = (
    {},
    {"HTTP_PROXY": "http://plain.test:1"},
    {"HTTPS_PROXY": "secure.test:1"},
    {"https_proxy": "http://lower.test:1", "HTTPS_PROXY": "http://upper.test:1"},
    {"ALL_PROXY": "http://all.test:1"},
    {"ALL_PROXY": "all.test:1", "HTTPS_PROXY": "http://secure.test:1"},
    {"HTTPS_PROXY": ""},
    {"HTTPS_PROXY": "", "ALL_PROXY": "http://all.test:1"},
    {"HTTPS_PROXY": "https://secure.test:1"},
)


@pytest.mark.parametrize("environment", PROXIES, ids=str)
def test_the_proxy_is_the_one_that_httpx_takes(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
        expected = {url: chosen(client, url) for url in URLS}
    assert {url: proxy_for(url) for url in URLS} == expected


def chosen(client: Any, url: str) -> str | None:
    """The proxy that httpx's own client takes. It offers no public way to ask."""
    transport = client._transport_for_url(httpx.URL(url))  # noqa: SLF001
    if transport is client._transport:  # noqa: SLF001
        return None
    proxy = transport._pool._proxy_url  # noqa: SLF001
    return f"{proxy.scheme.decode()}://{proxy.host.decode()}:{proxy.port}"
