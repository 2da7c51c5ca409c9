"""A caller's own exception stays the caller's, wherever it strikes, and shows no secret."""

from __future__ import annotations

import gc
import inspect
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

import pytest
from sample import AsyncSample, Sample, ServerError
from sample.testing import ManualClock

from tests.network._operations import (
    CANARY,
    CREATE,
    GET,
    KEY,
    LIST,
    PACKAGE,
    Seen,
    TimeIsUp,
    fail,
    items,
    opened,
    run,
)
from tests.network._server import Answer, Peer, head, reply, unread, whole
from tests.network.conftest import Serve


@pytest.fixture
def alarm() -> Iterator[Callable[[type[BaseException], float], None]]:
    """Has a signal's handler raise an exception in so many seconds."""
    before = signal.getsignal(signal.SIGALRM)

    def start(kind: type[BaseException], seconds: float) -> None:
        def raising(*_: object) -> None:
            raise kind("the caller's own")

        signal.signal(signal.SIGALRM, raising)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    yield start
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def _soon(_: Peer) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.05)


WAITS: dict[str, Answer] = {
    "head": (_soon, Peer.hold),
    "body": (_soon, head(200, "Content-Length: 99"), Peer.hold),
    "request": (unread, _soon, 0.3, Peer.close),
}


@pytest.mark.parametrize(
    "kind", [TimeIsUp, KeyboardInterrupt, TimeoutError, ConnectionError, ValueError]
)
@pytest.mark.parametrize("where", WAITS)
def test_what_a_signals_handler_raises_reaches_the_caller_and_nothing_is_repeated(
    alarm: Any, serve: Serve, where: str, kind: Any, mode: str
) -> None:
    # The alarm is made before the server, whose threads set it, and so outlives them.
    server = serve(WAITS[where])
    note = "x" * (8_000_000 if where == "request" else 1)
    alarm(kind, 20)
    with pytest.raises(kind, match="the caller's own") as caught:
        run(mode, server.url, lambda client: client.parcels.create(note=note))
    assert type(caught.value) is kind
    server.settle()
    assert len(server.peers) <= 1


def test_what_it_raises_while_a_body_is_written_is_no_fault_of_the_body(alarm: Any) -> None:
    class Slow(dict[str, Any]):
        def items(self) -> Any:
            signal.raise_signal(signal.SIGALRM)

    alarm(ValueError, 20)
    with pytest.raises(ValueError, match="the caller's own"):
        run("sync", "https://127.0.0.1:9", lambda one: one.parcels.create(note=Slow(a=1)))


@pytest.mark.parametrize("reads", [False, True], ids=["unread", "read"])
def test_a_hook_that_raises_for_the_status_becomes_the_right_error_and_logs_no_id(
    serve: Serve, reads: bool, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    def hook(response: Any) -> None:
        if reads:
            response.read()
        response.raise_for_status()

    async def hook_async(response: Any) -> None:
        if reads:
            await response.aread()
        response.raise_for_status()

    caplog.set_level(1, "sample")
    given = {"event_hooks": {"response": [hook if mode == "sync" else hook_async]}}
    server = serve(reply(503, b'{"error": "Closed for today."}'))
    error = fail(mode, server.url, GET.call, given=given, clock=ManualClock())
    assert isinstance(error, ServerError)
    assert (error.attempts, error.error) == (3, "Closed for today." if reads else None)
    assert "parcel-1" not in caplog.text + str(error)


class Interrupt(BaseException):
    """Strikes at one line of this package, as Ctrl-C may at any."""


_IN_A_TASK = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _in_callback(frame: FrameType) -> bool:
    """Whether the event loop calls it: what is raised there goes to the loop, not to the call."""
    caller = frame.f_back
    while caller is not None and caller.f_code.co_filename.startswith(PACKAGE):
        frame, caller = caller, caller.f_back
    by_loop = caller is not None and caller.f_globals["__name__"].startswith("asyncio.")
    return by_loop and not frame.f_code.co_flags & _IN_A_TASK


def _strike_everywhere(act: Callable[[], object]) -> Seen:
    """Raise at every third line of the package that `act` runs, and return what that shows."""
    seen, lines, at, count = Seen(), 0, 0, 1

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if not frame.f_code.co_filename.startswith(PACKAGE) or _in_callback(frame):
            return None
        lines += event == "line"
        if event == "line" and lines == at:
            raise Interrupt
        return trace

    before = sys.gettrace()
    while at < count:
        lines = 0
        sys.settrace(trace)
        try:
            act()
        except Interrupt as error:
            seen.error(f"line {at}", error)
        except Exception:  # noqa: BLE001, S110 - the interrupt struck where it was taken over
            pass
        finally:
            sys.settrace(before)
        # The first time, nothing is struck, and the lines are counted.
        at, count = (at + 3, count) if at else (1, lines)
    assert len(seen.texts) > 500
    return seen


WAYS: dict[str, tuple[Callable[[Any], Any], bytes]] = {
    "a call": (CREATE.call, whole(CREATE)),
    "a new connection": (CREATE.call, whole(CREATE, "Connection: close")),
    "a list": (LIST.call, whole(LIST)),
    "items": (items, whole(LIST)),
    "a given client": (CREATE.call, whole(CREATE)),
    "a given client's items": (items, whole(LIST)),
}
# Struck while it connects, a given client loses its socket.
_loses = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=_loses if "given" in way else ()) for way in WAYS]
)
def test_an_interrupt_at_any_line_shows_no_secret_and_leaves_nothing_open(
    serve: Serve, way: str, mode: str
) -> None:
    act, answer = WAYS[way]
    server = serve(answer)
    given = {"trust_env": False} if "given" in way else None

    def strike() -> Seen:
        with opened(mode, server.url, given=given) as client:
            act(client)
            seen = _strike_everywhere(lambda: act(client))
            gc.collect()
            end = time.monotonic() + 10
            while sum(peer.open for peer in server.peers) > 1 and given is None:
                assert time.monotonic() < end, "It left connections open."
                act(client)
        return seen

    # A trace may strike before a lock is released, as no signal can: no other thread must free
    # a call's slot, now or later. And a thread that is struck within an `except` takes its
    # exception for the cause of all later ones.
    gc.disable()
    try:
        with ThreadPoolExecutor(1) as thread:
            seen = thread.submit(strike).result()
    finally:
        gc.freeze()
        gc.enable()
    assert seen.leaks == {}
    assert CANARY.encode() in server.received


@pytest.mark.parametrize("kind", [Sample, AsyncSample])
def test_an_interrupt_while_a_client_is_made_shows_no_key_beyond_its_argument(kind: Any) -> None:
    options = {"base_url": "https://parcels.test", "headers": {"X-Session": KEY}}
    with ThreadPoolExecutor(1) as thread:
        seen = thread.submit(_strike_everywhere, lambda: kind(KEY, **options)).result()
    shown = {where.partition(" of ")[0] for where in seen.leaks}
    assert shown <= {"api_key in __init__", "headers in __init__"}
