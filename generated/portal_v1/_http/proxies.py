# Edited in overrides/package/_http/proxies.py, from where `make generate` copies it.
"""Which proxy the environment names, by the rules that httpx goes by.

HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not; on macOS and Windows the
system's settings too. See https://www.python-httpx.org/environment_variables/.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies

from .._core.settings import is_loopback

_DEFAULT_PORTS = {"https": 443, "http": 80}


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


def _is_in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def is_address(name: str) -> bool:
    """Return whether a host's name is an address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
