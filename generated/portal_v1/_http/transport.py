# Edited in overrides/package/_http/transport.py, from where `make generate` copies it.
"""Transports whose connections keep to the deadline."""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from .backend import AsyncDeadlineBackend, DeadlineBackend
from .library import INSTALLED, Library
from .pool import pool_class
from .proxies import proxy_for

if TYPE_CHECKING:
    import httpx
else:
    from .library import httpx

# httpx's own defaults. More connections that are kept alive make its pool slower, not faster.
_LIMITS = {"max_connections": 100, "max_keepalive_connections": 20, "keepalive_expiry": 5.0}


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's transport over a pool whose connections keep to the deadline.

    It is a subclass, and leaves the sending to httpx, so that what instruments httpx (such as
    OpenTelemetry) sees it.
    """

    def __init__(self, base_url: str) -> None:
        # httpx's own initialiser would load the certificates again, for a pool not used.
        self._pool = _pool(base_url, INSTALLED, DeadlineBackend(INSTALLED), "")

    def close_idle(self, *, idle_only: bool = True) -> None:
        """Close connections past the pool and its lock, which a thread lost in a fork may hold.

        Args:
            idle_only: Whether those that an answer is still coming over are left alone.
        """
        with suppress(Exception):
            for connection in self._pool.connections:
                if connection.is_idle() or not idle_only:
                    connection.close()


class AsyncDeadlineTransport(httpx.AsyncHTTPTransport):
    """The same for an event loop."""

    def __init__(self, base_url: str) -> None:
        self._pool = _pool(base_url, INSTALLED, AsyncDeadlineBackend(INSTALLED), "Async")


def _pool(base_url: str, library: Library, backend: Any, prefix: str) -> Any:
    core = library.httpcore
    options: dict[str, Any] = {**_LIMITS, "network_backend": backend}
    if base_url.startswith("https:"):
        options["ssl_context"] = _tls_context(
            os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        )
    proxy_url = proxy_for(base_url)
    if proxy_url is None:
        return pool_class(f"{prefix}ConnectionPool")(**options)
    try:
        proxy = library.httpx.Proxy(proxy_url)
        options["proxy_url"] = core.URL(
            scheme=proxy.url.raw_scheme,
            host=proxy.url.raw_host,
            port=proxy.url.port,
            target=proxy.url.raw_path,
        )
        options["proxy_auth"] = proxy.raw_auth
        if proxy.url.scheme.startswith("socks5"):
            return pool_class(f"{prefix}SOCKSProxy")(**options)
        return pool_class(f"{prefix}HTTPProxy")(**options)
    except (ValueError, RuntimeError, ImportError, library.httpx.InvalidURL) as error:
        problem = type(error).__name__
    raise ConfigurationError(
        f"The proxy that the environment names cannot be used ({problem}). Check HTTPS_PROXY, "
        "HTTP_PROXY and ALL_PROXY; a socks5 proxy needs the package socksio."
    )


@lru_cache(maxsize=4)
def _tls_context(_cert_file: str | None, _cert_dir: str | None) -> ssl.SSLContext:
    # Loading the certificates takes longer than all else that a client does at its start. The
    # arguments are what httpx reads from the environment to find them.
    context: ssl.SSLContext = INSTALLED.httpx.create_ssl_context()
    return context
