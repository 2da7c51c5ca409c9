from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from portal_v1.mock import MockPortal, StateError

from tests.mock._support import ask

CLIENTS = "/api/v1/custodians/clients"


def test_a_file_outlives_the_mock(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with MockPortal(db=path) as first:
        before = [ask(first, "POST", CLIENTS, b"{}").json["id"] for _ in range(3)]
    with MockPortal(db=path) as second:
        after = ask(second, "POST", CLIENTS, b"{}").json["id"]
        listed = [one["id"] for one in ask(second, "GET", CLIENTS).json]
    assert listed == [*before, after]
    assert len(set(listed)) == 4


def test_two_mocks_on_one_file_agree(tmp_path: Path) -> None:
    path = str(tmp_path / "state.db")
    with MockPortal(db=path) as one, MockPortal(db=path) as other:
        ids = [ask(mock, "POST", CLIENTS, b"{}").json["id"] for mock in (one, other, one)]
        for mock in (one, other):
            assert [client["id"] for client in ask(mock, "GET", CLIENTS).json] == ids


def test_keys_are_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with MockPortal(db=path) as mock:
        headers = [("authorization", "Bearer canary-key")]
        assert ask(mock, "GET", CLIENTS, headers=headers).status == 200
    assert b"canary-key" not in path.read_bytes()


def test_the_clock_is_the_one_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with MockPortal(db=path, clock=lambda: 86_400.0) as mock:
        client_id = ask(mock, "POST", CLIENTS, b"{}").json["id"]
        ask(mock, "GET", f"{CLIENTS}/{client_id}/web-otp")
    connection = sqlite3.connect(path)
    try:
        for table in ("client", "session", "otp"):
            rows = connection.execute(f"SELECT created_at FROM {table}").fetchall()  # noqa: S608
            assert rows == [(86_400.0,)]
    finally:
        connection.close()


def other_program(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()


def other_version(path: Path) -> None:
    MockPortal(db=path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def text(path: Path) -> None:
    path.write_text("To whom it may concern: " * 100)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (other_program, "belongs to another program"),
        (other_version, "is of version 99"),
        (text, "not a database"),
        (Path.mkdir, "cannot be opened"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_is_left_alone(
    tmp_path: Path, make: object, expected: str
) -> None:
    path = tmp_path / "state.db"
    assert callable(make)
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StateError) as caught:
        MockPortal(db=path)
    assert expected in str(caught.value)
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="folder"):
        MockPortal(db=tmp_path / "none" / "state.db")
