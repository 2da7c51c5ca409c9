"""The command line of documents with enums, dates, arrays, files and whole bodies."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests.generation._server import Server

BOOK = "5b0f8d4e-7c1c-4a53-9d55-0f5f5e2b7a11"
FOLDER = {"name": "a", "children": [], "counts": {}, "extra": {}}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    def run_command(
        package: ModuleType, client: str, server: Server, *arguments: str
    ) -> tuple[int, str, str]:
        base: Any = getattr(package, client)

        class Client(base):  # type: ignore[misc]  # a base that is chosen when it runs
            def __init__(self, key: str | None) -> None:
                transport = httpx.MockTransport(server.answer)
                super().__init__(key or "a-key", http_client=httpx.Client(transport=transport))

        monkeypatch.setattr(sys, "argv", ["program", *arguments])
        commands = importlib.import_module(f"{package.__name__}._cli.commands")
        return commands.run(Client), *capfd.readouterr()

    return run_command


def test_flags_take_enums_numbers_dates_and_lists(run: Run, library: ModuleType) -> None:
    server = Server(200, {"number": 1, "of": 1, "next": None, "items": []})
    flags = "--genre fiction --genre non-fiction --shelf-numbers 3 --published-after 1900-01-02 "
    flags += "--sort author --only-available --x-reader-priority 3"
    code, out, err = run(library, "CityLibrary", server, "books", "list", *flags.split())
    assert (err, code, out[:6]) == ("", 0, "number")
    assert server.request.url.params.multi_items() == [
        *(("genre", "fiction"), ("genre", "non-fiction"), ("shelfNumbers", "3")),
        *(("publishedAfter", "1900-01-02"), ("sort", "author"), ("onlyAvailable", "true")),
    ]
    assert server.request.headers["X-Reader-Priority"] == "3"
    for wrong, sentence in (
        (("list", "--genre", "crime"), 'Choose from: "children\'s", "fiction"'),
        (("list", "--published-after", "soon"), 'unable to convert "soon" into date'),
        (("get", "a-book"), 'unable to convert "a-book" into UUID'),
    ):
        code, _, err = run(library, "CityLibrary", server, "books", *wrong)
        assert (code, sentence in err) == (2, True), err
    code, out, err = run(
        library, "CityLibrary", Server(204), *f"books remove {BOOK} --reason worn".split()
    )
    assert (code, out, err) == (0, "", "")


def test_a_body_is_json_or_a_file(run: Run, studio: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "body"
    session = {"grant": "password", "user": "a", "secretWord": "b"}
    file.write_text(json.dumps(session))
    server = Server(200, {"accessToken": "t0ken", "until": "2024-01-01T00:00:00Z"})
    for body in (json.dumps(session), f"@{file}"):
        code, out, err = run(
            studio, "MediaStudio", server, "sessions", "open", "-o", "jsonl", "--body", body
        )
        assert (code, json.loads(out)["accessToken"], err) == (0, "***", "")
        assert b"secretWord=b" in server.body
    for body, sentence in (("{", "Expecting property name"), ("{}", "$.grant has to be")):
        code, _, err = run(studio, "MediaStudio", server, "sessions", "open", "--body", body)
        assert (code, sentence in err) == (2, True), err
    server = Server(204)
    run(studio, "MediaStudio", server, "files", "replace", "f1", "--body", str(file))
    assert server.body == file.read_bytes()
    code, _, err = run(studio, "MediaStudio", server, "files", "replace", "f1", "--body", "none")
    assert (code, err) == (3, "error: The file cannot be read: No such file or directory.\n")


def test_files_text_and_nested_models_are_printed(run: Run, studio: ModuleType) -> None:
    server = Server(200, content=b"\x00bytes", kind="application/octet-stream")
    assert run(studio, "MediaStudio", server, "files", "download", "f1")[1] == "\x00bytes"
    server = Server(200, content=b"A caption", kind="text/plain")
    assert run(studio, "MediaStudio", server, "files", "get-caption", "f1")[1] == "A caption\n"
    server = Server(200, {**FOLDER, "children": [FOLDER]})
    _, out, _ = run(studio, "MediaStudio", server, *["folders", "get", "a", "--depth", "all"])
    assert f"children  {json.dumps([FOLDER])}\n" in out
    assert server.target.endswith("/folders/a?depth=all")
