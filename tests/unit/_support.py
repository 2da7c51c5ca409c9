"""What several of the client's tests need."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Generator
from contextlib import closing
from itertools import islice
from operator import attrgetter
from typing import Any

import pytest
from sample import AsyncSample, ConfigurationError, Sample
from sample._http import httpx
from sample.testing import ManualClock as ManualClock  # noqa: PLC0414 - for all tests
from sample.types import UNSET

from tests.network._operations import Seen, drive

KEY = "unit-key-5d0c7a"
BASE_URL = "https://parcels.invalid/api/v1"

Json = dict[str, Any]
SECRET = "5f2b9f04-pickup-code"
TOKEN = "9c41-label-token"
LABEL: Json = {"id": "parcel-1", "labelToken": TOKEN, "isExpress": True}
CREATED: Json = {**LABEL, "pickupCode": SECRET}
SUMMARY: Json = {"id": "parcel-1", "pickupCode": SECRET, "address": None, "status": "NEW"}
PARCEL: Json = {"id": "parcel-1", "pickupCode": SECRET, "isExpress": False, "address": "here"}

HIDDEN = "hid1d3n"
BAD_KEYS: list[Any] = [
    *("", " ", f"{HIDDEN} two", f" {HIDDEN}", f"{HIDDEN}\n", f"{HIDDEN}\r\nX-Other: 1"),
    *(f"{HIDDEN}\x00", f"{HIDDEN}é", f"{HIDDEN}\ud800", HIDDEN.encode(), [HIDDEN], 42, False),
]
"""What cannot be a key; HIDDEN is in those that a message could show."""

BAD_HEADERS: list[Any] = [
    *({"": "value"}, {"a name": HIDDEN}, {"name:": HIDDEN}, {"näme": HIDDEN}, {b"name": HIDDEN}),
    *({"X-Name": f"{HIDDEN}\r\nX-Other: 1"}, {"X-Name": f"{HIDDEN}\x00"}),
    *({"X-Name": f" {HIDDEN}"}, {"X-Name": f"{HIDDEN}ключ"}, {"X-Name": HIDDEN.encode()}),
    *({"X-Name": None}, [("X-Name", HIDDEN)], HIDDEN),
    *({name: HIDDEN} for name in ("Authorization", "CONTENT-TYPE", "Host", "content-length", "TE")),
]


class Script:
    """Answers requests one after the other, with the last answer from then on.

    Args:
        *answers: Each answer's status, body (bytes as they are, all else as JSON) and headers; or
            what is raised in its place.
    """

    def __init__(
        self, *answers: tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception
    ) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []

    def client(self, api_key: Any = KEY, *, kind: str = "sync", **options: Any) -> Any:
        """Return a client, "sync" or "async", whose requests the script answers."""
        kinds: Any = {"sync": (Sample, httpx.Client), "async": (AsyncSample, httpx.AsyncClient)}
        make, library = kinds[kind]
        http = library(transport=httpx.MockTransport(self._answer))
        return make(api_key, **{"base_url": BASE_URL, "http_client": http, **options})

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        head: Any = {"status_code": status, "headers": headers[0] if headers else None}
        if isinstance(body, httpx.SyncByteStream):
            return httpx.Response(**head, stream=body)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(**head, content=content)


def call(
    kind: str,
    script: Script,
    method: str | Callable[[Any], Callable[..., Any]],
    *args: Any,
    at_most: int | None = None,
    clock: Any = UNSET,
    **options: Any,
) -> Any:
    """Call a resource method, or another, of a "sync" or an "async" client, and close the client.

    With `clock`, through a copy of the client that has it; `call_headers` are those of the call.
    Of an iterator the items are returned, or the first `at_most` of them.
    """
    names = {"timeout", "max_attempts", "concurrency", "call_headers"} & options.keys()
    given = {name.removeprefix("call_"): options.pop(name) for name in names}
    find: Any = attrgetter(f"parcels.{method}") if isinstance(method, str) else method
    with asyncio.Runner() as runner:
        run = runner.get_loop().run_until_complete
        with closing(drive(script.client(kind=kind, **options), run)) as client:
            found = find(client.with_options(clock=clock))(*args, **given)
            if not isinstance(found, Generator):
                return found
            with closing(found):
                return [*islice(found, at_most)]


def pipeline_of(client: Any) -> Any:
    """Return what carries a client's calls out."""
    return client._pipeline  # noqa: SLF001 - operations made by hand have no other way in


def shown(error: BaseException) -> str:
    """Return all that a logger could show of an error, the package's local variables included."""
    seen = Seen()
    seen.error("the error", error)
    return "\n".join(seen.texts.values())


def refused(make: Callable[[], object]) -> str:
    """Return what a refusal says, which shows nothing and happens before anything is sent."""
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert HIDDEN not in shown(caught.value)
    assert (caught.value.maybe_processed, caught.value.attempts) == (False, 0)
    return str(caught.value)
