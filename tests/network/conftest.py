"""What every test of the network needs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.network._server import Answer, HostileServer, tls_of, tunnel

Serve = Callable[..., HostileServer]
Reach = Callable[..., tuple[HostileServer, str]]

each_mode = pytest.mark.parametrize("mode", ["sync", "async"])


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
) -> Reach:
    """Starts a server, and gives it and the URL at which it is reached."""

    def start(*script: Answer) -> tuple[HostileServer, str]:
        tls = tls_of(trusted, "parcels.test", "127.0.0.1") if request.param != "http" else None
        server = serve(*script, tls=tls)
        if request.param != "https proxy":
            return server, server.url
        monkeypatch.setenv("HTTPS_PROXY", serve(tunnel(), tls=tls_of(trusted, "127.0.0.1")).url)
        return server, f"https://parcels.test:{server.port}"

    return start


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives every host's name one address, as far as this process looks it up."""

    def give(address: str) -> None:
        def found(_: object, port: int, *__: object, **___: object) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", found)

    return give
