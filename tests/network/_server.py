"""A server over raw sockets that answers by a script, and records every byte that it received."""

from __future__ import annotations

import re
import select
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias
from unittest.mock import Mock

if TYPE_CHECKING:
    import trustme

    from tests.network._operations import Operation

HOST = "127.0.0.1"
NOBODY = f"{HOST}:9"
"""Where nobody listens."""


class Peer(socketserver.BaseRequestHandler):
    """One connection, seen from the server; `request` is its socket."""

    server: HostileServer

    def setup(self) -> None:
        self.received, self.asked = bytearray(), b""  # all that came, the last whole request
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open = True
        self.server.peers.append(self)

    def handle(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        while self.open and not self.server.stopped.is_set():
            if self.server.script[0][0] is not unread and not self.read():
                return
            answer = self.server.take_answer()
            for step in answer if isinstance(answer, tuple) else (answer,):
                if isinstance(step, bytes):
                    self.request.sendall(step)
                elif isinstance(step, int | float):
                    self.server.stopped.wait(step)
                else:
                    step(self)

    def finish(self) -> None:
        self.close()

    def read(self) -> bool:
        """Read the next whole request; return False where the client closed instead."""
        self.asked, size = b"", 1
        while len(self.asked) < size:
            if not (data := self.receive()):
                return False
            self.asked += data
            head, end, _ = self.asked.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\ncontent-length: (\d+)", head)
            size = len(head + end) + int(length[1] if length else 0) if end else sys.maxsize
        self.server.requests.append(self.asked)
        return True

    def receive(self) -> bytes:
        """The next bytes; none at the end."""
        data: bytes = self.request.recv(65536)
        self.received += data
        return data

    def await_bytes(self) -> None:
        """Wait until some of a request is there, and leave it unread."""
        self.request.recv(1, socket.MSG_PEEK)

    def hold(self) -> None:
        """Say nothing, until the client closes or the test is over."""
        while self.receive():
            pass
        self.close()

    def lead_to(self, port: int) -> None:
        """Pass on what comes from either side."""
        with socket.create_connection((HOST, port), 5) as server:
            while self.open:
                if self.request in select.select([self.request, server], [], [])[0]:
                    server.sendall(data := self.receive())
                else:
                    self.request.sendall(data := server.recv(65536))
                if not data:
                    self.close()

    def close(self) -> None:
        self.open = False
        self.request.close()

    def reset(self) -> None:
        """Close with a reset instead of an end."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def abort(self) -> None:
        """End it, from another thread, too."""
        with suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)


Step: TypeAlias = bytes | float | Callable[[Peer], object]
Answer: TypeAlias = bytes | tuple[Step, ...]
"""What a server does with one request: bytes are sent, seconds waited, functions called."""


def unread(_: Peer) -> None:
    """Stands first in an answer before which no request is read."""


def repeat(data: bytes, every: float = 0) -> Step:
    """The same again and again, every so often or as fast as it is taken."""

    def act(peer: Peer) -> None:
        while not peer.server.stopped.wait(every):
            peer.request.sendall(data)

    return act


HANDSHAKE: tuple[Step, ...] = (b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03", repeat(b"\0", 0.02))
"""A server's side of TLS, which drips."""


def head(status: int | str, *fields: str) -> bytes:
    """A status line and header fields."""
    return "\r\n".join([f"HTTP/1.1 {status} Said", *fields, "", ""]).encode("latin-1")


def reply(status: int, body: bytes = b"", *fields: str) -> bytes:
    """A whole answer; it leaves the connection open."""
    if status not in {204, 304}:
        fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", *fields)
    return head(status, *fields) + body


CHUNKED = head(200, "Transfer-Encoding: chunked")


def chunks(*parts: bytes) -> bytes:
    """Parts of a body that is sent in chunks; an empty one is its end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


def whole(operation: Operation, *fields: str) -> bytes:
    """The documented answer."""
    return reply(operation.status, operation.body, *fields)


def _lead(peer: Peer) -> None:
    peer.lead_to(int(peer.asked.split(b" ")[1].rpartition(b":")[2]))


def _lead_by_socks(peer: Peer) -> None:
    method = peer.receive()[2:]
    peer.request.sendall(b"\x05" + method)
    if method == b"\x02":
        peer.receive()
        peer.request.sendall(b"\x01\x00")
    port = int.from_bytes(peer.receive()[-2:], "big")
    # Its answer comes in two parts, with a name for an address.
    peer.request.sendall(b"\x05\x00\x00\x03")
    peer.request.sendall(b"\x04here\x00\x00")
    peer.lead_to(port)


# What proxies do: they lead to this machine, whatever the host's name.
TUNNEL: Answer = (head(200), _lead)
SOCKS5: Answer = (unread, _lead_by_socks)


class HostileServer(socketserver.ThreadingTCPServer):
    """Gives each request the next answer of its script; the last one again and again."""

    request_queue_size = 128

    def __init__(self, *script: Answer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__((HOST, 0), Peer)
        self.peers, self.requests = list[Peer](), list[bytes]()
        self.port: int = self.server_address[1]
        self.url = f"{'http' if tls is None else 'https'}://{HOST}:{self.port}"
        self.script, self.tls, self.stopped = [*script], tls, threading.Event()
        self._taken, self._lock = 0, threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=[0.01])
        self._thread.start()

    @property
    def received(self) -> bytes:
        """Every byte that came, connection after connection."""
        return b"".join(bytes(peer.received) for peer in self.peers)

    def take_answer(self) -> Answer:
        with self._lock:
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def settle(self) -> None:
        """Wait until each connection so far was taken, heard out, and ended by the client."""
        end = time.monotonic() + 10
        while select.select([self], [], [], 0)[0] or self._taken > sum(
            not peer.open for peer in self.peers
        ):
            assert time.monotonic() < end, "The client keeps a connection open."
            time.sleep(0.001)

    def server_close(self) -> None:
        self.stopped.set()
        self.shutdown()
        self._thread.join()
        for peer in self.peers:
            peer.abort()
        super().server_close()

    def get_request(self) -> Any:
        self._taken += 1  # Only then is it no longer seen waiting.
        return super().get_request()

    def handle_error(self, *_: object) -> None:
        if not isinstance(sys.exception(), OSError):  # The client may go away.
            raise  # noqa: PLE0704 - it is called while an exception is handled


def tls_of(authority: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
    """A server's TLS, for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    return context


def addresses(*places: tuple[str, int]) -> Mock:
    """What looks a host's name up, and finds these addresses and ports."""
    return Mock(return_value=[(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in places])


@contextmanager
def full_backlog() -> Iterator[int]:
    """The port of a listener that takes no more connections: connecting to it never ends."""
    with socket.create_server((HOST, 0), backlog=0) as listener, ExitStack() as waiting:
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
