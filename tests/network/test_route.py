"""Where a request goes: through which proxy, and to which certificate."""

from __future__ import annotations

import datetime
import os
import re
import socket
import ssl
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
import trustme
from sample import APIConnectionError, APITimeoutError, ConfigurationError
from sample._http import httpx
from sample._http.route import proxy_for

from tests.network._operations import CREATE, GET, KEY, fail, run
from tests.network._server import (
    HANDSHAKE,
    HOST,
    NOBODY,
    SOCKS5,
    TUNNEL,
    HostileServer,
    Peer,
    addresses,
    head,
    repeat,
    tls_of,
    whole,
)
from tests.network.conftest import Serve

each_owner = pytest.mark.parametrize("given", [None, {}], ids=["own", "given"])


def _trusting() -> dict[str, Any]:
    """The options of a client that trusts the authority of the tests by itself."""
    return {"verify": ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])}


def test_certificates_of_ones_own_are_taken_and_a_process_loads_them_once(
    serve: Serve, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, path = serve(whole(GET), tls=tls_of(authority, HOST)), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    given = _trusting()
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    for mode in ("sync", "async"):
        assert run(mode, server.url, GET.call).id == "parcel-1"
        path.unlink(missing_ok=True)
        assert run(mode, server.url, GET.call, given=given).id == "parcel-1"
    assert all(f"Bearer {KEY}\r\n".encode() in one for one in server.requests)


YESTERDAY = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "wrong host name": ("other.example.test", {}, "mismatch|not valid for"),
    "expired": (HOST, {"not_after": YESTERDAY}, "certificate has expired"),
    "unknown authority": (HOST, {}, "self-signed|unable to get local issuer"),
}


@pytest.mark.parametrize("own", [False, True], ids=["default", "http_client"])
@pytest.mark.parametrize("bad", BAD)
def test_a_certificate_that_is_not_good_is_refused(
    serve: Serve, authority: trustme.CA, bad: str, own: bool, mode: str
) -> None:
    name, options, words = BAD[bad]
    signer = trustme.CA() if bad == "unknown authority" else authority
    server = serve(whole(GET), tls=tls_of(signer, name, **options))
    given = _trusting() if own else None
    error = fail(mode, server.url, GET.call, given=given, max_attempts=1)
    assert (type(error), error.maybe_processed) == (APIConnectionError, False)
    assert re.search(f"CERTIFICATE_VERIFY_FAILED.*({words})", str(error)), error
    assert server.requests == []


def test_certificates_that_cannot_be_loaded_are_told_by_the_variables_name(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.pem").write_text("nothing\n")
    for variable, value in (("FILE", "none.pem"), ("FILE", "empty.pem"), ("DIR", "")):
        monkeypatch.setenv(f"SSL_CERT_{variable}", str(tmp_path / value))
        error = fail(mode, f"https://{NOBODY}", GET.call)
        assert (type(error), error.maybe_processed) == (ConfigurationError, False)
        assert f"SSL_CERT_{variable}" in str(error)


# --- HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY: as httpx reads them, but for one ---


@pytest.fixture
def server(serve: Serve, authority: trustme.CA) -> HostileServer:
    return serve(whole(GET), tls=tls_of(authority, "parcels.test", "192.0.2.1", HOST))


@pytest.mark.parametrize("scheme", ["", "https://", "socks5://", "socks5h://"])
def test_https_goes_through_a_tunnel_of_any_kind_and_the_proxy_sees_no_key(
    serve: Serve, scheme: str, server: HostileServer, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    socks, host = "socks5" in scheme, "192.0.2.1" if scheme == "socks5://" else "parcels.test"
    tls = server.tls if scheme == "https://" else None
    proxy = serve(SOCKS5 if socks else TUNNEL, tls=tls)
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}someone:pa%20ss@{HOST}:{proxy.port}")
    assert run(mode, f"https://{host}:{server.port}", GET.call).id == "parcel-1"
    place = b"\1\xc0\0\2\1" if scheme == "socks5://" else b"\3\x0cparcels.test"
    asked = b"\5\1\2" + b"\1\7someone\5pa ss" + b"\5\1\0" + place
    if not socks:
        target = f"parcels.test:{server.port}"
        asked = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nAccept: */*\r\n".encode()
        asked += b"Proxy-Authorization: Basic c29tZW9uZTpwYSBzcw==\r\n\r\n"
    assert proxy.received.startswith(asked)
    assert f"Bearer {KEY}\r\n".encode() in server.received
    assert KEY.encode() not in proxy.received
    assert b"parcel-1" not in proxy.received


@pytest.mark.parametrize(
    "proxy", ["ftp://{}@127.0.0.1:9", "http://{}@127.0.0.1:port", "http://{}@"]
)
def test_a_proxy_that_cannot_be_used_is_told_and_not_gone_past(
    proxy: str, server: HostileServer, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.format("someone:a-password"))
    error = fail(mode, f"https://parcels.test:{server.port}", GET.call)
    assert isinstance(error, ConfigurationError)
    assert "Check HTTPS_PROXY" in str(error)
    assert "a-password" not in "".join(traceback.format_exception(error))
    assert server.peers == []


@pytest.mark.parametrize("handshake", [True, False], ids=["handshake", "answer"])
def test_tls_within_tls_that_drips(
    serve: Serve, authority: trustme.CA, handshake: bool, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hello, body = (Peer.receive, *HANDSHAKE), (head(200, "Content-Length: 99"), repeat(b" ", 0.05))
    proxy = serve((head(200), *hello) if handshake else TUNNEL, tls=tls_of(authority, HOST))
    port = serve(body, tls=tls_of(authority, "parcels.test")).port
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    timeout = 0.2 if handshake else 1.0  # There the request has to be sent before.
    error = fail(mode, f"https://parcels.test:{port}", GET.call, timeout=timeout)
    assert (type(error), error.maybe_processed) == (APITimeoutError, not handshake)


def test_a_proxy_that_breaks_off_before_a_given_clients_tunnel_stands(
    serve: Serve, mode: str
) -> None:
    given = {"proxy": serve((Peer.close,)).url, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
    error = fail(mode, "https://parcels.test", GET.call, given=given, max_attempts=1)
    assert (type(error), error.maybe_processed) == (APIConnectionError, False)


def test_nothing_leads_to_this_machine_through_a_proxy(
    serve: Serve, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = serve(whole(GET)), serve(TUNNEL)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    for host in (HOST, "localhost"):
        assert run(mode, f"http://{host}:{server.port}", GET.call).id == "parcel-1"
    fail(mode, "https://localhost:9", GET.call, max_attempts=1)
    # A client that was given asks the environment itself, and is stopped.
    assert "in the clear" in str(fail(mode, "http://localhost:9", GET.call, given={}))
    assert not proxy.received


def test_a_name_of_this_machine_that_leads_elsewhere_is_not_sent_to_in_the_clear(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", addresses(("192.0.2.1", 9)))
    own = fail(mode, "http://parcels.localhost:9", GET.call)
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    for error in (own, fail(mode, "http://localhost:9", GET.call, given={})):
        assert isinstance(error, ConfigurationError)
        assert "in the clear" in str(error)


@each_owner
def test_a_host_that_is_not_punycode(mode: str, given: dict[str, Any] | None) -> None:
    for host in ("xn--.test", "xn--a.test"):
        error = fail(mode, f"https://{host}", GET.call, given=given, max_attempts=1)
        # httpx refuses it, httpx2 has it looked up.
        assert isinstance(error, ConfigurationError) or httpx.__name__ == "httpx2"
        assert error.maybe_processed is False


URLS = [
    *(f"https://{host}/v1" for host in ("api.example.com", "API.Example.com", "[2001:db8::1]")),
    *(f"https://{host}" for host in ("example.com", "notexample.com", "10.1.2.3")),
    *("https://example.com:8443/v1", "http://example.com/v1"),
]
NO_PROXIES = (
    *("", "*", " * ", ",", "example.com", ".example.com", "EXAMPLE.com"),
    *("api.example.com", "example.com:8443", "example.com:443", "api.example.com:443"),
    *("https://example.com", "http://example.com", "all://example.com", "https://example.com:8443"),
    *("localhost", "10.1.2.3", "10.1.2.3:443", "2001:db8::1"),
    *("other.test, example.com", "other.test,,example.com,", "com", "ample.com", "example"),
)
# httpx reads nothing in these, or refuses to start; httpx2 reads most. What needs no proxy then:
ONLY_HTTPX2 = {
    "example.com:port,10.1.2.3": ["https://10.1.2.3"],
    "*.example.com": ["https://api.example.com/v1", "https://API.Example.com/v1"],
    "other.test,[2001:db8::1]": ["https://[2001:db8::1]/v1"],
    "10.0.0.0/8": ["https://10.1.2.3"],
    "2001:db8::/32": ["https://[2001:db8::1]/v1"],
}
ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {},
    {"HTTP_PROXY": "http://plain.test:1"},
    {"HTTPS_PROXY": "secure.test:1"},
    {"https_proxy": "http://lower.test:1", "HTTPS_PROXY": "http://upper.test:1"},
    {"ALL_PROXY": "all.test:1", "HTTPS_PROXY": "http://secure.test:1"},
    {"HTTPS_PROXY": "", "ALL_PROXY": "http://all.test:1"},
    *({"ALL_PROXY": "https://all.test:1", "NO_PROXY": one} for one in (*NO_PROXIES, *ONLY_HTTPX2)),
)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=str)
def test_the_proxy_is_the_one_that_httpx_takes(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = {url: proxy_for(url) for url in URLS}
    if exempt := ONLY_HTTPX2.get(environment.get("NO_PROXY", "")):
        assert [url for url in URLS if found[url] is None] == exempt
        return
    with httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
        assert found == {url: _chosen(client, url) for url in URLS}


def _chosen(client: Any, url: str) -> str | None:
    """The proxy that httpx's own client takes. It offers no public way to ask."""
    transport = client._transport_for_url(httpx.URL(url))  # noqa: SLF001 - nothing public tells the proxy
    if transport is client._transport:  # noqa: SLF001 - nothing public tells the proxy
        return None
    proxy = transport._pool._proxy_url  # noqa: SLF001 - nothing public tells the proxy
    return f"{proxy.scheme.decode()}://{proxy.host.decode()}:{proxy.port}"


@each_owner
def test_a_name_that_no_thread_can_be_started_for(
    given: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("asyncio"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    error = fail("async", "http://parcels.localhost:9", CREATE.call, given=given, max_attempts=1)
    assert (type(error), error.maybe_processed) == (APIConnectionError, False)
