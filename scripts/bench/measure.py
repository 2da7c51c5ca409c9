"""Measures one benchmark in this process and prints the figures as JSON.

usage: measure.py BENCHMARK URL

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
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import Any, Final, NamedTuple

from bench.peers import ASYNC, DEFAULT, GENERATED, HEADERS, ID, KEY, OURS, PATH, SYNC

Call = Callable[[], Any]
Clock = Callable[[], float]
Figure = Callable[[Call], float]
Cases = Callable[[str], Mapping[str, Callable[[], float]]]  # What measures each case at a URL.
ROUNDS: Final = 15


class Goal(NamedTuple):
    """A limit of one figure, or of its ratio to that of another peer."""

    limit: float
    to: str | None = None
    of: str = OURS


class Benchmark(NamedTuple):
    """The cases to compare, the goals, and the most rounds: fewer where a round takes long."""

    cases: Cases
    goals: Sequence[Goal] = ()
    rounds: int = ROUNDS


def compare(figure: Figure, method: str, base: str = "", peers: Iterable[str] = SYNC) -> Cases:
    """Measure a figure of a sync call."""
    return lambda url: {name: partial(figure, SYNC[name](url + base)[method]) for name in peers}


def spend(call: Call, clock: Clock = process_time, unit: float = 1e6, repeats: int = 1) -> float:
    """Return what a call takes, by a clock of seconds, in a unit: microseconds of CPU."""
    begin = clock()
    for _ in range(repeats):
        call()
    return (clock() - begin) / repeats * unit


def memory(call: Call, repeats: int = 1) -> float:
    """Return by how much calls raised the most memory that this process took, in MiB."""
    begin = getrusage(RUSAGE_SELF).ru_maxrss
    for _ in range(repeats):
        call()
    return (getrusage(RUSAGE_SELF).ru_maxrss - begin) / 1024


def functions(call: Call) -> float:
    """Return how many Python functions a call calls."""
    profile = cProfile.Profile()
    profile.runcall(call)
    return float(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]  # its stub lacks it


def count_outside(tool: str, pattern: str) -> Benchmark:
    """Count by another program what one create takes: 60 creates less 10."""
    command = [*f"env PYTHONMALLOC=malloc PYTHONHASHSEED=0 {tool}".split(), sys.executable, "-c"]

    def count(url: str, peer: str, calls: int) -> int:
        code = f"from bench.peers import SYNC; call = SYNC[{peer!r}]({url!r})['create']\n"
        code += f"for _ in range({calls}): call()"
        done = subprocess.run([*command, code], capture_output=True, text=True, check=True)
        return int(re.findall(pattern, done.stderr)[-1].replace(",", ""))

    def count_one(url: str, peer: str) -> float:
        return (count(url, peer, 60) - count(url, peer, 10)) / 50

    return Benchmark(lambda url: {peer: partial(count_one, url, peer) for peer in SYNC}, [], 0)


def at_once(
    numbers: Sequence[int],
    figure: Figure = spend,
    method: str = "get",
    peers: Iterable[str] = ASYNC,
    total: int = 400,
) -> Cases:
    """Measure a figure of an async call, of a total that is made so many at once."""
    runner = asyncio.Runner()

    async def make(peer: str, url: str) -> Call:  # aiohttp makes no session without a loop.
        return ASYNC[peer](url)[method]

    async def share(call: Call, number: int) -> None:
        left = iter(range(total))

        async def work() -> None:
            for _ in left:
                await call()

        await asyncio.gather(*(work() for _ in range(number)))

    def prepare(url: str, peer: str, number: int) -> Clock:
        call = runner.run(make(peer, url))
        return lambda: figure(lambda: runner.run(share(call, number))) / total

    return lambda url: {
        f"{peer}, {number}" if numbers[1:] else peer: prepare(url, peer, number)
        for peer in peers
        for number in numbers
    }


def start(programs: Mapping[str, str], clock: Clock, unit: float) -> Cases:
    """Measure how long new processes take that find httpx and attrs alone."""

    def measure(program: str) -> float:
        # httpx imports rich and click where they are installed.
        command = [os.environ["BENCH_LEAN"], "-c", program]
        return spend(lambda: subprocess.run(command, check=True), clock, unit)

    return lambda _: {name: partial(measure, program) for name, program in programs.items()}


IMPORT: Final = "from portal_v1 import Portal"
IMPORTS: Final = {
    f"{OURS}: import portal_v1": "import portal_v1",
    f"{OURS}: {IMPORT}": IMPORT,
    f"{OURS}: and a client": f"{IMPORT}; Portal({KEY!r})",
    "bare httpx": "import httpx",
    "nothing": "",
}
TOKENS: Final = {
    OURS: f"import os; {IMPORT}; portal = Portal({KEY!r}, base_url=os.environ['BENCH_TLS_URL'])\n"
    f"portal.clients.refresh_session({ID!r}).client_session_token",
    "bare httpx": f"import httpx, os; client = httpx.Client(headers={HEADERS!r})\n"
    f"url = os.environ['BENCH_TLS_URL'] + '{PATH}/{ID}/session'\n"
    "client.post(url, content=b'{}').json()['clientSessionToken']",
}
CACHEGRIND: Final = "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null"
MILLION: Final = "/items/1000000"
LIST: Final = compare(partial(spend, repeats=20), "list", "/items/1000")
FAST: Final = [peer for peer in ASYNC if peer not in {DEFAULT, "bare httpx"}]
CREATES: Final = at_once(
    [100], partial(spend, clock=perf_counter, unit=1e7), "create", FAST, 10_000
)
BOTH: Final = (OURS, DEFAULT)  # The peer that takes more memory comes last.


def list_without_msgspec(url: str) -> Mapping[str, Callable[[], float]]:
    """Measure a list where an import of msgspec fails."""
    sys.modules["msgspec"] = None  # type: ignore[assignment]  # is how an import is refused
    return LIST(url)


# CPU is in microseconds, time in milliseconds, memory in MiB.
BENCHMARKS: Final = {
    "calls_of_create": Benchmark(compare(functions, "create"), [Goal(1000)]),
    "calls_of_list": Benchmark(compare(functions, "list", "/items/1000"), [Goal(10_000)]),
    "syscalls_of_create": count_outside("strace -f -qq -c", r"100\.00 +[\d.]+ +\d+ +(\d+).* total"),
    "instructions_of_create": count_outside(CACHEGRIND, r"I\s+refs:\s+([\d,]+)"),
    "allocations_of_create": count_outside("valgrind", r"total heap usage: ([\d,]+) allocs"),
    "cpu_of_create": Benchmark(
        compare(partial(spend, repeats=300), "create"),
        [Goal(0.70, DEFAULT), *(Goal(1.00, peer) for peer in GENERATED)],
    ),
    "cpu_of_list": Benchmark(list_without_msgspec, [Goal(0.50, DEFAULT)]),
    "cpu_of_list_msgspec": Benchmark(LIST, [Goal(0.50, DEFAULT)]),
    "cpu_of_1_at_once": Benchmark(at_once([1]), [Goal(0.70, DEFAULT)]),
    "cpu_of_50_at_once": Benchmark(at_once([50]), [Goal(0.30, DEFAULT)]),
    "cpu_of_200_at_once": Benchmark(at_once([200]), [Goal(1.00, "bare httpx")]),
    "growth_of_cpu": Benchmark(
        at_once([1, 50, 200, 1000], peers=[OURS], total=1000),
        [Goal(1.05, f"{OURS}, 1", f"{OURS}, 200"), Goal(1.00, f"{OURS}, 200", f"{OURS}, 1000")],
    ),
    "time_of_10000_creates": Benchmark(  # The server waits 20 ms; 0.92 of the calls a second.
        lambda url: CREATES(f"{url}/wait/20"), [Goal(1 / 0.92, "bare aiohttp")], 5
    ),
    "cpu_of_a_million": Benchmark(compare(spend, "all", MILLION, BOTH), [Goal(0.45, DEFAULT)], 5),
    "memory_of_a_million": Benchmark(compare(memory, "all", MILLION, BOTH), [Goal(40)], 0),
    "growth_of_memory": Benchmark(
        compare(partial(memory, repeats=100_000), "create", "", [OURS]), [Goal(1)], 1
    ),
    "cpu_of_import": Benchmark(
        start(IMPORTS, lambda: sum(getrusage(RUSAGE_CHILDREN)[:2]), 1e6),
        [Goal(1.25, "bare httpx", f"{OURS}: {IMPORT}")],
    ),
    "time_of_first_token": Benchmark(start(TOKENS, perf_counter, 1e3), [Goal(1.25, "bare httpx")]),
}


if __name__ == "__main__":
    benchmark = BENCHMARKS[sys.argv[1]]
    cases = benchmark.cases(sys.argv[2])
    figures: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(benchmark.rounds + 1):
        for name, take in cases.items():
            gc.collect()
            figures[name].append(take())
    # The first round warms up, and counts where it is alone.
    print(json.dumps({name: values[1:] or values for name, values in figures.items()}))
