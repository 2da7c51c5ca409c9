"""What a process, or an event loop, sends with."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
import weakref
from collections.abc import AsyncGenerator, Awaitable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from ._async.connector import AsyncConnector
from ._async.pool import AsyncPool, AsyncSlots, closed_error
from ._sync.connector import Connector
from ._sync.pool import Pool, Slots
from .library import INSTALLED, httpcore
from .proxies import proxy_for

if TYPE_CHECKING:
    import httpx
else:
    from .library import httpx

_AT_ONCE = 100  # requests, as httpx does


class PooledTransport(httpx.HTTPTransport):
    """httpx's transport over a pool of ours.

    It is a subclass, and leaves the sending to httpx, so that what instruments httpx (such as
    OpenTelemetry) sees it.
    """

    def __init__(self, base_url: str, slots: Slots) -> None:
        # httpx's own initialiser would load the certificates again, for a pool not used.
        self.pool = Pool(Connector(*_route(base_url)), slots)
        self._pool: Any = self.pool

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, whose body is still to come."""
        return self.handle_request(request)


class _AsyncHTTPCorePool(AsyncPool):
    """A pool with the names by which httpx calls one."""

    handle_async_request = AsyncPool.handle_request

    async def aclose(self) -> None:
        """Close all connections, which the event loop does in its next round."""
        self.close()
        await asyncio.sleep(0)


class AsyncPooledTransport(httpx.AsyncHTTPTransport):
    """The same for an event loop."""

    def __init__(self, base_url: str, slots: AsyncSlots) -> None:
        self.pool = _AsyncHTTPCorePool(AsyncConnector(*_route(base_url)), slots)
        self._pool: Any = self.pool

    def send(self, request: httpx.Request) -> Awaitable[httpx.Response]:
        """Send a request and return its answer, whose body is still to come."""
        return self.handle_async_request(request)


class Lifetime:
    """Gives each process a transport of its own, and closes it.

    Args:
        base_url: Where the requests go; None where a client that was given sends them.
        at_once: How many requests are sent at once.
    """

    def __init__(self, base_url: str | None, at_once: int = _AT_ONCE) -> None:
        self.closed = False
        self._base_url = base_url
        self._at_once = at_once
        self._of_process: dict[int, tuple[Slots, PooledTransport | None]] = {}

    def begin(self) -> tuple[Slots, PooledTransport | None]:
        """Return what limits the requests of this process, and what sends them.

        Raises:
            ConfigurationError: It cannot be made as the environment says.
            httpcore.ConnectError: It was closed.
        """
        process = os.getpid()
        found = self._of_process.get(process)
        if found is None:
            self._drop_forked()
            slots = Slots(self._at_once)
            transport = None if self._base_url is None else PooledTransport(self._base_url, slots)
            found = self._of_process.setdefault(process, (slots, transport))
            if found[1] is not None:
                # For a client that is never closed: when it is gone, or at the interpreter's end.
                weakref.finalize(self, _close_idle, process, found[1])
        if self.closed:
            self.close()
            raise closed_error()
        return found

    def close(self) -> None:
        """Close the connections."""
        self.closed = True
        self._drop_forked()
        for slots, transport in self._of_process.values():
            slots.close()
            if transport is not None:
                transport.close()
        self._of_process.clear()

    def _drop_forked(self) -> None:
        process = os.getpid()
        for other in [one for one in self._of_process if one != process]:
            _, transport = self._of_process.pop(other)
            if transport is not None:
                transport.pool.close_all()


class AsyncLifetime:
    """Gives the event loop a transport, and closes it: with the event loop, at the latest."""

    def __init__(self, base_url: str | None, at_once: int = _AT_ONCE) -> None:
        self.closed = False
        self._base_url = base_url
        self._at_once = at_once
        self._found: tuple[AsyncSlots, AsyncPooledTransport | None] | None = None
        self._finalizer: AsyncGenerator[None, None] | None = None
        self._inherited: list[object] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    async def begin(self) -> tuple[AsyncSlots, AsyncPooledTransport | None]:
        """Return what limits the requests of this event loop, and what sends them.

        Raises:
            ConfigurationError: It cannot be made as the environment says, or this is not the event
                loop in which it was used before.
            httpcore.ConnectError: It was closed.
        """
        self._keep_to_one_loop()
        if self.closed:
            raise closed_error()
        if self._found is None:
            slots = AsyncSlots(self._at_once)
            transport = (
                None if self._base_url is None else AsyncPooledTransport(self._base_url, slots)
            )
            self._found = (slots, transport)
            self._finalizer = _close_with_loop(slots, transport)
            await anext(self._finalizer)
        return self._found

    async def close(self) -> None:
        """Close the connections."""
        self.closed = True
        if self._loop is not asyncio.get_running_loop() or self._process != os.getpid():
            return
        finalizer, self._finalizer, self._found = self._finalizer, None, None
        if finalizer is not None:
            await finalizer.aclose()

    def _keep_to_one_loop(self) -> None:
        loop, process = asyncio.get_running_loop(), os.getpid()
        if self._process != process:
            # New, or in a child after a fork, where the parent's connections are not to be used.
            # They are kept, unused: an event loop that does not run here cannot close them.
            self._inherited += [self._finalizer, self._found]
            self._finalizer = self._found = None
            self._loop, self._process = loop, process
        elif self._loop is not loop:
            raise ConfigurationError(
                "This async client belongs to another event loop, in which it was used first. "
                "Make a client in each event loop, and close it there."
            )


def _close_idle(process: int, transport: PooledTransport) -> None:
    if os.getpid() == process:
        transport.pool.close_idle()


async def _close_with_loop(
    slots: AsyncSlots, transport: AsyncPooledTransport | None
) -> AsyncGenerator[None, None]:
    # An event loop finishes the async generators that were begun in it: when they are dropped,
    # and at its own end. So the connections of a client that is never closed are closed.
    try:
        yield
    finally:
        slots.close()
        if transport is not None:
            await transport.aclose()


def _route(base_url: str) -> tuple[Any, Any, ssl.SSLContext | None]:
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
        context: ssl.SSLContext = INSTALLED.httpx.create_ssl_context()
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
