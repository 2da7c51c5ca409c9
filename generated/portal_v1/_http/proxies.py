"""Which proxy the environment names, by the rules that httpx goes by.

HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in capitals or not; on macOS and Windows the
system's settings too. See https://www.python-httpx.org/environment_variables/.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies


def proxy_for(url: str) -> str | None:
    """Return the URL of the proxy through which `url` is reached; None for none."""
    parts = urlsplit(url)
    proxies = getproxies()
    host = parts.hostname or ""
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
    if "://" in entry:
        wanted_scheme, _, entry = entry.partition("://")
        if wanted_scheme not in {"all", scheme}:
            return False
    name, _, wanted_port = entry.rpartition(":") if _has_port(entry) else (entry, "", "")
    if wanted_port and wanted_port != str(port or {"https": 443, "http": 80}[scheme]):
        return False
    name = name.strip("[]")
    if name == "localhost" or _is_address(name):
        return host == name
    name = name.removeprefix("*")
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")


def _has_port(entry: str) -> bool:
    name, _, port = entry.rpartition(":")
    return port.isdigit() and (":" not in name or name.endswith("]"))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
