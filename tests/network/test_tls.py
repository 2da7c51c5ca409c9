"""TLS: what is refused and with which words, and a CA of one's own."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from sample import APIConnectionError, APITimeoutError, ConfigurationError
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import GET, KEY, fail, run
from tests.network._server import tls_of, whole
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
