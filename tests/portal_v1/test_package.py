"""What is V1's own: the names that it exports, and what its five operations send and give."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import portal_v1
import pytest
from portal_v1 import AsyncPortal, Portal, models
from portal_v1._http import httpx
from portal_v1.api import OPERATIONS

URL = "https://portal.invalid/api/v1"
KEY = "key-of-the-tests"
CREATED = {
    "id": "client-1",
    "clientApiKey": "an-api-key",
    "clientSessionToken": "a-token",
    "isAccountAbstracted": True,
}
CLIENT = {
    "id": "client-1",
    "clientApiKey": "an-api-key",
    "isAccountAbstracted": False,
    "address": "0xabc",
}
SUMMARY = {
    "id": "client-1",
    "clientApiKey": "an-api-key",
    "address": "0xabc",
    "backupStatus": "STORED_CLIENT_BACKUP_SHARE",
    "signingStatus": "A_STATUS_OF_TOMORROW",
}
SESSION = {"id": "client-1", "clientSessionToken": "a-token", "isAccountAbstracted": True}
OTP = {"id": "client-1", "otp": "one-time-password"}
PATH = "/api/v1/custodians/clients"
# Of each operation: method and path, body, status, answer, model, and the arguments of its method.
CALLS: dict[str, tuple[str, bytes, int, Any, str, str, tuple[str, ...], dict[str, Any]]] = {
    "createClient": (
        *(f"POST {PATH}", b'{"isAccountAbstracted":true}', 201, CREATED, "CreatedClient"),
        *("create", (), {"is_account_abstracted": True}),
    ),
    "getClient": (f"GET {PATH}/client-1", b"", 200, CLIENT, "Client", "get", ("client-1",), {}),
    "listClients": (f"GET {PATH}", b"", 200, [SUMMARY], "ClientSummary", "list", (), {}),
    "refreshClientSession": (
        *(f"POST {PATH}/client-1/session", b"{}", 200, SESSION, "ClientSession"),
        *("refresh_session", ("client-1",), {}),
    ),
    "generateClientWebOtp": (
        *(f"GET {PATH}/client-1/web-otp", b"", 200, OTP, "ClientWebOtp"),
        *("generate_web_otp", ("client-1",), {}),
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
    line, body, status, answer, model, method, arguments, options = CALLS[operation_id]
    sent: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(status, json=answer)

    transport = httpx.MockTransport(handler)

    async def run() -> Any:
        http = httpx.AsyncClient(transport=transport)
        async with AsyncPortal(KEY, base_url=URL, http_client=http) as portal:
            await portal.warm()
            call = getattr(portal.with_options(timeout=5).clients, method)
            calls = portal.map(lambda _: call(*arguments, **options), [repr(portal)])
            return [one async for one in calls]

    if kind == "async":
        (outcome,) = asyncio.run(run())
    else:
        http = httpx.Client(transport=transport)
        with Portal(KEY, base_url=URL, http_client=http) as portal:
            portal.warm()
            call = getattr(portal.with_options(timeout=5).clients, method)
            calls = portal.map(lambda _: call(*arguments, **options), [repr(portal)])
            (outcome,) = calls
    assert outcome.argument == f"<{'Async' * (kind == 'async')}Portal of {URL}>"
    found = outcome.result()
    (request,) = sent
    assert f"{request.method} {request.url.raw_path.decode()}" == line
    assert request.content == body
    headers = {name: request.headers.get(name) for name in ("Accept", "Content-Type")}
    assert headers == dict.fromkeys(headers, "application/json")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["User-Agent"].startswith(f"portal-v1/{portal_v1.__version__} python/")
    one, expected = (found[0], answer[0]) if isinstance(answer, list) else (found, answer)
    assert type(one) is getattr(models, model)
    assert one.to_dict() == expected
    for secret in ("an-api-key", "a-token", "one-time-password"):
        assert secret not in repr(found)
    parameters = [p.response_field for p in OPERATIONS[operation_id].parameters]
    assert parameters == (["id"] if arguments else [])
