"""scripts/demo.py, run as a person runs it."""

from __future__ import annotations

import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from portal_v1.mock import MockPortal

from tests.scaffolding.witness import Witness, witness_before

KEY = "key-c4a1d0f2-for-this-test"
STEPS = 6

Demo: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def demo(repository: Path) -> Demo:
    """Runs the demo with the given settings in its environment."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "scripts/demo.py", *arguments],
            cwd=repository,
            env=environment(repository, **settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    return run


def environment(repository: Path, **settings: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(repository / "generated"),
        "PYTHONIOENCODING": "utf-8",
        **settings,
    }


@pytest.fixture
def witness() -> Iterator[Witness]:
    with (
        MockPortal(api_keys=[KEY]) as mock,
        mock.serve() as server,
        witness_before(server.url) as seen,
    ):
        yield seen


def test_with_nothing_set_it_runs_every_step_twice_on_the_embedded_mock(demo: Demo) -> None:
    run = demo()
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("Server: the embedded mock on http://127.0.0.1:")
    assert re.search(r"^Portal$.+^AsyncPortal$", run.stdout, re.MULTILINE | re.DOTALL)
    steps = re.findall(r"^  ok  (\S.*?)  +(\d+\.\d) ms$", run.stdout, re.MULTILINE)
    titles = [title for title, _ in steps]
    assert len(titles) == 2 * STEPS
    assert titles[:STEPS] == titles[STEPS:]
    assert run.stdout.count("AuthenticationError") == 2
    assert run.stdout.endswith("All 12 steps went as they should.\n")


def test_its_columns_are_aligned_and_it_uses_no_colour_outside_a_terminal(demo: Demo) -> None:
    out = demo().stdout
    ends = {len(line) for line in out.splitlines() if line.startswith("  ok  ")}
    assert len(ends) == 1
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize(("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_in_a_terminal(repository: Path, settings: dict[str, str], coloured: bool) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "scripts/demo.py"],
        cwd=repository,
        env=environment(repository, **{"TERM": "xterm", **settings}),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
    ):
        os.close(theirs)
        out = b"".join(iter(lambda: read_terminal(ours), b""))
    os.close(ours)
    assert b"All 12 steps went as they should." in out
    assert (b"\x1b[32mok\x1b[0m" in out) is coloured
    assert (b"\x1b" in out) is coloured


def read_terminal(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other side is closed
        return b""


def test_another_server_is_named_and_not_touched_before_it_is_confirmed(
    demo: Demo, witness: Witness
) -> None:
    with_password = witness.url.replace("http://", "http://someone:hunter2@")
    for settings in ({}, {"CONFIRM": ""}, {"CONFIRM": "yes"}):
        run = demo(PORTAL_BASE_URL=with_password, PORTAL_API_KEY=KEY, **settings)
        assert (run.returncode, run.stdout) == (2, "")
        assert f"would create two clients on {witness.url}," in run.stderr
        assert "make demo CONFIRM=1" in run.stderr
        assert "hunter2" not in run.stderr
        assert KEY not in run.stderr
    assert witness.passed == []


def test_a_confirmed_server_gets_two_clients_and_no_secret_is_shown(
    demo: Demo, witness: Witness, repository: Path
) -> None:
    run = demo(PORTAL_BASE_URL=witness.url, PORTAL_API_KEY=KEY, CONFIRM="1")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"Server: {witness.url}, where two clients are created\n")
    made = [body["id"] for method, path, status, body in witness.passed if status == 201]
    assert len(set(made)) == 2
    assert all(client_id in run.stdout for client_id in made)
    assert [status for _, _, status, _ in witness.passed].count(401) == 2

    secrets = witness.values_of(secret_names(repository))
    assert len(secrets) >= 8  # a key, two session tokens and an OTP for each of two clients
    assert [value for value in {*secrets, KEY} if value in run.stdout] == []


def secret_names(repository: Path) -> set[str]:
    document = yaml.safe_load((repository / "openapi/portal-v1.yaml").read_text())
    return {
        name
        for schema in document["components"]["schemas"].values()
        for name, field in schema["properties"].items()
        if field.get("format") == "password"
    }


@pytest.mark.parametrize(
    ("there", "missing"),
    [("PORTAL_API_KEY", "PORTAL_BASE_URL"), ("PORTAL_BASE_URL", "PORTAL_API_KEY")],
)
@pytest.mark.parametrize("empty", [True, False])
def test_half_the_settings_are_refused(
    demo: Demo, there: str, missing: str, *, empty: bool
) -> None:
    value = "http://127.0.0.1:9/api/v1"
    run = demo(**{there: value}, **({missing: ""} if empty else {}), CONFIRM="1")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(f"demo: {there} is set and {missing} is not.")


def test_what_is_no_url_is_refused_without_being_shown(demo: Demo) -> None:
    run = demo(PORTAL_BASE_URL="http://user:hunter2@[", PORTAL_API_KEY=KEY, CONFIRM="1")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "demo: PORTAL_BASE_URL is not a URL.\n"


def test_a_server_that_is_not_there(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening: refused, and nobody else's
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1"
        run = demo(PORTAL_BASE_URL=url, PORTAL_API_KEY=KEY, CONFIRM="1")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("demo: failed: could not create a client: ")
    assert "Traceback" not in run.stderr


def test_settings_that_the_client_refuses(demo: Demo) -> None:
    run = demo(PORTAL_BASE_URL="http://example.invalid/", PORTAL_API_KEY=KEY, CONFIRM="1")
    assert run.returncode == 1
    assert run.stderr.startswith("demo: failed: ")
    assert "https" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_server_that_takes_every_key_fails_the_demo(demo: Demo) -> None:
    with MockPortal() as mock, mock.serve() as server:
        run = demo(PORTAL_BASE_URL=server.url, PORTAL_API_KEY=KEY, CONFIRM="1")
    assert run.returncode == 1
    assert "could not be refused with an unknown key" in run.stderr


def other_client(method: str, path: str, body: Any) -> Any:
    is_get = method == "GET" and path.count("/") == 3
    return {**body, "id": "of-someone-else"} if is_get else body


def empty_list(method: str, path: str, body: Any) -> Any:
    return [] if isinstance(body, list) else body


def no_otp(method: str, path: str, body: Any) -> Any:
    return {"id": body["id"]} if path.endswith("/web-otp") else body


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_client, "could not get it: the answer is about 'of-someone-else', not "),
        (empty_list, "is 0 times among the 0 clients of the answer"),
        (no_otp, "could not generate its web one-time password: "),
    ],
)
def test_wrong_answers_are_noticed(
    demo: Demo, change: Callable[[str, str, Any], Any], said: str
) -> None:
    with (
        MockPortal(api_keys=[KEY]) as mock,
        mock.serve() as server,
        witness_before(server.url, change) as witness,
    ):
        run = demo(PORTAL_BASE_URL=witness.url, PORTAL_API_KEY=KEY, CONFIRM="1")
    assert run.returncode == 1
    assert said in run.stderr
    assert "should" not in run.stdout
    assert "Traceback" not in run.stderr


def test_help_says_what_it_does(demo: Demo) -> None:
    run = demo("--help", PORTAL_API_KEY=KEY)
    assert run.returncode == 0
    assert "CONFIRM=1" in run.stdout


def test_without_the_package_it_says_how_to_run_it(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "portal_v1.py").write_text("raise ImportError('No module named portal_v1')")
    run = subprocess.run(
        [sys.executable, "scripts/demo.py"],
        cwd=repository,
        env=environment(repository, PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stderr == (
        "demo: No module named portal_v1. `make demo` runs it where everything is installed.\n"
    )
