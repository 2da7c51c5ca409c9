"""A server that stands before another one, keeps what passes, and may change its answers."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Sent(NamedTuple):
    """A request on its way to the server; its path is the part below the base URL."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """An answer on its way to a client."""

    status: int
    headers: dict[str, str]
    body: bytes

    def with_json(self, change: Callable[[Any], Any]) -> Answer:
        return self._replace(body=json.dumps(change(json.loads(self.body))).encode())


Change = Callable[[Sent, Answer], Answer]


@dataclass
class Forwarding:
    """What passed: the answers as they were sent. `url` is the base URL for a client."""

    url: str = ""
    requests: list[Sent] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def values_of(self, *names: str) -> set[str]:
        """The values that the answers hold under these names."""
        bodies = [json.loads(one.body) for one in self.answers if one.body.startswith((b"{", b"["))]
        items = [item for body in bodies for item in (body if isinstance(body, list) else [body])]
        return {item[name] for item in items for name in names if name in item}


@contextmanager
def forwarding(upstream: str, change: Change | None = None) -> Generator[Forwarding]:
    """Forwards to a base URL; `change` is given a request and its answer, and returns another."""
    seen = Forwarding()
    target = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sent = Sent(self.command, self.path.removeprefix(target.path), headers, body)
            connection = http.client.HTTPConnection(target.netloc, timeout=10)
            connection.request(self.command, self.path, body or None, headers)
            got = connection.getresponse()
            answer = Answer(got.status, {"content-type": got.headers["content-type"]}, got.read())
            connection.close()
            if change is not None:
                answer = change(sent, answer)
            seen.requests.append(sent)
            seen.answers.append(answer)
            self.send_response(answer.status)
            for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = forward  # noqa: N815 - the base class asks for these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
            """Says nothing: tests show what passed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        seen.url = f"http://127.0.0.1:{server.server_port}{target.path}"
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
