"""`python -m sample.mock`, as a program."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import sample
from sample.mock import MockSample

from tests.mock._support import ask, one_operation

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(sample.__file__).parents[1])}
COMMAND = [sys.executable, "-W", "error", "-m", "sample.mock"]


def run(
    *arguments: str, environment: Mapping[str, str] = ENVIRONMENT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@contextmanager
def started(
    *arguments: str, environment: Mapping[str, str] = ENVIRONMENT
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The running program, and the six lines with which it greets."""
    with subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, [process.stdout.readline().strip() for _ in range(6)]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_what_it_prints_until_it_is_interrupted(number: signal.Signals) -> None:
    with started("--api-key", "top-secret") as (process, lines):
        url = lines[1].split()[1]
        request = Request(  # noqa: S310 - the scheme is the mock's own
            url + "/parcels", headers={"Authorization": "Bearer top-secret"}
        )
        with urlopen(request, timeout=5) as response:  # noqa: S310
            assert response.read() == b"[]"
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")
    assert "top-secret" not in "".join(lines)


def test_the_example_that_it_prints_works() -> None:
    with started() as (_, lines):
        command = shlex.split(lines[5].removeprefix("try"))
        name, _, value = command[2].partition(": ")
        assert command[:2] == ["curl", "-H"]
        request = Request(command[3], headers={name: value})  # noqa: S310
        with urlopen(request, timeout=5) as response:  # noqa: S310
            assert response.status == 200


def test_the_state_is_kept_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with MockSample(db=path, seed=3) as mock:
        created = ask(mock, "POST", "/v1/parcels", b"{}").json
    with started("--db", str(path), "--seed", "3") as (_, lines):
        url = lines[1].split()[1] + "/parcels/" + created["id"]
        request = Request(url, headers={"Authorization": "Bearer one"})  # noqa: S310
        with urlopen(request, timeout=5) as response:  # noqa: S310
            assert created["id"] in response.read().decode()


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: Port {port} on 127.0.0.1 is in use. Take another, or 0 for a free one.\n"
    )


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(port: str) -> None:
    done = run(f"--port={port}")
    assert done.returncode == 2
    assert "is not a port" in done.stderr


def answer(url: str) -> tuple[int, str]:
    request = Request(url, headers={"Authorization": "Bearer canary-key"})  # noqa: S310
    try:
        with urlopen(request, timeout=5) as response:  # noqa: S310
            return response.status, response.headers.get("retry-after", "")
    except HTTPError as error:
        with error:
            return error.code, error.headers.get("retry-after", "")


def test_a_limit_a_delay_and_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    options = ("--rate-limit", "2", "--latency", "0.1", "--log", str(log))
    with started(*options) as (_, lines):
        url = lines[1].split()[1] + "/parcels"
        begun = time.monotonic()
        answers = [answer(url) for _ in range(3)]
        assert time.monotonic() - begun >= 0.3
    assert [status for status, _ in answers] == [200, 200, 429]
    assert 0 < int(answers[2][1]) <= 60
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["status"] for entry in entries] == [200, 200, 429]
    assert "canary" not in log.read_text()


def test_the_page_is_there_unless_it_is_switched_off() -> None:
    with started() as (_, lines):
        assert answer(lines[4].removeprefix("page").strip())[0] == 200
    with started("--no-inspector") as (_, lines):
        assert lines[4].split() == ["page", "none"]
        root = lines[1].split()[1].removesuffix("/v1")
        assert answer(root + "/__mock__/")[0] == 404


def test_another_document(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    path.write_text(json.dumps(one_operation({"type": "string", "examples": ["a thing"]})))
    with started("--document", str(path)) as (_, lines):
        assert lines[0] == "Mock of Things"
        assert answer(lines[1].split()[1] + "/thing")[0] == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "cannot be read"),
        ("openapi: 3.1.0", "is not JSON"),
        ("[]", "not an object"),
        ('{"swagger": "2.0"}', "serves OpenAPI 3.0 and 3.1"),
        ('{"openapi": "3.1.0", "paths": {"/x": {"get": {}}}}', "no response is documented"),
    ],
)
def test_a_document_that_does_not_parse(tmp_path: Path, text: str | None, expected: str) -> None:
    path = tmp_path / "document.json"
    if text is not None:
        path.write_text(text)
    done = run("--port", "0", "--document", str(path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert expected in done.stderr


@pytest.mark.parametrize(
    "option", ["--rate-limit=0", "--rate-limit=many", "--latency=-1", "--latency=inf"]
)
def test_a_number_that_is_none(option: str) -> None:
    done = run(option)
    assert done.returncode == 2
    assert "is not a number" in done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "jsonschema_rs.py").write_text("raise ImportError('not here')\n")
    path = os.pathsep.join([str(tmp_path), ENVIRONMENT["PYTHONPATH"]])
    done = run(environment={**ENVIRONMENT, "PYTHONPATH": path})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: The mock validates with jsonschema-rs")
    assert "pip install 'sample[mock]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_nobody_reads_what_it_prints() -> None:
    with started() as (process, _):
        assert process.stdout is not None
        process.stdout.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_title_that_the_terminal_cannot_print(tmp_path: Path) -> None:
    document = one_operation({"type": "string", "examples": ["a thing"]})
    document["info"]["title"] = "Café"
    (tmp_path / "things.json").write_text(json.dumps(document))
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    with started("--document", str(tmp_path / "things.json"), environment=environment) as (
        _,
        lines,
    ):
        assert lines[0] == r"Mock of Caf\xe9"


def test_it_runs_out_of_a_zip_file(tmp_path: Path) -> None:
    package = Path(sample.__file__).parent
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in package.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, f"sample/{path.relative_to(package)}")
    with started(environment={**ENVIRONMENT, "PYTHONPATH": str(packed)}) as (_, lines):
        page = lines[4].removeprefix("page").strip()
        assert answer(page)[0] == answer(lines[1].split()[1] + "/parcels")[0] == 200
