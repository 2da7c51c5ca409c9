"""A server before a server: it keeps what passes, and may answer something else."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Change = Callable[[httpx.Response], httpx.Response]
_HOP_BY_HOP = ["connection", "content-encoding", "content-length", "keep-alive"]
_HOP_BY_HOP += ["transfer-encoding"]


def reply(
    status: int, value: Any = b"", headers: dict[str, str] | None = None, **how: Any
) -> httpx.Response:
    """Return a JSON answer; a value of bytes is its body as it stands.

    `piece` has it sent in chunks of so many bytes; `raw` is sent in its place, and then the
    connection ends.
    """
    body = {"content": value} if isinstance(value, bytes) else {"json": value}
    fields = {"Content-Type": "application/json"} | (headers or {})
    return httpx.Response(status, headers=fields, extensions=how, **body)


class Gateway(ThreadingHTTPServer):
    """The server. It plays its `script`, then asks the server behind it.

    `requests` has what came, in order, each with its target as it arrived as the extension
    `target`; `answers` has what was answered. `change` may put another answer in the place of one.
    """

    daemon_threads = True

    def __init__(self, target: str, change: Change = lambda answer: answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.change = httpx.URL(target), change
        self.url = f"http://127.0.0.1:{self.server_port}{self.target.path.rstrip('/')}"
        # Node closes what is idle, perhaps right now; it may have only just been started.
        limits = httpx.Limits(max_keepalive_connections=0)
        transport = httpx.HTTPTransport(limits=limits, retries=8, verify=False)
        self.onward = httpx.Client(trust_env=False, timeout=30, transport=transport)
        self.requests: list[httpx.Request] = []
        self.answers: list[httpx.Response] = []
        self.script = deque[httpx.Response]()

    @contextmanager
    def running(self) -> Iterator[Gateway]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        thread.start()
        with self, self.onward:
            try:
                yield self
            finally:
                self.shutdown()
                thread.join()

    def values_of(self, *names: str) -> set[str]:
        """Return the values that the answers have under these names."""
        bodies = [one.json() for one in self.answers if one.content.startswith((b"{", b"["))]
        items = [item for body in bodies for item in (body if isinstance(body, list) else [body])]
        return {item[name] for item in items for name in names if name in item}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Gateway

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def _answer(self) -> None:
        target, gateway = self.path.encode("latin-1"), self.server
        request = httpx.Request(
            self.command,
            gateway.target.copy_with(raw_path=target),
            headers=[(k, v) for k, v in self.headers.items() if k.lower() != "host"],
            content=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            extensions={"target": target},
        )
        script, onward = gateway.script, gateway.onward
        answer = script.popleft() if script else gateway.change(onward.send(request))
        for name in _HOP_BY_HOP:
            answer.headers.pop(name, None)
        answer.request = request
        gateway.requests.append(request)
        gateway.answers.append(answer)
        body, how = answer.content, answer.extensions
        if "raw" in how:
            self.close_connection = True
            self.wfile.write(how["raw"])
            return
        self.send_response_only(answer.status_code, "Told")
        for field in answer.headers.multi_items():
            self.send_header(*field)
        if piece := how.get("piece"):
            self.send_header("Transfer-Encoding", "chunked")
            chunks = [body[i : i + piece] for i in range(0, len(body), piece)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in (*chunks, b""))
        elif answer.status_code not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    # The base class calls them so.
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - as above

    def log_message(self, *_: object) -> None:
        """Say nothing."""
