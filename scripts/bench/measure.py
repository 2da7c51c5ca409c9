"""Measures one benchmark in this process and prints the figures as JSON.

usage: measure.py BENCHMARK URL ROUNDS

In each round every peer has its turn, so that what else the machine does meets all alike. A figure
is CPU time of this process a call, in microseconds, unless the benchmark says otherwise.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import json
import os
import pstats
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from bench import peers

Figures = dict[str, list[float]]


def cpu_of_create(url: str, rounds: int) -> Figures:
    """CPU of one create, sync."""
    return _sync(url, "create", rounds, calls=300)


def cpu_of_list(url: str, rounds: int) -> Figures:
    """CPU of a list of a thousand clients, sync."""
    return _sync(f"{url}/items/1000", "list", rounds, calls=20)


def calls_of_create(url: str, rounds: int) -> Figures:
    """Python function calls of one create; they do not shake."""
    return {name: [_count(make(url, "create"))] for name, make in peers.SYNC.items()}


def calls_of_list(url: str, rounds: int) -> Figures:
    """Python function calls of a list of a thousand clients."""
    url = f"{url}/items/1000"
    return {name: [_count(make(url, "list"))] for name, make in peers.SYNC.items()}


def cpu_of_get_async(url: str, rounds: int) -> Figures:
    """CPU of an async get, one at a time."""
    return asyncio.run(_async(url, rounds, at_once=1, repeats=200))


def cpu_of_50_at_once(url: str, rounds: int) -> Figures:
    """CPU of an async get, 50 at once."""
    return asyncio.run(_async(url, rounds, at_once=50, repeats=6))


def cpu_of_200_at_once(url: str, rounds: int) -> Figures:
    """CPU of an async get, 200 at once."""
    return asyncio.run(_async(url, rounds, at_once=200, repeats=1))


def cpu_of_1000_at_once(url: str, rounds: int) -> Figures:
    """CPU of an async get, 1,000 at once; httpx by itself takes minutes."""
    slow = ("bare httpx", "default generated client")
    return asyncio.run(_async(url, rounds, at_once=1000, repeats=1, without=slow))


def time_of_a_million(url: str, rounds: int) -> Figures:
    """CPU seconds for a million clients, by iter() and by the default client's list."""
    return _a_million(url, time.process_time)


def memory_of_a_million(url: str, rounds: int) -> Figures:
    """MiB above the start for a million clients, by iter() and by the default client's list."""
    return _a_million(url, lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memory_of_100_000_calls(url: str, rounds: int) -> Figures:
    """MiB that memory grows by over 100,000 gets, after 5,000."""
    figures: Figures = {}
    for name in ("portal-v1", "bare httpx"):
        call = peers.SYNC[name](url, "get")
        for _ in range(5_000):
            call()
        before = _memory()
        for _ in range(100_000):
            call()
        figures[name] = [_memory() - before]
    return figures


def _memory() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def syscalls_of_create(url: str, rounds: int) -> Figures:
    """System calls of one create, by strace; they hardly shake."""
    return {name: [_count_syscalls(make.__name__, url)] for name, make in peers.SYNC.items()}


def memory_of_create(url: str, rounds: int) -> Figures:
    """KiB that one create takes at its most, by tracemalloc."""
    return {name: [_trace_memory(make(url, "create"))] for name, make in peers.SYNC.items()}


def cpu_of_import(url: str, rounds: int) -> Figures:
    """CPU milliseconds of a new process that only imports, with httpx and attrs installed."""
    portal = "from portal_v1 import Portal"
    commands = {
        "portal-v1, import portal_v1": "import portal_v1",
        f"portal-v1, {portal}": portal,
        "portal-v1, and a client": f"{portal}; Portal({peers.KEY!r}, base_url={url!r})",
        "bare httpx": "import httpx",
        "nothing": "",
    }
    return _processes(commands, rounds)


def cpu_of_first_token(url: str, rounds: int) -> Figures:
    """CPU milliseconds of a new process that refreshes one session, over TLS."""
    url = os.environ["BENCH_TLS_URL"]
    call = f"refresh_session({peers.ID!r})"
    request = f"{url}{peers.PATH}/{peers.ID}/session"
    return _processes(
        {
            "portal-v1": f"import portal_v1; portal_v1.Portal({peers.KEY!r}, base_url={url!r})"
            f".clients.{call}",
            "bare httpx": f"import httpx; httpx.Client(headers={peers.HEADERS!r})"
            f".post({request!r}, content=b'{{}}').json()",
        },
        rounds,
    )


def _sync(url: str, method: str, rounds: int, *, calls: int) -> Figures:
    made = {name: make(url, method) for name, make in peers.SYNC.items()}
    figures: Figures = {name: [] for name in made}
    for call in made.values():
        call()
    for _ in range(rounds):
        for name, call in made.items():
            gc.collect()
            begin = time.process_time()
            for _ in range(calls):
                call()
            figures[name].append((time.process_time() - begin) / calls * 1e6)
    return figures


async def _async(
    url: str, rounds: int, *, at_once: int, repeats: int, without: tuple[str, ...] = ()
) -> Figures:
    made = {name: make(url) for name, make in peers.ASYNC.items() if name not in without}
    figures: Figures = {name: [] for name in made}
    for call in made.values():
        await _gather(call, at_once)
    for _ in range(rounds):
        for name, call in made.items():
            gc.collect()
            begin = time.process_time()
            for _ in range(repeats):
                await _gather(call, at_once)
            figures[name].append((time.process_time() - begin) / repeats / at_once * 1e6)
    return figures


async def _gather(call: Callable[[], Awaitable[Any]], at_once: int) -> None:
    if at_once == 1:
        await call()
    else:
        await asyncio.gather(*(call() for _ in range(at_once)))


def _count(call: Callable[[], Any]) -> float:
    for _ in range(3):
        call()
    profile = cProfile.Profile()
    profile.runcall(call)
    return float(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]  # its stub lacks it


def _count_syscalls(peer: str, url: str) -> float:
    def total(calls: int) -> int:
        program = f"from bench import peers\ncall = peers.{peer}({url!r}, 'create')\n"
        program += f"for _ in range({calls}): call()"
        command = ["strace", "-f", "-qq", "-c", sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(done.stderr.splitlines()[-1].split()[3])

    return (total(110) - total(10)) / 100


def _trace_memory(call: Callable[[], Any]) -> float:
    for _ in range(3):
        call()
    tracemalloc.start()
    call()
    begin = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    call()
    peak = tracemalloc.get_traced_memory()[1] - begin
    tracemalloc.stop()
    return peak / 1024


def _a_million(url: str, measure: Callable[[], float]) -> Figures:
    url = f"{url}/items/1000000"
    figures: Figures = {}
    for name, call in (
        ("portal-v1", peers.ours_iter(url)),
        ("default generated client", peers.default(url, "list")),
    ):
        begin = measure()
        call()
        figures[name] = [measure() - begin]
    return figures


def _processes(commands: dict[str, str], rounds: int) -> Figures:
    figures: Figures = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            # With httpx and attrs alone: httpx imports rich and click where they are installed.
            subprocess.run([os.environ["BENCH_LEAN"], "-c", command], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            figures[name].append(spent * 1000)
    return figures


BENCHMARKS: Final[dict[str, Callable[[str, int], Figures]]] = {
    function.__name__: function
    for function in (
        calls_of_create,
        cpu_of_create,
        calls_of_list,
        syscalls_of_create,
        memory_of_create,
        cpu_of_list,
        cpu_of_get_async,
        cpu_of_50_at_once,
        cpu_of_200_at_once,
        cpu_of_1000_at_once,
        time_of_a_million,
        memory_of_a_million,
        memory_of_100_000_calls,
        cpu_of_import,
        cpu_of_first_token,
    )
}

if __name__ == "__main__":
    name, base, count = sys.argv[1:]
    print(json.dumps(BENCHMARKS[name](base, int(count))))
