"""What the site says of the API follows from the document."""

from __future__ import annotations

import re

import from_document
import httpx
import pytest
from portal_v1 import Portal
from portal_v1.api import OPERATIONS


@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_an_example_calls_the_operation_and_shows_what_comes_back(operation_id: str) -> None:
    status, answer = from_document.example_answer(operation_id)
    operation = OPERATIONS[operation_id]
    sent: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        sent.append(f"{request.method} {request.url.path}")
        return httpx.Response(status, json=answer) if answer else httpx.Response(status)

    with httpx.Client(transport=httpx.MockTransport(respond)) as http_client:
        portal = Portal("a-key", base_url="https://mock.invalid", http_client=http_client)
        for method in filter(None, (operation.method_name, operation.iterator_name)):
            call = from_document.example_call(operation_id, method)
            value = eval(call, {"portal": portal})  # noqa: S307 - code of this repository
            shown = repr(next(value) if method == operation.iterator_name else value)
            *_, last = from_document.example_session(operation_id, method)
            assert last == shown if answer else last == f">>> {call}"
            path = re.sub(r"{\w+}", "[^/]+", operation.path)
            assert re.fullmatch(f"{operation.method} {path}", sent.pop())


def test_the_http_reference_has_every_operation() -> None:
    page = from_document.http_reference()
    for operation in OPERATIONS.values():
        call = f"portal.{operation.resource}.{operation.method_name}()"
        assert re.search(
            rf"`{operation.method} {operation.path}` \| .+ \| `{re.escape(call)}`", page
        )
