from __future__ import annotations

import asyncio
import copy
from types import ModuleType
from typing import Any

import pytest
from portal_v1 import InvalidResponseError, RateLimitError, Response
from portal_v1.api.clients import (
    create_client,
    generate_client_web_otp,
    get_client,
    list_clients,
    refresh_client_session,
)
from portal_v1.models import CreateClientRequest
from portal_v1.types import UNSET

from tests.unit._support import (
    CLIENT,
    CREATED,
    KEY,
    METHODS,
    OTP,
    SECRET,
    SESSION,
    SUMMARY,
    TOKEN,
    ManualClock,
    Script,
)

ID = {"client_id": "client-1"}
OPERATIONS: dict[str, tuple[ModuleType, dict[str, Any], int, Any]] = {
    "create": (create_client, {"body": CreateClientRequest()}, 201, CREATED),
    "get": (get_client, ID, 200, CLIENT),
    "list": (list_clients, {}, 200, [SUMMARY]),
    "refresh": (refresh_client_session, ID, 200, SESSION),
    "otp": (generate_client_web_otp, ID, 200, OTP),
}


def detailed(kind: str, name: str, script: Script, **options: Any) -> Response[Any]:
    module, arguments, _, _ = OPERATIONS[name]

    async def run() -> Any:
        async with script.async_client() as client:
            changed = client.with_options(clock=ManualClock())
            return await module.asyncio_detailed(client=changed, **arguments, **options)

    if kind == "async":
        found = asyncio.run(run())
    else:
        with script.client() as client:
            changed = client.with_options(clock=ManualClock())
            found = module.sync_detailed(client=changed, **arguments, **options)
    assert isinstance(found, Response)
    return found


def as_json(parsed: Any) -> Any:
    return [item.to_dict() for item in parsed] if isinstance(parsed, list) else parsed.to_dict()


@pytest.mark.parametrize("name", OPERATIONS)
class TestEveryOperation:
    def test_detailed_gives_all_that_came(self, kind: str, name: str) -> None:
        _, _, status, answer = OPERATIONS[name]
        script = Script((429, {}), (status, answer, {"X-Request-Id": "req-7", "X-Other": "o"}))
        response = detailed(kind, name, script)
        assert response.status_code == status
        assert response.headers["x-other"] == response.headers["X-OTHER"] == "o"
        assert response.request_id == "req-7"
        assert response.attempts == 2
        assert as_json(response.parsed) == answer
        assert response.content.startswith(b"[" if isinstance(answer, list) else b"{")

    def test_its_repr_shows_no_secret(self, kind: str, name: str) -> None:
        _, _, status, answer = OPERATIONS[name]
        response = detailed(kind, name, Script((status, answer, {"Set-Cookie": "hidden=1"})))
        shown = repr(response) + str(response)
        assert str(status) in shown
        assert "client-1" in shown
        for secret in (SECRET, TOKEN, OTP["otp"], KEY, "hidden"):
            assert secret not in shown

    def test_the_short_forms_give_what_it_says(self, name: str) -> None:
        module, arguments, status, answer = OPERATIONS[name]
        script = Script((status, answer))

        async def run() -> Any:
            async with script.async_client() as client:
                return await module.asyncio(client=client, **arguments)

        with script.client() as client:
            found = module.sync(client=client, **arguments)
        assert as_json(found) == answer
        assert found == asyncio.run(run())

    def test_options_for_one_call(self, kind: str, name: str) -> None:
        script = Script((429, {}))
        with pytest.raises(RateLimitError):
            detailed(kind, name, script, max_attempts=1)
        assert len(script.requests) == 1
        with pytest.raises(RateLimitError):
            detailed(kind, name, script, timeout=0.1, max_attempts=UNSET)
        assert len(script.requests) == 2

    def test_a_success_of_another_status_is_taken(self, kind: str, name: str) -> None:
        _, _, status, answer = OPERATIONS[name]
        other = {200: 201, 201: 200}[status]
        response = detailed(kind, name, Script((other, answer)))
        assert response.status_code == other
        assert as_json(response.parsed) == answer

    def test_a_success_of_another_shape_is_not(self, kind: str, name: str) -> None:
        with pytest.raises(InvalidResponseError) as caught:
            detailed(kind, name, Script((202, {"status": "accepted"})))
        assert caught.value.body == b'{"status": "accepted"}'
        assert caught.value.maybe_processed is True


def test_an_answer_is_copied_whole() -> None:
    with Script((200, OTP)).client() as client:
        response = generate_client_web_otp.sync_detailed("client-1", client=client)
    copied = copy.deepcopy(response)
    assert copied == response
    assert copied.content == response.content


def test_iterate_and_iterate_async() -> None:
    script = Script((200, [SUMMARY, SUMMARY]))

    async def run() -> list[Any]:
        async with script.async_client() as client:
            return [item async for item in list_clients.iterate_async(client=client)]

    with script.client() as client:
        found = list(list_clients.iterate(client=client))
    assert as_json(found) == ([SUMMARY, SUMMARY])
    assert asyncio.run(run()) == found


def test_every_resource_method_is_tried_here() -> None:
    with Script((200, [])).client() as client:
        methods = {name for name in dir(client.clients) if not name.startswith("_")}
    assert methods == METHODS.keys()
