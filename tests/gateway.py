"""A server before a server: it keeps what passes, and may answer something else."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from portal_v1.mock import MockServer
from portal_v1.mock._messages import Answer, Delivery, Handlers, Headers

_HOP_BY_HOP = {"connection", "content-encoding", "content-length", "date", "host", "keep-alive"}
_HOP_BY_HOP |= {"transfer-encoding"}


def reply(
    status: int, value: Any = b"", headers: dict[str, str] | None = None, **how: Any
) -> httpx.Response:
    """Return a JSON answer; a value of bytes is its body as it stands.

    `piece` has it sent in chunks of so many bytes; `broken` is where the connection breaks off.
    """
    body = {"content": value} if isinstance(value, bytes) else {"json": value}
    fields = {"Content-Type": "application/json"} | (headers or {})
    return httpx.Response(status, headers=fields, extensions=how, **body)


class Gateway:
    """The server. It plays its `script`, then asks the server behind it.

    `answers` has what was answered, in order, each with its `request`, of which the extension
    `target` is the target as it arrived. `change` may put another answer in the place of one.
    """

    def __init__(
        self,
        target: str,
        change: Callable[[httpx.Response], httpx.Response] = lambda answer: answer,
    ) -> None:
        self.target, self.change = httpx.URL(target), change
        # Node closes what is idle for 5 s, perhaps right now; it may have only just been started.
        limits = httpx.Limits(keepalive_expiry=2)
        transport = httpx.HTTPTransport(limits=limits, retries=8)
        self.onward = httpx.Client(trust_env=False, timeout=30, transport=transport)
        self.answers: list[httpx.Response] = []
        self.script = deque[httpx.Response]()

    @contextmanager
    def running(self) -> Iterator[Gateway]:
        """Serve until the end of the block, at `url`."""
        handlers, path = Handlers(self._handle, lambda *_: False), self.target.path.rstrip("/")
        with self.onward, MockServer(handlers, path, "127.0.0.1", 0, None) as server:
            self.url = server.url
            yield self

    def _handle(self, method: str, target: str, headers: Headers, body: bytes) -> Answer:
        fields = [pair for pair in headers if pair[0].lower() != "host"]
        request = httpx.Request(
            method,
            self.target.copy_with(raw_path=target.encode("latin-1")),
            headers=fields,
            content=body,
            extensions={"target": target.encode("latin-1")},
        )
        if self.script:
            scripted = self.script.popleft()
            answer = copy.copy(scripted)
            answer.extensions = scripted.extensions  # A copy has none.
        else:
            answer = self.change(self.onward.send(request))
        answer.request = request
        self.answers.append(answer)
        for name in _HOP_BY_HOP:
            answer.headers.pop(name, None)
        content, piece = answer.content, answer.extensions.get("piece")
        pieces = (content[i : i + piece] for i in range(0, len(content), piece)) if piece else None
        delivery = Delivery(broken=answer.extensions.get("broken"))
        return Answer(answer.status_code, answer.headers.multi_items(), pieces or content, delivery)

    def values_of(self, *names: str) -> set[str]:
        """Return the values that the answers have under these names."""
        bodies = [one.json() for one in self.answers if one.content.startswith((b"{", b"["))]
        items = [item for body in bodies for item in (body if isinstance(body, list) else [body])]
        return {item[name] for item in items for name in names if name in item}
