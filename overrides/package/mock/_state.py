"""What the mock remembers: custodians, clients, sessions and one-time passwords, in SQLite.

Rows are numbered from 1 within their table; the number of a row gives its identifiers (see
`_identifiers`), and its place in a list. Nothing is ever renumbered.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from os import PathLike, fspath
from typing import NamedTuple

from ._errors import StateError
from ._identifiers import Identifiers

_APPLICATION_ID = 0x506D6F63  # marks a database file as one of the mock's
_VERSION = 1
_BATCH = 1000
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
_CLIENT = (
    "SELECT number, id, api_key, is_account_abstracted, address, backup_status, signing_status "
    "FROM client "
)

Clock = Callable[[], float]


class Client(NamedTuple):
    """A client as the state knows it."""

    number: int
    id: str
    api_key: str
    is_account_abstracted: bool
    address: str | None
    backup_status: str | None
    signing_status: str | None


class State:
    """The mock's memory. Every method may be called from any thread.

    Args:
        path: The database file, made where there is none; None keeps everything in memory.
        seed: What ids, keys and tokens follow from.
        clock: Gives the time in seconds since 1970.

    Raises:
        StateError: The file cannot be opened, is damaged, or is not the mock's.
    """

    def __init__(self, path: str | PathLike[str] | None, *, seed: int, clock: Clock) -> None:
        self._identifiers = Identifiers(seed)
        self._clock = clock
        self._lock = threading.RLock()
        self._custodians: dict[bytes, int] = {}
        self._connection = _connect(":memory:" if path is None else fspath(path))
        # A mock that is simply dropped closes its file all the same.
        self._closing = weakref.finalize(self, self._connection.close)

    def close(self) -> None:
        """Close the database. The state is not to be used afterwards."""
        with self._lock:
            self._closing()

    def custodian(self, key: str) -> int:
        """The number of the custodian whose API key this is; a new key makes a new one."""
        digest = sha256(key.encode("utf-8", "surrogatepass")).digest()
        number = self._custodians.get(digest)
        if number is None:
            with self._writing() as connection:
                connection.execute(
                    "INSERT OR IGNORE INTO custodian (key_digest) VALUES (?)", (digest,)
                )
                (number,) = connection.execute(
                    "SELECT number FROM custodian WHERE key_digest = ?", (digest,)
                ).fetchone()
            self._custodians[digest] = number
        return number

    def create_client(self, custodian: int, *, is_account_abstracted: bool) -> tuple[Client, str]:
        """Add a client. Gives it back with the token of its first session."""
        with self._writing() as connection:
            number = _next(connection, "client")
            client = Client(
                number=number,
                id=self._identifiers.client_id(number),
                api_key=self._identifiers.client_api_key(number),
                is_account_abstracted=is_account_abstracted,
                address=None,
                backup_status=None,
                signing_status=None,
            )
            connection.execute(
                "INSERT INTO client (number, custodian, id, api_key, is_account_abstracted, "
                "created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    number,
                    custodian,
                    client.id,
                    client.api_key,
                    is_account_abstracted,
                    self._clock(),
                ),
            )
            return client, self._add_session(connection, number)

    def client(self, custodian: int, client_id: str) -> Client | None:
        """The custodian's client of that id; None where it has none."""
        try:
            with self._lock:
                row = self._connection.execute(
                    _CLIENT + "WHERE id = ? AND custodian = ?", (client_id, custodian)
                ).fetchone()
        except UnicodeEncodeError:  # half a surrogate pair is nobody's id
            return None
        return None if row is None else _client(row)

    def clients(self, custodian: int) -> Iterator[Client]:
        """The custodian's clients, oldest first, read in batches as they are asked for.

        Clients that are added meanwhile may be among them.
        """
        last = 0
        while True:
            with self._lock:
                rows = self._connection.execute(
                    _CLIENT + "WHERE custodian = ? AND number > ? ORDER BY number LIMIT ?",
                    (custodian, last, _BATCH),
                ).fetchall()
            yield from map(_client, rows)
            if len(rows) < _BATCH:
                return
            last = rows[-1][0]

    def create_session(self, client: Client) -> str:
        """Open a session of the client. Gives its token."""
        with self._writing() as connection:
            return self._add_session(connection, client.number)

    def create_otp(self, client: Client) -> str:
        """Make a one-time password for the client. Gives it."""
        with self._writing() as connection:
            number = _next(connection, "otp")
            otp = self._identifiers.otp(number)
            connection.execute(
                "INSERT INTO otp (number, otp, client, created_at) VALUES (?, ?, ?, ?)",
                (number, otp, client.number, self._clock()),
            )
            return otp

    def _add_session(self, connection: sqlite3.Connection, client: int) -> str:
        number = _next(connection, "session")
        token = self._identifiers.session_token(number)
        now = self._clock()
        connection.execute(
            "INSERT INTO session (number, token, client, created_at, used_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (number, token, client, now, now),
        )
        return token

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection, None, None]:
        with self._lock, _transaction(self._connection):
            yield self._connection


def _client(row: tuple[int, str, str, int, str | None, str | None, str | None]) -> Client:
    number, client_id, api_key, abstracted, *rest = row
    return Client(number, client_id, api_key, bool(abstracted), *rest)


def _next(connection: sqlite3.Connection, table: str) -> int:
    query = f"SELECT coalesce(max(number), 0) + 1 FROM {table}"  # noqa: S608 - one of our names
    (number,) = connection.execute(query).fetchone()
    return int(number)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _connect(path: str) -> sqlite3.Connection:
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
        with _transaction(connection):
            if not _is_ours(connection, path):
                _create(connection)
        # WAL with synchronous=NORMAL: what was committed outlives the process being killed.
        # Only the power failing can take the last commits, and can never damage the file.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
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
