"""The goals for the client's speed, held against the figures of a run."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Final, NamedTuple

from bench.measure import BENCHMARKS, Figures
from bench.peers import DEFAULT, OURS


class Goal(NamedTuple):
    """A limit of one figure, or of its ratio to another."""

    benchmark: str
    limit: float
    to: str | None = None
    """The peer whose figure it is a ratio to."""
    beyond: float | None = None
    """A harder limit, not asked for."""
    of: str = OURS


GOALS: Final = (
    Goal("calls_of_create", 1000, beyond=700),
    Goal("cpu_of_create", 0.70, DEFAULT, beyond=0.50),
    Goal("cpu_of_create", 1.00, "openapi-generator"),
    Goal("cpu_of_create", 1.00, "Fern-style (crozier)"),
    Goal("cpu_of_create", 1.00, "Stainless-style (stainful)"),
    Goal("cpu_of_1_at_once", 0.70, DEFAULT, beyond=0.40),
    Goal("cpu_of_50_at_once", 0.30, DEFAULT, beyond=0.16),
    Goal("cpu_of_200_at_once", 1.00, "bare httpx", beyond=0.70),
    Goal("growth_of_cpu", 1.00, f"{OURS}, 200", of=f"{OURS}, 1000"),
    # 0.92 of aiohttp's calls a second.
    Goal("time_of_10000_creates", 1 / 0.92, "bare aiohttp"),
    Goal("calls_of_list", 10_000),
    Goal("cpu_of_list", 0.50, DEFAULT),
    Goal("cpu_of_list_msgspec", 0.50, DEFAULT, beyond=0.25),
    Goal("memory_of_a_million", 40),
    Goal("cpu_of_a_million", 0.45, DEFAULT),
    Goal("cpu_of_import", 1.25, "bare httpx", 1.10, of="portal-v1: from portal_v1 import Portal"),
    Goal("time_of_first_token", 1.25, "bare httpx"),
    Goal("growth_of_cpu", 1.05, f"{OURS}, 1", of=f"{OURS}, 200"),
    Goal("growth_of_memory", 1),
)


def describe_goals(results: dict[str, Figures]) -> Iterator[str]:
    """Yield a line for each goal: the figure, the limit, and whether it is met."""
    for goal in GOALS:
        title = BENCHMARKS[goal.benchmark].title + goal.of.removeprefix(OURS)
        title += f" / {goal.to.removeprefix(f'{OURS}, ')}" if goal.to else ""
        try:
            figures = results[goal.benchmark]
            figure = statistics.median(figures[goal.of])
            figure /= statistics.median(figures[goal.to]) if goal.to else 1
        except KeyError:
            yield f"  {title:78}  not measured"
            continue
        verdict = "met" if figure <= goal.limit else "NOT MET"
        if goal.beyond and figure <= goal.beyond:
            verdict += f", and {_show(goal.beyond)}"
        yield f"  {title:78}{_show(figure):>8} <= {_show(goal.limit):>6}  {verdict}"


def _show(figure: float) -> str:
    return f"{figure:,.2f}".removesuffix(".00")
