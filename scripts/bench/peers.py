"""The clients that are compared: each as functions that make the same call.

A peer is made by a function that takes the base URL and returns the call. Everything is imported
when a peer is made, so that a benchmark loads only what it measures.
"""

from __future__ import annotations

import http.client
import importlib
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

KEY: Final = "benchmark-key-0123456789"
ID: Final = "clx5n0q3k0001l408kx7v2q9d"
HEADERS: Final = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
PATH: Final = "/custodians/clients"

Call = Callable[[], Any]
AsyncCall = Callable[[], Awaitable[Any]]


def ours(url: str, method: str) -> Call:
    """Return a call of this project's client."""
    from portal_v1 import Portal

    portal: Any = Portal(KEY, base_url=url)
    bound = getattr(portal.clients, method)
    return (lambda: bound(ID)) if method == "get" else bound


def ours_iter(url: str) -> Call:
    """Return a call that goes through this project's client's list item by item."""
    from portal_v1 import Portal

    portal: Any = Portal(KEY, base_url=url, timeout=None)

    def call() -> None:
        for _ in portal.clients.iter():
            pass

    return call


def default(url: str, method: str) -> Call:
    """Return a call of what openapi-python-client makes of the document by itself."""
    package = importlib.import_module("default_portal")
    client = package.AuthenticatedClient(base_url=url, token=KEY)
    if method == "create":
        module = importlib.import_module("default_portal.api.clients.create_client")
        body = importlib.import_module("default_portal.models").CreateClientRequest()
        return lambda: module.sync(client=client, body=body)
    if method == "list":
        module = importlib.import_module("default_portal.api.clients.list_clients")
        return lambda: module.sync(client=client)
    module = importlib.import_module("default_portal.api.clients.get_client")
    return lambda: module.sync(ID, client=client)


def openapi_generator(url: str, method: str) -> Call:
    """Return a call of openapi-generator's Python client."""
    package = importlib.import_module("openapi_generator_portal")
    configuration = package.Configuration(host=url, access_token=KEY)
    api = package.ClientsApi(package.ApiClient(configuration))
    if method == "create":
        return lambda: api.create_client(package.CreateClientRequest())
    return api.list_clients if method == "list" else lambda: api.get_client(ID)


def fern_style(url: str, method: str) -> Call:
    """Return a call of the client that crozier makes, in Fern's style."""
    package = importlib.import_module("crozier_portal")
    clients = package.CrozierPortalApi(base_url=url, token=KEY).clients
    calls: dict[str, Call] = {
        "create": clients.create_client,
        "list": clients.list_clients,
        "get": lambda: clients.get_client(ID),
    }
    return calls[method]


def stainless_style(url: str, method: str) -> Call:
    """Return a call of the client that stainful makes, in Stainless' style."""
    package = importlib.import_module("stainful_portal")
    clients = package.Portal(base_url=url, api_key=KEY).clients
    calls: dict[str, Call] = {
        "create": clients.create,
        "list": clients.list,
        "get": lambda: clients.retrieve(ID),
    }
    return calls[method]


def bare_httpx(url: str, method: str, library: str = "httpx") -> Call:
    """Return a call by hand over httpx, its answer parsed as JSON."""
    client = importlib.import_module(library).Client(base_url=url, headers=HEADERS)
    if method == "create":
        return lambda: client.post(PATH, content=b"{}").json()
    path = PATH if method == "list" else f"{PATH}/{ID}"
    return lambda: client.get(path).json()


def bare_httpx2(url: str, method: str) -> Call:
    """Return the same over httpx2."""
    return bare_httpx(url, method, "httpx2")


def bare_urllib3(url: str, method: str) -> Call:
    """Return a call by hand over urllib3."""
    pool = importlib.import_module("urllib3").PoolManager()
    verb, body = ("POST", b"{}") if method == "create" else ("GET", None)
    path = f"{PATH}/{ID}" if method == "get" else PATH
    return lambda: json.loads(pool.request(verb, url + path, body=body, headers=HEADERS).data)


def bare_http_client(url: str, method: str) -> Call:
    """Return a call by hand over http.client."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    verb, body = ("POST", b"{}") if method == "create" else ("GET", None)
    path = parts.path + (f"{PATH}/{ID}" if method == "get" else PATH)

    def call() -> Any:
        connection.request(verb, path, body, HEADERS)
        return json.loads(connection.getresponse().read())

    return call


def raw_socket(url: str, method: str) -> Call:
    """Return a call written straight to a socket: the limit."""
    parts = urlsplit(url)
    connection = socket.create_connection((str(parts.hostname), parts.port or 80))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    verb, body = ("POST", "{}") if method == "create" else ("GET", "")
    path = parts.path + (f"{PATH}/{ID}" if method == "get" else PATH)
    fields = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    head = f"{verb} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{fields}"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def call() -> Any:
        connection.sendall(request)
        data = connection.recv(65536)
        start = data.index(b"\r\n\r\n") + 4
        length = int(data[:start].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(data) < start + length:
            data += connection.recv(1 << 20)
        return json.loads(data[start:])

    return call


def ours_async(url: str) -> AsyncCall:
    """Return an async get of this project's client."""
    from portal_v1 import AsyncPortal

    portal: Any = AsyncPortal(KEY, base_url=url)
    return lambda: portal.clients.get(ID)


def default_async(url: str) -> AsyncCall:
    """Return an async get of openapi-python-client's own client."""
    package = importlib.import_module("default_portal")
    module = importlib.import_module("default_portal.api.clients.get_client")
    client = package.AuthenticatedClient(base_url=url, token=KEY)
    return lambda: module.asyncio(ID, client=client)


def httpx_async(url: str, library: str = "httpx") -> AsyncCall:
    """Return an async get by hand over httpx."""
    client = importlib.import_module(library).AsyncClient(
        base_url=url, headers=HEADERS, timeout=None
    )

    async def call() -> Any:
        return (await client.get(f"{PATH}/{ID}")).json()

    return call


def aiohttp_async(url: str) -> AsyncCall:
    """Return an async get by hand over aiohttp."""
    import aiohttp

    session = aiohttp.ClientSession(headers=HEADERS)

    async def call() -> Any:
        async with session.get(f"{url}{PATH}/{ID}") as response:
            return await response.json()

    return call


SYNC: Final[dict[str, Callable[[str, str], Call]]] = {
    "portal-v1": ours,
    "default generated client": default,
    "openapi-generator": openapi_generator,
    "Fern-style (crozier)": fern_style,
    "Stainless-style (stainful)": stainless_style,
    "bare httpx": bare_httpx,
    "bare httpx2": bare_httpx2,
    "bare urllib3": bare_urllib3,
    "bare http.client": bare_http_client,
    "raw socket": raw_socket,
}
ASYNC: Final[dict[str, Callable[[str], AsyncCall]]] = {
    "portal-v1": ours_async,
    "default generated client": default_async,
    "bare httpx": httpx_async,
    "bare aiohttp": aiohttp_async,
}
