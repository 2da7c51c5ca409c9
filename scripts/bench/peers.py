"""The clients that are compared: each makes the same calls by name, such as `create` and `list`.

A peer is a function that takes the base URL and returns the calls. It imports its library itself,
so that a benchmark loads only what it measures.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections import deque
from collections.abc import Callable
from functools import partial
from pkgutil import resolve_name
from typing import Any, Final
from urllib.parse import urlsplit

KEY: Final = "benchmark-key-0123456789"
ID: Final = "clx5n0q3k0001l408kx7v2q9d"
HEADERS: Final = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
PATH: Final = "/custodians/clients"

Calls = dict[str, Callable[[], Any]]
Peers = dict[str, Callable[[str], Calls]]


def _ours(url: str, name: str = "Portal", given: str = "") -> Calls:
    """Call by this project's client, on its own connections or on a given httpx client."""
    http_client = resolve_name(given)(timeout=None) if given else None
    clients = resolve_name(f"portal_v1:{name}")(KEY, base_url=url, http_client=http_client).clients
    return {
        "create": clients.create,
        "get": partial(clients.get, ID),
        "list": clients.list,
        "all": lambda: deque(clients.iter(timeout=None), maxlen=0),
    }


def _default(url: str, kind: str = "sync") -> Calls:
    client = resolve_name("default_portal:AuthenticatedClient")(base_url=url, token=KEY)
    body = resolve_name("default_portal.models:CreateClientRequest")()
    create, get, list_ = (
        partial(resolve_name(f"default_portal.api.clients.{name}:{kind}"), client=client)
        for name in ("create_client", "get_client", "list_clients")
    )
    calls = {"create": partial(create, body=body), "get": partial(get, ID)}
    return {**calls, "list": list_, "all": list_}


def _openapi_generator(url: str) -> Calls:
    og = resolve_name("og_portal")
    api = og.ClientsApi(og.ApiClient(og.Configuration(host=url, access_token=KEY)))
    return {"create": lambda: api.create_client(og.CreateClientRequest()), "list": api.list_clients}


def _in_style(url: str, client: str, key: str, create: str, list_: str) -> Calls:
    api = resolve_name(client)(base_url=url, **{key: KEY}).clients
    return {"create": getattr(api, create), "list": getattr(api, list_)}


def _by_hand(send: Callable[[str, str, bytes | None], Any]) -> Calls:
    return {
        "create": partial(send, "POST", PATH, b"{}"),
        "get": partial(send, "GET", f"{PATH}/{ID}", None),
        "list": partial(send, "GET", PATH, None),
    }


def _bare_httpx(url: str, client: str = "httpx:Client") -> Calls:
    request = resolve_name(client)(base_url=url, headers=HEADERS, timeout=None).request

    async def send(verb: str, path: str, body: bytes | None) -> Any:
        return (await request(verb, path, content=body)).json()

    if client.endswith("AsyncClient"):
        return _by_hand(send)
    return _by_hand(lambda verb, path, body: request(verb, path, content=body).json())


def _bare_urllib3(url: str) -> Calls:
    request = partial(resolve_name("urllib3").PoolManager().request, headers=HEADERS)
    return _by_hand(lambda verb, path, body: json.loads(request(verb, url + path, body=body).data))


def _bare_http_client(url: str) -> Calls:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)

    def send(verb: str, path: str, body: bytes | None) -> Any:
        connection.request(verb, parts.path + path, body, HEADERS)
        return json.loads(connection.getresponse().read())

    return _by_hand(send)


def _raw_socket(url: str) -> Calls:
    """Write straight to a socket: the limit."""
    parts = urlsplit(url)
    connection = socket.create_connection((str(parts.hostname), parts.port or 80))
    fields = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())

    def send(verb: str, path: str, body: bytes | None) -> Any:
        body = body or b""
        head = f"{verb} {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{fields}"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        # The server's last field is the length of the body.
        answer, _, data = connection.recv(65536).partition(b"\r\n\r\n")
        while len(data) < int(answer.rpartition(b" ")[2]):
            data += connection.recv(1 << 20)
        return json.loads(data)

    return _by_hand(send)


def _aiohttp_async(url: str) -> Calls:
    session = resolve_name("aiohttp").ClientSession(headers=HEADERS)

    async def send(verb: str, path: str, body: bytes | None) -> Any:
        async with session.request(verb, url + path, data=body) as response:
            return await response.json()

    return _by_hand(send)


OURS: Final = "portal-v1"
DEFAULT: Final = "default generated client"
_FERN: Final = ("crozier_portal:CrozierPortalApi", "token", "create_client", "list_clients")
_STAINLESS: Final = ("stainful_portal:Portal", "api_key", "create", "list")
_AIOHTTP: Final = "httpx_aiohttp:HttpxAiohttpClient"
GENERATED: Final[Peers] = {
    "openapi-generator": _openapi_generator,
    "Fern-style (crozier)": lambda url: _in_style(url, *_FERN),
    "Stainless-style (stainful)": lambda url: _in_style(url, *_STAINLESS),
}
SYNC: Final[Peers] = {
    OURS: _ours,
    DEFAULT: _default,
    **GENERATED,
    "bare httpx": _bare_httpx,
    "bare httpx2": partial(_bare_httpx, client="httpx2:Client"),
    "bare urllib3": _bare_urllib3,
    "bare http.client": _bare_http_client,
    "raw socket": _raw_socket,
}
ASYNC: Final[Peers] = {
    OURS: partial(_ours, name="AsyncPortal"),
    "portal-v1, given aiohttp": partial(_ours, name="AsyncPortal", given=_AIOHTTP),
    DEFAULT: partial(_default, kind="asyncio"),
    "bare httpx": partial(_bare_httpx, client="httpx:AsyncClient"),
    "bare httpx2": partial(_bare_httpx, client="httpx2:AsyncClient"),
    "bare aiohttp": _aiohttp_async,
}
