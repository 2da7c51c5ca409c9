"""Measures one benchmark in this process and prints the figures as JSON.

usage: measure.py BENCHMARK URL ROUNDS

In each round every peer has its turn, so that what else the machine does meets all alike.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import json
import os
import pstats
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.peers import ASYNC, DEFAULT, HEADERS, ID, KEY, OURS, PATH, SYNC

Figures = dict[str, list[float]]
AsyncCall = Callable[[], Awaitable[Any]]


class Benchmark(NamedTuple):
    """What is measured, its unit, and how, given the server's URL and a number of rounds."""

    title: str
    unit: str
    measure: Callable[[str, int], Figures]


def take_turns(rounds: int, cases: Mapping[str, Callable[[], float]]) -> Figures:
    """Measure each case once a round; what the first round finds is not kept."""
    figures: Figures = {name: [] for name in cases}
    for _ in range(rounds + 1):
        for name, measure in cases.items():
            gc.collect()
            figures[name].append(measure())
    return {name: values[1:] for name, values in figures.items()}


def cpu_of_calls(url: str, rounds: int, *, method: str, repeats: int) -> Figures:
    """Return the CPU of calls one after the other."""

    def measure(call: Callable[[], Any]) -> float:
        begin = time.process_time()
        for _ in range(repeats):
            call()
        return (time.process_time() - begin) / repeats * 1e6

    return take_turns(
        rounds, {name: partial(measure, make(url)[method]) for name, make in SYNC.items()}
    )


def cpu_of_list(url: str, rounds: int, *, with_msgspec: bool) -> Figures:
    """Return the CPU of a list of a thousand clients."""
    if not with_msgspec:
        modules: dict[str, Any] = sys.modules
        modules["msgspec"] = None  # An import of it then fails.
    return cpu_of_calls(f"{url}/items/1000", rounds, method="list", repeats=20)


def function_calls(url: str, rounds: int, *, method: str) -> Figures:
    """Return how many Python functions one call calls, once everything is warm."""

    def count(call: Callable[[], Any]) -> float:
        profile = cProfile.Profile()
        profile.runcall(call)
        return float(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]  # its stub lacks it

    cases = {name: partial(count, make(url)[method]) for name, make in SYNC.items()}
    return {name: values[-1:] for name, values in take_turns(2, cases).items()}


def count_outside(url: str, rounds: int, *, tool: str, pattern: str) -> Figures:
    """Return what another program counts in one create: 60 creates less 10."""
    program, *options = tool.split()
    if not shutil.which(program):
        sys.exit(f"{program} is not installed")

    def count(name: str, calls: int) -> int:
        code = f"from bench.peers import SYNC; call = SYNC[{name!r}]({url!r})['create']\n"
        code += f"for _ in range({calls}): call()"
        done = subprocess.run(
            [program, *options, sys.executable, "-c", code],
            env={**os.environ, "PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(re.findall(pattern, done.stderr)[-1].replace(",", ""))

    return {name: [(count(name, 60) - count(name, 10)) / 50] for name in SYNC}


def at_once(
    url: str,
    rounds: int,
    *,
    cases: Mapping[str, tuple[str, int]],
    measure: Callable[[AsyncCall, int], Coroutine[Any, Any, float]],
    method: str = "get",
) -> Figures:
    """Return a figure of async calls; a case has its peer, and how many calls are made at once."""
    with asyncio.Runner() as runner:

        async def make(peer: str) -> AsyncCall:  # aiohttp makes no session without an event loop.
            return ASYNC[peer](url)[method]

        def prepare(peer: str, number: int) -> Callable[[], float]:
            call = runner.run(make(peer))
            return lambda: runner.run(measure(call, number))

        return take_turns(rounds, {name: prepare(*case) for name, case in cases.items()})


async def cpu_of_call(call: AsyncCall, number: int) -> float:
    """Return the CPU of a call."""
    repeats = max(1, 400 // number)
    begin = time.process_time()
    for _ in range(repeats):
        if number == 1:
            await call()
        else:
            await asyncio.gather(*(call() for _ in range(number)))
    return (time.process_time() - begin) / repeats / number * 1e6


async def time_of_10_000(call: AsyncCall, number: int) -> float:
    """Return how long 10,000 calls take, by so many workers."""
    left = iter(range(10_000))

    async def work() -> None:
        for _ in left:
            await call()

    begin = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(number)))
    return time.perf_counter() - begin


def creates(url: str, rounds: int) -> Figures:
    """Return what 10,000 creates take, 100 at once; the server waits 20 ms before each answer."""
    names = (OURS, "portal-v1 on httpx2", "portal-v1, given aiohttp", "bare httpx2", "bare aiohttp")
    cases = {name: (name, 100) for name in names}
    return at_once(f"{url}/wait/20", rounds, cases=cases, measure=time_of_10_000, method="create")


def a_million(url: str, rounds: int) -> Figures:
    """Return the CPU of a million clients: by iter(), and in the default client's list."""

    def measure(call: Callable[[], Any]) -> float:
        begin = time.process_time()
        call()
        return time.process_time() - begin

    return take_turns(
        rounds,
        {
            name: partial(measure, SYNC[name](f"{url}/items/1000000")[method])
            for name, method in ((OURS, "iter"), (DEFAULT, "list"))
        },
    )


def memory_of_a_million(url: str, rounds: int) -> Figures:
    """Return the memory above the start, at the most; the larger one comes last."""
    figures: Figures = {}
    for name, method in ((OURS, "iter"), (DEFAULT, "list")):
        call = SYNC[name](f"{url}/items/1000000")[method]
        begin = read_memory("VmRSS")
        call()
        figures[name] = [read_memory("VmHWM") - begin]
    return figures


def growth_of_memory(url: str, rounds: int) -> Figures:
    """Return what memory grows by over 100,000 gets, after 5,000."""
    figures: Figures = {}
    for name in (OURS, "bare httpx"):
        call = SYNC[name](url)["get"]
        for _ in range(5_000):
            call()
        begin = read_memory("VmRSS")
        for _ in range(100_000):
            call()
        figures[name] = [read_memory("VmRSS") - begin]
    return figures


def read_memory(name: str) -> float:
    """Return how much memory this process has (VmRSS), or has had at the most (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{name}:")[2].split(maxsplit=1)[0]) / 1024


def cpu_of_children() -> float:
    """Return the CPU time of the processes that this one has run."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def new_processes(rounds: int, clock: Callable[[], float], programs: dict[str, str]) -> Figures:
    """Return how long new processes take that find httpx and attrs alone."""

    def measure(program: str) -> float:
        begin = clock()
        # httpx imports rich and click where they are installed.
        subprocess.run([os.environ["BENCH_LEAN"], "-c", program], check=True)
        return (clock() - begin) * 1e3

    return take_turns(rounds, {name: partial(measure, text) for name, text in programs.items()})


def imports(url: str, rounds: int) -> Figures:
    """Return the CPU of a process that only imports."""
    portal = "from portal_v1 import Portal"
    programs = {
        f"{OURS}: import portal_v1": "import portal_v1",
        f"{OURS}: {portal}": portal,
        f"{OURS}: and a client": f"{portal}; Portal({KEY!r}, base_url={url!r})",
        "bare httpx": "import httpx",
        "nothing": "",
    }
    return new_processes(rounds, cpu_of_children, programs)


def first_token(url: str, rounds: int) -> Figures:
    """Return the time of a process that refreshes one session over TLS."""
    url = os.environ["BENCH_TLS_URL"]
    programs = {
        OURS: "from portal_v1 import Portal\n"
        f"Portal({KEY!r}, base_url={url!r}).clients.refresh_session({ID!r}).client_session_token",
        "bare httpx": f"import httpx\nclient = httpx.Client(headers={HEADERS!r})\n"
        f"client.post('{url}{PATH}/{ID}/session', content=b'{{}}').json()['clientSessionToken']",
    }
    return new_processes(rounds, time.perf_counter, programs)


_VALGRIND: Final = "valgrind --undef-value-errors=no --leak-check=no"
_CACHEGRIND: Final = "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null"
# 1,000 at once take half a minute with bare httpx, and as long again with what is built on it.
AT_ONCE: Final = {
    number: {peer: (peer, number) for peer in sorted(ASYNC.keys() - {*without})}
    for number, without in ((1, ()), (50, ()), (200, ()), (1000, {DEFAULT}))
}
BENCHMARKS: Final[dict[str, Benchmark]] = {
    "calls_of_create": Benchmark(
        "Python function calls, one create", "", partial(function_calls, method="create")
    ),
    "calls_of_list": Benchmark(
        "Python function calls, a list of 1,000",
        "",
        lambda url, rounds: function_calls(f"{url}/items/1000", rounds, method="list"),
    ),
    "syscalls_of_create": Benchmark(
        "system calls, one create",
        "",
        partial(
            count_outside, tool="strace -f -qq -c", pattern=r"100\.00 +[\d.]+ +\d+ +(\d+).* total"
        ),
    ),
    "instructions_of_create": Benchmark(
        "instructions, one create",
        "",
        partial(count_outside, tool=_CACHEGRIND, pattern=r"I\s+refs:\s+([\d,]+)"),
    ),
    "allocations_of_create": Benchmark(
        "allocations, one create",
        "",
        partial(count_outside, tool=_VALGRIND, pattern=r"total heap usage: ([\d,]+) allocs"),
    ),
    "cpu_of_create": Benchmark(
        "CPU, one create", "us", partial(cpu_of_calls, method="create", repeats=300)
    ),
    "cpu_of_list": Benchmark(
        "CPU, a list of 1,000", "us", partial(cpu_of_list, with_msgspec=False)
    ),
    "cpu_of_list_msgspec": Benchmark(
        "CPU, a list of 1,000, msgspec installed", "us", partial(cpu_of_list, with_msgspec=True)
    ),
    **{
        f"cpu_of_{number}_at_once": Benchmark(
            f"CPU, an async get, {number} at once",
            "us",
            partial(at_once, cases=cases, measure=cpu_of_call),
        )
        for number, cases in AT_ONCE.items()
    },
    "growth_of_cpu": Benchmark(
        "CPU, an async get, more and more at once",
        "us",
        partial(
            at_once,
            cases={f"{OURS}, {number}": (OURS, number) for number in (1, 50, 200, 1000)},
            measure=cpu_of_call,
        ),
    ),
    "time_of_10000_creates": Benchmark(
        "10,000 creates, 100 at once, a server of 20 ms", "s", creates
    ),
    "cpu_of_a_million": Benchmark("CPU, a million clients", "s", a_million),
    "memory_of_a_million": Benchmark(
        "memory above the start, a million clients", "MiB", memory_of_a_million
    ),
    "growth_of_memory": Benchmark("memory grown by 100,000 gets", "MiB", growth_of_memory),
    "cpu_of_import": Benchmark("CPU, a process that imports", "ms", imports),
    "time_of_first_token": Benchmark("from start to first token, TLS", "ms", first_token),
}
SLOW: Final = {
    "instructions_of_create",
    "allocations_of_create",
    "cpu_of_1000_at_once",
    "time_of_10000_creates",
    "cpu_of_a_million",
    "memory_of_a_million",
    "growth_of_memory",
}

if __name__ == "__main__":
    name, base, count = sys.argv[1:]
    print(json.dumps(BENCHMARKS[name].measure(base, int(count))))
