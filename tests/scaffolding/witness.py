"""A server between the demo and the mock that keeps, and may change, what is answered."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Witness:
    """What passed, and where to send it.

    Attributes:
        url: The base URL for a client.
        passed: Method, path below the base URL, status and decoded body of each answer.
    """

    url: str = ""
    passed: list[tuple[str, str, int, Any]] = field(default_factory=list)

    def values_of(self, names: set[str]) -> set[str]:
        """The values that the answers hold under these names."""
        found = set()
        for _, _, _, body in self.passed:
            for item in body if isinstance(body, list) else [body]:
                found |= {value for name, value in item.items() if name in names}
        return found


@contextmanager
def witness_before(
    upstream: str, change: Callable[[str, str, Any], Any] | None = None
) -> Generator[Witness]:
    """Forwards to a base URL.

    Of an answer, `change` is given method, path and body, and returns the body to send on.
    """
    witness = Witness()
    target = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = http.client.HTTPConnection(target.netloc, timeout=10)
            headers = {
                name: self.headers[name]
                for name in ("Authorization", "Content-Type")
                if name in self.headers
            }
            connection.request(self.command, self.path, sent or None, headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            connection.close()
            path = self.path.removeprefix(target.path)
            if change is not None:
                body = change(self.command, path, body)
            witness.passed.append((self.command, path, answer.status, body))
            content = json.dumps(body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = forward  # noqa: N815 - the base class asks for these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
            """Says nothing: tests show what passed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    witness.url = f"http://127.0.0.1:{server.server_port}{target.path}"
    try:
        yield witness
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
