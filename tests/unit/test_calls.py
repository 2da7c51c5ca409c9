"""The ways to call an operation, and what each gives."""

from __future__ import annotations

import asyncio
import copy
import json
import typing
from types import FunctionType, ModuleType
from typing import Any

import pytest
import sample
from sample import ConfigurationError, InvalidResponseError, RateLimitError, Response, ServerError
from sample.api import OPERATIONS
from sample.api.parcels import create_parcel, get_parcel, list_parcels, renew_label
from sample.models import CreateParcelRequest
from sample.types import UNSET

from tests.unit._support import (
    BAD_HEADERS,
    CREATED,
    HIDDEN,
    KEY,
    LABEL,
    METHODS,
    PARCEL,
    SECRET,
    SUMMARY,
    TOKEN,
    ManualClock,
    Script,
    call,
)

ID = {"parcel_id": "parcel-1"}
FUNCTIONS: dict[str, tuple[ModuleType, dict[str, Any], int, Any]] = {
    "create": (create_parcel, {"body": CreateParcelRequest()}, 201, CREATED),
    "get": (get_parcel, ID, 200, PARCEL),
    "list": (list_parcels, {}, 200, [SUMMARY]),
    "renew": (renew_label, ID, 200, LABEL),
}
SENT = {
    "create": ("POST", "", b"{}"),
    "get": ("GET", "/parcel-1", b""),
    "list": ("GET", "", b""),
    "iter": ("GET", "", b""),
    "renew_label": ("POST", "/parcel-1/label", b"{}"),
}


def detailed(kind: str, name: str, script: Script, **options: Any) -> Response[Any]:
    module, arguments, _, _ = FUNCTIONS[name]

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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_detailed_response_has_all_that_came_and_shows_no_secret(kind: str, name: str) -> None:
    _, _, status, answer = FUNCTIONS[name]
    headers = {"X-Request-Id": "req-7", "X-Other": "o", "Set-Cookie": "hidden=1"}
    response = detailed(kind, name, Script((429, {}), (status, answer, headers)))
    method, (arguments, _, _) = next(one for one in METHODS.items() if one[0].startswith(name))
    script, clock = Script((429, {}), (status, answer, headers)), ManualClock()
    again = call(kind, script, f"with_response.{method}", *arguments, clock=clock)
    for attribute in ("parsed", "content", "headers", "attempts", "request_id", "status_code"):
        assert getattr(again, attribute) == getattr(response, attribute)
    assert (response.status_code, response.request_id, response.attempts) == (status, "req-7", 2)
    assert response.headers["x-other"] == response.headers["X-OTHER"] == "o"
    assert as_json(response.parsed) == answer
    assert json.loads(response.content) == answer
    assert copy.deepcopy(response) == response
    shown = repr(response) + str(response)
    assert "parcel-1" in shown
    assert not [secret for secret in (SECRET, TOKEN, KEY, "hidden") if secret in shown]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_short_functions_give_the_value(name: str) -> None:
    module, arguments, status, answer = FUNCTIONS[name]
    script = Script((status, answer))

    async def run() -> Any:
        async with script.async_client() as client:
            return await module.asyncio(client=client, **arguments)

    with script.client() as client:
        found = module.sync(client=client, **arguments)
    assert as_json(found) == answer
    assert found == asyncio.run(run())


def test_iterate_and_iterate_async() -> None:
    script = Script((200, [SUMMARY, SUMMARY]))

    async def run() -> list[Any]:
        async with script.async_client() as client:
            return [item async for item in list_parcels.iterate_async(client=client)]

    with script.client() as client:
        found = list(list_parcels.iterate(client=client))
    assert as_json(found) == [SUMMARY, SUMMARY]
    assert asyncio.run(run()) == found


@pytest.mark.parametrize("method", METHODS)
def test_a_method_sends_what_is_documented_and_gives_the_value(kind: str, method: str) -> None:
    arguments, status, answer = METHODS[method]
    script = Script((status, answer))
    found = call(kind, script, method, *arguments)
    assert as_json(found) == answer
    (request,) = script.requests
    verb, path, body = SENT[method]
    assert (request.method, request.url.path, request.content) == (
        verb,
        f"/api/v1/parcels{path}",
        body,
    )
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("sample/")


def test_a_flat_body(kind: str) -> None:
    script = Script((201, CREATED))
    call(kind, script, "create", is_express=False)
    assert json.loads(script.requests[0].content) == {"isExpress": False}


@pytest.mark.parametrize("method", METHODS)
def test_options_of_one_call(kind: str, method: str) -> None:
    arguments, _, _ = METHODS[method]
    script, clock = Script((429, {}, {"Retry-After": "7"})), ManualClock()
    with pytest.raises(RateLimitError) as caught:
        call(kind, script, method, *arguments, max_attempts=4, clock=clock)
    assert len(script.requests) == caught.value.attempts == 4
    with pytest.raises(RateLimitError) as caught:
        call(kind, script, method, *arguments, timeout=2, max_attempts=UNSET, clock=clock)
    assert len(script.requests) == 5, "waiting 7 s would take more than the 2 that there are"
    assert caught.value.retry_after == 7


@pytest.mark.parametrize("method", [*METHODS, "with_response.get"])
def test_header_fields_of_one_call(kind: str, method: str) -> None:
    arguments, status, answer = METHODS[method.rpartition(".")[2]]
    script = Script((status, answer))
    own = {"X-Own": "own", "X-Trace": "client's"}
    call(kind, script, method, *arguments, headers=own, call_headers={"x-trace": "t-1"})
    call(kind, script, method, *arguments, headers=own)
    sent = [[one.headers.get_list(name) for name in own] for one in script.requests]
    assert sent == [[["own"], ["t-1"]], [["own"], ["client's"]]]
    for headers in BAD_HEADERS:
        with pytest.raises(ConfigurationError, match="header") as caught:
            call(kind, script, method, *arguments, call_headers=headers)
        assert HIDDEN not in str(caught.value)
    assert len(script.requests) == 2


def test_header_fields_of_one_call_of_a_function() -> None:
    script, headers = Script((200, [SUMMARY])), {"X-Trace": "t-2"}

    async def run() -> None:
        async with script.async_client() as client:
            await list_parcels.asyncio(client=client, headers=headers)
            await list_parcels.asyncio_detailed(client=client, headers=headers)
            assert [_ async for _ in list_parcels.iterate_async(client=client, headers=headers)]

    with script.client() as client:
        list_parcels.sync(client=client, headers=headers)
        list_parcels.sync_detailed(client=client, headers=headers)
        assert [*list_parcels.iterate(client=client, headers=headers)]
    asyncio.run(run())
    assert [one.headers["x-trace"] for one in script.requests] == ["t-2"] * 6


def test_what_may_be_repeated(kind: str) -> None:
    for method, (arguments, status, answer) in METHODS.items():
        script, clock = Script((503, {}), (502, {}), (status, answer)), ManualClock()
        if method == "create":
            with pytest.raises(ServerError) as caught:
                call(kind, script, method, *arguments, clock=clock)
            assert (caught.value.maybe_processed, clock.slept) == (True, [])
        else:
            call(kind, script, method, *arguments, clock=clock)
            assert clock.slept == [0.5, 1.0]


class TestAnotherAnswer:
    @pytest.mark.parametrize("method", ["get", "renew_label"])
    def test_of_another_id_is_refused(self, kind: str, method: str) -> None:
        _, status, answer = METHODS[method]
        script = Script((status, {**answer, "id": "parcel-of-somebody-else"}))
        with pytest.raises(InvalidResponseError, match=r"\$\.id has to be the one") as caught:
            call(kind, script, method, "parcel-1")
        assert "somebody" not in str(caught.value)
        assert caught.value.maybe_processed is True
        with pytest.raises(InvalidResponseError):
            detailed(kind, method.partition("_")[0], script)

    def test_any_id_comes_back_as_it_was_sent(self, kind: str) -> None:
        for given in ("Ä/ö".replace("/", "-"), "a b", "%2e", "7"):
            assert call(kind, Script((200, {**PARCEL, "id": given})), "get", given).id == given

    def test_the_parameter_says_which_field_repeats_it(self) -> None:
        repeated = {
            operation.id: [one.response_field for one in operation.parameters]
            for operation in OPERATIONS.values()
        }
        assert repeated == {
            "createParcel": [],
            "listParcels": [],
            "getParcel": ["id"],
            "renewLabel": ["id"],
        }


def test_hints_can_be_read_at_run_time() -> None:
    functions: list[Any] = [sample.Sample.__init__, sample.Sample.with_options]
    functions += [type(sample.Sample("k").parcels).__init__]
    for module, _, _, _ in FUNCTIONS.values():
        functions += [one for one in vars(module).values() if isinstance(one, FunctionType)]
    for function in functions:
        assert typing.get_type_hints(function)
    assert typing.get_type_hints(get_parcel.sync)["client"] is sample.Sample
