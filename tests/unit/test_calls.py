"""The ways to call an operation, and what each gives."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import typing
from types import FunctionType, ModuleType
from typing import Any

import pytest
import sample
from sample import ConfigurationError, InvalidResponseError, RateLimitError
from sample.api.parcels import create_parcel, get_parcel, list_parcels, renew_label
from sample.models import CreateParcelRequest
from sample.types import UNSET

from tests.unit._support import (
    BAD_HEADERS,
    HIDDEN,
    KEY,
    METHODS,
    PARCEL,
    SECRET,
    TOKEN,
    ManualClock,
    Script,
    call,
)

ID = {"parcel_id": "parcel-1"}
FUNCTIONS: dict[str, tuple[ModuleType, dict[str, Any]]] = {
    "create": (create_parcel, {"body": CreateParcelRequest()}),
    "get": (get_parcel, ID),
    "list": (list_parcels, {}),
    "renew_label": (renew_label, ID),
}
SENT = {
    "create": ("POST", "", b"{}"),
    "get": ("GET", "/parcel-1", b""),
    "list": ("GET", "", b""),
    "iter": ("GET", "", b""),
    "renew_label": ("POST", "/parcel-1/label", b"{}"),
}


def as_json(parsed: Any) -> Any:
    return [item.to_dict() for item in parsed] if isinstance(parsed, list) else parsed.to_dict()


@pytest.mark.parametrize("method", METHODS)
def test_a_method_sends_what_is_documented_and_gives_the_value(kind: str, method: str) -> None:
    arguments, status, answer = METHODS[method]
    script = Script((status, answer))
    assert as_json(call(kind, script, method, *arguments)) == answer
    (request,) = script.requests
    verb, path, body = SENT[method]
    assert (request.method, request.content) == (verb, body)
    assert request.url.path == f"/api/v1/parcels{path}"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("sample/")


@pytest.mark.parametrize("method", FUNCTIONS)
def test_a_detailed_response_has_all_that_came_and_shows_no_secret(kind: str, method: str) -> None:
    arguments, status, answer = METHODS[method]
    headers = {"X-Request-Id": "req-7", "X-Other": "o", "Set-Cookie": "hidden=1"}
    script, clock = Script((429, {}), (status, answer, headers)), ManualClock()
    response = call(kind, script, f"with_response.{method}", *arguments, clock=clock)
    assert (response.status_code, response.request_id, response.attempts) == (status, "req-7", 2)
    assert response.headers["x-other"] == response.headers["X-OTHER"] == "o"
    assert as_json(response.parsed) == json.loads(response.content) == answer
    assert copy.deepcopy(response) == response
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(response)
    shown = repr(response) + str(response)
    assert "parcel-1" in shown
    assert not [secret for secret in (SECRET, TOKEN, KEY, "hidden") if secret in shown]


@pytest.mark.parametrize("method", FUNCTIONS)
def test_the_functions_give_what_the_method_gives(method: str) -> None:
    module, arguments = FUNCTIONS[method]
    script = Script(METHODS[method][1:])
    options: dict[str, Any] = {**arguments, "headers": {"X-Trace": "t-2"}}

    async def run() -> list[Any]:
        async with script.async_client() as client:
            response = await module.asyncio_detailed(client=client, **options)
            found = [response.parsed, await module.asyncio(client=client, **options)]
            if method == "list":
                found.append([one async for one in module.iterate_async(client=client, **options)])
            return found

    with script.client() as client:
        found = [module.sync_detailed(client=client, **options).parsed]
        found.append(module.sync(client=client, **options))
        found += [list(module.iterate(client=client, **options))] if method == "list" else []
    found += asyncio.run(run())
    assert list(map(as_json, found)) == [METHODS[method][2]] * len(script.requests)
    assert {one.headers["x-trace"] for one in script.requests} == {"t-2"}


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
    for option in ("timeout", "max_attempts"):
        with pytest.raises(ConfigurationError, match=option):
            call(kind, script, method, *arguments, **{option: 0})


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


@pytest.mark.parametrize("method", ["get", "renew_label", "with_response.get"])
def test_an_answer_of_another_id_is_refused(kind: str, method: str) -> None:
    _, status, answer = METHODS[method.rpartition(".")[2]]
    script = Script((status, {**answer, "id": "parcel-of-somebody-else"}))
    with pytest.raises(InvalidResponseError, match=r"\$\.id has to be the one") as caught:
        call(kind, script, method, "parcel-1")
    assert "somebody" not in str(caught.value)
    assert caught.value.maybe_processed is True
    for given in ("Ä-ö", "a b", "%2e", "7"):
        assert call(kind, Script((200, {**PARCEL, "id": given})), "get", given).id == given


def test_hints_can_be_read_at_run_time() -> None:
    functions: list[Any] = [sample.Sample.__init__, sample.Sample.with_options]
    functions += [type(sample.Sample("k").parcels).__init__]
    for module, _ in FUNCTIONS.values():
        functions += [one for one in vars(module).values() if isinstance(one, FunctionType)]
    for function in functions:
        assert typing.get_type_hints(function)
    assert typing.get_type_hints(get_parcel.sync)["client"] is sample.Sample
