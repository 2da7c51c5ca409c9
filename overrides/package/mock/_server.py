"""The mock over TCP: an asyncio server in a thread of its own."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from ._connection import Connection
from ._errors import ServeError
from ._inspector import PREFIX
from ._messages import Doors

_BACKLOG = 512
_GRACE_SECONDS = 2.0


class MockServer:
    """A running server; it listens when the constructor returns.

    It is a context manager: leaving it stops the server, lets go of the port, and waits until
    all connections are closed.

    Args:
        doors: Where the requests go. They are called on the server's thread.
        base_path: The path below which the operations are, for `url`.
        host: The address or name to listen on.
        port: The port; 0 takes a free one.

    Raises:
        ServeError: It cannot listen there. The text says why.
    """

    def __init__(self, doors: Doors, base_path: str, host: str, port: int) -> None:
        self._doors = doors
        self._base_path = base_path
        self._connections: set[Connection] = set()
        self._socket = _listening(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._reachable = _reachable(host, self._socket)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"mock:{self.port}", daemon=True)
        self._thread.start()
        self._ready.wait()

    @property
    def url(self) -> str:
        """The base URL for a client on this machine: `http://127.0.0.1:8080/api/v1`."""
        return _root(self._reachable, self.port) + self._base_path

    @property
    def page_url(self) -> str | None:
        """The inspector's page, for a browser on this machine; None where it is off."""
        if self._doors.inspect is None:
            return None
        return f"{_root(self._reachable, self.port)}{PREFIX}/"

    def close(self) -> None:
        """Stop. Answers that are being sent are finished first. May be called again."""
        with self._closing:
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._stop.set)
                self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._ready.set()
            self._socket.close()
            self._loop.close()

    async def _serve(self) -> None:
        server = await self._loop.create_server(
            lambda: Connection(self._doors, self._connections),
            sock=self._socket,
            backlog=_BACKLOG,
        )
        self._ready.set()
        await self._stop.wait()
        server.close()
        leaving = list(self._connections)
        for connection in leaving:
            connection.close()
        lost = [connection.lost.wait() for connection in leaving]
        try:
            await asyncio.wait_for(asyncio.gather(*lost), _GRACE_SECONDS)
        except TimeoutError:
            for connection in self._connections:
                connection.abort()
            await asyncio.sleep(0)  # lets the transports close their sockets


def _root(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _reachable(host: str, listening: socket.socket) -> str:
    """The name or address by which this machine reaches a server that listens on `host`."""
    address: str = listening.getsockname()[0]
    if not ip_address(address.partition("%")[0]).is_unspecified:
        return host
    return "::1" if ":" in address else "127.0.0.1"


def _listening(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG, reuse_port=False)
    except (OSError, OverflowError) as error:
        raise ServeError(_why(host, port, error)) from None


def _why(host: str, port: int, error: Exception) -> str:
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is in use. Take another, or 0 for a free one."
        case errno.EACCES:
            return f"Port {port} on {host} may not be opened by this user. Take one above 1023."
        case errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine. 127.0.0.1 always is."
        case _:
            return f"The mock cannot listen on {host}, port {port}: {error}."
