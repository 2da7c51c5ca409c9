"""What a call imports is imported by a thread that nothing ends: no lock of Python's stays held."""

from __future__ import annotations

import _thread
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from sample import _lazy, models

from tests.network._operations import CREATE, GET, run_python
from tests.network._server import HOST, SOCKS5, TUNNEL, Peer, reply, tls_of, whole
from tests.network.conftest import Serve

PROGRAM = """
import asyncio, os, pathlib, sys, threading
import sample
from sample import AsyncSample, Pace, Sample, SampleError
from sample.testing import ManualClock

mode, plain, encrypted, proxy, socks, folder = sys.argv[1:]
imported = []

class Finder:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is threading.main_thread():
            imported.append(name)

sys.meta_path.insert(0, Finder())

async def call(act, url, **options):
    kind = AsyncSample if mode == "async" else Sample
    client = kind(base_url=url + "/v1", **{"api_key": "key-of-the-tests"} | options)
    try:
        came = act(client.with_options(clock=ManualClock()))
        if hasattr(came, "__anext__"):
            [item async for item in came]
        elif hasattr(came, "__next__"):
            list(came)
        elif mode == "async":
            await came
    except SampleError as error:
        str(error)
    await client.aclose() if mode == "async" else client.close()

async def main():
    get = lambda one: one.parcels.get("parcel-1")
    create = lambda one: one.parcels.create(is_express=True)
    if mode == "given":
        given = sample._http.httpx.Client(trust_env=False)
        imported.clear()
        return await call(get, plain, http_client=given)
    for _ in range(6):
        await call(create, plain, max_attempts=1, timeout=0.5)
    await call(get, plain)
    await call(lambda one: one.parcels.list(), plain)
    await call(lambda one: one.parcels.iter(), plain)
    await call(lambda one: one.map(one.parcels.get, ["a", "b"]), plain)
    await call(lambda one: one.warm(), encrypted)
    pace = Pace(200, path=pathlib.Path(folder) / "pace")
    await call(create, encrypted.replace("127.0.0.1", "localhost"), pace=pace)
    await call(get, encrypted, api_key=lambda: "key-of-the-tests", observer=lambda event: None)
    for url in (proxy, socks, "socks5://127.0.0.1:9"):
        os.environ["HTTPS_PROXY"] = url
        await call(create, f"https://parcels.test:{encrypted.rpartition(':')[2]}")
    del os.environ["HTTPS_PROXY"], os.environ["SSL_CERT_FILE"]
    await call(create, encrypted)

asyncio.run(main())
print(*imported)
"""


# What a given async client imports, an event loop's thread does, which nobody ends amid it.
@pytest.mark.parametrize("mode", ["sync", "async", "given"])
def test_no_thread_that_calls_imports_anything(
    serve: Serve, authority: trustme.CA, mode: str, tmp_path: Path
) -> None:
    many = reply(200, b"[" + b",".join([GET.body] * 3000) + b"]")
    date = "Retry-After: Wed, 21 Oct 2035 07:28:00 GMT"
    plain = serve(
        *(whole(CREATE), reply(400, b'{"error": "No."}'), reply(429, b"{}", date)),
        *(reply(201, b"<html>"), (b"\x00garbage\r\n\r\n", Peer.close), (Peer.hold,)),
        *((Peer.close,), reply(503), whole(GET), many, many, whole(GET)),
    )
    encrypted = serve(whole(CREATE), tls=tls_of(authority, HOST, "localhost", "parcels.test"))
    socks = serve(SOCKS5).url.replace("http", "socks5")
    urls = [plain.url, encrypted.url, serve(TUNNEL).url, socks]
    assert run_python("-c", PROGRAM, mode, *urls, str(tmp_path)) == (0, "\n", "")
    assert len(plain.requests) == (1 if mode == "given" else 13)


@pytest.mark.parametrize("lost", [None, RuntimeError("can't start new thread")], ids=repr)
def test_a_thread_that_is_lost_or_cannot_be_started_holds_no_import_up(
    lost: RuntimeError | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = _thread.start_new_thread, list[object]()

    def lose_the_first(work: Callable[[], object], args: tuple[()]) -> None:
        started.append(work)
        if lost:
            raise lost
        if len(started) > 1:
            start(work, args)

    monkeypatch.setattr(_thread, "start_new_thread", lose_the_first)
    monkeypatch.setattr(_lazy, "_PATIENCE", 0.1)
    assert _lazy.load("sample.models") is models
    assert len(started) == (1 if lost else 2)
