"""A server over raw sockets that answers anything, and records every byte that it received."""

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
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import trustme

    from tests.network._operations import Operation

HOST = "127.0.0.1"


class Recorded(NamedTuple):
    """A whole request, as it arrived."""

    head: bytes = b""
    body: bytes = b""

    @property
    def request_line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    def headers(self, name: str) -> list[str]:
        """The values of every header field of this name."""
        return re.findall(rf"(?im)^{name}: *(.*?)\r?$", self.head.decode("latin-1"))


class Peer(socketserver.BaseRequestHandler):
    """One connection, seen from the server.

    Attributes:
        received: All that came over it.
        asked: The last whole request.
        request: Its socket.
    """

    server: HostileServer

    def setup(self) -> None:
        self.received, self._unread, self.asked = bytearray(), bytearray(), Recorded()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open = True
        self.server.peers.append(self)
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)

    def handle(self) -> None:
        while self.open and not self.server.stopped.is_set():
            answer = self.server.take_answer(reads=False)
            if answer is None:
                if not self.read():
                    return
                answer = self.server.take_answer(reads=True)
            if answer is not None:
                answer.act(self)

    def finish(self) -> None:
        self.close()

    def read(self) -> bool:
        """Read the next whole request; return False where the client closed instead."""
        head, end, length = b"", -1, 0
        while end < 0 or len(self._unread) < end + length:
            if end < 0 and b"\r\n\r\n" in self._unread:
                head = bytes(self._unread.partition(b"\r\n\r\n")[0])
                end, lengths = len(head) + 4, Recorded(head).headers("content-length")
                length = int(lengths[0]) if lengths else 0
            elif not self.receive():
                return False
        self.asked = Recorded(head, bytes(self._unread[end : end + length]))
        self.server.requests.append(self.asked)
        del self._unread[: end + length]
        return True

    def receive(self) -> bytes:
        """The next bytes; none at the end."""
        data: bytes = self.request.recv(65536)
        self.received += data
        self._unread += data
        return data

    def send(self, data: bytes) -> None:
        self.request.sendall(data)

    def drip(self, data: bytes, every: float) -> bool:
        """Send one byte at a time; return whether all of them were, before the test's end."""
        for index in range(len(data)):
            if self.server.stopped.wait(every):
                return False
            self.send(data[index : index + 1])
        return True

    def flood(self, data: bytes) -> None:
        """Send the same again and again, as fast as it is taken."""
        while not self.server.stopped.is_set():
            self.send(data)

    def await_bytes(self) -> None:
        """Wait until some of a request is there, and leave it unread."""
        self.request.recv(1, socket.MSG_PEEK)

    def hold(self) -> None:
        """Say nothing, until the client closes or the test is over."""
        while self.receive():
            pass
        self.close()

    def lead_to(self, port: int, drips: float) -> None:
        """Pass on what comes from either side, back with so many seconds before each byte."""
        with socket.create_connection((HOST, port), 5) as server:
            while self.open:
                pending = getattr(self.request, "pending", int)()
                sides = [self.request] if pending else [self.request, server]
                for side in sides if pending else select.select(sides, [], [])[0]:
                    data = self.receive() if side is self.request else server.recv(65536)
                    if not data:
                        self.close()
                    elif side is self.request:
                        server.sendall(data)
                    elif drips:
                        self.drip(data, drips)
                    else:
                        self.send(data)

    def close(self) -> None:
        self.open = False
        self.request.close()

    def reset(self) -> None:
        """Close with a reset instead of an end."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def abort(self) -> None:
        """End it from another thread."""
        with suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)


class Answer(NamedTuple):
    """What a server does with one request."""

    act: Callable[[Peer], object]
    reads: bool = True  # whether the request is read first


def raw(*parts: bytes, end: Callable[[Peer], object] = Peer.close, reads: bool = True) -> Answer:
    """Bytes as they are, then the connection's end."""

    def act(peer: Peer) -> None:
        for part in parts:
            peer.send(part)
        end(peer)

    return Answer(act, reads)


def head(status: int | str, *fields: str) -> bytes:
    """A status line and header fields."""
    line = f"HTTP/1.1 {status}" if isinstance(status, str) else f"HTTP/1.1 {status} Said"
    return "\r\n".join([line, *fields, "", ""]).encode("latin-1")


def reply(status: int, body: bytes = b"", *fields: str) -> Answer:
    """A whole answer on a connection that stays open."""
    fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", *fields)
    if status in {204, 304} or status < 200:
        fields = fields[2:]
    return raw(head(status, *fields), body, end=lambda _: None)


def whole(operation: Operation, *fields: str) -> Answer:
    """The documented answer, on a connection that is kept."""
    return reply(operation.status, operation.body, *fields)


def _unread(end: Callable[[Peer], object]) -> Answer:
    def act(peer: Peer) -> None:
        # Before any byte is there, a reset would make ssl itself leave a socket unclosed
        # (CPython, SSLSocket._create).
        peer.await_bytes()
        end(peer)

    return Answer(act, reads=False)


RESET_UNREAD = _unread(Peer.reset)
CLOSED_UNREAD = _unread(Peer.close)
CLOSED_AT_ONCE = Answer(Peer.close, reads=False)
SILENT_AT_ONCE = Answer(Peer.hold, reads=False)
RESET = Answer(Peer.reset)
CLOSED = Answer(Peer.close)
SILENT = Answer(Peer.hold)


def tunnel(drips: float = 0) -> Answer:
    """What a proxy does with CONNECT: it leads to this machine, whatever the host's name."""

    def act(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
        peer.lead_to(int(peer.asked.request_line.split(" ")[1].rpartition(":")[2]), drips)

    return Answer(act)


def _tunnel_by_socks(peer: Peer) -> None:
    method = peer.receive()[2:]
    peer.send(b"\x05" + method)
    if method == b"\x02":
        peer.receive()
        peer.send(b"\x01\x00")
    port = int.from_bytes(peer.receive()[-2:], "big")
    # Its answer comes in two parts, with a name for an address.
    peer.send(b"\x05\x00\x00\x03")
    peer.send(b"\x04here\x00\x00")
    peer.lead_to(port, 0)


SOCKS5 = Answer(_tunnel_by_socks, reads=False)


class HostileServer(socketserver.ThreadingTCPServer):
    """Gives each request the next answer of its script; the last one again and again.

    Attributes:
        peers: Every connection so far; each has the bytes that it `received`.
        requests: Every whole request so far.
    """

    request_queue_size = 128

    def __init__(self, *script: Answer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__((HOST, 0), Peer)
        self.peers, self.requests = list[Peer](), list[Recorded]()
        self.port: int = self.server_address[1]
        self.url = f"{'http' if tls is None else 'https'}://{HOST}:{self.port}"
        self.tls, self.stopped = tls, threading.Event()
        self._script, self._lock = [*script], threading.Lock()
        self._taken = self._ended = 0
        self._thread = threading.Thread(target=self.serve_forever, args=[0.01])
        self._thread.start()

    @property
    def received(self) -> bytes:
        """Every byte that came, connection after connection."""
        return b"".join(bytes(peer.received) for peer in self.peers)

    def script(self, *script: Answer) -> None:
        """Go on with other answers."""
        with self._lock:
            self._script = [*script]

    def take_answer(self, *, reads: bool) -> Answer | None:
        """The next answer, where it reads a request first or where it does not."""
        with self._lock:
            if self._script[0].reads is not reads:
                return None
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def settle(self) -> None:
        """Wait until each connection so far was taken, heard out, and ended by the client.

        A client whose time was up may be done with a connection before the server's threads, on
        a busy machine, came to look at it.
        """
        end = time.monotonic() + 10
        while select.select([self], [], [], 0)[0] or self._ended < self._taken:
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

    def close_request(self, request: Any) -> None:
        super().close_request(request)
        with self._lock:
            self._ended += 1

    def handle_error(self, *_: object) -> None:
        if not isinstance(sys.exception(), OSError):  # The client may go away.
            raise  # noqa: PLE0704 - it is called while an exception is handled


def tls_of(authority: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
    """A server's TLS, for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    return context


@contextmanager
def full_backlog() -> Iterator[int]:
    """The port of a listener that takes no more connections: connecting to it never ends."""
    with socket.create_server((HOST, 0), backlog=0) as listener, ExitStack() as waiting:
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def nobody() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield taken.getsockname()[1]
