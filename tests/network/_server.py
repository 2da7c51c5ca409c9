"""A server over raw sockets that answers anything, and records every byte that it received."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    import trustme

    from tests.network._operations import Operation

HOST = "127.0.0.1"


class Recorded(NamedTuple):
    """A whole request, as it arrived."""

    head: bytes
    body: bytes

    @property
    def request_line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    def headers(self, name: str) -> list[str]:
        """The values of every header field of this name."""
        fields = [line.partition(b":") for line in self.head.split(b"\r\n")[1:] if line]
        wanted = name.lower().encode()
        return [
            value.strip().decode("latin-1") for key, _, value in fields if key.lower() == wanted
        ]


class Peer:
    """One connection, seen from the server."""

    def __init__(self, connection: socket.socket, stopped: threading.Event) -> None:
        self.received = bytearray()
        self.open = True
        self._socket = connection
        self._stopped = stopped
        self._unread = bytearray()

    def read(self) -> Recorded | None:
        """The next whole request; None where the client closed instead."""
        while b"\r\n\r\n" not in self._unread:
            if not self._more():
                return None
        head, _, rest = bytes(self._unread).partition(b"\r\n\r\n")
        lengths = Recorded(head, b"").headers("content-length")
        length = int(lengths[0]) if lengths else 0
        while len(self._unread) < len(head) + 4 + length:
            if not self._more():
                return None
        rest = bytes(self._unread[len(head) + 4 :])
        self._unread = bytearray(rest[length:])
        return Recorded(head, rest[:length])

    def _more(self) -> bool:
        data = self._socket.recv(65536)
        self.received += data
        self._unread += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def drip(self, data: bytes, every: float) -> bool:
        """Send one byte at a time; return whether all of them were, before the test's end."""
        for index in range(len(data)):
            if self._stopped.wait(every):
                return False
            self._socket.sendall(data[index : index + 1])
        return True

    def flood(self, data: bytes) -> None:
        """Send the same again and again, as fast as it is taken."""
        while not self._stopped.is_set():
            self._socket.sendall(data)

    def await_bytes(self) -> None:
        """Wait until some of a request is there, and leave it unread."""
        self._socket.recv(1, socket.MSG_PEEK)

    def take(self, most: int) -> bytes:
        """Take some of what is there, unrecorded."""
        return self._socket.recv(most)

    def hold(self) -> None:
        """Say nothing, until the client closes or the test is over."""
        while self._more():
            pass
        self.close()

    def close(self) -> None:
        self.open = False
        self._socket.close()

    def reset(self) -> None:
        """Close with a reset instead of an end."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def abort(self) -> None:
        """End it from another thread."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


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


def reply(status: int, body: bytes = b"", *fields: str, kind: str = "application/json") -> Answer:
    """A whole answer on a connection that stays open."""
    fields = (f"Content-Type: {kind}", f"Content-Length: {len(body)}", *fields)
    if status in {204, 304} or status < 200:
        fields = fields[2:]
    return raw(head(status, *fields), body, end=_stays)


def _stays(peer: Peer) -> None:
    """Leave the connection open for the next request."""


def _unread(end: Callable[[Peer], object]) -> Answer:
    def act(peer: Peer) -> None:
        peer.await_bytes()
        end(peer)

    return Answer(act, reads=False)


def tls_of(authority: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
    """A server's TLS, for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    return context


def whole(operation: Operation, *fields: str) -> Answer:
    """The documented answer, on a connection that is kept."""
    return reply(operation.status, operation.body, *fields)


RESET_UNREAD = _unread(Peer.reset)
CLOSED_UNREAD = _unread(Peer.close)
# A reset before any byte is there would make ssl itself leave a socket unclosed (CPython,
# SSLSocket._create), so resets wait for one.
CLOSED_AT_ONCE = Answer(Peer.close, reads=False)
SILENT_AT_ONCE = Answer(Peer.hold, reads=False)
RESET = Answer(Peer.reset)
CLOSED = Answer(Peer.close)
SILENT = Answer(Peer.hold)


class HostileServer:
    """Gives each request the next answer of its script; the last one again and again.

    Attributes:
        peers: Every connection so far; each has the bytes that it `received`.
        requests: Every whole request so far.
    """

    def __init__(self, *script: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.peers: list[Peer] = []
        self.requests: list[Recorded] = []
        self._script = list(script)
        self._tls = tls
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._last: object = None
        self._last_came = threading.Event()
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://{HOST}:{self.port}"

    @property
    def received(self) -> bytes:
        """Every byte that came, connection after connection."""
        return b"".join(bytes(peer.received) for peer in self.peers)

    def script(self, *script: Answer) -> None:
        """Go on with other answers."""
        with self._lock:
            self._script = list(script)

    def settle(self, seconds: float = 10) -> None:
        """Wait until each connection so far was taken, heard out, and ended by the client.

        A client whose time was up may be done with a connection before the server's threads, on
        a busy machine, came to look at it.
        """
        with socket.socket() as last:
            last.bind((HOST, 0))
            self._last = last.getsockname()
            last.settimeout(seconds)
            last.connect((HOST, self.port))  # They are taken in their order.
            assert self._last_came.wait(seconds)
        self._last_came.clear()
        for thread in self._threads[1:]:
            thread.join(seconds)
            assert not thread.is_alive(), "The client keeps a connection open."

    def close(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for peer in list(self.peers):
            peer.abort()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, address = self._listener.accept()
            except OSError:
                return
            if address == self._last:
                connection.close()
                self._last_came.set()
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._start(partial(self._serve, connection))

    def _serve(self, connection: socket.socket) -> None:
        peer = None
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            peer = Peer(connection, self._stopped)
            self.peers.append(peer)
            while peer.open and not self._stopped.is_set():
                self._answer(peer)
        except OSError:
            pass  # The client went away, which is its right.
        finally:
            connection.close()
            if peer is not None:
                peer.open = False

    def _answer(self, peer: Peer) -> None:
        answer = self._next(reads=False)
        if answer is None:
            request = peer.read()
            if request is None:
                peer.close()
                return
            self.requests.append(request)
            answer = self._next(reads=True)
        if answer is not None:
            answer.act(peer)

    def _next(self, *, reads: bool) -> Answer | None:
        with self._lock:
            if self._script[0].reads is not reads:
                return None
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]


@contextmanager
def full_backlog(host: str = HOST, port: int = 0) -> Iterator[int]:
    """The port of a listener that takes no more connections: connecting to it never ends."""
    with socket.socket() as listener:
        listener.bind((host, port))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(listener.getsockname())
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


@contextmanager
def nobody() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        yield taken.getsockname()[1]
