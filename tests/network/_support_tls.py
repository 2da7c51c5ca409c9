"""Servers and proxies for tests of TLS: a CA of our own, an HTTPS server, a proxy."""

from __future__ import annotations

import json
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Self

import trustme

from tests.network._support_operations import LISTS, Subject

SUBJECT: Final[Subject] = LISTS[0]
"""The operation that is called; any would do."""


class Listener:
    """A server on a free port of this machine; each connection is served in a thread."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._handle, args=[connection], daemon=True)
            self._threads.append(thread)
            thread.start()

    def _handle(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            self._serve(connection)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65536)
        if not received:
            break
        head += received
    return head


def answer() -> bytes:
    body = json.dumps(SUBJECT.examples[SUBJECT.success]).encode()
    return (
        b"HTTP/1.1 %d OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        % (SUBJECT.success, len(body))
    ) + body


@contextmanager
def https_server(certificate: trustme.LeafCert) -> Iterator[tuple[str, list[bytes]]]:
    """Yield a base URL on localhost, and the request heads that came through TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    heads: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as stream:
            head = read_head(stream)
            if head:
                heads.append(head)
                stream.sendall(answer())

    listener = Listener(serve)
    try:
        yield f"https://localhost:{listener.port}/v1", heads
    finally:
        listener.close()


class Proxy:
    """A proxy that tunnels and forwards, and keeps every byte that clients sent to it.

    Args:
        refusal: A status line with which it answers everything instead.
    """

    def __init__(self, refusal: str | None = None) -> None:
        self._refusal = refusal
        self.heads: list[bytes] = []
        self.received = bytearray()
        self._listener = Listener(self._serve)
        self.url = f"http://127.0.0.1:{self._listener.port}"

    def _serve(self, client: socket.socket) -> None:
        head = read_head(client)
        self.heads.append(head)
        self.received += head
        if self._refusal is not None:
            client.sendall(f"HTTP/1.1 {self._refusal}\r\nContent-Length: 0\r\n\r\n".encode())
        elif head.startswith(b"CONNECT "):
            port = int(head.split(b" ")[1].rpartition(b":")[2])
            with socket.create_connection(("127.0.0.1", port), 5) as server:
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                self._tunnel(client, server)
        else:
            client.sendall(answer())

    def _tunnel(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            readable, _, _ = select.select([client, server], [], [], 5)
            if not readable:
                return
            for side in readable:
                data = side.recv(65536)
                if not data:
                    return
                if side is client:
                    self.received += data
                (server if side is client else client).sendall(data)

    def close(self) -> None:
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
