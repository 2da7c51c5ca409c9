"""The operations of the tests' own package, ways to call them, and a search for their secrets."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pickle
import subprocess
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import sample
from sample import AsyncSample, Sample, SampleError
from sample._http import httpx
from sample._service import SERVICE

CANARY: Final = "canary-of-"
"""What every secret begins with: finding this in what is shown is finding a leak."""
KEY: Final = f"{CANARY}the-api/key+0001"
PACKAGE: Final = str(Path(sample.__file__).parent)
_UNKNOWN = f"{CANARY}a-field-that-nobody-documented-0002"
_MORE = {"isExpress": True, "aFieldOfTomorrow": _UNKNOWN, "nested": {"deep": [_UNKNOWN]}}
_CODE, _TOKEN = {"pickupCode": f"{CANARY}pickup"}, {"labelToken": f"{CANARY}label"}
PARCEL = {"id": "parcel-1", "address": "1 Main Street", **_CODE, **_MORE}
LABEL = {"id": "parcel-1", **_TOKEN, **_MORE}


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation, called with the same arguments each time."""

    place: str
    status: int
    example: Any
    call: Callable[[Any], Any]
    content: str = "{}"

    @property
    def body(self) -> bytes:
        return json.dumps(self.example).encode()

    def request(self, host: str) -> bytes:
        """The documented request, to the byte, of an operation that sends a body."""
        return (
            f"{self.place} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n"
            f"User-Agent: {SERVICE.user_agent}\r\nContent-Type: application/json\r\n"
            f"Accept-Encoding: identity\r\nContent-Length: {len(self.content)}\r\n"
            f"Authorization: Bearer {KEY}\r\n\r\n{self.content}"
        ).encode()

    def __repr__(self) -> str:
        return self.place


CREATE = Operation(
    *("POST /v1/parcels", 201, PARCEL | LABEL),
    call=lambda client: client.parcels.create(is_express=True),
    content='{"isExpress":true}',
)
LIST = Operation(
    *("GET /v1/parcels", 200, [PARCEL | {"status": "NEW"}, PARCEL]),
    call=lambda client: client.parcels.list(),
)
GET = Operation(
    *("GET /v1/parcels/parcel-1", 200, PARCEL),
    call=lambda client: client.parcels.get("parcel-1"),
)
RENEW = Operation(
    *("POST /v1/parcels/parcel-1/label", 200, LABEL),
    call=lambda client: client.parcels.renew_label("parcel-1"),
)
KINDS = {"repeatable": RENEW, "not repeatable": CREATE}
"""Nothing else tells operations apart."""


class _Driven:
    """An async client, or a part of one, that is called as a sync one is."""

    def __init__(self, part: Any, run: Callable[[Any], Any]) -> None:
        self._part, self._run = part, run

    def __getattr__(self, name: str) -> Any:
        return _Driven(getattr(self._part, {"close": "aclose"}.get(name, name)), self._run)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        result = self._part(*(getattr(one, "_part", one) for one in arguments), **options)
        if isinstance(result, AsyncSample):
            return _Driven(result, self._run)
        return self._read(result) if isinstance(result, AsyncIterator) else self._run(result)

    def _read(self, items: Any) -> Iterator[Any]:
        try:
            while (item := self._run(anext(items, None))) is not None:
                yield item
        finally:
            self._run(items.aclose())


def make_client(mode: str, url: str, *, key: Any = KEY, **options: Any) -> Any:
    """Return a new client, sync or async, of a server whose base path is left out."""
    kind = Sample if mode == "sync" else AsyncSample
    return kind(key, base_url=f"{url}/v1", **options)


def drive(client: Any, run: Callable[[Any], Any]) -> Any:
    """Return a client that is called as a sync one is; `run` gives what a coroutine gives."""
    return client if isinstance(client, Sample | httpx.Client) else _Driven(client, run)


@contextmanager
def opened(
    mode: str, url: str, *, clock: Any = None, given: Any = None, **options: Any
) -> Iterator[Any]:
    """A new client, which is closed afterwards; an async one is called as a sync one is.

    `given` are the options of an `http_client`, which is closed afterwards, too.
    """
    library: Any = httpx.Client if mode == "sync" else httpx.AsyncClient
    with ExitStack() as stack:
        run = stack.enter_context(asyncio.Runner()).get_loop().run_until_complete

        def keep(one: Any) -> Any:
            stack.callback(drive(one, run).close)
            return one

        http = None if given is None else keep(library(**given))
        client = keep(make_client(mode, url, http_client=http, **options))
        yield drive(client if clock is None else client.with_options(clock=clock), run)


def run(mode: str, url: str, act: Callable[[Any], Any], **options: Any) -> Any:
    """Return what `act`, an operation's `call` or any other, does with a new client."""
    with opened(mode, url, **options) as client:
        return act(client)


def fail(mode: str, url: str, act: Callable[[Any], Any], **options: Any) -> SampleError:
    """Return the error of the package that a call ends with, no later than its budget allows."""
    started = time.monotonic()
    with pytest.raises(SampleError) as caught:
        run(mode, url, act, **options)
    assert time.monotonic() - started < options.get("timeout", 30.0) + 1.0
    return caught.value


def items(client: Any) -> list[Any]:
    """Read the list item by item."""
    return [*client.parcels.iter()]


class TimeIsUp(Exception):  # noqa: N818 - as job queues name it
    """What a job queue raises to end a job, whatever that is about."""


def run_python(*arguments: str) -> tuple[int, str, str]:
    """Return the exit status of a Python of its own, what it printed, and its errors."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": str(Path(PACKAGE).parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class Seen:
    """Everything that a person, a log or an error tracker could come to see."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def add(self, where: str, text: str) -> None:
        self.texts[f"{where} ({len(self.texts)})"] = text

    def value(self, where: str, value: Any) -> None:
        """Add what a value shows of itself."""
        self.add(f"repr of {where}", repr(value))
        self.add(f"str of {where}", f"{value}")
        for name, part in getattr(value, "__dict__", {}).items():
            self.add(f"{where}.{name}", f"{part!r} {part}")

    def error(self, where: str, error: BaseException) -> None:
        """Add an error, its copy in another process, its tracebacks, and the same of its causes."""
        self.value(where, error)
        if isinstance(error, SampleError):
            self.add(f"pickle of {where}", pickle.dumps(error).decode("latin-1"))
        frames = traceback.walk_tb(error.__traceback__)
        for frame in traceback.StackSummary.extract(frames, capture_locals=True):
            if frame.filename.startswith(PACKAGE):
                for name, text in (frame.locals or {}).items():
                    self.add(f"{name} in {frame.name} of {where}", text)
        for relative in {error.__cause__, error.__context__}:
            if relative is not None:
                self.error(f"what {where} came from", relative)

    @property
    def leaks(self) -> dict[str, str]:
        """Where a canary was found, and what was found there."""
        return {where: text for where, text in self.texts.items() if CANARY in text}


@contextmanager
def watched(*, but_for: str = "nobody") -> Iterator[Seen]:
    """Collect what is logged in the block, at any level, by all but one library."""
    seen = Seen()

    def listen(logger: logging.Logger, record: logging.LogRecord) -> None:
        if not logger.name.startswith(but_for):
            seen.add(f"log of {logger.name}", f"{record.getMessage()} {record.args}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.Logger, "isEnabledFor", lambda *_: True)
        patch.setattr(logging.Logger, "handle", listen)
        yield seen
