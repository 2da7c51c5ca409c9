"""A call that is interrupted at any line leaves no secret in a local variable of the package."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any

import pytest
from sample import AsyncSample, InvalidResponseError, Sample

from tests.unit._support import CREATED, KEY, SECRET, SUMMARY, Script, call, shown

MARKS = (KEY, SECRET, CREATED["labelToken"])


class Interrupt(BaseException):
    """What a signal handler raises."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, [SUMMARY] * 3)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(201, CREATED)

    def _answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run_sync(url: str, method: str) -> None:
    with Sample(KEY, base_url=url) as client, tracing():
        found = getattr(client.parcels, method)()
        assert found is not None
        if method == "iter":
            list(found)


def run_async(url: str, method: str) -> None:
    async def run() -> None:
        async with AsyncSample(KEY, base_url=url) as client:
            with tracing():
                found = getattr(client.parcels, method)()
                if method == "iter":
                    _ = [item async for item in found]
                else:
                    await found

    asyncio.run(run())


lines = 0
stop_at: int | None = None


@contextmanager
def tracing() -> Iterator[None]:
    """Count the lines of the package that run in this thread, and raise at the one to stop at."""
    global lines
    before, lines = sys.gettrace(), 0
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def trace(frame: FrameType, event: str, argument: object) -> Any:
    global lines  # noqa: PLW0603 - as above
    if not str(frame.f_globals.get("__name__")).startswith("sample"):
        return trace
    if event == "line":
        lines += 1
        if lines == stop_at:
            raise Interrupt
    return trace


# Between two lines of its making, a socket belongs to nobody yet.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("run", [run_sync, run_async])
@pytest.mark.parametrize("method", ["create", "list", "iter"])
def test_at_any_line(url: str, run: Callable[[str, str], None], method: str) -> None:
    global stop_at  # noqa: PLW0603 - as above
    stop_at = None
    run(url, method)
    total = lines
    assert total > 200
    interrupted = 0
    for stop_at in range(1, total, 5):
        try:
            run(url, method)
        except Interrupt as error:
            interrupted += 1
            text = shown(error)
            assert not [mark for mark in MARKS if mark in text], stop_at
    stop_at = None
    gc.collect()  # what was left open is closed now, not amid another test
    assert interrupted > total // 7


def test_an_error_of_the_package_holds_none_either(kind: str) -> None:
    body = json.dumps({**CREATED, "isExpress": "yes"}).encode()
    with pytest.raises(InvalidResponseError) as caught:
        call(kind, Script((201, body)), "create")
    assert not [mark for mark in MARKS if mark in shown(caught.value)]


def test_a_callers_own_frames_stay_as_they_are(kind: str) -> None:
    def key() -> str:
        vault = "sealed"
        raise Interrupt(vault)

    with pytest.raises(Interrupt) as caught:
        call(kind, Script((201, CREATED)), "create", api_key=key)
    trace_of_key = caught.tb
    while trace_of_key.tb_next is not None:
        trace_of_key = trace_of_key.tb_next
    assert trace_of_key.tb_frame.f_locals == {"vault": "sealed"}
