"""A server that is a function, and a generated client that talks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from typing import Any

import httpx


class Server:
    """Answers every request alike, and keeps the last."""

    def __init__(
        self, status: int, body: Any = None, *, content: bytes = b"", kind: str = ""
    ) -> None:
        self.status = status
        self.content = content if body is None else json.dumps(body).encode()
        self.kind = kind or ("application/json" if body is not None else "")
        self.request = httpx.Request("GET", "http://nothing.invalid")
        self.body = b""

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        self.body = request.read()
        headers = {"Content-Type": self.kind} if self.kind else {}
        return httpx.Response(self.status, content=self.content, headers=headers)

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self.answer(request)

    @property
    def target(self) -> str:
        return self.request.url.raw_path.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def parts(self) -> list[Message]:
        head = f"Content-Type: {self.request.headers['Content-Type']}\r\n\r\n".encode()
        message = BytesParser().parsebytes(head + self.body)
        return [part for part in message.walk() if not part.is_multipart()]


def call(
    client_class: Callable[..., Any], server: Server, use: Callable[[Any], Any], **options: Any
) -> Any:
    """Use a client whose server is another function."""
    http = httpx.Client(transport=httpx.MockTransport(server.answer))
    with http, client_class("a-key", http_client=http, **options) as client:
        return use(client)


def call_async(client_class: Callable[..., Any], server: Server, use: Callable[[Any], Any]) -> Any:
    async def run() -> Any:
        http = httpx.AsyncClient(transport=httpx.MockTransport(server.answer_async))
        async with http, client_class("a-key", http_client=http) as client:
            return await use(client)

    return asyncio.run(run())
