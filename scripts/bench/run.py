"""Compare the client with its peers, and write the figures as a table and as a chart.

The peers are generated from openapi/portal-v1.yaml, in an environment of their own under
build/bench. The client runs on one core and the server on another; how busy the server was is
shown, so that it is not what is measured. Ratios are of medians; behind them stands the middle
half of the ratios of single rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyperf
from bench.measure import BENCHMARKS, SLOW, Figures
from bench.peers import DEFAULT, OURS
from matplotlib import pyplot

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).parent
FOLDER: Final = ROOT / "build" / "bench"
PEERS: Final = FOLDER / "peers"
SPEC: Final = ROOT / "openapi" / "portal-v1.yaml"
BUNDLE: Final = FOLDER / "certificates.pem"
LEAN: Final = FOLDER / "lean"
REPORTS: Final = ROOT / "reports" / "bench"
BASELINES: Final = (DEFAULT, "bare httpx", "bare aiohttp")
"""What the ratios of a benchmark are to: the first of these that it measures."""


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", nargs="*", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--rounds", type=int, default=15, help="of what takes long, 5 at most")
    parser.add_argument("--quick", action="store_true", help="3 rounds of what does not take long")
    options = parser.parse_args()
    if unknown := set(options.benchmark) - BENCHMARKS.keys():
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    rounds = 3 if options.quick else options.rounds
    all_ = [name for name in BENCHMARKS if not (options.quick and name.startswith(SLOW))]
    REPORTS.mkdir(parents=True, exist_ok=True)
    generate_peers()
    make_lean_environment()
    cores = sorted(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "bench.server", str(cores[-1]), str(BUNDLE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port, tls_port = server.stdout.readline().split()
            os.environ["BENCH_TLS_URL"] = f"https://127.0.0.1:{tls_port}"
            url = f"http://127.0.0.1:{port}"
            asked = options.benchmark or all_
            failed = [name for name in asked if not measure(name, url, rounds, cores[0])]
        finally:
            server.kill()
    results = {
        name: {one.get_name(): list(one.get_values()) for one in pyperf.BenchmarkSuite.load(file)}
        for name in BENCHMARKS
        if Path(file := str(REPORTS / f"{name}.json")).is_file()
    }
    print("\nGoals, by the last run of each benchmark", *describe_goals(results), sep="\n")
    draw_chart(results, REPORTS / "chart.svg")
    print(f"\n{REPORTS.relative_to(ROOT)} has chart.svg, and the figures for `pyperf stats`.")
    if failed:
        sys.exit(f"bench: not measured: {', '.join(failed)}.")


def measure(name: str, url: str, rounds: int, core: int) -> bool:
    """Measure one benchmark in a process of its own on one core, print and keep its table."""
    busy, begin = read_busy(url), time.monotonic()
    rounds = min(rounds, 5) if name.startswith(SLOW) else rounds
    done = subprocess.run(
        ["taskset", "-c", str(core), sys.executable, "-m", "bench.measure", name, url, str(rounds)],
        env={
            **os.environ,
            "BENCH_LEAN": str(LEAN / "bin" / "python"),
            "SSL_CERT_FILE": str(BUNDLE),
            "PYTHONDONTWRITEBYTECODE": "",  # Each start but the first finds bytecode.
            "PYTHONPATH": os.pathsep.join(map(str, (HERE.parent, ROOT / "generated", PEERS))),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"\n{BENCHMARKS[name].title} ({name})", flush=True)
    if done.returncode:
        print(f"  not measured: {done.stderr.strip().splitlines()[-1]}")
        return False
    busy = (read_busy(url) - busy) / (time.monotonic() - begin)
    figures: Figures = json.loads(done.stdout)
    base = next(figures[peer] for peer in (*BASELINES, *figures) if peer in figures)
    suite = []
    for peer, values in sorted(figures.items(), key=lambda item: statistics.median(item[1])):
        positive = [max(value, 1e-9) for value in values]  # pyperf takes no others.
        run = pyperf.Run(positive, metadata={"name": peer}, collect_metadata=False)
        suite.append(benchmark := pyperf.Benchmark([run]))
        middle, base_middle = benchmark.median(), statistics.median(base)
        ratios = sorted(value / other for value, other in zip(values, base, strict=True) if other)
        quarter = len(ratios) // 4
        spread = f"({ratios[quarter]:.2f} to {ratios[-1 - quarter]:.2f})" if ratios else ""
        print(f"  {peer:40}{middle:12,.1f}{middle / (base_middle or 1):8.2f} x   {spread}")
    print(f"  the server was busy for {busy:.0%} of the time")
    pyperf.BenchmarkSuite(suite).dump(str(REPORTS / f"{name}.json"), replace=True)
    return True


def read_busy(url: str) -> float:
    """Return the CPU seconds that the server has spent."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/busy") as response:
        return float(response.read())


def describe_goals(results: dict[str, Figures]) -> Iterator[str]:
    """Yield a line for each goal: the figure, the limit, and whether it is met."""
    for name, benchmark in BENCHMARKS.items():
        for goal in benchmark.goals:
            title = benchmark.title + goal.of.removeprefix(OURS)
            title += f" / {goal.to.removeprefix(f'{OURS}, ')}" if goal.to else ""
            if name not in results:
                yield f"  {title:78}  not measured"
                continue
            medians = {peer: statistics.median(one) for peer, one in results[name].items()}
            figure = medians[goal.of] / (medians[goal.to] if goal.to else 1)
            verdict = "met" if figure <= goal.limit else "NOT MET"
            yield f"  {title:78}{figure:8,.2f} <= {goal.limit:9,.2f}  {verdict}"


def draw_chart(results: dict[str, Figures], file: Path) -> None:
    """Write the medians of the benchmarks whose goals are ratios, as bars."""
    shown = {
        name: figures
        for name, figures in results.items()
        if any(goal.to for goal in BENCHMARKS[name].goals)
    }
    sizes = [len(figures) + 1 for figures in shown.values()]
    chart, axes = pyplot.subplots(
        len(shown) or 1,
        figsize=(9, 0.25 * sum(sizes) or 1),
        height_ratios=sizes or None,
        layout="constrained",
        squeeze=False,
    )
    for axis, (name, figures) in zip(axes.flat, shown.items(), strict=False):
        bars = sorted(((statistics.median(one), peer) for peer, one in figures.items()))[::-1]
        colours = ["tab:blue" if peer.startswith(OURS) else "lightgray" for _, peer in bars]
        drawn = axis.barh([peer for _, peer in bars], [one for one, _ in bars], color=colours)
        axis.bar_label(drawn, fmt="{:,.1f}", padding=3)
        axis.set_title(BENCHMARKS[name].title, loc="left")
        axis.set(frame_on=False, xticks=[])
    chart.savefig(file)


def make_lean_environment() -> None:
    """Make the environment where httpx and attrs alone are installed."""
    if LEAN.is_dir():
        return
    venv.create(LEAN, with_pip=True)
    pins = (HERE / "requirements.txt").read_text().splitlines()
    wanted = [pin for pin in pins if pin.partition("==")[0] in {"attrs", "httpx", "httpcore"}]
    subprocess.run([LEAN / "bin" / "python", "-m", "pip", "install", "-qq", *wanted], check=True)


def generate_peers() -> None:
    """Generate the peers anew where the document has changed."""
    mark = PEERS / "document"
    if mark.is_file() and mark.read_text() == SPEC.read_text():
        return
    shutil.rmtree(PEERS, ignore_errors=True)
    PEERS.mkdir(parents=True)
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    print("Generating the peers.", flush=True)
    for command in (
        f"openapi-python-client generate --path '{SPEC}' --output-path default_portal --meta none",
        f"openapi-generator-cli generate -i '{SPEC}' -g python -o og --package-name og_portal",
        f"crozier generate python --spec '{SPEC}' --output crozier --package-name crozier_portal",
        f"stainful generate --spec '{SPEC}' --config '{HERE / 'stainful.yml'}' --out .",
    ):
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [programs / program, *arguments],
            env=environment,
            cwd=PEERS,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"bench: {program} failed:\n{done.stdout}{done.stderr}")
    (PEERS / "og" / "og_portal").rename(PEERS / "og_portal")
    (PEERS / "crozier" / "src" / "crozier_portal").rename(PEERS / "crozier_portal")
    mark.write_text(SPEC.read_text())


if __name__ == "__main__":
    main()
