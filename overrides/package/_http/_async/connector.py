"""Makes connections: past a host's silent addresses, through a proxy, with TLS."""

from __future__ import annotations

import base64
import ipaddress
import ssl
from typing import Any

from ..._core.settings import is_loopback
from ...errors import ConfigurationError
from ..attempt import NOT_ENCRYPTED, Attempt
from ..library import httpcore, httpx
from ..route import is_address
from ..waits_async import async_look_up
from .http11 import AsyncHTTP11Connection
from .sockets import AsyncSocketStream
from .tls import AsyncTLSStream

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class AsyncConnector:
    """Makes connections to one server."""

    def __init__(
        self, url: httpx.URL, proxy: httpx.Proxy | None, context: ssl.SSLContext | None
    ) -> None:
        self._host, self._port = _place(url)
        self._proxy = proxy
        self._context = context

    async def connect(
        self, attempt: Attempt, siblings: set[AsyncHTTP11Connection]
    ) -> AsyncHTTP11Connection:
        """Return a new connection to the server, one of its siblings as long as it is open."""
        host, port = _place(self._proxy.url) if self._proxy else (self._host, self._port)
        try:
            with attempt.connecting():
                stream: Any = await self._open(host, port, attempt)
                if self._proxy is not None:
                    stream = await self._pass_proxy(stream, self._proxy, attempt)
                if self._context is not None:
                    stream = await self._encrypt(stream, self._host, attempt)
                connection = AsyncHTTP11Connection(stream, siblings)
                if not connection.is_quiet():
                    raise httpcore.ConnectError("the other side did not wait for a request")
                return connection
        except httpcore.TimeoutException as error:
            raise httpcore.ConnectTimeout(str(error)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise httpcore.ConnectError(str(error)) from None

    async def _open(self, host: str, port: int, attempt: Attempt) -> AsyncSocketStream:
        addresses = [(host, port)] if is_address(host) else await _resolve(host, port, attempt)
        if self._context is None and not all(is_loopback(address) for address, _ in addresses):
            raise ConfigurationError(NOT_ENCRYPTED.format(host))
        failure: Exception | None = None
        for index, address in enumerate(addresses):
            # An address that swallows everything leaves the next one its share of the time.
            left = attempt.remaining(httpcore.ConnectTimeout)
            share = None if left is None else left / (len(addresses) - index)
            stream = AsyncSocketStream()
            attempt.owned.append(stream)  # before it is open
            try:
                await stream.connect(address, share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                stream.close()
                failure = error
            else:
                return stream
        raise failure or httpcore.ConnectError(f"{host} has no address")

    async def _encrypt(self, stream: Any, host: str, attempt: Attempt) -> AsyncTLSStream:
        secured = AsyncTLSStream(stream, self._context or ssl.create_default_context(), host)
        await secured.handshake(attempt)
        return secured

    async def _pass_proxy(self, stream: Any, proxy: httpx.Proxy, attempt: Attempt) -> Any:
        """Return a connection that leads to the server."""
        if proxy.url.scheme == "https":
            stream = await self._encrypt(stream, _place(proxy.url)[0], attempt)
        try:
            if proxy.url.scheme.startswith("socks5"):
                await self._connect_by_socks(stream, proxy, attempt)
            else:
                await self._connect_by_http(stream, proxy, attempt)
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise httpcore.ProxyError(str(error)) from None
        return stream

    async def _connect_by_http(self, stream: Any, proxy: httpx.Proxy, attempt: Attempt) -> None:
        host = f"[{self._host}]" if ":" in self._host else self._host
        target = f"{host}:{self._port}".encode()
        connection = AsyncHTTP11Connection(stream, set())
        answer = await connection.request(
            httpcore.Request(
                "CONNECT",
                httpcore.URL(scheme=b"http", host=b"", port=None, target=target),
                headers=[(b"Host", target), (b"Accept", b"*/*"), *_authorization(proxy)],
            ),
            attempt,
        )
        if answer["status"] // 100 != 2:
            reason = answer["extensions"]["reason_phrase"].decode("ascii", "ignore")
            raise httpcore.ProxyError(f"{answer['status']} {reason}")
        if not connection.is_quiet():
            raise httpcore.ProxyError("it sent more than its answer")

    async def _connect_by_socks(self, stream: Any, proxy: httpx.Proxy, attempt: Attempt) -> None:
        """Do as RFC 1928 and RFC 1929 say."""
        received = bytearray()
        method = b"\x00" if proxy.raw_auth is None else b"\x02"
        await stream.write(memoryview(b"\x05\x01" + method), attempt)
        if await _receive(stream, received, 2, attempt) != b"\x05" + method:
            raise httpcore.ProxyError("it asks for another kind of authentication")
        if proxy.raw_auth is not None:
            await stream.write(_credentials(proxy), attempt)
            if (await _receive(stream, received, 2, attempt))[1]:
                raise httpcore.ProxyError("it does not take the user name and password")
        await stream.write(memoryview(self._socks_request()), attempt)
        version, refusal, _, kind = await _receive(stream, received, 4, attempt)
        if version != 5 or refusal:
            raise httpcore.ProxyError(f"it refused, with code {refusal} of RFC 1928")
        length = {1: 4, 4: 16}.get(kind) or (await _receive(stream, received, 1, attempt))[0]
        await _receive(stream, received, length + 2, attempt)
        if received:
            raise httpcore.ProxyError("it sent more than its answer")

    def _socks_request(self) -> bytes:
        try:
            packed = ipaddress.ip_address(self._host).packed
        except ValueError:
            place = b"\x03" + bytes([len(self._host)]) + self._host.encode()
        else:
            place = (b"\x01" if len(packed) == 4 else b"\x04") + packed
        return b"\x05\x01\x00" + place + self._port.to_bytes(2, "big")


def _place(url: httpx.URL) -> tuple[str, int]:
    host = url.raw_host.decode("ascii")
    for label in host.removesuffix(".").split("."):
        if not 0 < len(label) < 64 or label == "xn--":
            raise ConfigurationError(
                f"{host[:100]} is not a host's name: each of its parts has 1 to 63 characters. "
                "Check the base URL and the proxy."
            )
    return host, url.port or _PORTS[url.scheme]


async def _resolve(host: str, port: int, attempt: Attempt) -> list[tuple[str, int]]:
    found = await async_look_up(host, port, attempt.remaining(httpcore.ConnectTimeout))
    if found is None:
        raise httpcore.ConnectTimeout(f"{host} was not resolved in time")
    if isinstance(found, Exception):
        reason = getattr(found, "strerror", None) or str(found)
        raise httpcore.ConnectError(f"{host} was not resolved: {reason}")
    return list(dict.fromkeys((str(entry[4][0]), int(entry[4][1])) for entry in found))


def _authorization(proxy: httpx.Proxy) -> list[tuple[bytes, bytes]]:
    if proxy.raw_auth is None:
        return []
    return [(b"Proxy-Authorization", b"Basic " + base64.b64encode(b":".join(proxy.raw_auth)))]


def _credentials(proxy: httpx.Proxy) -> memoryview:
    parts = [bytes([len(part)]) + part for part in proxy.raw_auth or ()]
    return memoryview(b"\x01" + b"".join(parts))


async def _receive(stream: Any, received: bytearray, length: int, attempt: Attempt) -> bytes:
    """Return so many bytes of an answer."""
    while len(received) < length:
        data = await stream.read(attempt)
        if not data.reveal():
            raise httpcore.ProxyError("it closed without a whole answer")
        received.extend(data.reveal())
    taken = bytes(received[:length])
    del received[:length]
    return taken
