"""TLS: what is refused and with which words, and a CA of one's own."""

from __future__ import annotations

import asyncio
import datetime
import gc
import select
import socket
import ssl
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
import trustme
from portal_v1 import APIConnectionError, APITimeoutError, AsyncPortal, Portal
from portal_v1._http import httpx
from portal_v1.testing import ManualClock

from tests.network._server import Answer, Peer
from tests.network._support_tls import SUBJECT, https_server
from tests.network.conftest import Serve

KEY = "the-key-of-the-tls-tests"
both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
YESTERDAY = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def trusting(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


def call(url: str, *, asynchronous: bool, http_client: Any = None) -> Any:
    async def run() -> Any:
        async with AsyncPortal(KEY, base_url=url, http_client=http_client) as portal:
            return await SUBJECT.asyncio(portal.with_options(clock=ManualClock()))

    if asynchronous:
        return asyncio.run(run())
    with Portal(KEY, base_url=url, http_client=http_client) as portal:
        return SUBJECT.sync(portal.with_options(clock=ManualClock()))


def own_client(context: ssl.SSLContext, *, asynchronous: bool) -> Any:
    return (httpx.AsyncClient if asynchronous else httpx.Client)(verify=context)


@both_ways
@pytest.mark.usefixtures("trusting")
def test_a_ca_in_ssl_cert_file_is_trusted(authority: trustme.CA, asynchronous: bool) -> None:
    with https_server(authority.issue_cert("localhost")) as (url, heads):
        assert len(call(url, asynchronous=asynchronous)) == 3
    assert f"authorization: bearer {KEY}" in heads[0].decode().lower()


@both_ways
def test_a_ca_in_a_client_of_ones_own_is_trusted(authority: trustme.CA, asynchronous: bool) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    client = own_client(context, asynchronous=asynchronous)
    with https_server(authority.issue_cert("localhost")) as (url, heads):
        assert len(call(url, asynchronous=asynchronous, http_client=client)) == 3
    assert len(heads) == 1


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "wrong host name": ("other.example.test", {}, "not valid for 'localhost'"),
    "expired": ("localhost", {"not_after": YESTERDAY}, "certificate has expired"),
}


@both_ways
@pytest.mark.parametrize("own", [False, True], ids=["default", "http_client"])
@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
@pytest.mark.usefixtures("trusting")
def test_a_certificate_that_is_not_good_is_refused(
    authority: trustme.CA, bad: tuple[str, dict[str, Any], str], own: bool, asynchronous: bool
) -> None:
    name, options, words = bad
    context = ssl.create_default_context()
    authority.configure_trust(context)
    client = own_client(context, asynchronous=asynchronous) if own else None
    with https_server(authority.issue_cert(name, **options)) as (url, heads):
        refused(url, words, heads, asynchronous=asynchronous, http_client=client)


@both_ways
@pytest.mark.usefixtures("trusting")
def test_a_certificate_of_an_unknown_authority_is_refused(asynchronous: bool) -> None:
    with https_server(trustme.CA().issue_cert("localhost")) as (url, heads):
        refused(url, "certificate", heads, asynchronous=asynchronous)


@both_ways
@pytest.mark.usefixtures("trusting")
def test_a_self_signed_certificate_is_refused(asynchronous: bool) -> None:
    # A root that serves for itself: it is in nobody's list.
    root = trustme.CA()
    certificate = root.issue_cert("localhost")
    with https_server(certificate) as (url, heads):
        refused(url, "self-signed|unable to get local issuer", heads, asynchronous=asynchronous)


def refused(
    url: str, words: str, heads: list[bytes], *, asynchronous: bool, http_client: Any = None
) -> None:
    """The call fails before anything is sent, in words that say why; it is not tried in vain."""
    with pytest.raises(APIConnectionError, match=words) as caught:
        call(url, asynchronous=asynchronous, http_client=http_client)
    error = caught.value
    assert not isinstance(error, APITimeoutError)
    assert error.maybe_processed is False
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert "base URL" in str(error)
    assert KEY not in str(error)
    assert heads == []


@pytest.mark.skipif(not hasattr(select, "poll"), reason="This system has no poll.")
def test_a_reset_before_the_handshake_leaves_no_socket(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected, connect = threading.Event(), socket.socket.connect

    def slowly(connection: socket.socket, address: Any) -> None:
        connect(connection, address)
        connected.set()
        poll = select.poll()
        poll.register(connection, 0)
        assert poll.poll(5000), "The reset does not arrive."

    monkeypatch.setattr(socket.socket, "connect", slowly)

    def reset(peer: Peer) -> None:
        connected.wait(5)
        peer.reset()

    server = serve(Answer(reset, reads=False))
    url = server.url.replace("http:", "https:")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with Portal(KEY, base_url=url, max_attempts=1) as portal:
            with pytest.raises(APIConnectionError, match="was not made") as caught:
                SUBJECT.sync(portal)
            gc.collect()
    assert [str(one.message) for one in warned] == []
    assert caught.value.maybe_processed is False
