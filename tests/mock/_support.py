"""What several of the mock's tests need."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from portal_v1.mock import Mock

KEY = ("Authorization", "Bearer one")
JSON = ("Content-Type", "application/json")


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
    body: bytes = b"",
    headers: Iterable[tuple[str, str]] = (KEY, JSON),
) -> Reply:
    answer = mock.handle(method, target, headers, body)
    return Reply(answer.status, dict(answer.headers), answer.content)


def one_operation(
    schema: Any, *, version: str = "3.1.0", schemas: Any = None, **media: Any
) -> dict[str, Any]:
    """A document with one open GET /thing that answers with the schema."""
    content = {"application/json": {"schema": schema, **media}}
    return {
        "openapi": version,
        "info": {"title": "Things", "version": "1"},
        "paths": {"/thing": {"get": {"responses": {"200": _response(content)}}}},
        "components": {"schemas": schemas or {}},
    }


def _response(content: Any) -> dict[str, Any]:
    return {"description": "A thing.", "content": content}


def get_thing(document: dict[str, Any]) -> Reply:
    with Mock(document) as mock:
        return ask(mock, "GET", "/thing", headers=())
