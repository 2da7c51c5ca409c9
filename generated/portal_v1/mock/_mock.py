"""The mock that users hold: one core and one state, with its faces."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from os import PathLike
from types import TracebackType
from typing import Any, Self

from .._document import load_document
from .._http import httpx
from ._core import Core
from ._messages import Answer
from ._server import MockServer
from ._state import State
from ._transport import AsyncInProcessTransport, InProcessTransport

# In-process clients need some URL. The name can belong to nobody (RFC 2606), so that a
# request that went past the mock by mistake would reach nothing.
_NOWHERE = "https://mock.invalid"


class Mock:
    """A server that answers as an OpenAPI document says, with a memory.

    All faces (in-process transports, TCP servers) share one state. Everything may be used from
    several threads at once. Closing is optional; a mock that is dropped closes its database.

    Args:
        document: The OpenAPI document to serve, 3.0 or 3.1; by default this package's own.
        api_keys: The API keys that are accepted. By default every key is that is not empty.
            Each key is a custodian, who sees nothing of the others.
        seed: What ids, keys and tokens follow from: the same seed and the same requests give
            the same answers.
        db: A database file, made where there is none, in which the state outlives the mock. By
            default the state is kept in memory.
        clock: Gives the time in seconds since 1970.

    Raises:
        DocumentError: The document cannot be served.
        StateError: The database file cannot be used.
    """

    def __init__(
        self,
        document: Mapping[str, Any] | None = None,
        *,
        api_keys: Collection[str] | None = None,
        seed: int = 0,
        db: str | PathLike[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if isinstance(api_keys, str):
            raise TypeError("api_keys takes a list of keys, not one string")
        self.document: Mapping[str, Any] = load_document() if document is None else document
        self._state = State(db, seed=seed, clock=clock)
        try:
            self._core = Core(self.document, self._state, api_keys=api_keys)
        except BaseException:
            self._state.close()
            raise
        self._servers: list[MockServer] = []

    @property
    def base_url(self) -> str:
        """The base URL that in-process clients use. Nothing listens there."""
        return _NOWHERE + self._core.base_path

    def handle(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Answer:
        """Answer one request. Every face of the mock comes through here.

        Args:
            method: The method, in upper case.
            target: Path and query, percent-encoded as on the wire.
            headers: Names and values; names in any case.
            body: The whole body.

        Returns:
            Status, headers and body.
        """
        return self._core.handle(method, target, headers, body)

    def transport(self) -> httpx.BaseTransport:
        """A transport for an `httpx.Client` that talks to the mock in-process."""
        return InProcessTransport(self.handle)

    def async_transport(self) -> httpx.AsyncBaseTransport:
        """A transport for an `httpx.AsyncClient` that talks to the mock in-process."""
        return AsyncInProcessTransport(self.handle)

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> MockServer:
        """Start a TCP server. It is ready when this returns.

        Args:
            host: The address or name to listen on.
            port: The port; 0 takes a free one.

        Returns:
            The running server, a context manager: `with mock.serve() as server: server.url`.

        Raises:
            ServeError: It cannot listen there.
        """
        server = MockServer(self.handle, self._core.base_path, host, port)
        self._servers.append(server)
        return server

    def close(self) -> None:
        """Stop the servers and close the database. May be called again."""
        while self._servers:
            self._servers.pop().close()
        self._state.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
