"""What the README and the site say of the API follows from the document."""

from __future__ import annotations

import re
from pathlib import Path

import from_document
import portal_v1
import pytest
from portal_v1 import Portal
from portal_v1._http import httpx
from portal_v1.api import OPERATIONS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_every_error_and_no_other() -> None:
    exported = {name for name in portal_v1.__all__ if name.endswith("Error")}
    (tree,) = re.findall(r"^```\n(PortalError\n.+?)^```$", README, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"\b\w+Error\b", tree)) == exported


def test_the_client_options_of_the_readme_have_these_defaults() -> None:
    defaults = Portal.__init__.__kwdefaults__ or {}
    for name, value in re.findall(r"`(timeout|max_attempts)=([\d.]+)`", README):
        assert defaults[name] == float(value)


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
