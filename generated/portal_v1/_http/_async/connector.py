# Edited in overrides/package/_http/_async/connector.py, from where `make generate` copies it.
"""Makes connections: past a host's silent addresses, through a proxy, with TLS."""

from __future__ import annotations

import base64
import time
from typing import Any

from ..._core.settings import is_loopback, read_address
from ...errors import ConfigurationError
from ..attempt import NOT_ENCRYPTED, Attempt
from ..library import httpcore, httpx
from ..route import find_route, host_of
from ..waits_async import async_look_up
from .http11 import AsyncHTTP11Connection
from .sockets import AsyncSocketStream
from .tls import AsyncTLSStream

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


class AsyncConnector:
    """Makes connections to one server."""

    def __init__(self, base_url: str) -> None:
        url, self._proxy, self._context = find_route(base_url)
        self._host, self._port = _place(url)

    async def connect(
        self, attempt: Attempt, siblings: set[AsyncHTTP11Connection]
    ) -> AsyncHTTP11Connection:
        """Return a new connection to the server, one of its siblings as long as it is open."""
        if attempt.connect_timeout is not None:
            attempt.connect_by = time.monotonic() + attempt.connect_timeout
        try:
            if self._proxy is None:
                stream: Any = await self._open(self._host, self._port, attempt)
            else:
                stream = await self._pass_proxy(self._proxy, attempt)
            if self._context is not None:
                stream = await self._encrypt(stream, self._host, attempt)
            connection = AsyncHTTP11Connection(stream, siblings)
            if not connection.is_quiet():
                raise httpcore.ConnectError("the other side did not wait for a request")
        except httpcore.TimeoutException as error:
            raise httpcore.ConnectTimeout(str(error)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise httpcore.ConnectError(str(error)) from None
        else:
            return connection
        finally:
            attempt.connect_by = None

    async def _open(self, host: str, port: int, attempt: Attempt) -> AsyncSocketStream:
        addresses = [(host, port)] if read_address(host) else await _resolve(host, port, attempt)
        if self._context is None and not all(is_loopback(address) for address, _ in addresses):
            raise ConfigurationError(NOT_ENCRYPTED.format(host))
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
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
        raise failure

    async def _encrypt(self, stream: Any, host: str, attempt: Attempt) -> AsyncTLSStream:
        # Nothing but https goes through a proxy, so there are certificates for a proxy's, too.
        secured = AsyncTLSStream(stream, self._context, host)
        await secured.handshake(attempt)
        return secured

    async def _pass_proxy(self, proxy: httpx.Proxy, attempt: Attempt) -> Any:
        """Return a connection that leads to the server."""
        host, port = _place(proxy.url)
        stream: Any = await self._open(host, port, attempt)
        if proxy.url.scheme == "https":
            stream = await self._encrypt(stream, host, attempt)
        by_socks = proxy.url.scheme.startswith("socks5")
        pass_proxy = self._connect_by_socks if by_socks else self._connect_by_http
        try:
            await pass_proxy(stream, proxy.raw_auth, attempt)
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise httpcore.ProxyError(str(error)) from None
        return stream

    async def _connect_by_http(self, stream: Any, auth: Any, attempt: Attempt) -> None:
        host = f"[{self._host}]" if ":" in self._host else self._host
        target = f"{host}:{self._port}".encode()
        headers = [(b"Host", target), (b"Accept", b"*/*")]
        if auth is not None:
            token = base64.b64encode(b":".join(auth))
            headers.append((b"Proxy-Authorization", b"Basic " + token))
        url = httpcore.URL(scheme=b"http", host=b"", port=None, target=target)
        connection = AsyncHTTP11Connection(stream, set())
        request = httpcore.Request("CONNECT", url, headers=headers)
        answer = await connection.request(request, attempt)
        if answer["status"] // 100 != 2:
            reason = answer["extensions"]["reason_phrase"].decode("ascii", "ignore")
            raise httpcore.ProxyError(f"{answer['status']} {reason}")
        if not connection.is_quiet():
            raise httpcore.ProxyError("it sent more than its answer")

    async def _connect_by_socks(self, stream: Any, auth: Any, attempt: Attempt) -> None:
        """Do as RFC 1928 and RFC 1929 say."""
        received = bytearray()

        async def receive(length: int) -> bytes:
            while len(received) < length:
                data = await stream.read(attempt)
                if not data:
                    raise httpcore.ProxyError("it closed without a whole answer")
                received.extend(data)
            taken = bytes(received[:length])
            del received[:length]
            return taken

        method = b"\x00" if auth is None else b"\x02"
        await stream.write(memoryview(b"\x05\x01" + method), attempt)
        if await receive(2) != b"\x05" + method:
            raise httpcore.ProxyError("it asks for another kind of authentication")
        if auth is not None:
            parts = [bytes([len(part)]) + part for part in auth]
            await stream.write(memoryview(b"\x01" + b"".join(parts)), attempt)
            if (await receive(2))[1]:
                raise httpcore.ProxyError("it does not take the user name and password")
        if address := read_address(self._host):
            place = (b"\x01" if address.version == 4 else b"\x04") + address.packed
        else:
            place = b"\x03" + bytes([len(self._host)]) + self._host.encode()
        port = self._port.to_bytes(2, "big")
        await stream.write(memoryview(b"\x05\x01\x00" + place + port), attempt)
        version, refusal, _, kind = await receive(4)
        if version != 5 or refusal:
            raise httpcore.ProxyError(f"it refused, with code {refusal} of RFC 1928")
        await receive(2 + ({1: 4, 4: 16}.get(kind) or (await receive(1))[0]))
        if received:
            raise httpcore.ProxyError("it sent more than its answer")


def _place(url: httpx.URL) -> tuple[str, int]:
    host = host_of(url)
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
