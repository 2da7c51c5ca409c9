"""`python -m sample.mock`, as a program."""

from __future__ import annotations

import json
import os
import shlex
import signal
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
from sample.mock.__main__ import main

from tests.mock._support import JSON, ask, one_operation

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(sample.__file__).parents[1])}
COMMAND = [sys.executable, "-W", "error", "-m", "sample.mock"]


@pytest.fixture(autouse=True)
def no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps `main` from taking the test run's own Ctrl-C."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@contextmanager
def started(
    *arguments: str, environment: Mapping[str, str] = ENVIRONMENT
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The running program, and the six lines with which it greets."""
    command, pipe = [*COMMAND, "--port", "0", *arguments], subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, [process.stdout.readline().strip() for _ in range(6)]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_what_it_prints_until_it_is_interrupted(
    tmp_path: Path, number: signal.Signals
) -> None:
    headers = [("authorization", "Bearer YOUR_KEY"), JSON]
    with MockSample(db=tmp_path / "state.db") as mock:
        created = ask(mock, "POST", "/v1/parcels", b"{}", headers)
    with started("--db", str(tmp_path / "state.db")) as (process, lines):
        command = shlex.split(lines[5].removeprefix("try"))
        name, _, value = command[2].partition(": ")
        assert command[:2] == ["curl", "-H"]
        request = Request(command[3], headers={name: value})
        with urlopen(request, timeout=5) as response:
            assert created.json["id"] in response.read().decode()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def answer(url: str) -> tuple[int, str]:
    request = Request(url, headers={"Authorization": "Bearer canary-key"})
    try:
        with urlopen(request, timeout=5) as response:
            return response.status, response.headers.get("retry-after", "")
    except HTTPError as error:
        with error:
            return error.code, error.headers.get("retry-after", "")


def test_a_limit_a_delay_and_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    keys = ("--api-key", "other", "--api-key", "canary-key")
    options = (*keys, "--no-control", "--rate-limit", "2", "--latency", "0.1", "--log", str(log))
    with started(*options) as (_, lines):
        assert "canary" not in "".join(lines)
        assert lines[4].split() == ["page", "none"]
        url = lines[1].split()[1] + "/parcels"
        begun = time.monotonic()
        answers = [answer(url) for _ in range(3)]
        assert time.monotonic() - begun >= 0.3
    assert [status for status, _ in answers] == [200, 200, 429]
    assert 0 < int(answers[2][1]) <= 60
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["status"] for entry in entries] == [200, 200, 429]
    assert "canary" not in log.read_text()


def test_faults_and_a_name_for_other_machines() -> None:
    fault = "server_error:listParcels,status=502,times=1"
    with started("--fault", fault, "--allow-host", "mock.example") as (_, lines):
        url = lines[1].split()[1]
        assert [answer(f"{url}/parcels")[0] for _ in range(2)] == [502, 200]
        page = Request(lines[4].split()[1], headers={"Host": "mock.example"})
        with urlopen(page, timeout=5) as response:
            assert response.status == 200


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"sample {sample.__version__}\n"


def test_another_document_with_a_title_that_the_terminal_cannot_print(tmp_path: Path) -> None:
    document = one_operation({"type": "string", "examples": ["a thing"]})
    document["info"]["title"] = "Café"
    path = tmp_path / "things.json"
    path.write_text(json.dumps(document))
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}
    with started("--document", str(path), environment=environment) as (_, lines):
        assert lines[0] == r"Mock of Caf\xe9"
        assert answer(lines[1].split()[1] + "/thing")[0] == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "cannot be read as JSON"),
        ("openapi: 3.1.0", "Of YAML, make JSON first"),
        ("[]", "not an object"),
        ('{"swagger": "2.0"}', "serves OpenAPI 3.1"),
        ('{"openapi": "3.1.0", "paths": {"/x": {"get": {}}}}', "no response is documented"),
    ],
)
def test_a_document_that_does_not_parse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, expected: str
) -> None:
    path = tmp_path / "document.json"
    if text is not None:
        path.write_text(text)
    assert main(["--port", "0", "--document", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert expected in said


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--rate-limit=0", "error: rate_limit is a number of requests a minute from 1, not 0"),
        ("--rate-limit=many", "invalid int value: 'many'"),
        ("--latency=inf", "error: latency is a number of seconds from 0, not inf"),
        ("--fault=latncy", "error: --fault latncy: There is no fault 'latncy'. Is it 'latency'"),
        ("--fault=latency,often", "A setting is NAME=VALUE, not 'often'"),
        ("--fault=latency,seconds=x", "$.seconds: the value is not of type"),
        ("--allow-host=", "allow_hosts takes names"),
        ("--port=65536", "error: A port is a number from 0 to 65535, not 65536"),
    ],
)
def test_an_option_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], option: str, why: str
) -> None:
    try:
        status = main(["--port", "0", option])
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == (2 if "invalid" in why else 1)
    assert why in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "jsonschema_rs.py").write_text("raise ImportError('not here')\n")
    path = os.pathsep.join([str(tmp_path), ENVIRONMENT["PYTHONPATH"]])
    with started(environment={**ENVIRONMENT, "PYTHONPATH": path}) as (process, lines):
        out, err = process.communicate(timeout=20)
    assert (process.returncode, *lines, out) == (1, *[""] * 6, "")
    assert err.startswith("error: The mock validates with jsonschema-rs")
    assert "pip install 'sample[mock]'" in err
    assert err.count("\n") == 1


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


def test_nobody_reads_what_it_prints() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [*COMMAND, "--rules"]
    done = subprocess.run(
        command, env=ENVIRONMENT, stdout=write, stderr=subprocess.PIPE, check=True
    )
    os.close(write)
    assert done.stderr == b""
