"""A server that is a function, and a generated client that talks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from email.parser import BytesParser
from types import ModuleType
from typing import Any

import httpx


class Server:
    """Answers every request alike, and keeps the last."""

    def __init__(
        self, status: int, body: Any = None, *, content: bytes = b"", kind: str = ""
    ) -> None:
        self.status = status
        self.content = content if body is None else json.dumps(body).encode()
        self.headers = {"Content-Type": kind or "application/json"} if kind or self.content else {}
        self.request = httpx.Request("GET", "http://nothing.invalid")

    def answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.request = request
        return httpx.Response(self.status, content=self.content, headers=self.headers)

    async def answer_async(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self.answer(request)

    @property
    def target(self) -> str:
        return f"{self.request.method} {self.request.url.raw_path.decode()}"

    @property
    def body(self) -> bytes:
        return self.request.content

    def parts(self) -> list[tuple[Any, str | None, bytes]]:
        """Return the name, the file's name and the content of each part of a form."""
        head = f"Content-Type: {self.request.headers['Content-Type']}\r\n\r\n".encode()
        whole: Any = BytesParser().parsebytes(head + self.body)
        return [
            (
                part.get_param("name", header="content-disposition"),
                part.get_filename(),
                part.get_payload(decode=True),
            )
            for part in whole.get_payload()
        ]


def call(package: ModuleType, server: Server, use: Callable[[Any], Any], **options: Any) -> Any:
    """Call with the package's client."""
    transport = httpx.MockTransport(server.answer)
    with httpx.Client(transport=transport) as http:
        client = getattr(package, package.client.SERVICE.name)
        with client("a-key", http_client=http, **options) as client:
            return use(client)


def call_async(package: ModuleType, server: Server, use: Callable[[Any], Any]) -> Any:
    """Call with the package's async client."""

    async def run() -> Any:
        http = httpx.AsyncClient(transport=httpx.MockTransport(server.answer_async))
        client = getattr(package, f"Async{package.client.SERVICE.name}")
        async with http, client("a-key", http_client=http) as client:
            return await use(client)

    return asyncio.run(run())
