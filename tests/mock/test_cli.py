"""`python -m sample.mock`, as a program, and in the image of docs/examples/container."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sample
import yaml
from sample._http import httpx
from sample.mock import MockSample
from sample.mock.__main__ import main

from tests.mock._support import JSON, PACKAGES, ask, started


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(
        url, headers={"Authorization": "Bearer canary-key", **headers}, trust_env=False
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_what_it_prints_until_it_is_interrupted(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "Café.db"
    with MockSample(db=path) as mock:
        headers = [("authorization", "Bearer YOUR_KEY"), JSON]
        created = ask(mock, "POST", "/v1/parcels", b"{}", headers)
    with started("--db", str(path), PYTHONIOENCODING="ascii") as (process, lines):
        assert lines[2].endswith(r"Caf\xe9.db")
        curl, option, header, url = shlex.split(lines[5])
        assert (curl, option) == ("curl", "-H")
        name, _, value = header.partition(": ")
        assert created.json["id"] in get(url, **{name: value}).text
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_fault_a_limit_a_delay_and_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    options = ("--api-key", "other", "--api-key", "canary-key", "--no-control", "--log", str(log))
    fault = "server_error:listParcels,status=502,times=1"
    slow = ("--rate-limit", "2", "--latency", "0.1")
    with started(*options, *slow, "--fault", fault) as (_, lines):
        assert "canary" not in "".join(lines)
        assert lines[4] == "none"
        begun = time.monotonic()
        answers = [get(f"{lines[1]}/parcels") for _ in range(4)]
        assert time.monotonic() - begun >= 0.4
    statuses = [answer.status_code for answer in answers]
    assert statuses == [502, 200, 200, 429]
    assert 0 < int(answers[3].headers["retry-after"]) <= 60
    assert statuses == [json.loads(line)["status"] for line in log.read_text().splitlines()]
    assert "canary" not in log.read_text()


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("--version", f"sample {sample.__version__}"),
        ("--rate-limit=0", "error: rate_limit is how many requests a minute, from 1, not 0"),
        ("--latency=inf", "error: latency is a number of seconds from 0, not inf"),
        ("--fault=latncy", "error: There is no fault 'latncy'. Is it 'latency'"),
        ("--fault=latency,operation=x", "error: There is no operation 'x'. There are: "),
        ("--port=65536", "error: A port is a number from 0 to 65535, not 65536"),
    ],
)
def test_an_option_that_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str, why: str
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the test run keeps its own Ctrl-C
    try:
        status = main(["--port", "0", option])
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == (option != "--version")
    assert why in "".join(capsys.readouterr())


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "jsonschema_rs.py").write_text("raise ImportError('not here')\n")
    with started(PYTHONPATH=os.pathsep.join([str(tmp_path), PACKAGES])) as (process, lines):
        out, err = process.communicate(timeout=20)
    assert (process.returncode, *lines, out) == (1, *[""] * 6, "")
    assert err.startswith("error: The mock needs jsonschema-rs")
    assert "pip install 'sample[mock]'" in err
    assert err.count("\n") == 1


def test_it_runs_out_of_a_zip_file(tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", PACKAGES, "sample")
    with started(PYTHONPATH=packed) as (_, lines):
        assert get(lines[4]).status_code == get(f"{lines[1]}/parcels").status_code == 200


def test_nobody_reads_what_it_prints(repository: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    environment = {**os.environ, "PYTHONPATH": str(repository / "generated")}
    command = [sys.executable, "-m", "portal_v1.mock", "--rules"]
    done = subprocess.run(
        command, env=environment, stdout=write, stderr=subprocess.PIPE, check=True
    )
    os.close(write)
    assert done.stderr == b""


def test_the_image_serves_is_healthy_and_shows_its_page_by_name(repository: Path) -> None:
    folder = repository / "docs" / "examples" / "container"
    image = (folder / "Containerfile").read_text()
    service = yaml.safe_load((folder / "compose.yaml").read_text())["services"]["portal-mock"]
    assert (folder / service["build"]["context"]).resolve() == repository
    assert (repository / service["build"]["dockerfile"]).is_file()
    bases = re.findall("^FROM (.*)", image, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in bases)
    assert re.search(r"^USER [1-9]", image, re.MULTILINE)
    entry, health = (
        json.loads(re.findall(rf"^{name}.*?(\[.*\])$", image, re.MULTILINE)[0])
        for name in ("ENTRYPOINT", "HEALTHCHECK")
    )
    command = [sys.executable, *entry[1:], *service["command"]]
    with started(command=command, PYTHONPATH=str(repository / "generated")) as (_, lines):
        port = re.findall(r":(\d+)/", lines[4])[0]
        check = [sys.executable, health[1], health[2].replace("8080", port)]
        assert subprocess.run(check, check=False, timeout=20).returncode == 0
        hosts = ("localhost:8080", "portal-mock:8080", "another:8080")
        assert [get(lines[4], Host=host).status_code for host in hosts] == [200, 200, 403]
    assert subprocess.run(check, check=False, timeout=20, stderr=subprocess.DEVNULL).returncode
