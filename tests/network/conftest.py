"""What every test of the network needs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.network._operations import OPERATIONS
from tests.network._proxy import Proxy
from tests.network._server import Answer, HostileServer, tls_of

Serve = Callable[..., HostileServer]
Reach = Callable[..., tuple[HostileServer, str]]

each_mode = pytest.mark.parametrize("mode", ["sync", "async"])
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=repr)


@pytest.fixture(autouse=True)
def _no_proxy_and_no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set on the machine says nothing here."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that answer by a script; they end with the test."""
    with ExitStack() as servers:

        def start(*script: Answer, **options: Any) -> HostileServer:
            return servers.enter_context(HostileServer(*script, **options))

        yield start


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """A certificate authority, and the file that its own certificate is in."""
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return authority, path


@pytest.fixture
def trusted(authority: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """The same authority, which clients of this test trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[1]))
    return authority[0]


@pytest.fixture(params=["http", "https", "https proxy"])
def reach(
    request: pytest.FixtureRequest,
    serve: Serve,
    trusted: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Reach]:
    """Starts a server, and gives it and the URL at which it is reached."""

    def start(*script: Answer) -> tuple[HostileServer, str]:
        tls = tls_of(trusted, "parcels.test", "127.0.0.1") if request.param != "http" else None
        server = serve(*script, tls=tls)
        if request.param != "https proxy":
            return server, server.url
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        return server, f"https://parcels.test:{server.port}"

    with Proxy(tls=tls_of(trusted, "127.0.0.1")) as proxy:
        yield start


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Gives a host's name the addresses that it has, as far as this process looks it up."""
    hosts: dict[str, tuple[str, ...]] = {}
    look_up = socket.getaddrinfo

    def found(host: Any, *args: Any, **options: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        addresses = hosts.get(name, (host,))
        return [entry for one in addresses for entry in look_up(one, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", found)

    def give(host: str, *addresses: str) -> None:
        hosts[host] = addresses

    return give
