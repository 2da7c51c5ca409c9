"""A thousand calls at once on one event loop: this client, plain httpx and httpx2, in one run.

    PYTHONPATH=scripts build/bench/.venv/bin/python -m bench.crowd [CALLS]

Each has a process of its own. A row has the CPU of a call in microseconds, the slowest call in
seconds, and the longest time in milliseconds that the event loop stood still, by the clock and in
CPU time: on a busy machine other processes take their part of the first. Make the environment with
`make bench ARGS=calls_of_create`. Plain httpx takes minutes.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench import peers

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS: Final[dict[str, str]] = {
    "portal-v1, one at a time": "httpx",
    "portal-v1": "httpx",
    "portal-v1 on httpx2": "httpx2",
    "portal-v1, given httpx": "httpx",
    "portal-v1, given httpx2": "httpx2",
    "plain httpx": "httpx",
    "plain httpx2": "httpx2",
}
"""Each peer, and the library that it runs on; the other one is hidden from it."""


async def measure(name: str, url: str, count: int) -> list[float]:
    """Return the CPU of a call, the slowest call, and the longest gap, all in seconds."""
    call = _make(name, url)
    await call()
    steps: list[tuple[float, float]] = []
    times: list[float] = []

    async def watch() -> None:
        while True:
            steps.append((time.perf_counter(), time.process_time()))
            await asyncio.sleep(0)

    async def timed() -> None:
        begin = time.perf_counter()
        await call()
        times.append(time.perf_counter() - begin)

    watching = asyncio.create_task(watch())
    begin = time.process_time()
    if name.endswith("one at a time"):
        for _ in range(count):
            await timed()
    else:
        await asyncio.gather(*(timed() for _ in range(count)))
    cpu = (time.process_time() - begin) / count
    watching.cancel()
    pairs = list(itertools.pairwise(steps))
    gaps = [max(after[kind] - before[kind] for before, after in pairs) for kind in (0, 1)]
    return [cpu, max(times), *gaps]


def _make(name: str, url: str) -> Callable[[], Any]:
    if name.startswith("plain"):
        return peers.httpx_async(url, PEERS[name])
    from portal_v1 import AsyncPortal
    from portal_v1._http import httpx

    given = httpx.AsyncClient(timeout=None) if "given" in name else None
    portal: Any = AsyncPortal(peers.KEY, base_url=url, http_client=given, timeout=300)
    return lambda: portal.clients.get(peers.ID)


def main() -> None:
    """Measure each peer, and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    cores = sorted(os.sched_getaffinity(0))
    path = os.pathsep.join(str(ROOT / name) for name in ("scripts", "generated"))
    print(f"{count:,} calls; us CPU, slowest in s, gap in ms, gap in ms CPU")
    with subprocess.Popen(
        [sys.executable, "-m", "bench.server", str(cores[-1]), os.devnull],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().split()[0]}"
        try:
            for name in PEERS:
                command = [sys.executable, "-m", "bench.crowd", str(count), name, url]
                done = subprocess.run(
                    ["taskset", "-c", str(cores[0]), *command],
                    env={**os.environ, "PYTHONPATH": path},
                    stdout=subprocess.PIPE,
                    check=True,
                )
                cpu, slowest, gap, held = json.loads(done.stdout)
                figures = f"{cpu * 1e6:8,.0f}{slowest:9.2f}{gap * 1e3:9.0f}{held * 1e3:9.0f}"
                print(f"  {name:28}{figures}", flush=True)
        finally:
            server.kill()


if __name__ == "__main__":
    if sys.argv[2:]:  # a process of one peer
        _, calls, peer, base_url = sys.argv
        modules: dict[str, Any] = sys.modules
        # An import of the other library then fails.
        modules["httpx" if PEERS[peer] == "httpx2" else "httpx2"] = None
        print(json.dumps(asyncio.run(measure(peer, base_url, int(calls)))))
    else:
        main()
