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
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

KEY: Final = "benchmark-key-0123456789"
ID: Final = "clx5n0q3k0001l408kx7v2q9d"
HEADERS: Final = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
PATH: Final = "/custodians/clients"

Calls = dict[str, Callable[[], Any]]


def _ours(url: str, name: str = "Portal", given: str = "") -> Calls:
    """Call by this project's client, on its own connections or on a given httpx client."""
    module, _, client = given.rpartition(".")
    http_client = getattr(import_module(module), client)(timeout=None) if given else None
    portal = getattr(import_module("portal_v1"), name)(KEY, base_url=url, http_client=http_client)
    return {
        "create": portal.clients.create,
        "get": partial(portal.clients.get, ID),
        "list": portal.clients.list,
        "all": lambda: deque(portal.clients.iter(timeout=None), maxlen=0),
    }


def _default(url: str, kind: str = "sync") -> Calls:
    client = import_module("default_portal").AuthenticatedClient(base_url=url, token=KEY)
    body = import_module("default_portal.models").CreateClientRequest()
    create, get, list_ = (
        partial(getattr(import_module(f"default_portal.api.clients.{name}"), kind), client=client)
        for name in ("create_client", "get_client", "list_clients")
    )
    return {
        "create": partial(create, body=body),
        "get": partial(get, ID),
        "list": list_,
        "all": list_,
    }


def _openapi_generator(url: str) -> Calls:
    og = import_module("og_portal")
    api = og.ClientsApi(og.ApiClient(og.Configuration(host=url, access_token=KEY)))
    return {"create": lambda: api.create_client(og.CreateClientRequest()), "list": api.list_clients}


def _fern_style(url: str) -> Calls:
    api = import_module("crozier_portal").CrozierPortalApi(base_url=url, token=KEY).clients
    return {"create": api.create_client, "list": api.list_clients}


def _stainless_style(url: str) -> Calls:
    api = import_module("stainful_portal").Portal(base_url=url, api_key=KEY).clients
    return {"create": api.create, "list": api.list}


def _by_hand(send: Callable[[str, str, bytes | None], Any]) -> Calls:
    return {
        "create": partial(send, "POST", PATH, b"{}"),
        "get": partial(send, "GET", f"{PATH}/{ID}", None),
        "list": partial(send, "GET", PATH, None),
    }


def _bare_httpx(url: str, library: str = "httpx") -> Calls:
    client = import_module(library).Client(base_url=url, headers=HEADERS)
    return _by_hand(lambda verb, path, body: client.request(verb, path, content=body).json())


def _bare_urllib3(url: str) -> Calls:
    request = partial(import_module("urllib3").PoolManager().request, headers=HEADERS)
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
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    fields = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()).encode()

    def send(verb: str, path: str, body: bytes | None) -> Any:
        head = f"{verb} {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n".encode()
        length = b"Content-Length: %d\r\n\r\n" % len(body or b"")
        connection.sendall(head + fields + length + (body or b""))
        data = connection.recv(65536)
        start = data.index(b"\r\n\r\n") + 4
        whole = start + int(data[:start].partition(b"Content-Length: ")[2].split(b"\r\n")[0])
        while len(data) < whole:
            data += connection.recv(1 << 20)
        return json.loads(data[start:])

    return _by_hand(send)


def _httpx_async(url: str, library: str = "httpx") -> Calls:
    client = import_module(library).AsyncClient(base_url=url, headers=HEADERS, timeout=None)

    async def send(verb: str, path: str, body: bytes | None) -> Any:
        return (await client.request(verb, path, content=body)).json()

    return _by_hand(send)


def _aiohttp_async(url: str) -> Calls:
    session = import_module("aiohttp").ClientSession(headers=HEADERS)

    async def send(verb: str, path: str, body: bytes | None) -> Any:
        async with session.request(verb, url + path, data=body) as response:
            return await response.json()

    return _by_hand(send)


OURS: Final = "portal-v1"
DEFAULT: Final = "default generated client"
GENERATED: Final[dict[str, Callable[[str], Calls]]] = {
    "openapi-generator": _openapi_generator,
    "Fern-style (crozier)": _fern_style,
    "Stainless-style (stainful)": _stainless_style,
}
SYNC: Final[dict[str, Callable[[str], Calls]]] = {
    OURS: _ours,
    DEFAULT: _default,
    **GENERATED,
    "bare httpx": _bare_httpx,
    "bare httpx2": partial(_bare_httpx, library="httpx2"),
    "bare urllib3": _bare_urllib3,
    "bare http.client": _bare_http_client,
    "raw socket": _raw_socket,
}
ASYNC: Final[dict[str, Callable[[str], Calls]]] = {
    OURS: partial(_ours, name="AsyncPortal"),
    "portal-v1, given aiohttp": partial(
        _ours, name="AsyncPortal", given="httpx_aiohttp.HttpxAiohttpClient"
    ),
    DEFAULT: partial(_default, kind="asyncio"),
    "bare httpx": _httpx_async,
    "bare httpx2": partial(_httpx_async, library="httpx2"),
    "bare aiohttp": _aiohttp_async,
}
