"""Packages of documents that are nothing like V1's: types, operations, the command line."""

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.generation._support import ROOT, exercise, run_python

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
    mypy += [f"--cache-dir={tmp_path}", str(tmp_path / "consumer.py"), *packages]
    run_python("-m", *mypy, cwd=other_packages)
    run_python("-m", "ruff", "check", "--no-cache", *packages, cwd=other_packages)


@pytest.mark.parametrize("name", ["library_api", "studio_api", "custodian_api"])
def test_every_operation_answers(other_packages: Path, name: str) -> None:
    exercise(other_packages / name)


def test_flags_take_enums_numbers_dates_and_lists(
    library: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    commands = importlib.import_module("library_api._cli.commands")
    mock = importlib.import_module("library_api.mock").MockCityLibrary()
    monkeypatch.setenv("CITY_LIBRARY_API_KEY", "a-key")
    flags = "--genre fiction --genre non-fiction --shelf-numbers 3 --published-after 1900-01-02 "
    flags += "--sort author --only-available --x-reader-priority 3"
    with mock, mock.serve() as server:
        monkeypatch.setenv("CITY_LIBRARY_BASE_URL", server.url)
        for line, code, sentence in (
            (f"list {flags}", 0, ""),
            ("list --genre crime", 2, 'Choose from: "children\'s", "fiction"'),
            ("list --published-after soon", 2, 'unable to convert "soon" into date'),
            ("get a-book", 2, 'unable to convert "a-book" into UUID'),
        ):
            monkeypatch.setattr(sys, "argv", ["program", "books", *line.split()])
            assert commands.run(library.CityLibrary) == code
            assert sentence in capfd.readouterr().err
        (call,) = mock.calls()
    query = "genre=fiction&genre=non-fiction&shelfNumbers=3&publishedAfter=1900-01-02"
    assert call.target == f"/v2/books?{query}&sort=author&onlyAvailable=true"
    assert call.request_headers["x-reader-priority"] == "3"
