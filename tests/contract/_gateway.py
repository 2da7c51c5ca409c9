"""A server before the server: it records each request, and passes it on or answers by a script."""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Reply:
    """An answer; with status 0 the body is all that is sent before the connection ends.

    It comes in chunks of `piece` bytes where that is not 0, and `seconds` late.
    """

    status: int
    body: bytes = field(default=b"", repr=False)  # it may hold secrets
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    piece: int = 0
    seconds: float = 0.0

    def to_bytes(self) -> bytes:
        """Return it as HTTP/1.1 has it."""
        if self.status == 0:
            return self.body
        fields, body = list(self.headers), self.body
        if self.piece:
            fields.append(("Transfer-Encoding", "chunked"))
            chunks = [body[i : i + self.piece] for i in range(0, len(body), self.piece)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in (*chunks, b""))
        elif self.status not in {204, 304}:
            fields.append(("Content-Length", str(len(body))))
        head = f"HTTP/1.1 {self.status} Told\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields)
        return head.encode("latin-1") + b"\r\n" + body


class Request(NamedTuple):
    """A request as it arrived."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __repr__(self) -> str:
        return f"{self.method} {self.target}"  # the rest may hold secrets

    def header(self, name: str) -> str:
        """Return a header field; several are joined, none is an empty string."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())


class Exchange(NamedTuple):
    """A request, and what was answered."""

    request: Request
    reply: Reply


def send(connection: http.client.HTTPConnection, request: Request) -> Reply:
    """Send a request as it stands, and return the answer."""
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers:
        connection.putheader(name, value)
    connection.endheaders(request.body or None)
    answer = connection.getresponse()
    fields = tuple((k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP)
    return Reply(answer.status, answer.read(), fields)


class Gateway(ThreadingHTTPServer):
    """The server. `exchanges` has what came through, in order."""

    daemon_threads = True

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
        yield self
        self.shutdown()
        thread.join()
        self.server_close()

    def play(self, replies: Iterable[Reply]) -> None:
        """Answer the next requests with these, in order."""
        self.script = deque(replies)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Gateway

    def setup(self) -> None:
        super().setup()
        target = self.server.target
        is_secure = target.scheme == "https"
        kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        self.onward = kind(target.hostname or "", target.port, timeout=30)
        self.onward_since = time.monotonic()

    def handle(self) -> None:
        with suppress(OSError), closing(self.onward):
            super().handle()

    def _answer(self) -> None:
        server, body = self.server, self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, tuple(self.headers.items()), body)
        if server.script:
            reply = server.script.popleft()
        else:
            if time.monotonic() - self.onward_since > 2:
                self.onward.close()  # Node closes at 5 s, perhaps right now.
            named = dict(request.headers) | {"Host": server.target.netloc}
            reply = send(self.onward, request._replace(headers=tuple(named.items())))
            self.onward_since = time.monotonic()
        server.exchanges.append(Exchange(request, reply))
        time.sleep(reply.seconds)
        self.close_connection = self.close_connection or reply.status == 0
        self.wfile.write(reply.to_bytes())

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):  # as the base class calls it for each method
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
