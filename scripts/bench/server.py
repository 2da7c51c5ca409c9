"""A server that answers at once with fixed bodies, so that the client is what is measured.

usage: server.py CORE BUNDLE

It prints its port and that for TLS, and writes the bundle of certificates that clients need. The
base URL says how to answer: `/wait/20/...` after 20 ms, `/items/1000/...` with a list of a thousand
clients. `GET /busy` answers with the CPU seconds spent so far.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import ssl
import sys
import time
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

import certifi
import trustme

CLIENT: Final = {
    "id": "clx5n0q3k0001l408kx7v2q9d",
    "address": "0x8F2559F2D5C8D4B3a7E2F9BcE6E4c1A0b3D7e9F1",
    "backupStatus": "STORED_CLIENT_BACKUP_SHARE",
    "clientApiKey": "5f2b9f04-6a51-4a0e-9d5b-3f1c7f0a9c11",
    "signingStatus": "STORED_CLIENT",
}
ONE: Final = {**CLIENT, "clientSessionToken": "cst-0d6cbd4e", "isAccountAbstracted": True}
_ITEMS: Final = re.compile(rb"/items/(\d+)/")
_WAIT: Final = re.compile(rb"/wait/(\d+)/")
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@cache
def _answer(status: bytes, items: int | None) -> bytes:
    body = json.dumps(ONE if items is None else [CLIENT] * items).encode()
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


class _Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            self._serve(head[: head.index(b"\r\n")])

    def _serve(self, request: bytes) -> None:
        wait = _WAIT.search(request)
        if request.startswith(b"GET /busy"):
            body = b"%.6f" % time.process_time()
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )
        elif wait:
            asyncio.get_running_loop().call_later(int(wait[1]) / 1000, self._write, request)
        else:
            self._write(request)

    def _write(self, request: bytes) -> None:
        items = _ITEMS.search(request)
        listed = request.endswith(b"/clients HTTP/1.1") and request.startswith(b"GET")
        created = request.startswith(b"POST") and b"/session" not in request
        answer = _answer(
            b"201 Created" if created else b"200 OK", int(items[1]) if items and listed else None
        )
        if not self._transport.is_closing():
            self._transport.write(answer)


async def _main(bundle: BinaryIO) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    # Beside the usual ones, whose loading is a part of each start.
    bundle.write(certifi.contents().encode() + authority.cert_pem.bytes())
    bundle.close()
    loop, ports = asyncio.get_running_loop(), list[int]()
    for tls in (None, context):
        server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=2048, ssl=tls)
        ports.append(server.sockets[0].getsockname()[1])
    print(*ports, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    asyncio.run(_main(Path(sys.argv[2]).open("wb")))  # noqa: SIM115 - it closes it
