"""make demo: what it runs, where it stops, and that it shows no secret."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import demo
import httpx
import pytest
from portal_v1 import ConfigurationError
from portal_v1.mock import MockPortal

from tests.gateway import Gateway, reply

KEY = "key-c4a1d0f2-for-this-test"
Demo = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Demo:
    """Runs the demo with the given settings in its environment."""
    monkeypatch.setattr(sys, "argv", ["demo.py"])

    def run_with(url: str = "", key: str = KEY, confirm: str = "1") -> tuple[int, str, str]:
        settings = {"PORTAL_BASE_URL": url, "PORTAL_API_KEY": key, "CONFIRM": confirm}
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return demo.main(), *capsys.readouterr()

    return run_with


def test_with_nothing_set_it_runs_every_step_on_the_embedded_mock(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "scripts/demo.py"],
        cwd=repository,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "HTTP_PROXY": "http://127.0.0.1:1"},
        capture_output=True,
        encoding="ascii",
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Server: the embedded mock on http://127.0.0.1:")
    rounds = done.stdout.split("\nAsyncPortal\n")
    for steps in (re.findall(r"^  ok  (.*)$", one, re.MULTILINE) for one in rounds):
        assert steps == [
            *("create a client", "get it", "find it in the list", "refresh its session"),
            *("generate its web OTP", "be refused with an unknown key"),
        ]
    assert done.stdout.endswith("\nAll steps went as they should.\n")
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_nobody_reads_what_it_prints(repository: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-W", "error", "scripts/demo.py"]
    done = subprocess.run(
        command, cwd=repository, stdout=write, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_another_server_is_not_touched_before_it_is_confirmed_and_no_secret_is_shown(
    run: Demo,
) -> None:
    with MockPortal(api_keys=[KEY]) as mock, Gateway(mock.serve().url).running() as server:
        status, out, err = run(server.url, confirm="yes")
        assert (status, out, server.answers) == (2, "", [])
        assert f"would create two clients on {server.url}," in err
        assert "make demo CONFIRM=1" in err
        status, out, err = run(server.url)
    assert (status, err) == (0, "")
    assert out.startswith(f"Server: {server.url}, where two clients are created\n")
    assert [answer.status_code for answer in server.answers].count(201) == 2
    secrets = server.values_of("clientApiKey", "clientSessionToken", "otp")
    assert len(secrets) >= 8  # a key, two session tokens and an OTP for each of two clients
    assert [value for value in {*secrets, KEY} if value in out] == []


def test_settings_that_leave_the_server_open(run: Demo) -> None:
    for url, key, said in [
        ("", KEY, "Only one of PORTAL_BASE_URL and PORTAL_API_KEY is set."),
        ("https://a.example", "", "Only one of PORTAL_BASE_URL and"),
        ("http://user:hunter2@127.0.0.1", KEY, "PORTAL_BASE_URL"),
    ]:
        status, out, err = run(url, key)
        assert (status, out, err.startswith(f"demo: {said}")) == (2, "", True)
        assert "hunter2" not in err


@pytest.mark.parametrize(
    ("request_line", "value", "said"),
    [
        (r"GET /.*/clients/[^/]+", {}, "failed: getClient "),
        (r"GET /.*/clients", [], "times among the 0 clients"),
        (r"GET /.*/web-otp", {"id": "c1"}, "failed: generateClientWebOtp "),
        ("", None, "failed: the server answered an unknown key as if it knew it"),
    ],
)
def test_wrong_answers_are_noticed(run: Demo, request_line: str, value: Any, said: str) -> None:
    def alter(answer: httpx.Response) -> httpx.Response:
        told = f"{answer.request.method} {answer.request.url.path}"
        return reply(200, value) if re.fullmatch(request_line, told) else answer

    keys = [KEY] if request_line else None
    with MockPortal(api_keys=keys) as mock, Gateway(mock.serve().url, alter).running() as server:
        status, out, err = run(server.url)
    assert (status, said in err, "should" in out) == (1, True, False)


def test_a_package_of_another_document_is_told(run: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its clients and its family of errors have names of their own.
    named = SimpleNamespace(ConfigurationError=ConfigurationError)
    monkeypatch.setattr(demo, "portal_v1", named)
    status, _, err = run(key="")
    assert (status, "attribute" in err) == (1, True)
    assert ". It makes the five calls of V1: where openapi/ has others, edit" in err
