"""TLS over a connection, be it encrypted itself or not.

The deadline is kept by the connection beneath, in each read and write of the handshake, too.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from typing import Any

from ..attempt import Attempt
from ..library import httpcore
from .sockets import AsyncSocketStream

_RECORD = 16384  # bytes that TLS sends together at the most


class AsyncTLSStream:
    """An encrypted connection; `handshake` comes first."""

    def __init__(
        self, stream: AsyncSocketStream | AsyncTLSStream, context: ssl.SSLContext, host: str
    ) -> None:
        self._stream = stream
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host.encode())

    async def handshake(self, attempt: Attempt) -> None:
        """Agree on keys, and see the server's certificate."""
        await self._carry_out(self._tls.do_handshake, attempt, httpcore.ConnectError)

    async def read(self, attempt: Attempt) -> bytes:
        """Return the next bytes; none at the end."""
        step = partial(self._tls.read, _RECORD)
        data: bytes = await self._carry_out(step, attempt, httpcore.ReadError, at_end=b"")
        return data

    async def write(self, data: memoryview, attempt: Attempt) -> None:
        """Send bytes."""
        while data:
            step = partial(self._tls.write, data)
            data = data[await self._carry_out(step, attempt, httpcore.WriteError) :]

    def poll(self) -> bytes | None:
        """Return what came unasked, nothing at the end; None where it is open and quiet."""
        while True:
            try:
                return self._tls.read(_RECORD)
            except ssl.SSLError as error:
                if not isinstance(error, ssl.SSLWantReadError):
                    return b""
            # What comes may be no data: a server hands out tickets for later sessions.
            data = self._stream.poll()
            if not data:
                return data
            self._incoming.write(data)

    def close(self) -> None:
        """Close the connection beneath."""
        self._stream.close()

    async def _carry_out(
        self,
        step: Callable[[], object],
        attempt: Attempt,
        broken: type[Exception],
        at_end: bytes | None = None,
    ) -> Any:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                ended = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
                if at_end is None or not ended:
                    raise broken(str(error)) from None
                return at_end
            finally:
                if self._outgoing.pending:
                    await self._stream.write(memoryview(self._outgoing.read()), attempt)
            data = await self._stream.read(attempt)
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()
