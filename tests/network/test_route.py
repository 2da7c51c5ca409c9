"""Where a request goes: through which proxy, and to which certificate."""

from __future__ import annotations

import _thread
import datetime
import ssl
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from sample import APIConnectionError, APITimeoutError, ConfigurationError
from sample._http import httpx
from sample._http.route import proxy_for
from sample.testing import ManualClock

from tests.network._operations import CREATE, GET, KEY, fail, run
from tests.network._server import (
    CLOSED,
    HOST,
    SOCKS5,
    Answer,
    HostileServer,
    Peer,
    head,
    nobody,
    tls_of,
    tunnel,
    whole,
)
from tests.network.conftest import Serve, each_mode

YESTERDAY = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)


def _trusting(authority: trustme.CA) -> dict[str, Any]:
    """The options of a client that trusts an authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return {"verify": context}


@each_mode
def test_a_ca_of_ones_own(serve: Serve, mode: str, authority: Any, request: Any) -> None:
    server = serve(whole(GET), tls=tls_of(authority[0], "127.0.0.1"))
    assert run(mode, server.url, GET.call, given=_trusting(authority[0]))
    request.getfixturevalue("trusted")
    assert run(mode, server.url, GET.call)
    assert [one.headers("authorization") for one in server.requests] == [[f"Bearer {KEY}"]] * 2


def test_a_process_loads_its_certificates_once(
    serve: Serve, authority: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[ssl.SSLContext] = []
    load = httpx.create_ssl_context

    def counting() -> ssl.SSLContext:
        loads.append(load())
        return loads[-1]

    authority[0].cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setattr(httpx, "create_ssl_context", counting)
    server = serve(whole(GET), tls=tls_of(authority[0], "127.0.0.1"))
    for mode in ("sync", "async", "sync"):
        assert run(mode, server.url, GET.call)
    assert len(loads) == 1


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "wrong host name": ("other.example.test", {}, "mismatch|not valid for"),
    "expired": ("127.0.0.1", {"not_after": YESTERDAY}, "certificate has expired"),
    "unknown authority": ("127.0.0.1", {}, "self-signed|unable to get local issuer"),
}


@each_mode
@pytest.mark.parametrize("own", [False, True], ids=["default", "http_client"])
@pytest.mark.parametrize("bad", BAD)
def test_a_certificate_that_is_not_good_is_refused(
    serve: Serve, trusted: trustme.CA, bad: str, own: bool, mode: str
) -> None:
    name, options, words = BAD[bad]
    authority = trustme.CA() if bad == "unknown authority" else trusted
    server = serve(whole(GET), tls=tls_of(authority, name, **options))
    given = _trusting(trusted) if own else None
    error = fail(mode, server.url, GET.call, given=given, clock=ManualClock())
    assert isinstance(error, APIConnectionError)
    assert not isinstance(error, APITimeoutError)
    assert error.maybe_processed is False
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert any(word in str(error) for word in words.split("|")), error
    assert server.requests == []


@each_mode
@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_cannot_be_loaded_are_told_by_the_variables_name(
    name: str, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    for value in (tmp_path / "none.pem", empty):
        monkeypatch.setenv("SSL_CERT_FILE", str(value))
        if name == "SSL_CERT_DIR":
            monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
        error = fail(mode, "https://127.0.0.1:9", GET.call)
        assert isinstance(error, ConfigurationError)
        assert name in str(error)
        assert error.maybe_processed is False


# --- HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY: as httpx reads them, but for one ---


@pytest.fixture
def server(serve: Serve, trusted: trustme.CA) -> HostileServer:
    return serve(whole(GET), tls=tls_of(trusted, "parcels.test", "192.0.2.1"))


@each_mode
@pytest.mark.parametrize("scheme", ["", "https", "socks5", "socks5h"])
def test_https_goes_through_a_tunnel_of_any_kind_and_the_proxy_sees_no_key(
    scheme: str,
    server: HostileServer,
    trusted: trustme.CA,
    mode: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tls = tls_of(trusted, "127.0.0.1") if scheme == "https" else None
    prefix = f"{scheme}://" if scheme else ""
    host = "192.0.2.1" if scheme == "socks5" else "parcels.test"
    with HostileServer(SOCKS5 if "socks5" in scheme else tunnel(), tls=tls) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"{prefix}someone:pa%20ss@127.0.0.1:{proxy.port}")
        assert run(mode, f"https://{host}:{server.port}", GET.call)
    if "socks5" in scheme:
        place = b"\1\xc0\0\2\1" if scheme == "socks5" else b"\3\x0cparcels.test"
        asked = b"\5\1\2" + b"\1\7someone\5pa ss" + b"\5\1\0" + place
        assert proxy.received.startswith(asked)
    else:
        (told,) = proxy.requests
        assert told.request_line == f"CONNECT parcels.test:{server.port} HTTP/1.1"
        assert told.headers("proxy-authorization") == ["Basic c29tZW9uZTpwYSBzcw=="]
        assert told.headers("authorization") == []
    assert server.requests[0].headers("authorization") == [f"Bearer {KEY}"]
    assert KEY.encode() not in proxy.received
    assert b"parcel-1" not in proxy.received


@each_mode
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


@each_mode
@pytest.mark.parametrize("handshake", [True, False], ids=["handshake", "answer"])
def test_tls_within_tls_that_drips(
    serve: Serve, handshake: bool, mode: str, trusted: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(peer: Peer) -> None:
        peer.send(head(200, "Content-Length: 1000"))
        peer.drip(b" " * 999, 0.05)

    proxy = serve(tunnel(0.02 if handshake else 0), tls=tls_of(trusted, HOST))
    port = serve(Answer(drip), tls=tls_of(trusted, "parcels.test")).port
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    timeout = 0.2 if handshake else 1.0  # There the request has to be sent before.
    error = fail(mode, f"https://parcels.test:{port}", GET.call, timeout=timeout)
    assert (type(error), error.maybe_processed) == (APITimeoutError, not handshake)


@each_mode
def test_a_proxy_that_breaks_off_before_a_given_clients_tunnel_stands(
    serve: Serve, mode: str
) -> None:
    given = {"proxy": serve(CLOSED).url, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
    error = fail(mode, "https://parcels.test", GET.call, given=given, max_attempts=1)
    assert isinstance(error, APIConnectionError)
    assert error.maybe_processed is False


@each_mode
def test_nothing_leads_to_this_machine_through_a_proxy(
    serve: Serve, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = serve(whole(GET)), serve(tunnel())
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    for host in ("127.0.0.1", "localhost"):
        assert run(mode, f"http://{host}:{server.port}", GET.call)
    with nobody() as port:
        fail(mode, f"https://localhost:{port}", GET.call, max_attempts=1)
        # A client that was given asks the environment itself, and is stopped.
        error = fail(mode, f"http://localhost:{port}", GET.call, given={})
    assert "in the clear" in str(error)
    assert not proxy.received


@each_mode
def test_a_name_of_this_machine_that_leads_elsewhere_is_not_sent_to_in_the_clear(
    serve: Serve, mode: str, resolve: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve("192.0.2.1")
    error = fail(mode, "http://parcels.localhost:9", GET.call)
    assert isinstance(error, ConfigurationError)
    assert "in the clear" in str(error)
    # Nor by a client that was given, which the environment tells of a proxy elsewhere.
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    error = fail(mode, "http://localhost:9", GET.call, given={})
    assert isinstance(error, ConfigurationError)
    assert "in the clear" in str(error)


@each_mode
@pytest.mark.parametrize("given", [None, {}], ids=["own", "given"])
def test_a_host_that_is_not_punycode(mode: str, given: dict[str, Any] | None) -> None:
    error = fail(mode, "https://xn--.test", GET.call, given=given, max_attempts=1)
    # httpx refuses it, httpx2 has it looked up.
    assert isinstance(error, ConfigurationError | APIConnectionError)
    assert error.maybe_processed is False


URLS = (
    "https://api.example.com/v1",
    "https://API.Example.com/v1",
    "https://example.com",
    "https://notexample.com",
    "https://example.com:8443/v1",
    "http://example.com/v1",
    "https://[2001:db8::1]/v1",
    "https://10.1.2.3",
)
NO_PROXIES = (
    *("", "*", " * ", ",", "example.com", ".example.com", "EXAMPLE.com"),
    *("api.example.com", "example.com:8443", "example.com:443", "api.example.com:443"),
    *("https://example.com", "http://example.com", "all://example.com", "https://example.com:8443"),
    *("localhost", "10.1.2.3", "10.1.2.3:443", "2001:db8::1"),
    *("other.test, example.com", "other.test,,example.com,", "com", "ample.com", "example"),
)
ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {},
    {"HTTP_PROXY": "http://plain.test:1"},
    {"HTTPS_PROXY": "secure.test:1"},
    {"https_proxy": "http://lower.test:1", "HTTPS_PROXY": "http://upper.test:1"},
    {"ALL_PROXY": "all.test:1", "HTTPS_PROXY": "http://secure.test:1"},
    {"HTTPS_PROXY": "", "ALL_PROXY": "http://all.test:1"},
    *(
        {"HTTPS_PROXY": "https://secure.test:1", "HTTP_PROXY": "http://p.test:2", "NO_PROXY": one}
        for one in NO_PROXIES
    ),
)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=str)
def test_the_proxy_is_the_one_that_httpx_takes(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
        expected = {url: _chosen(client, url) for url in URLS}
    assert {url: proxy_for(url) for url in URLS} == expected


def _chosen(client: Any, url: str) -> str | None:
    """The proxy that httpx's own client takes. It offers no public way to ask."""
    transport = client._transport_for_url(httpx.URL(url))  # noqa: SLF001 - nothing public tells the proxy
    if transport is client._transport:  # noqa: SLF001 - nothing public tells the proxy
        return None
    proxy = transport._pool._proxy_url  # noqa: SLF001 - nothing public tells the proxy
    return f"{proxy.scheme.decode()}://{proxy.host.decode()}:{proxy.port}"


# httpx reads nothing in these, or refuses to start; httpx2 reads them.
ONLY_HTTPX2 = {
    "*.example.com": ["https://api.example.com/v1", "https://API.Example.com/v1"],
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


# --- names ---


@each_mode
@pytest.mark.parametrize("given", [None, {}], ids=["own", "given"])
def test_a_name_that_no_thread_can_be_started_for(
    serve: Serve,
    mode: str,
    given: dict[str, Any] | None,
    resolve: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = serve(whole(GET))
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("asyncio"):
            refuse_all()
        start(thread)

    def refuse_all(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    resolve(HOST)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(_thread, "start_new_thread", refuse_all)
    url = f"http://parcels.localhost:{server.port}"
    if mode == "sync":
        assert run(mode, url, GET.call, given=given)
    else:
        error = fail(mode, url, CREATE.call, given=given, max_attempts=1)
        assert (type(error), error.maybe_processed) == (APIConnectionError, False)
