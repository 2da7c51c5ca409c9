"""Compare the client with its peers, and write the figures as a table and as a chart.

The peers are generated from openapi/portal-v1.yaml, in an environment of their own under
build/bench. The client runs on one core and the server on another; how busy the server was is
shown, so that it is not what is measured. Ratios are of medians; behind them stands the middle
half of the ratios of single rounds.
"""

from __future__ import annotations

import argparse
import compileall
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
from pathlib import Path
from typing import Final

import pyperf
from bench.chart import draw_chart
from bench.goals import describe_goals
from bench.measure import BENCHMARKS, SLOW, Figures
from bench.peers import DEFAULT

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).parent
FOLDER: Final = ROOT / "build" / "bench"
PEERS: Final = FOLDER / "peers"
SPEC: Final = ROOT / "openapi" / "portal-v1.yaml"
_IMPORTED: Final = ("scripts", "build/bench/package", "build/bench/peers")
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
    options.rounds = 3 if options.quick else options.rounds
    if unknown := set(options.benchmark) - BENCHMARKS.keys():
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    slow = SLOW if options.quick else ()
    asked = options.benchmark or [name for name in BENCHMARKS if name not in slow]
    REPORTS.mkdir(parents=True, exist_ok=True)
    generate_peers()
    compile_package()
    cores = sorted(os.sched_getaffinity(0))
    failed: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "bench.server", str(cores[-1]), str(BUNDLE)],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        port, tls_port = server.stdout.readline().split()
        os.environ["BENCH_TLS_URL"] = f"https://127.0.0.1:{tls_port}"
        try:
            for name in asked:
                rounds = min(options.rounds, 5) if name in SLOW else options.rounds
                if not measure(name, f"http://127.0.0.1:{port}", rounds, cores[0]):
                    failed.append(name)
        finally:
            server.kill()
    results = load_figures()
    print("\nGoals, by the last run of each benchmark", *describe_goals(results), sep="\n")
    draw_chart(results, REPORTS / "chart.svg")
    print(f"\n{REPORTS.relative_to(ROOT)} has chart.svg, and the figures for `pyperf stats`.")
    if failed:
        sys.exit(f"bench: not measured: {', '.join(failed)}.")


def load_figures() -> dict[str, Figures]:
    """Return the figures of the last run of each benchmark."""
    return {
        name: {one.get_name(): list(one.get_values()) for one in pyperf.BenchmarkSuite.load(file)}
        for name in BENCHMARKS
        if Path(file := str(REPORTS / f"{name}.json")).is_file()
    }


def measure(name: str, url: str, rounds: int, core: int) -> bool:
    """Measure one benchmark in a process of its own on one core, print and keep its table."""
    busy, begin = read_busy(url), time.monotonic()
    done = subprocess.run(
        ["taskset", "-c", str(core), sys.executable, "-m", "bench.measure", name, url, str(rounds)],
        env={
            **os.environ,
            "BENCH_LEAN": str(LEAN / "bin" / "python"),
            "SSL_CERT_FILE": str(BUNDLE),
            "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in _IMPORTED),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    title, unit = BENCHMARKS[name][:2]
    print(f"\n{title}{unit and f', {unit}'} ({name})", flush=True)
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


def compile_package() -> None:
    """Copy the package with its bytecode, as an installed one has it, beside httpx and attrs."""
    shutil.rmtree(FOLDER / "package", ignore_errors=True)
    for name in ("portal_v1", "portal_on_httpx2"):
        shutil.copytree(ROOT / "generated" / "portal_v1", FOLDER / "package" / name)
    for folder in (FOLDER / "package", PEERS):
        compileall.compile_dir(folder, quiet=2)
    if not LEAN.is_dir():
        venv.create(LEAN, with_pip=True)
        pins = (HERE / "requirements.txt").read_text().splitlines()
        wanted = [pin for pin in pins if pin.partition("==")[0] in {"attrs", "httpx", "httpcore"}]
        subprocess.run(
            [LEAN / "bin" / "python", "-m", "pip", "install", "-qq", *wanted], check=True
        )


def generate_peers() -> None:
    """Generate the peers anew where the document has changed."""
    mark = PEERS / "document"
    if mark.is_file() and mark.read_text() == SPEC.read_text():
        return
    shutil.rmtree(PEERS, ignore_errors=True)
    PEERS.mkdir(parents=True)
    programs = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def run(command: str) -> None:
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

    print("Generating the peers.", flush=True)
    run(f"openapi-python-client generate --path '{SPEC}' --output-path default_portal --meta none")
    run(
        f"openapi-generator-cli generate -i '{SPEC}' -g python -o og"
        " --additional-properties=packageName=openapi_generator_portal"
    )
    run(f"crozier generate python --spec '{SPEC}' --output crozier --package-name crozier_portal")
    run(f"stainful generate --spec '{SPEC}' --config '{HERE / 'stainful.yml'}' --out .")
    (PEERS / "og" / "openapi_generator_portal").rename(PEERS / "openapi_generator_portal")
    (PEERS / "crozier" / "src" / "crozier_portal").rename(PEERS / "crozier_portal")
    mark.write_text(SPEC.read_text())


if __name__ == "__main__":
    main()
