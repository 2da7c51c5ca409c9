"""Compare the client with its peers, and write the figures as a table and as a chart.

The peers are generated from openapi/portal-v1.yaml, in an environment of their own under
build/bench. The client runs on one core and the server on another; how busy the server was is
shown, so that it is not what is measured. Ratios are of medians; beside them stands the middle
half of the ratios of single rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pandas
import psutil
from bench.measure import BENCHMARKS
from bench.peers import DEFAULT, OURS
from matplotlib import pyplot

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "build" / "bench"
PEERS: Final = FOLDER / "peers"
SPEC: Final = ROOT / "openapi" / "portal-v1.yaml"
BUNDLE: Final = FOLDER / "certificates.pem"
REPORTS: Final = ROOT / "reports" / "bench"
CORES: Final = [str(core) for core in sorted(os.sched_getaffinity(0))]
BASELINES: Final = (DEFAULT, "bare httpx", "bare aiohttp")  # Ratios are to the first measured.
GENERATE: Final = f"""
cmp -s '{SPEC}' '{PEERS}/document' && exit
echo Generating the peers.
rm -rf '{PEERS}'; mkdir -p '{PEERS}'; cd '{PEERS}'
exec >/dev/null
openapi-python-client generate --path '{SPEC}' --output-path default_portal --meta none
openapi-generator-cli generate -i '{SPEC}' -g python -o og --package-name og_portal
crozier generate python --spec '{SPEC}' --output crozier --package-name crozier_portal
stainful generate --spec '{SPEC}' --config '{ROOT}/scripts/bench/stainful.yml' --out .
cp '{SPEC}' document
"""


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", nargs="*", choices=BENCHMARKS, help="default: all")
    options = parser.parse_args()
    REPORTS.mkdir(parents=True, exist_ok=True)
    os.environ.update(
        BENCH_LEAN=f"{FOLDER}/lean/bin/python",
        PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        PYTHONDONTWRITEBYTECODE="",  # Each start but the first finds bytecode.
        PYTHONPATH=f"{ROOT}/scripts:{ROOT}/generated:{PEERS}:{PEERS}/og:{PEERS}/crozier/src",
        SSL_CERT_FILE=str(BUNDLE),
    )
    subprocess.run(["sh", "-ec", GENERATE], check=True)
    command = ["taskset", "-c", CORES[-1], sys.executable, "-m", "bench.server", str(BUNDLE)]
    pipe = subprocess.PIPE
    with psutil.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        port, tls_port = (server.stdout.readline().strip() for _ in range(2))
        os.environ["BENCH_TLS_URL"] = f"https://127.0.0.1:{tls_port}"
        medians = {
            name: measure(name, f"http://127.0.0.1:{port}", server)
            for name in options.benchmark or BENCHMARKS
        }
    measured = {name: median for name, median in medians.items() if median is not None}
    print("\nGoals (cpu in us, time in ms, memory in MiB)")
    describe_goals(measured)
    if measured:
        draw_chart(measured, REPORTS / "chart.svg")
    print(f"\n{REPORTS.relative_to(ROOT)} has chart.svg, and the figures of each round.")
    if failed := medians.keys() - measured:
        sys.exit(f"bench: not measured: {', '.join(failed)}.")


def measure(name: str, url: str, server: psutil.Popen) -> pandas.Series | None:
    """Measure one benchmark on one core, print and keep its table, and return the medians."""
    command = ["taskset", "-c", CORES[0], sys.executable, "-m", "bench.measure", name, url]
    server.cpu_percent()  # Begins to count.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    busy = server.cpu_percent()
    print(f"\n{name}", flush=True)
    if done.returncode:
        print(f"  not measured: {done.stderr.strip().splitlines()[-1]}")
        return None
    frame = pandas.DataFrame(json.loads(done.stdout))
    frame.to_csv(REPORTS / f"{name}.csv", index=False)
    base = next(peer for peer in (*BASELINES, *frame) if peer in frame)
    median, ratios = frame.median(), frame.div(frame[base], axis=0)
    spread = {"from": ratios.quantile(0.25), "to": ratios.quantile(0.75)}
    table = pandas.DataFrame({"median": median, "ratio": median / median[base], **spread})
    print(table.sort_values("median").to_string(float_format="{:,.2f}".format))
    print(f"The server was busy for {busy:.0f}% of the time.")
    return median


def describe_goals(medians: dict[str, pandas.Series]) -> None:
    """Print a line for each goal: the figure, the limit, and whether it is met."""
    for name, median in medians.items():
        for goal in BENCHMARKS[name].goals:
            title = f"{name}: {goal.of}{f' / {goal.to}' if goal.to else ''}"
            figure = median[goal.of] / (median[goal.to] if goal.to else 1)
            verdict = "met" if figure <= goal.limit else "NOT MET"
            print(f"  {title:70}{figure:9,.2f} <= {goal.limit:9,.2f}  {verdict}")


def draw_chart(medians: dict[str, pandas.Series], file: Path) -> None:
    """Write the medians of each benchmark as bars."""
    sizes = [len(bars) + 1 for bars in medians.values()]
    figure = pyplot.figure(figsize=(9, 0.25 * sum(sizes)), layout="constrained")
    grid = figure.add_gridspec(len(sizes), height_ratios=sizes)
    for row, (name, median) in enumerate(medians.items()):
        bars = median.sort_values(ascending=False)
        colours = ["tab:blue" if peer.startswith(OURS) else "lightgray" for peer in bars.index]
        axis = figure.add_subplot(grid[row], frame_on=False, xticks=[], title=name)
        axis.bar_label(axis.barh(bars.index, bars, color=colours), fmt="{:,.1f}", padding=3)
    figure.savefig(file)


if __name__ == "__main__":
    main()
