"""What several of the client's tests need."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import Any

import pytest
from sample import ConfigurationError
from sample._http import httpx
from sample.testing import ManualClock

from tests.network._operations import LABEL, PARCEL, Seen, run

CREATED = PARCEL | LABEL


class Streaming(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


class Script:
    """Answers requests one after the other, with the last answer from then on.

    Args:
        *answers: Each answer's status, body (bytes as they are or chunk by chunk, all else as
            JSON) and headers; or what is raised in its place.
    """

    def __init__(self, *answers: Any) -> None:
        self._answers, self.requests = [*answers], list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        if isinstance(body, Iterator):
            return httpx.Response(status, stream=Streaming(body))
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers=dict(*headers))


def call(
    kind: str, script: Script, method: Any, *args: Any, at_most: int | None = None, **options: Any
) -> Any:
    """Call a resource method, or a function of the client, of a new "sync" or "async" client.

    `call_headers`, `timeout` and `max_attempts` are the method's, the other options the client's.
    Of an iterator the items are returned, or the first `at_most` of them.
    """
    names = {"timeout", "max_attempts", "call_headers"} & options.keys()
    given = {name.removeprefix("call_"): options.pop(name) for name in names}
    options = {"clock": ManualClock(), **options}

    def act(client: Any) -> Any:
        is_name = isinstance(method, str)
        use: Any = attrgetter(f"parcels.{method}")(client) if is_name else partial(method, client)
        found = use(*args, **given)
        if not isinstance(found, Generator):
            return found
        with closing(found):
            return [*islice(found, at_most)]

    transport = httpx.MockTransport(script)
    return run(kind, "https://parcels.test", act, given={"transport": transport}, **options)


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def pipeline_of(client: Any) -> Any:
    """Return what carries a client's calls out."""
    return client._pipeline  # noqa: SLF001 - operations made by hand have no other way in


def find_leaks(error: BaseException) -> dict[str, str]:
    """Return where a secret shows in what a logger could tell of an error."""
    seen = Seen()
    seen.error("the error", error)
    return seen.leaks


def refused(make: Callable[[], object]) -> str:
    """Return what a refusal says, which shows nothing and happens before anything is sent."""
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert find_leaks(caught.value) == {}
    assert (caught.value.maybe_processed, caught.value.attempts) == (False, 0)
    return str(caught.value)
