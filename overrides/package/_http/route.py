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
from urllib.parse import urlsplit
from urllib.request import getproxies

from .._core.settings import is_loopback
from .._lazy import import_apart
from ..errors import ConfigurationError
from .library import httpcore, httpx

_DEFAULT_PORTS = {"https": 443, "http": 80}


def find_route(base_url: str) -> tuple[Any, Any, ssl.SSLContext | None]:
    """Return where a base URL leads: its URL, the proxy that leads to it, and the certificates."""
    context = None
    if base_url.startswith("https:"):
        context = _tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    proxy_url = proxy_for(base_url)
    try:
        proxy = None if proxy_url is None else httpx.Proxy(proxy_url)
        if proxy is None or proxy.url.host:
            return httpx.URL(base_url), proxy, context
        problem = "no host"
    except (ValueError, httpx.InvalidURL) as error:
        problem = type(error).__name__
    raise ConfigurationError(
        f"The proxy that the environment names cannot be used ({problem}). Check HTTPS_PROXY, "
        "HTTP_PROXY and ALL_PROXY."
    )


def proxy_for(url: str) -> str | None:
    """Return the URL of the proxy through which `url` is reached; None for none.

    Nothing leads to this machine through a proxy, whatever the environment says: the request
    would leave it, key and all.
    """
    parts = urlsplit(url)
    proxies = getproxies()
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    for entry in proxies.get("no", "").split(","):
        if _exempts(entry.strip().lower(), parts.scheme, host, parts.port):
            return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _exempts(entry: str, scheme: str, host: str, port: int | None) -> bool:
    if not entry or entry == "*":
        return entry == "*"
    wanted_scheme, separator, place = entry.rpartition("://")
    if wanted_scheme not in {"", "all", scheme}:
        return False
    name, wanted_port = _name_and_port(place)
    if wanted_port not in {None, _DEFAULT_PORTS.get(wanted_scheme)} and wanted_port != port:
        return False
    if "/" in name:
        return _is_in_network(host, name)
    if separator or name == "localhost" or is_address(name):
        return host == name
    name = name.removeprefix("*")
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")


def _name_and_port(place: str) -> tuple[str, int | None]:
    name, _, port = place.rpartition(":")
    if port.isascii() and port.isdecimal() and (":" not in name or name.endswith("]")):
        return name.strip("[]"), int(port)
    return place.strip("[]"), None


def is_address(name: str) -> bool:
    """Return whether a host's name is an address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


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
