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
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.peers import ASYNC, DEFAULT, GENERATED, HEADERS, ID, KEY, OURS, PATH, SYNC

Figures = dict[str, list[float]]
Call = Callable[[], Any]
Measure = Callable[[str, int], Figures]


class Goal(NamedTuple):
    """A limit of one figure, or of its ratio to that of another peer."""

    limit: float
    to: str | None = None
    of: str = OURS


def take_turns(rounds: int, cases: Mapping[str, Callable[[], float]]) -> Figures:
    """Measure each case once a round; what the first round finds is kept where it is alone."""
    figures: Figures = {name: [] for name in cases}
    for _ in range(rounds + 1):
        for name, measure in cases.items():
            gc.collect()
            figures[name].append(measure())
    return {name: values[1:] or values for name, values in figures.items()}


def compare(
    figure: Callable[[Call], float],
    method: str,
    base: str = "",
    peers: Iterable[str] = SYNC,
    most: int = 100,
) -> Measure:
    """Measure a figure of a sync call, in so many rounds at the most."""
    return lambda url, rounds: take_turns(
        min(rounds, most), {name: partial(figure, SYNC[name](url + base)[method]) for name in peers}
    )


def cpu(call: Call, repeats: int = 1) -> float:
    """Return the CPU of a call, in microseconds."""
    begin = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - begin) / repeats * 1e6


def memory(call: Call, repeats: int = 1) -> float:
    """Return the most memory that calls took beside what there was, in MiB."""

    def read(name: str) -> float:
        status = Path("/proc/self/status").read_text()
        return int(status.partition(f"{name}:")[2].split(maxsplit=1)[0]) / 1024

    begin = read("VmRSS")
    for _ in range(repeats):
        call()
    return max(0, read("VmHWM") - begin)


def functions(call: Call) -> float:
    """Return how many Python functions a call calls."""
    profile = cProfile.Profile()
    profile.runcall(call)
    return float(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]  # its stub lacks it


def without_msgspec(measure: Measure) -> Measure:
    """Measure where an import of msgspec fails."""

    def run(url: str, rounds: int) -> Figures:
        modules: dict[str, Any] = sys.modules
        modules["msgspec"] = None
        return measure(url, rounds)

    return run


def count_outside(url: str, _: int, *, tool: str, pattern: str) -> Figures:
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
    cases: Mapping[str, tuple[str, int]],
    figure: Callable[[Call, int], Coroutine[Any, Any, float]],
    method: str = "get",
    base: str = "",
) -> Measure:
    """Measure a figure of async calls; a case has its peer, and how many calls are made at once."""

    async def make(peer: str, url: str) -> Call:  # aiohttp makes no session without a loop.
        return ASYNC[peer](url)[method]

    def run(url: str, rounds: int) -> Figures:
        with asyncio.Runner() as runner:

            def prepare(peer: str, number: int) -> Callable[[], float]:
                call = runner.run(make(peer, url + base))
                return lambda: runner.run(figure(call, number))

            return take_turns(rounds, {name: prepare(*case) for name, case in cases.items()})

    return run


async def cpu_at_once(call: Call, number: int) -> float:
    """Return the CPU of a call, in microseconds."""
    repeats = max(1, 400 // number)
    begin = time.process_time()
    for _ in range(repeats):
        if number == 1:
            await call()
        else:
            await asyncio.gather(*(call() for _ in range(number)))
    return (time.process_time() - begin) / repeats / number * 1e6


async def time_of_10_000(call: Call, number: int) -> float:
    """Return the milliseconds that 10,000 calls take, by so many workers."""
    left = iter(range(10_000))

    async def work() -> None:
        for _ in left:
            await call()

    begin = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(number)))
    return (time.perf_counter() - begin) * 1e3


def cpu_of_children() -> float:
    """Return the CPU seconds of the processes that this one has run."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def start(clock: Callable[[], float], factor: float, programs: dict[str, str]) -> Measure:
    """Measure how long new processes take that find httpx and attrs alone."""

    def measure(program: str) -> float:
        begin = clock()
        # httpx imports rich and click where they are installed.
        subprocess.run([os.environ["BENCH_LEAN"], "-c", program], check=True)
        return (clock() - begin) * factor

    cases = {name: partial(measure, program) for name, program in programs.items()}
    return lambda _, rounds: take_turns(rounds, cases)


IMPORT: Final = "from portal_v1 import Portal"
IMPORTS: Final = {
    f"{OURS}: import portal_v1": "import portal_v1",
    f"{OURS}: {IMPORT}": IMPORT,
    f"{OURS}: and a client": f"{IMPORT}; Portal({KEY!r})",
    "bare httpx": "import httpx",
    "nothing": "",
}
FIRST_TOKENS: Final = {
    OURS: f"import os; {IMPORT}; portal = Portal({KEY!r}, base_url=os.environ['BENCH_TLS_URL'])\n"
    f"portal.clients.refresh_session({ID!r}).client_session_token",
    "bare httpx": f"import httpx, os; client = httpx.Client(headers={HEADERS!r})\n"
    f"url = os.environ['BENCH_TLS_URL'] + '{PATH}/{ID}/session'\n"
    "client.post(url, content=b'{}').json()['clientSessionToken']",
}
CACHEGRIND: Final = "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null"
ITEMS: Final = "/items/1000"
MILLION: Final = "/items/1000000"
LIST: Final = compare(partial(cpu, repeats=20), "list", ITEMS)
GROWTH: Final = {f"{OURS}, {number}": (OURS, number) for number in (1, 50, 200, 1000)}
AT_100: Final = {peer: (peer, 100) for peer in ASYNC if peer not in {DEFAULT, "bare httpx"}}
ALL_AT_ONCE: Final = {
    1: Goal(0.70, DEFAULT),
    50: Goal(0.30, DEFAULT),
    200: Goal(1.00, "bare httpx"),
}
COUNTS: Final = {
    "syscalls": ("strace -f -qq -c", r"100\.00 +[\d.]+ +\d+ +(\d+).* total"),
    "instructions": (CACHEGRIND, r"I\s+refs:\s+([\d,]+)"),
    "allocations": ("valgrind", r"total heap usage: ([\d,]+) allocs"),
}
# CPU is in microseconds, time in milliseconds, memory in MiB.
BENCHMARKS: Final[dict[str, tuple[Measure, list[Goal]]]] = {
    "calls_of_create": (compare(functions, "create", most=1), [Goal(1000)]),
    "calls_of_list": (compare(functions, "list", ITEMS, most=1), [Goal(10_000)]),
    **{
        f"{name}_of_create": (partial(count_outside, tool=tool, pattern=pattern), [])
        for name, (tool, pattern) in COUNTS.items()
    },
    "cpu_of_create": (
        compare(partial(cpu, repeats=300), "create"),
        [Goal(0.70, DEFAULT), *(Goal(1.00, peer) for peer in GENERATED)],
    ),
    "cpu_of_list": (without_msgspec(LIST), [Goal(0.50, DEFAULT)]),
    "cpu_of_list_msgspec": (LIST, [Goal(0.50, DEFAULT)]),
    **{
        f"cpu_of_{number}_at_once": (
            at_once({peer: (peer, number) for peer in ASYNC}, cpu_at_once),
            [goal],
        )
        for number, goal in ALL_AT_ONCE.items()
    },
    "growth_of_cpu": (
        at_once(GROWTH, cpu_at_once),
        [
            Goal(1.05, f"{OURS}, 1", of=f"{OURS}, 200"),
            Goal(1.00, f"{OURS}, 200", of=f"{OURS}, 1000"),
        ],
    ),
    "time_of_10000_creates": (  # The server waits 20 ms; 0.92 of the peer's calls a second.
        at_once(AT_100, time_of_10_000, "create", "/wait/20"),
        [Goal(1 / 0.92, "bare aiohttp")],
    ),
    "cpu_of_a_million": (compare(cpu, "all", MILLION, [OURS, DEFAULT]), [Goal(0.45, DEFAULT)]),
    # The peer that takes more comes last.
    "memory_of_a_million": (compare(memory, "all", MILLION, [OURS, DEFAULT], 0), [Goal(40)]),
    "growth_of_memory": (
        compare(partial(memory, repeats=100_000), "create", peers=[OURS], most=1),
        [Goal(1)],
    ),
    "cpu_of_import": (
        start(cpu_of_children, 1e6, IMPORTS),
        [Goal(1.25, "bare httpx", of=f"{OURS}: {IMPORT}")],
    ),
    "time_of_first_token": (
        start(time.perf_counter, 1e3, FIRST_TOKENS),
        [Goal(1.25, "bare httpx")],
    ),
}
SLOW: Final = (
    "instructions",
    "allocations",
    "time_of_10000",
    "cpu_of_a_m",
    "memory",
    "growth_of_m",
)

if __name__ == "__main__":
    name, base_url, count = sys.argv[1:]
    print(json.dumps(BENCHMARKS[name][0](base_url, int(count))))
