"""The operations of the tests' own package, and ways to call them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sample import AsyncSample, Sample, SampleError
from sample._http import httpx
from sample.testing import ManualClock

KEY = "key-of-the-tests"
BASE_PATH = "/v1"
PARCEL = {"id": "parcel-1", "address": "1 Main Street", "pickupCode": "pickup-1", "isExpress": True}
LABEL = {"id": "parcel-1", "labelToken": "label-1", "isExpress": True}
CREATED = {"id": "parcel-1", "pickupCode": "pickup-1", "labelToken": "label-1", "isExpress": True}


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation, called with the same arguments each time."""

    id: str
    method: str
    path: str
    repeatable: bool
    status: int
    example: Any
    call: Callable[[Any], Any]
    sent: bytes = b""

    @property
    def body(self) -> bytes:
        return json.dumps(self.example).encode()

    def __repr__(self) -> str:
        return self.id


def _create(client: Any) -> Any:
    return client.parcels.create(is_express=True)


CREATE = Operation(
    *("createParcel", "POST", "/parcels", False, 201, CREATED),
    call=_create,
    sent=b'{"isExpress": true}',
)
LIST = Operation(
    *("listParcels", "GET", "/parcels", True, 200, [PARCEL | {"status": "NEW"}, PARCEL]),
    call=lambda client: client.parcels.list(),
)
GET = Operation(
    *("getParcel", "GET", "/parcels/parcel-1", True, 200, PARCEL),
    call=lambda client: client.parcels.get("parcel-1"),
)
RENEW = Operation(
    *("renewLabel", "POST", "/parcels/parcel-1/label", True, 200, LABEL),
    call=lambda client: client.parcels.renew_label("parcel-1"),
    sent=b"{}",
)
OPERATIONS = (CREATE, LIST, GET, RENEW)
KINDS = (CREATE, RENEW)
"""One that is not repeatable and one that is: nothing else tells operations apart."""


def run(
    mode: str, url: str, act: Callable[[Any], Any], *, clock: Any = None, **options: Any
) -> Any:
    """Return what `act` does with a new client, sync or async, which is closed afterwards.

    Args:
        mode: "sync" or "async".
        url: The server, its base path left out.
        act: An operation's `call`, or anything else that is given the client.
        clock: What takes the place of the client's clock.
        options: For the client. `given` has the options of an `http_client`, closed afterwards.
    """
    key = options.pop("key", KEY)
    given = options.pop("given", None)
    options["base_url"] = url + BASE_PATH

    def with_clock(client: Any) -> Any:
        return client if clock is None else client.with_options(clock=clock)

    if mode == "sync":
        with (
            nullcontext() if given is None else httpx.Client(**given) as http,
            Sample(key, http_client=http, **options) as client,
        ):
            return act(with_clock(client))

    async def calling() -> Any:
        async with (
            nullcontext() if given is None else httpx.AsyncClient(**given) as http,
            AsyncSample(key, http_client=http, **options) as client,
        ):
            return await act(with_clock(client))

    return asyncio.run(calling())


def fail(mode: str, url: str, act: Callable[[Any], Any], **options: Any) -> SampleError:
    """Return the error of the package that a call ends with."""
    try:
        value = run(mode, url, act, **options)
    except SampleError as error:
        return error
    raise AssertionError(f"It returned {value!r}.")


def in_turn(*acts: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Do one after the other with a client, sync or async, and return what the last one did."""

    async def later(client: Any) -> Any:
        answer = None
        for act in acts:
            answer = act(client)
            answer = await answer if asyncio.iscoroutine(answer) else answer
        return answer

    def act_all(client: Any) -> Any:
        return [act(client) for act in acts][-1] if isinstance(client, Sample) else later(client)

    return act_all


def close(client: Any) -> Any:
    """Close a client, sync or async."""
    return client.close() if isinstance(client, Sample) else client.aclose()


def items(client: Any) -> Any:
    """Read the list item by item, through a sync client or an async one."""
    if isinstance(client, Sample):
        return list(client.parcels.iter())

    async def reading() -> list[Any]:
        return [item async for item in client.parcels.iter()]

    return reading()


def mocked(
    mode: str, handler: Callable[[httpx.Request], Any], act: Callable[[Any], Any], **options: Any
) -> Any:
    """Return what `act` does with a client whose requests `handler` answers, in-process."""
    options.setdefault("clock", ManualClock())
    transport = httpx.MockTransport(handler)
    return run(mode, "https://parcels.test", act, given={"transport": transport}, **options)


def answering(operation: Operation, **options: Any) -> httpx.Response:
    """Return the documented answer."""
    return httpx.Response(operation.status, json=operation.example, **options)
