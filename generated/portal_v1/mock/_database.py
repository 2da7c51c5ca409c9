# Edited in overrides/package/mock/_database.py, from where `make generate` copies it.
"""The mock's SQLite database: opened, made where there is none, copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from ._errors import StateError

_APPLICATION_ID = 0x506D6F63  # marks a database file as one of the mock's
_VERSION = 1
_BUSY_SECONDS = 10.0
_TABLES = """
CREATE TABLE custodian (
    number INTEGER PRIMARY KEY,
    key_digest BLOB NOT NULL UNIQUE
);
CREATE TABLE client (
    number INTEGER PRIMARY KEY,
    custodian INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    api_key TEXT NOT NULL,
    is_account_abstracted INTEGER NOT NULL,
    address TEXT,
    backup_status TEXT,
    signing_status TEXT,
    created_at REAL NOT NULL
);
CREATE INDEX clients_of_custodian ON client (custodian, number);
CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    client INTEGER NOT NULL,
    created_at REAL NOT NULL,
    used_at REAL NOT NULL
);
CREATE TABLE otp (
    number INTEGER PRIMARY KEY,
    otp TEXT NOT NULL UNIQUE,
    client INTEGER NOT NULL,
    created_at REAL NOT NULL,
    used_at REAL
);
"""

MEMORY = ":memory:"


@contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """A transaction that writes: kept where the block is left as it should be, else undone."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def connect(path: str) -> sqlite3.Connection:
    """Open the database of a file, or `MEMORY`.

    Raises:
        StateError: The file cannot be opened, is damaged, or is not the mock's.
    """
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise StateError(
            f"The database file {path} cannot be opened ({error}). Is its folder there, and may "
            "it be written?"
        ) from None
    try:
        with transaction(connection):
            if not _is_ours(connection, path):
                _create(connection)
        # WAL with synchronous=NORMAL: what was committed outlives the process being killed.
        # Only the power failing can take the last commits, and can never damage the file.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0] if path != MEMORY else ""
        if damage not in ("", "ok"):
            raise sqlite3.DatabaseError(f"it is damaged: {damage}")
    except StateError:
        connection.close()
        raise
    except sqlite3.Error as error:
        connection.close()
        raise StateError(
            f"The file {path} cannot be used as the mock's database ({error}). "
            "Name another file, or one that does not exist yet."
        ) from None
    return connection


def _is_ours(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the database is the mock's; False for an empty one."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if mark == 0 and version == 0 and tables == 0:
        return False
    if mark != _APPLICATION_ID:
        raise StateError(
            f"The database {path} belongs to another program. Name another file, or one that "
            "does not exist yet."
        )
    if version != _VERSION:
        raise StateError(
            f"The database {path} is of version {version}; this mock reads version {_VERSION}. "
            "Name another file, or use the version of the package that wrote it."
        )
    return True


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {_VERSION}")


@contextmanager
def room_for_indexes(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """More memory for as long as very much is written in no order."""
    connection.execute("PRAGMA cache_size = -131072")
    try:
        yield
    finally:
        connection.execute("PRAGMA cache_size = -2000")


def copied_out(connection: sqlite3.Connection) -> bytes:
    """The whole database as bytes."""
    copy = sqlite3.connect(MEMORY)
    try:
        connection.backup(copy)
        content = copy.serialize()
    finally:
        copy.close()
    # These two bytes say that a log belongs to the database. In memory there is none, and
    # SQLite would refuse to open it.
    return content[:18] + b"\x01\x01" + content[20:]


def copied_in(connection: sqlite3.Connection, content: bytes) -> None:
    """Put what `copied_out` gave in place of everything."""
    copy = sqlite3.connect(MEMORY)
    try:
        copy.deserialize(content)
        copy.backup(connection)
    finally:
        copy.close()
