"""A proxy that tunnels, by CONNECT or SOCKS5, and keeps every byte that clients sent to it."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any, Self


class Proxy:
    """Leads to this machine, whatever the host's name.

    Args:
        scheme: How it is spoken to: http or socks5.
        tls: Its certificate, where it is an https proxy.
        drips: Seconds before each byte that it passes back.

    Attributes:
        heads: What was asked of it.
        received: All that clients sent, as it came through its own TLS.
        user: The user name and password that came with it, of SOCKS5.
    """

    def __init__(
        self, scheme: str = "http", tls: ssl.SSLContext | None = None, drips: float = 0
    ) -> None:
        self.heads: list[bytes] = []
        self.received = bytearray()
        self.user: bytes | None = None
        self._tls = tls
        self._drips = drips
        self._socks = scheme == "socks5"
        self._stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else scheme}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                self._threads.append(threading.Thread(target=self._serve, args=[client]))
                self._threads[-1].start()

    def _serve(self, client: Any) -> None:
        with client, suppress(OSError, ValueError, IndexError):
            client.settimeout(5)
            if self._tls is not None:
                client = self._tls.wrap_socket(client, server_side=True)
            port = self._ask_socks(client) if self._socks else self._ask_http(client)
            with client, socket.create_connection(("127.0.0.1", port), 5) as server:
                self._tunnel(client, server)

    def _ask_http(self, client: Any) -> int:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536) or b"\r\n\r\n"
        self.heads.append(head)
        self.received += head
        port = int(head.split(b" ")[1].rpartition(b":")[2])
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        return port

    def _ask_socks(self, client: Any) -> int:
        method = client.recv(3)[2:]
        client.sendall(b"\x05" + method)
        if method == b"\x02":
            self.user = client.recv(600)
            client.sendall(b"\x01\x00")
        request = client.recv(600)
        self.heads.append(request)
        # Its answer comes in two parts, with a name for an address.
        client.sendall(b"\x05\x00\x00\x03")
        client.sendall(b"\x04here\x00\x00")
        return int.from_bytes(request[-2:], "big")

    def _tunnel(self, client: Any, server: socket.socket) -> None:
        while not self._stopped.is_set():
            pending = getattr(client, "pending", int)()
            readable = [client] if pending else select.select([client, server], [], [], 0.2)[0]
            for side in readable:
                data = side.recv(65536)
                if not data:
                    return
                if side is client:
                    self.received += data
                    server.sendall(data)
                    continue
                size = 1 if self._drips else len(data)
                for start in range(0, len(data), size):
                    if self._stopped.wait(self._drips):
                        return
                    client.sendall(data[start : start + size])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)
