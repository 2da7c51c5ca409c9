"""What every test of the network needs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import trustme

from tests.network._server import TUNNEL, HostileServer, tls_of

Serve = Callable[..., HostileServer]


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> trustme.CA:
    """An authority that signs certificates, which the clients of these tests trust."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path_factory.getbasetemp() / "ca.pem")
    return authority


@pytest.fixture(autouse=True)
def _environment(
    authority: trustme.CA,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is set on the machine says nothing here."""
    for name in [*os.environ]:
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path_factory.getbasetemp() / "ca.pem"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that answer by a script; they end with the test."""
    with ExitStack() as servers:
        yield lambda *script, **how: servers.enter_context(HostileServer(*script, **how))


@pytest.fixture(params=["http", "https", "https proxy"])
def reach(
    request: pytest.FixtureRequest,
    serve: Serve,
    authority: trustme.CA,
    monkeypatch: pytest.MonkeyPatch,
) -> Serve:
    """Starts a server that is reached, at its `url`, in one way after the other."""

    def start(*script: Any) -> HostileServer:
        tls = tls_of(authority, "parcels.test", "127.0.0.1") if request.param != "http" else None
        server = serve(*script, tls=tls)
        if request.param == "https proxy":
            proxy = serve(TUNNEL, tls=tls_of(authority, "127.0.0.1"))
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            server.url = f"https://parcels.test:{server.port}"
        return server

    return start
