"""A server between client and server: it records each request, and passes it on or answers itself."""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        status: Its status; 0 sends the body as it is, for the whole answer, and hangs up.
        body: Its body.
        headers: Its header fields.
        piece: The bytes of each chunk that it comes in; 0 for a body of a known length.
        seconds: How late it is.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    piece: int = 0
    seconds: float = 0.0

    def to_bytes(self, method: str = "GET") -> bytes:
        """Return it as HTTP/1.1 has it."""
        fields = list(self.headers)
        body = self.body
        if self.piece:
            fields.append(("Transfer-Encoding", "chunked"))
            chunks = [body[i : i + self.piece] for i in range(0, len(body), self.piece)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in (*chunks, b""))
        elif self.status not in {204, 304} and method != "HEAD":
            fields.append(("Content-Length", str(len(body))))
        head = f"HTTP/1.1 {self.status} Said so\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields)
        return head.encode("latin-1") + b"\r\n" + body


class Exchange(NamedTuple):
    """A request as it arrived, and what was answered."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    reply: Reply

    def header(self, name: str) -> str:
        """Return a header field of the request; several are joined, none is an empty string."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())


class Gateway(ThreadingHTTPServer):
    """The server. `exchanges` has what came through, in order.

    Args:
        target: The base URL of the server that requests are passed on to.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target)
        self.url = f"http://127.0.0.1:{self.server_address[1]}{self.target.path.rstrip('/')}"
        self.exchanges: list[Exchange] = []
        self.script: deque[Reply] = deque()

    @contextmanager
    def running(self) -> Iterator[Gateway]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

    def play(self, replies: Iterable[Reply]) -> None:
        """Forget what came through, and answer the next requests with these, in order."""
        self.exchanges.clear()
        self.script = deque(replies)

    def pass_on(self, connection: http.client.HTTPConnection, exchange: Exchange) -> Reply:
        """Return the target's answer to a request."""
        connection.putrequest(
            exchange.method, exchange.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in exchange.headers:
            connection.putheader(name, self.target.netloc if name.lower() == "host" else value)
        connection.endheaders(exchange.body or None)
        answer = connection.getresponse()
        fields = tuple((k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP)
        return Reply(answer.status, answer.read(), fields)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Gateway

    def setup(self) -> None:
        super().setup()
        target = self.server.target
        secure = target.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self.onward = kind(target.hostname or "", target.port, timeout=30)

    def finish(self) -> None:
        self.onward.close()
        super().finish()

    def handle_one_request(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self._answer()
        except OSError:
            self.close_connection = True

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = (self.command, self.path, tuple(self.headers.items()), body)
        if self.server.script:
            reply = self.server.script.popleft()
            self.server.exchanges.append(Exchange(*seen, reply))
            time.sleep(reply.seconds)
        else:
            reply = self.server.pass_on(self.onward, Exchange(*seen, Reply(0)))
            self.server.exchanges.append(Exchange(*seen, reply))
        self.close_connection = self.close_connection or reply.status == 0
        self.wfile.write(reply.to_bytes(self.command) if reply.status else reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
