"""The operations of the tests' own package, ways to call them, and a search for their secrets."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import time
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import sample
from sample import AsyncSample, Sample, SampleError
from sample._http import httpx
from sample.testing import ManualClock

CANARY: Final = "canary-of-"
"""What every secret begins with: finding this in what is shown is finding a leak."""
KEY: Final = f"{CANARY}the-api/key+0001"
UNKNOWN: Final = f"{CANARY}a-field-that-nobody-documented-0002"
BASE_PATH = "/v1"
PACKAGE: Final = str(Path(sample.__file__).parent)
_THREADS = ThreadPoolExecutor(210)
_MORE = {"isExpress": True, "aFieldOfTomorrow": UNKNOWN, "nested": {"deep": [UNKNOWN]}}
_CODE, _TOKEN = {"pickupCode": f"{CANARY}pickup"}, {"labelToken": f"{CANARY}label"}
PARCEL = {"id": "parcel-1", "address": "1 Main Street", **_CODE, **_MORE}
LABEL = {"id": "parcel-1", **_TOKEN, **_MORE}
CREATED = {"id": "parcel-1", **_CODE, **_TOKEN, **_MORE}


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


CREATE = Operation(
    *("createParcel", "POST", "/parcels", False, 201, CREATED),
    call=lambda client: client.parcels.create(is_express=True),
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
    return kind(key, base_url=url + BASE_PATH, **options)


def drive(client: Any, run: Callable[[Any], Any]) -> Any:
    """Return a client that is called as a sync one is; `run` gives what a coroutine gives."""
    return client if isinstance(client, Sample | httpx.Client) else _Driven(client, run)


@contextmanager
def opened(
    mode: str, url: str, *, clock: Any = None, given: Any = None, **options: Any
) -> Iterator[Any]:
    """A new client, which is closed afterwards; an async one is called as a sync one is.

    Args:
        mode: "sync" or "async".
        url: The server, its base path left out.
        clock: What takes the place of the client's clock.
        given: The options of an `http_client`, which is closed afterwards, too.
        options: For the client.
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
    try:
        value = run(mode, url, act, **options)
    except SampleError as error:
        assert time.monotonic() - started < options.get("timeout", 30.0) + 1.0
        return error
    raise AssertionError(f"It returned {value!r}.")


def begin(call: Callable[[Any], Any], client: Any) -> asyncio.Future[Any]:
    """Begin a call beside others, in a thread or in a task."""
    begun: asyncio.Future[Any] = (
        asyncio.get_running_loop().run_in_executor(_THREADS, call, client)
        if isinstance(client, Sample)
        else asyncio.ensure_future(call(client))
    )
    return begun


def close(client: Any) -> Any:
    return client.close() if isinstance(client, Sample) else client.aclose()


def items(client: Any) -> list[Any]:
    """Read the list item by item."""
    return [*client.parcels.iter()]


def mocked(
    mode: str, handler: Callable[[httpx.Request], Any], act: Callable[[Any], Any], **options: Any
) -> Any:
    """Return what `act` does with a client whose requests `handler` answers, in-process."""
    options.setdefault("clock", ManualClock())
    transport = httpx.MockTransport(handler)
    return run(mode, "https://parcels.test", act, given={"transport": transport}, **options)


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
        if hasattr(value, "__dict__"):
            self.add(f"vars of {where}", repr(vars(value)))

    def error(self, where: str, error: BaseException) -> None:
        """Add an error, its relatives, its copies, and its tracebacks."""
        self.value(where, error)
        if isinstance(error, SampleError):
            for name, value in vars(error).items():
                self.value(f"{where}.{name}", value)
            self.add(f"pickle of {where}", pickle.dumps(error).decode("latin-1"))
            copies = pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)
            for other in copies:
                self.value(f"copied {where}", other)
                assert (type(other), str(other)) == (type(error), str(error))
                assert other.maybe_processed is error.maybe_processed
        self.add(f"traceback of {where}", "".join(traceback.format_exception(error)))
        self._locals(where, traceback.TracebackException.from_exception(error, capture_locals=True))

    def _locals(self, where: str, trace: traceback.TracebackException) -> None:
        for frame in trace.stack:
            if frame.filename.startswith(PACKAGE):
                for name, text in (frame.locals or {}).items():
                    self.add(f"{name} in {frame.name} of {where}", text)
        for relative in (trace.__cause__, trace.__context__):
            if relative is not None:
                self._locals(where, relative)

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
