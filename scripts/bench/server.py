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
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

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
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@cache
def _answer(target: bytes) -> bytes:
    items = re.search(rb"GET .*/items/(\d+)/.*/clients ", target)
    body = json.dumps([CLIENT] * int(items[1]) if items else ONE).encode()
    status = b"201 Created" if re.match(b"POST .*/clients ", target) else b"200 OK"
    return _head(status, body) + body


def _head(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body))


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if length := _LENGTH.search(head):
                await reader.readexactly(int(length[1]))
            target = head[: head.index(b"\r\n")]
            if wait := re.search(rb"/wait/(\d+)/", target):
                await asyncio.sleep(int(wait[1]) / 1000)
            spent = b"%.6f" % time.process_time()
            is_busy = target.startswith(b"GET /busy")
            writer.write(_head(b"200 OK", spent) + spent if is_busy else _answer(target))
    writer.close()


async def _main(context: ssl.SSLContext) -> None:
    servers = [
        await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=2048, ssl=tls)
        for tls in (None, context)
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    authority, server_context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    # Beside the usual ones, whose loading is a part of each start.
    Path(sys.argv[2]).write_bytes(certifi.contents().encode() + authority.cert_pem.bytes())
    asyncio.run(_main(server_context))
