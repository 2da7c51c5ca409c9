"""A client that nobody closes ends in silence, and leaves neither sockets nor memory."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from portal_v1 import APITimeoutError, AsyncPortal, Portal

from tests.network._observe import KEY
from tests.network._operations import FIRST, LISTS, whole
from tests.network._server import SILENT
from tests.network.conftest import Serve

ROOT = Path(__file__).resolve().parents[2]

# In development mode asyncio tells of each step that takes over 0.1 s. On a busy machine the
# imports of a first call do, and what is listened for here is something else.
_BEGINS = """
import asyncio, sys, threading
from portal_v1 import AsyncPortal, Portal

def be_patient():
    asyncio.get_running_loop().slow_callback_duration = 60
"""

_UNCLOSED = {
    "sync": """
        portal = Portal("key", base_url=sys.argv[1])
        print(call(portal))
    """,
    "sync, within a function": """
        def use():
            call(Portal("key", base_url=sys.argv[1]))
        use()
        use()
    """,
    "sync, held by a cycle": """
        class Holder:
            pass
        holder = Holder()
        holder.me, holder.portal = holder, Portal("key", base_url=sys.argv[1])
        call(holder.portal)
        del holder
    """,
    "sync, in a thread": """
        portal = Portal("key", base_url=sys.argv[1])
        thread = threading.Thread(target=call, args=[portal])
        thread.start()
    """,
    "sync, a stream left early": """
        portal = Portal("key", base_url=sys.argv[1])
        print(next(iterate(portal)))
    """,
    "sync, never used": """
        portal = Portal("key", base_url=sys.argv[1])
    """,
    "async": """
        async def main():
            be_patient()
            portal = AsyncPortal("key", base_url=sys.argv[1])
            print(await call_async(portal))
        asyncio.run(main())
    """,
    "async, global": """
        portal = AsyncPortal("key", base_url=sys.argv[1])
        async def main():
            be_patient()
            print(await call_async(portal))
        asyncio.run(main())
    """,
    "async, never used": """
        portal = AsyncPortal("key", base_url=sys.argv[1])
    """,
}


OPERATION = LISTS[0]


def _run(program: str, url: str, *flags: str) -> str:
    """Run a program that may `call`, `call_async` and `iterate`, and return what it prints."""
    arguments = f"**{OPERATION.arguments!r}"
    begins = f"{_BEGINS}\nfrom {OPERATION.module} import asyncio as _a, iterate as _i, sync as _s\n"
    for name, function in (("call", "_s"), ("call_async", "_a"), ("iterate", "_i")):
        begins += f"def {name}(portal): return {function}(client=portal, {arguments})\n"
    done = subprocess.run(
        [sys.executable, *flags, "-W", "error", "-c", begins + textwrap.dedent(program), url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "generated")},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("kind", _UNCLOSED)
def test_a_client_that_is_never_closed_ends_in_silence(serve: Serve, kind: str) -> None:
    _run(_UNCLOSED[kind], serve(whole(OPERATION)).url, "-X", "dev")


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


# In a program of its own, where nothing else takes memory.
_MANY = """
import gc, os, tracemalloc

def use(times):
    for _ in range(times):
        call(Portal("key", base_url=sys.argv[1]))
    gc.collect()

def open_files():
    return len(os.listdir("/proc/self/fd"))

use(20)
files = open_files()
use(400)
tracemalloc.start()
use(80)
before, _ = tracemalloc.get_traced_memory()
use(500)
after, _ = tracemalloc.get_traced_memory()
print(open_files() - files, after - before)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Open files are counted in /proc.")
def test_1000_clients_leave_neither_sockets_nor_memory(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # It takes memory of its own.
    server = serve(whole(OPERATION))
    files, grown = map(int, _run(_MANY, server.url).split())
    assert files <= 0
    assert grown < 500 * 200  # bytes; a client that stays takes some thousands
    server.settle()
    assert len(server.peers) == 1000


def test_200_async_clients_leave_no_sockets(serve: Serve) -> None:
    server = serve(whole())

    async def calling(times: int) -> None:
        for _ in range(times):
            async with AsyncPortal(KEY, base_url=server.url) as portal:
                await FIRST.call_async(portal)

    asyncio.run(calling(10))
    server.settle()
    files = _open_files()
    asyncio.run(calling(200))
    server.settle()
    assert _open_files() <= files


def test_a_timed_out_call_leaves_no_socket(serve: Serve) -> None:
    server = serve(SILENT)
    with Portal(KEY, base_url=server.url, timeout=0.02, max_attempts=1) as portal:
        for _ in range(10):
            with pytest.raises(APITimeoutError):
                FIRST.call(portal)
        server.settle()
    assert len(server.peers) == 10
