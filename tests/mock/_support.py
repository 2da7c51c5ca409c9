"""What several of the mock's tests need."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sample
from sample.mock import Mock, MockServer

KEY = ("Authorization", "Bearer one")
JSON = ("Content-Type", "application/json")
PARCELS = "/v1/parcels"
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
PACKAGES = str(Path(sample.__file__).parents[1])
COMMAND = [sys.executable, "-W", "error", "-m", "sample.mock"]


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    mock: Mock,
    method: str,
    target: str,
    body: Any = b"",
    headers: Iterable[tuple[str, str]] = (KEY, JSON),
) -> Reply:
    """Ask the mock something. A body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = mock.handle(method, target, headers, content)
    return Reply(answer.status, dict(answer.headers), answer.content)


def connect(server: MockServer) -> socket.socket:
    return socket.create_connection((server.host, server.port), timeout=5)


@contextmanager
def started(
    *arguments: str, command: list[str] = COMMAND, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The running program, and the six lines with which it greets: the last words of each."""
    command, pipe = [*command, "--port", "0", *arguments], subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": PACKAGES, **environment}
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().strip() for _ in range(6)]
            yield process, [line.partition("  ")[2].strip() or line for line in lines]
        finally:
            process.kill()


def talk(server: MockServer, *pieces: bytes) -> bytes:
    """Send the pieces, and read until the server hangs up."""
    with connect(server) as client:
        for piece in pieces:
            client.sendall(piece)
        return b"".join(iter(lambda: client.recv(65536), b""))


def fields(*required: str, **named: Any) -> dict[str, Any]:
    """The schema of an object with these fields."""
    return {"type": "object", "required": [*required], "properties": named}


def list_of(schema: Any, **more: Any) -> dict[str, Any]:
    """The schema of a list."""
    return {"type": "array", "items": schema, **more}


def paths(items: dict[str, Any], version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    """A document with these paths."""
    return {"openapi": version, "info": {"title": "Things", "version": "1"}, "paths": items, **more}


def said(schema: Any, status: str = "200", **media: Any) -> dict[str, Any]:
    """Responses with one, JSON of a schema."""
    content = {"application/json": {"schema": schema, **media}}
    return {status: {"description": "A thing.", "content": content}}


def one_operation(schema: Any, *, schemas: Any = None, **media: Any) -> dict[str, Any]:
    """A document with one open GET /thing that answers with the schema."""
    item = {"get": {"responses": said(schema, **media)}}
    return paths({"/thing": item}, components={"schemas": schemas or {}})


def get_thing(document: dict[str, Any]) -> Reply:
    with Mock(document) as mock:
        return ask(mock, "GET", "/thing", headers=())
