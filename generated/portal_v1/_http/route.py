# Edited in overrides/package/_http/route.py, from where `make generate` copies it.
"""Where a base URL leads, and with which certificates."""

from __future__ import annotations

import errno
import os
import ssl
from functools import lru_cache
from typing import Any

from .._lazy import import_apart
from ..errors import ConfigurationError
from .library import INSTALLED, httpcore
from .proxies import proxy_for


def find_route(base_url: str) -> tuple[Any, Any, ssl.SSLContext | None]:
    """Return where a base URL leads: its URL, the proxy that leads to it, and the certificates."""
    context = None
    if base_url.startswith("https:"):
        context = _tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    proxy_url = proxy_for(base_url)
    try:
        proxy = None if proxy_url is None else INSTALLED.httpx.Proxy(proxy_url)
        if proxy is None or proxy.url.host:
            return INSTALLED.httpx.URL(base_url), proxy, context
        problem = "no host"
    except (ValueError, INSTALLED.httpx.InvalidURL) as error:
        problem = type(error).__name__
    raise ConfigurationError(
        f"The proxy that the environment names cannot be used ({problem}). Check HTTPS_PROXY, "
        "HTTP_PROXY and ALL_PROXY."
    )


@lru_cache(maxsize=4)
def _tls_context(cert_file: str | None, cert_dir: str | None) -> ssl.SSLContext:
    # Loading the certificates takes longer than all else that a client does at its start. The
    # arguments are what httpx reads from the environment to find them.
    try:
        context: ssl.SSLContext = import_apart(INSTALLED.httpx.create_ssl_context)
    except OSError as error:
        if error.errno in {errno.EMFILE, errno.ENFILE}:
            raise httpcore.ConnectError(str(error)) from None
        names = [n for n, v in (("SSL_CERT_FILE", cert_file), ("SSL_CERT_DIR", cert_dir)) if v]
        where = f"that {' and '.join(names)} names " if names else ""
        raise ConfigurationError(
            f"The certificates {where}cannot be loaded ({error.strerror or type(error).__name__})."
        ) from None
    context.set_alpn_protocols(["http/1.1"])
    return context
