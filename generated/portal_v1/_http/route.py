# Edited in overrides/package/_http/route.py, from where `make generate` copies it.
"""Where a base URL leads: through which proxy, and with which certificates.

The environment names the proxy, by the rules that httpx goes by: HTTPS_PROXY, HTTP_PROXY,
ALL_PROXY and NO_PROXY, in capitals or not; on macOS and Windows the system's settings too. See
https://www.python-httpx.org/environment_variables/.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import ssl
from functools import lru_cache
from typing import Any
from urllib.request import getproxies

from .._core.settings import is_loopback, read_address
from .._lazy import import_apart
from ..errors import ConfigurationError
from .library import httpcore, httpx


def find_route(base_url: str) -> tuple[Any, Any, Any]:
    """Return where a base URL leads: its URL, the proxy that leads to it, and the certificates."""
    context = None
    if base_url.startswith("https:"):
        context = _tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    try:
        url, proxy_url = httpx.URL(base_url), proxy_for(base_url)
        proxy = None if proxy_url is None else httpx.Proxy(proxy_url)
        if proxy is None or proxy.url.host:
            return url, proxy, context
        problem = "no host"
    except (ValueError, httpx.InvalidURL) as error:
        problem = type(error).__name__
    raise ConfigurationError(
        f"The proxy that the environment names cannot be used ({problem}). Check HTTPS_PROXY, "
        "HTTP_PROXY and ALL_PROXY."
    )


def proxy_for(base_url: str) -> str | None:
    """Return the URL of the proxy through which a base URL is reached; None for none.

    Nothing leads to this machine through a proxy, whatever the environment says: the request
    would leave it, key and all.
    """
    url, proxies = httpx.URL(base_url), getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    entries = filter(None, map(str.strip, proxies.get("no", "").split(",")))
    if not proxy or is_loopback(host_of(url)) or any(_exempts(one, url) for one in entries):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def host_of(url: httpx.URL) -> str:
    """Return a URL's host as it is looked up."""
    return url.raw_host.decode("ascii")


def _exempts(entry: str, url: httpx.URL) -> bool:
    """Return whether an entry of NO_PROXY is for a URL: a network, a host, or a domain."""
    host = host_of(url)
    address = read_address(host)
    try:
        network = ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    else:
        return address is not None and address in network
    try:
        place = httpx.URL(entry if "://" in entry else f"all://{entry.removeprefix('*')}")
    except httpx.InvalidURL:
        return False
    if place.scheme not in {"all", url.scheme} or place.port not in {None, url.port}:
        return False
    name = host_of(place)
    if host == name or "://" in entry or name == "localhost":
        return host == name
    return host.endswith(name if name[:1] in {"", "."} else f".{name}")


@lru_cache(maxsize=4)
def _tls_context(cert_file: str | None, cert_dir: str | None) -> ssl.SSLContext:
    # Loading the certificates takes longer than all else that a client does at its start. The
    # arguments are what httpx reads from the environment to find them.
    try:
        context: ssl.SSLContext = import_apart(httpx.create_ssl_context)
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
