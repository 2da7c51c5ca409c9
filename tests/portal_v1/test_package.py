"""What is V1's own: the names that it exports, and what its five operations send and give."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import from_document
import portal_v1
import pytest
from portal_v1 import AsyncPortal, Portal, models
from portal_v1._http import httpx
from portal_v1.api import OPERATIONS

URL = "https://portal.invalid/api/v1"
KEY = "key-of-the-tests"
PATH = "/api/v1/custodians/clients"
SECRETS = {"clientApiKey", "clientSessionToken", "otp"}
# Of each operation: method and path, body, status, model of the answer, and a call.
CALLS: dict[str, tuple[str, bytes, int, Any, Callable[[Any, str], Any]]] = {
    "createClient": (
        *(f"POST {PATH}", b'{"isAccountAbstracted":true}', 201, models.CreatedClient),
        lambda clients, _: clients.create(is_account_abstracted=True),
    ),
    "getClient": (
        *(f"GET {PATH}/%s", b"", 200, models.Client),
        lambda clients, one: clients.get(one),
    ),
    "listClients": (
        *(f"GET {PATH}", b"", 200, models.ClientSummary),
        lambda clients, _: clients.list(),
    ),
    "refreshClientSession": (
        *(f"POST {PATH}/%s/session", b"{}", 200, models.ClientSession),
        lambda clients, one: clients.refresh_session(one),
    ),
    "generateClientWebOtp": (
        *(f"GET {PATH}/%s/web-otp", b"", 200, models.ClientWebOtp),
        lambda clients, one: clients.generate_web_otp(one),
    ),
}


def test_the_names_that_it_exports() -> None:
    assert {*portal_v1.__all__} == {
        *("AsyncPortal", "Portal", "Pace", "Outcome", "Response", "File", "UNSET", "Unset"),
        *("__version__", "CallEvent"),
        *("PortalError", "ConfigurationError", "InvalidRequestError", "APIConnectionError"),
        *("APITimeoutError", "InvalidResponseError", "APIStatusError", "BadRequestError"),
        *("AuthenticationError", "PermissionDeniedError", "NotFoundError", "ConflictError"),
        *("RateLimitError", "ServerError"),
    }
    assert {*models.__all__} == {
        *("Client", "ClientSession", "ClientSummary", "ClientWebOtp", "CreateClientRequest"),
        *("CreatedClient", "Error"),
    }
    assert {*OPERATIONS} == {*CALLS}


def test_both_clients_have_the_same_options() -> None:
    given = ("api_key", "base_url", "pace", "max_response_bytes", "http_client", "headers")
    numbers = {"timeout": 30.0, "connect_timeout": 5.0, "keepalive": 60.0, "max_attempts": 3}
    for client in (Portal, AsyncPortal):
        parameters = inspect.signature(client).parameters.values()
        defaults = {parameter.name: parameter.default for parameter in parameters}
        assert defaults == {**dict.fromkeys((*given, "observer")), **numbers}


@pytest.mark.parametrize("operation_id", CALLS)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_an_operation_sends_and_gives(operation_id: str, kind: str) -> None:
    line, body, status, model, use = CALLS[operation_id]
    _, answer = from_document.example_answer(operation_id)
    expected = answer[0] if isinstance(answer, list) else answer
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(status, json=answer)

    kinds: Any = {"sync": (httpx.Client, Portal), "async": (httpx.AsyncClient, AsyncPortal)}
    library, make = kinds[kind]
    portal = make(KEY, base_url=URL, http_client=library(transport=httpx.MockTransport(handler)))
    assert repr(portal) == f"<{make.__name__} of {URL}>"
    outcomes = portal.map(partial(use, portal.with_options(timeout=5).clients), [expected["id"]])

    async def run() -> Any:
        await portal.warm()
        return [one async for one in outcomes]

    if kind == "async":
        (outcome,) = asyncio.run(run())
    else:
        portal.warm()
        (outcome,) = outcomes
    found, (request,) = outcome.result(), sent
    path = request.url.raw_path.decode().replace(expected["id"], "%s")
    assert (f"{request.method} {path}", request.content) == (line, body)
    assert request.headers["Accept"] == request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["User-Agent"].startswith(f"portal-v1/{portal_v1.__version__} python/")
    one = found[0] if isinstance(found, list) else found
    assert (type(one), one.to_dict()) == (model, expected)
    assert SECRETS & expected.keys()
    for name in SECRETS & expected.keys():
        assert expected[name] not in repr(found)
    fields = [parameter.response_field for parameter in OPERATIONS[operation_id].parameters]
    assert fields == ["id"] * ("%s" in line)
