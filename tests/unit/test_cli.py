"""The command line, in a process of its own where pipes, signals or a terminal are the point."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sample.__main__ import main
from sample.api import OPERATIONS
from sample.mock import FaultName, MockSample
from sample.models import CreatedParcel
from sample.types import UNSET, File, Unset

KEY = "cli-key-5d0c7a"
SAMPLE = Path(__file__).parents[2] / "build" / "tests" / "sample"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def mock(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockSample]:
    with MockSample(api_keys=[KEY]) as running, running.serve() as server:
        monkeypatch.setenv("SAMPLE_BASE_URL", server.url)
        monkeypatch.setenv("SAMPLE_API_KEY", KEY)
        yield running


@pytest.fixture
def parcel(mock: MockSample) -> CreatedParcel:
    return mock.client(KEY).parcels.create()


@pytest.fixture
def run(
    mock: MockSample, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    def run_main(*arguments: str, stdin: Any = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sample", *arguments])
        text = io.TextIOWrapper(io.BytesIO(stdin.encode())) if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", text)
        try:
            code = main()
        except SystemExit as ended:  # --help and --version
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        assert KEY not in out + err
        return code, out, err

    return run_main


def start(*arguments: str, package: Any = SAMPLE, **streams: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", package.name, *arguments]
    variables = {**os.environ, "PYTHONPATH": str(package.parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.Popen(command, env=variables, encoding="utf-8", **pipes)


def finish(program: subprocess.Popen[str]) -> tuple[int, str, str]:
    with program:
        out, err = program.communicate(timeout=20)
    return program.returncode, out, err


LIST = ("parcels", "list", "--output")


def test_each_operation_has_a_command_that_says_all_about_itself(run: Run) -> None:
    _, text, _ = run("--help")
    assert "\n  SAMPLE_API_KEY  the API key\n" in text
    assert "\n  141  the reader of the output closed the pipe" in text
    assert len(OPERATIONS) == 4
    for operation in OPERATIONS.values():
        command = operation.method_name.replace("_", "-")
        code, text, _ = run(operation.resource, command, "--help")
        assert code == 0
        assert f"{operation.id}: {operation.method} {operation.path}\n" in text
        assert "--output, -o CHOICE: How to print the result. [choices: table, json, " in text
    _, text, _ = run("parcels", "create", "--help")
    assert "  --is-express, --no-is-express: Whether it is in a hurry.\n" in text
    assert "Fields of the result: id, pickupCode (secret), labelToken (secret)" in text


def test_results_are_printed_as_asked_and_secrets_only_when_asked(
    run: Run, parcel: CreatedParcel
) -> None:
    width = len(parcel.id)
    table = f"{'id':{width}}  pickupCode  address  status\n{parcel.id}  ***\n"
    assert run(*LIST, "table") == (0, table, "")
    row = {"id": parcel.id, "pickupCode": "***", "address": None, "status": None}
    assert json.loads(run(*LIST, "json")[1]) == [row]
    assert json.loads(run(*LIST, "jsonl")[1]) == row
    csv = f"id,pickupCode,address,status\n{parcel.id},{parcel.pickup_code},,\n"
    assert run(*LIST, "csv", "--show-secrets") == (0, csv, "")
    found = run("parcels", "get", parcel.id, "-o", "json")[1]
    assert json.loads(found).items() >= {"pickupCode": "***", "isExpress": False}.items()
    _, found, _ = run("parcels", "get", parcel.id, "--show-secrets")
    assert f"pickupCode  {parcel.pickup_code}\n" in found


def test_flags_are_the_request(run: Run, mock: MockSample, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = ("--marks", "fragile", "--marks", "this side up", "--size", '{"height": 7}')
    run("parcels", "create", "--no-is-express", "--note", "Fragile", *marks)
    run("parcels", "create", "--size", "@-", stdin='{"height": 7}')
    run("parcels", "get", "--", "-1")
    operation = OPERATIONS["getParcel"]
    hidden = operation.parameters[0]._replace(secret=True)
    secret = {"getParcel": operation.replace(parameters=(hidden,))}
    monkeypatch.setattr("sample._cli.commands.OPERATIONS", secret)
    run("parcels", "get", "--parcel-id-file", "-", stdin="parcel-7\n")
    first, second, *found = mock.calls()
    size = {"size": {"height": 7}}
    own = {"isExpress": False, "note": "Fragile", "marks": ["fragile", "this side up"]}
    assert (first.request_body, second.request_body) == (own | size, size)
    assert [call.target for call in found] == ["/v1/parcels/-1", "/v1/parcels/parcel-7"]


def test_the_key_comes_from_the_environment_a_file_or_stdin(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAMPLE_API_KEY")
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    option = "--api-key-file"
    assert run(*LIST, "json", option, str(file)) == (0, "[]\n", "")
    assert run(*LIST, "json", option, "-", stdin=f"{KEY}\n") == (0, "[]\n", "")
    monkeypatch.setattr("getpass.getpass", lambda _: KEY)
    assert run(*LIST, "json", option, "-", stdin=Mock(isatty=lambda: True)) == (0, "[]\n", "")
    code, _, err = run("parcels", "list")
    assert (code, "no API key. Pass --api-key-file, or set SAMPLE_API_KEY" in err) == (3, True)
    monkeypatch.setenv("SAMPLE_API_KEY", "another")
    assert run("parcels", "list")[0] == 4


def test_what_goes_wrong_has_an_exit_code_and_a_sentence(run: Run, mock: MockSample) -> None:
    create = "parcels create --max-attempts 1"
    cases: list[tuple[FaultName | None, str, int, str]] = [
        (None, "parcels", 2, "Name one of these commands."),
        (None, "parcls list", 2, 'Unknown command "parcls". Did you mean "parcels"?'),
        (None, "parcels list a b", 2, "2 arguments too many."),
        (None, "parcels get", 2, "--parcel-id requires an argument"),
        (None, "parcels get ..", 2, "which would lead to another path"),
        (None, "parcels list --output yaml", 2, 'Choose from: "table", "json", "jsonl", "csv".'),
        (None, "parcels create --is-express=maybe", 2, 'unable to convert "maybe" into bool'),
        (None, "parcels create --size {", 2, "Expecting property name"),
        (None, "parcels list --timeout 0", 3, "--timeout is a number of seconds, over 0"),
        (None, "parcels list --max-attempts 0", 3, "--max-attempts is a whole number from 1"),
        (None, f"parcels list --api-key={KEY}", 2, "A key is never taken from an argument"),
        (None, f"parcels list --api-key {KEY}", 2, "A key is never taken from an argument"),
        (None, f"parcels list {KEY}", 2, "1 argument too many."),
        (None, f"parcels list --api-key-file {KEY}", 3, "The file cannot be read: No such file"),
        (None, "parcels list --api-key-file -", 3, "The file with the secret is empty."),
        ("server_error", create, 5, "the server answered 503"),
        ("rate_limited", create, 5, "429 Too Many Requests"),
        ("reset_after_reading", create, 5, "look before you call again"),
        ("malformed_json", create, 6, "the body is not"),
        ("malformed_json", f"{create} --show-secrets", 6, '"pickupCode"'),
    ]
    for fault, arguments, code, sentence in cases:
        with mock.fault(fault, "createParcel") if fault else contextlib.nullcontext():
            returned, out, err = run(*arguments.split())
        assert out == "" or arguments == "parcels"
        assert (returned, "pickupCode" in err) == (code, "--show-secrets" in arguments)
        assert "\nerror: " in f"\n{err}"
        assert sentence in err


def test_results_of_other_kinds(
    run: Run, parcel: CreatedParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get(self: Any, parcel_id: str, *, label: File | Unset = UNSET) -> Any:
        return {"file": label, "list": [parcel], "nothing": None}[parcel_id]

    monkeypatch.setattr("sample.resources.ParcelsResource.get", get)
    assert run("parcels", "get", "file", "--label", "-", stdin="printed") == (0, "printed", "")
    assert run("parcels", "get", "nothing") == (0, "", "")
    _, out, _ = run("parcels", "get", "list", "-o", "json")
    assert json.loads(out)[0]["pickupCode"] == "***"


def test_without_the_extra_it_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("sample._cli")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cyclopts", None)
    code, out, err = run("parcels", "list")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "pip install 'sample[cli]'" in err


@pytest.mark.parametrize(("reason", "code"), [("| head -1", 141), ("Ctrl-C", 130)])
def test_it_ends_well_in_the_middle_of_a_list(
    mock: MockSample, parcel: CreatedParcel, reason: str, code: int
) -> None:
    # The first line is there while the rest is still to come.
    with mock.fault("dripping_body", "listParcels", piece=20, seconds=0.2):
        program = start(*LIST, "csv")
        assert program.stdout
        assert program.stdout.readline() == "id,pickupCode,address,status\n"
        program.send_signal(signal.SIGINT) if reason == "Ctrl-C" else program.stdout.close()
        told = "error: Interrupted. What was sent may have been done.\n" * (reason == "Ctrl-C")
        assert finish(program) == (code, "", told)


def test_narrow_encodings_lose_nothing(
    run: Run, mock: MockSample, parcel: CreatedParcel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for encoding, form, told in (
        ("ascii", "jsonl", '"Stra\\u00dfe\\u2713": "***"'),
        ("cp437", "table", "Straße\\u2713     ***\n"),
    ):
        printed = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding))
        with mock.fault("extra_field", "getParcel", path="$.Straße✓"):
            assert run("parcels", "get", parcel.id, "--output", form) == (0, "", "")
        assert told in printed.getvalue().decode(encoding)


def test_what_cannot_be_written_is_told(mock: MockSample) -> None:
    with Path("/dev/full").open("w") as full:
        code, _, err = finish(start(*LIST, "json", stdout=full))
    assert (code, err.startswith("error: The output cannot be written: ")) == (1, True)


@pytest.mark.parametrize("streams", [["stderr"], ["stdout", "stderr"]])
def test_a_terminal_gets_a_progress_bar(
    parcel: CreatedParcel, streams: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    program = start(*LIST, "jsonl", **dict.fromkeys(streams, theirs))
    os.close(theirs)
    _, out, _ = finish(program)
    shown = b""
    with contextlib.suppress(OSError):  # Linux says so where the other end is closed.
        while chunk := os.read(ours, 65536):
            shown += chunk
    os.close(ours)
    assert parcel.id in (out or shown.decode())
    assert b"1/?" in shown
    assert b"received" in shown


def test_a_shell_completes_commands_and_flags(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    code, out, _ = run("--install-completion", "--shell", "bash")
    assert code == 0
    (script,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert str(script) in out
    words = "COMP_WORDS=(sample parcels get --o); COMP_CWORD=3"
    ask = f"source {script}; {words}; _sample; echo ${{COMPREPLY[@]}}"
    shell = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert shell.stdout.split() == ["--output"]


def test_a_copy_runs_under_any_name(mock: MockSample, tmp_path: Path) -> None:
    (package := tmp_path / "any_name").symlink_to(SAMPLE)
    assert finish(start(*LIST, "json", package=package)) == (0, "[]\n", "")
    _, out, _ = finish(start("parcels", package=package))
    assert out.startswith("Usage: python -m any_name parcels COMMAND\n")
