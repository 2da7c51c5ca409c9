"""A server that answers at once with fixed bodies, so that the client is what is measured.

usage: server.py BUNDLE

It prints its port and that for TLS, and writes the bundle of certificates that clients need. The
base URL says how to answer: `/wait/20/...` after 20 ms, `/items/1000/...` with a list of a thousand
clients. It ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
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


@cache
def _answer(verb: str, path: str) -> bytes:
    items = re.search(r"/items/(\d+)/", path)
    body = json.dumps([CLIENT] * int(items[1]) if items else ONE)
    status = "201 Created" if verb == "POST" and path.endswith("/clients") else "200 OK"
    fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
    return f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n{body}".encode()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if length := re.search(r"(?i)content-length: *(\d+)", head):
                await reader.readexactly(int(length[1]))
            verb, path, _ = head.split(" ", 2)
            if wait := re.search(r"/wait/(\d+)/", path):
                await asyncio.sleep(int(wait[1]) / 1000)
            writer.write(_answer(verb, path))
    writer.close()


async def _main(context: ssl.SSLContext) -> None:
    for tls in (None, context):
        server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=2048, ssl=tls)
        print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    authority, server_context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_context)
    # Beside the usual ones, whose loading is a part of each start.
    Path(sys.argv[1]).write_bytes(certifi.contents().encode() + authority.cert_pem.bytes())
    asyncio.run(_main(server_context))
