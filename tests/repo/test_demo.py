"""scripts/demo.py, run as a person runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from portal_v1.mock import MockPortal

from tests.repo._forwarding import Answer, forwarding

KEY = "key-c4a1d0f2-for-this-test"
Demo = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def demo(repository: Path) -> Demo:
    """Runs the demo with the given settings in its environment."""

    def run(**settings: str) -> subprocess.CompletedProcess[str]:
        paths = {"PYTHONPATH": str(repository / "generated"), "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [sys.executable, "-W", "error", "scripts/demo.py"],
            cwd=repository,
            env={**os.environ, **paths, **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding=settings.get("PYTHONIOENCODING", "utf-8"),
            check=False,
            timeout=60,
        )

    return run


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp932"])
def test_with_nothing_set_it_runs_every_step_on_the_embedded_mock(
    demo: Demo, encoding: str
) -> None:
    proxies = {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}
    run = demo(PYTHONIOENCODING=encoding, **proxies)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("Server: the embedded mock on http://127.0.0.1:")
    sync, asynchronous = (
        re.findall(r"^  ok  (\S.*?)  +\d+\.\d ms$", part, re.MULTILINE)
        for part in run.stdout.split("\nAsyncPortal\n")
    )
    assert asynchronous[2] == "find it in the list of 2"
    assert sync[3:] == [*asynchronous[3:], "be refused with an unknown key"]
    assert run.stdout.endswith("\nAll steps went as they should.\n")
    assert max(map(len, run.stdout.splitlines())) <= 100


def test_another_server_is_not_touched_before_it_is_confirmed_and_no_secret_is_shown(
    demo: Demo,
) -> None:
    with MockPortal(api_keys=[KEY]) as mock, forwarding(mock.serve().url) as server:
        with_password = server.url.replace("http://", "http://someone:hunter2@")
        for confirm in ("", "yes"):
            run = demo(PORTAL_BASE_URL=with_password, PORTAL_API_KEY=KEY, CONFIRM=confirm)
            assert (run.returncode, run.stdout, server.requests) == (2, "", [])
            assert f"would create two clients on {server.url}," in run.stderr
            assert "make demo CONFIRM=1" in run.stderr
            assert "hunter2" not in run.stderr
        run = demo(PORTAL_BASE_URL=server.url, PORTAL_API_KEY=KEY, CONFIRM="1")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"Server: {server.url}, where two clients are created\n")
    assert [answer.status for answer in server.answers].count(201) == 2
    secrets = server.values_of("clientApiKey", "clientSessionToken", "otp")
    assert len(secrets) >= 8  # a key, two session tokens and an OTP for each of two clients
    assert [value for value in {*secrets, KEY} if value in run.stdout] == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORTAL_API_KEY": KEY}, "Only one of PORTAL_BASE_URL and PORTAL_API_KEY is set."),
        ({"PORTAL_BASE_URL": "https://a.example"}, "Only one of PORTAL_BASE_URL and"),
        (
            {"PORTAL_BASE_URL": "http://user:hunter2@[", "PORTAL_API_KEY": KEY},
            "PORTAL_BASE_URL is not a URL.",
        ),
    ],
)
def test_settings_that_leave_the_server_open(
    demo: Demo, settings: dict[str, str], said: str
) -> None:
    run = demo(**{"PORTAL_API_KEY": "", "PORTAL_BASE_URL": "", **settings}, CONFIRM="1")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"demo: {said}")
    assert "hunter2" not in run.stderr


def other_client(body: Any) -> Any:
    return {**body, "id": "of-someone-else"} if isinstance(body, dict) else body


@pytest.mark.parametrize(
    ("request_line", "change", "said"),
    [
        (r"GET /.*/clients/[^/]+", other_client, "failed: getClient "),
        (r"GET /.*/clients", lambda _: [], "times among the 0 clients"),
        (r"GET /.*/web-otp", lambda body: {"id": body["id"]}, "failed: generateClientWebOtp "),
        (None, None, "failed: the server answered an unknown key as if it knew it"),
    ],
)
def test_wrong_answers_are_noticed(
    demo: Demo, request_line: str | None, change: Callable[[Any], Any], said: str
) -> None:
    def alter(method: str, path: str, answer: Answer) -> Answer:
        fits = request_line and re.fullmatch(request_line, f"{method} {path}")
        return answer.with_json(change) if fits else answer

    keys = [KEY] if request_line else None
    with MockPortal(api_keys=keys) as mock, forwarding(mock.serve().url, alter) as server:
        run = demo(PORTAL_BASE_URL=server.url, PORTAL_API_KEY=KEY, CONFIRM="1")
    assert run.returncode == 1
    assert said in run.stderr
    assert "should" not in run.stdout
    assert "Traceback" not in run.stderr
