"""Packages of documents that are nothing like V1's: types, operations, the command line."""

from __future__ import annotations

import importlib
import subprocess
import sys
from functools import partialmethod
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from tests.generation._server import Server
from tests.generation._support import ROOT, run_exercise

CONSUMER = """
from library_api import CityLibrary
from library_api.models import Book, Genre, NewBook
from uuid import UUID

def use(library: CityLibrary, book: Book, new: NewBook) -> None:
    library.books.get(UUID(int=1))  # type: ignore[deprecated]
    book.language  # type: ignore[deprecated]
    new.language = "en"  # type: ignore[deprecated]
    NewBook("Emil", [], Genre.FICTION, language="en").title
    library.members_area.list_loans_of(7, sort="id")
"""


def test_they_are_clean_and_show_deprecations(other_packages: Path, tmp_path: Path) -> None:
    (other_packages.parent / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "consumer.py").write_text(CONSUMER)
    packages = [path.name for path in other_packages.iterdir()]
    mypy = ["mypy", "--strict", "--enable-error-code=deprecated", "--config-file="]
    mypy += [f"--cache-dir={tmp_path}", str(tmp_path / "consumer.py")]
    mypy += [str(path) for path in other_packages.iterdir()]
    ruff = ["ruff", "check", "--no-cache", "--output-format=concise", *packages]
    for command in (mypy, ruff):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=other_packages,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr


@pytest.mark.parametrize("name", ["library_api", "studio_api", "custodian_api"])
def test_every_operation_answers(other_packages: Path, name: str) -> None:
    assert run_exercise(other_packages / name) == {}


def test_a_mock_remembers_without_being_told(custodian: ModuleType) -> None:
    mock_class = importlib.import_module("custodian_api.mock").MockVaultCustodian
    with mock_class() as mock, mock.client() as vault, mock.client("another") as other:
        made = vault.clients.create(is_account_abstracted=True)
        assert vault.clients.get(made.id).is_account_abstracted is True
        assert [one.id for one in vault.clients.list().results] == [made.id]
        tokens = [vault.clients.create_session(made.id).client_session_token for _ in range(2)]
        assert len({made.client_api_key, *tokens}) == 3
        assert mock.redeem_otp(vault.clients.get_web_otp(made.id).otp) == made.id
        assert vault.clients.update(made.id, is_active=False).is_active is False
        vault.clients.delete(made.id)
        for client in (vault, other):
            with pytest.raises(custodian.APIStatusError):
                client.clients.get(made.id)


def test_flags_take_enums_numbers_dates_and_lists(
    library: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    server = Server(200, {"number": 1, "of": 1, "next": None, "items": []})
    commands = importlib.import_module("library_api._cli.commands")
    start = partialmethod(
        library.CityLibrary.__init__, http_client=httpx.Client(transport=server.transport)
    )
    client_class = type("Client", (library.CityLibrary,), {"__init__": start})
    monkeypatch.setenv("CITY_LIBRARY_API_KEY", "a-key")

    def run(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["program", *line.split()])
        return commands.run(client_class), *capfd.readouterr()

    flags = "--genre fiction --genre non-fiction --shelf-numbers 3 --published-after 1900-01-02 "
    flags += "--sort author --only-available --x-reader-priority 3"
    code, out, err = run(f"books list {flags}")
    assert (err, code, out[:6]) == ("", 0, "number")
    assert server.target.partition("?")[2] == (
        "genre=fiction&genre=non-fiction&shelfNumbers=3&publishedAfter=1900-01-02&sort=author"
        "&onlyAvailable=true"
    )
    assert server.request.headers["X-Reader-Priority"] == "3"
    for wrong, sentence in (
        ("list --genre crime", 'Choose from: "children\'s", "fiction"'),
        ("list --published-after soon", 'unable to convert "soon" into date'),
        ("get a-book", 'unable to convert "a-book" into UUID'),
    ):
        code, _, err = run(f"books {wrong}")
        assert (code, sentence in err) == (2, True), err
