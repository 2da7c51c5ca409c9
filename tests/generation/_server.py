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
        self, status: int, body: Any = None, *, content: bytes = b"", kind: str = "application/json"
    ) -> None:
        content = content if body is None else json.dumps(body).encode()
        headers = {"Content-Type": kind} if content else {}
        self.transport = httpx.MockTransport(self.answer)
        self.told: dict[str, Any] = {"status_code": status, "content": content, "headers": headers}
        self.request = httpx.Request("GET", "http://nothing.invalid")

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.request = request
        return httpx.Response(**self.told)

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
        place = {"header": "content-disposition"}
        return [
            (part.get_param("name", **place), part.get_filename(), part.get_payload(decode=True))
            for part in whole.get_payload()
        ]


def call(package: ModuleType, server: Server, use: Callable[[Any], Any], **options: Any) -> Any:
    """Call with the package's client."""
    client = getattr(package, package.client.SERVICE.name)
    with httpx.Client(transport=server.transport) as http:
        return use(client("a-key", http_client=http, **options))


def call_async(package: ModuleType, server: Server, use: Callable[[Any], Any]) -> Any:
    """Call with the package's async client."""

    async def run() -> Any:
        client = getattr(package, f"Async{package.client.SERVICE.name}")
        async with httpx.AsyncClient(transport=server.transport) as http:
            return await use(client("a-key", http_client=http))

    return asyncio.run(run())
