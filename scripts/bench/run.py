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
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas
from bench.measure import BENCHMARKS, SLOW
from bench.peers import DEFAULT, OURS
from matplotlib import pyplot

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).parent
FOLDER: Final = ROOT / "build" / "bench"
PEERS: Final = FOLDER / "peers"
SPEC: Final = ROOT / "openapi" / "portal-v1.yaml"
BUNDLE: Final = FOLDER / "certificates.pem"
REPORTS: Final = ROOT / "reports" / "bench"
BASELINES: Final = (DEFAULT, "bare httpx", "bare aiohttp")
"""What the ratios of a benchmark are to: the first of these that it measures."""


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", nargs="*", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="3 rounds of what does not take long")
    options = parser.parse_args()
    if unknown := set(options.benchmark) - BENCHMARKS.keys():
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    rounds = 3 if options.quick else 15
    all_ = [name for name in BENCHMARKS if not (options.quick and name.startswith(SLOW))]
    REPORTS.mkdir(parents=True, exist_ok=True)
    generate_peers()
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
    files = {name: REPORTS / f"{name}.csv" for name in BENCHMARKS}
    medians = {name: pandas.read_csv(one).median() for name, one in files.items() if one.exists()}
    print(
        "\nGoals, by the last run of each benchmark (cpu in us, time in ms, memory in MiB)",
        *describe_goals(medians),
        sep="\n",
    )
    draw_chart(medians, REPORTS / "chart.svg")
    print(f"\n{REPORTS.relative_to(ROOT)} has chart.svg, and the figures of each round.")
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
            "BENCH_LEAN": str(FOLDER / "lean" / "bin" / "python"),
            "SSL_CERT_FILE": str(BUNDLE),
            "PYTHONDONTWRITEBYTECODE": "",  # Each start but the first finds bytecode.
            "PYTHONPATH": os.pathsep.join(map(str, (HERE.parent, ROOT / "generated", PEERS))),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"\n{name}", flush=True)
    if done.returncode:
        print(f"  not measured: {done.stderr.strip().splitlines()[-1]}")
        return False
    busy = (read_busy(url) - busy) / (time.monotonic() - begin)
    frame = pandas.DataFrame(json.loads(done.stdout))
    frame.to_csv(REPORTS / f"{name}.csv", index=False)
    base = next(peer for peer in (*BASELINES, *frame) if peer in frame)
    ratios = frame.div(frame[base], axis=0)
    table = pandas.DataFrame(
        {
            "median": frame.median(),
            "ratio": frame.median() / frame[base].median(),
            "from": ratios.quantile(0.25),
            "to": ratios.quantile(0.75),
        }
    )
    print(table.sort_values("median").to_string(float_format="{:,.2f}".format))
    print(f"The server was busy for {busy:.0%} of the time.")
    return True


def read_busy(url: str) -> float:
    """Return the CPU seconds that the server has spent."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/busy") as response:
        return float(response.read())


def describe_goals(medians: dict[str, pandas.Series]) -> Iterator[str]:
    """Yield a line for each goal: the figure, the limit, and whether it is met."""
    for name, (_, goals) in BENCHMARKS.items():
        for goal in goals:
            title = f"{name}: {goal.of}{f' / {goal.to}' if goal.to else ''}"
            if name in medians:
                figure = medians[name][goal.of] / (medians[name][goal.to] if goal.to else 1)
                verdict = "met" if figure <= goal.limit else "NOT MET"
                yield f"  {title:70}{figure:9,.2f} <= {goal.limit:9,.2f}  {verdict}"
            else:
                yield f"  {title:70}  not measured"


def draw_chart(medians: dict[str, pandas.Series], file: Path) -> None:
    """Write the benchmarks whose goals are ratios, as bars."""
    names = [name for name in medians if any(goal.to for goal in BENCHMARKS[name][1])]
    if not names:
        return
    sizes = [len(medians[name]) + 1 for name in names]
    figure, axes = pyplot.subplots(
        len(names),
        squeeze=False,
        figsize=(9, 0.25 * sum(sizes)),
        height_ratios=sizes,
        layout="constrained",
    )
    for axis, name in zip(axes.flat, names, strict=True):
        bars = medians[name].sort_values(ascending=False)
        colours = ["tab:blue" if peer.startswith(OURS) else "lightgray" for peer in bars.index]
        axis.bar_label(axis.barh(bars.index, bars, color=colours), fmt="{:,.1f}", padding=3)
        axis.set_title(name.replace("_", " "), loc="left")
        axis.set(frame_on=False, xticks=[])
    figure.savefig(file)


def generate_peers() -> None:
    """Generate the peers anew where the document has changed."""
    mark = PEERS / "document"
    if mark.is_file() and mark.read_text() == SPEC.read_text():
        return
    shutil.rmtree(PEERS, ignore_errors=True)
    PEERS.mkdir(parents=True)
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    print("Generating the peers.", flush=True)
    for command in (
        f"openapi-python-client generate --path '{SPEC}' --output-path default_portal --meta none",
        f"openapi-generator-cli generate -i '{SPEC}' -g python -o og --package-name og_portal",
        f"crozier generate python --spec '{SPEC}' --output crozier --package-name crozier_portal",
        f"stainful generate --spec '{SPEC}' --config '{HERE / 'stainful.yml'}' --out .",
    ):
        program, *arguments = shlex.split(command)
        subprocess.run(
            [programs / program, *arguments],
            env={**os.environ, "PATH": path},
            cwd=PEERS,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    (PEERS / "og" / "og_portal").rename(PEERS / "og_portal")
    (PEERS / "crozier" / "src" / "crozier_portal").rename(PEERS / "crozier_portal")
    mark.write_text(SPEC.read_text())


if __name__ == "__main__":
    main()
