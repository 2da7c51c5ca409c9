# Edited in overrides/package/mock/_state.py, from where `make generate` copies it.
"""What the mock remembers: custodians, clients, sessions and one-time passwords, in SQLite.

Rows are numbered from 1 within their table; the number of a row gives its identifiers (see
`_identifiers`), and its place in a list. Nothing is ever renumbered.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from os import PathLike, fspath
from typing import NamedTuple

from ._database import MEMORY, connect, copied_in, copied_out, room_for_indexes, transaction
from ._identifiers import Identifiers
from ._locks import make_lock

_BATCH = 1000
SESSION_SECONDS = 7 * 86_400.0  # a session lapses, used or not
IDLE_SECONDS = 86_400.0  # and earlier where it is not used
_WALLET = ("STORED_CLIENT_BACKUP_SHARE", "STORED_CLIENT")
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
        self._lock = make_lock()
        self._custodians: dict[bytes, int] = {}
        self._connection = connect(MEMORY if path is None else fspath(path))
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

    def redeem_otp(self, otp: str) -> str | None:
        """Use a one-time password up. Gives its client's id; None where it is none, or used."""
        with self._writing() as connection:
            row = connection.execute(
                "UPDATE otp SET used_at = ? WHERE otp = ? AND used_at IS NULL RETURNING client",
                (self._clock(), otp),
            ).fetchone()
            if row is None:
                return None
            (client_id,) = connection.execute(
                "SELECT id FROM client WHERE number = ?", row
            ).fetchone()
            return str(client_id)

    def session_is_live(self, token: str, *, use: bool) -> bool:
        """Whether a session has not lapsed. `use` counts as one, and keeps it alive for longer."""
        with self._writing() as connection:
            now = self._clock()
            row = connection.execute(
                "SELECT created_at, used_at FROM session WHERE token = ?", (token,)
            ).fetchone()
            if row is None or now - row[0] >= SESSION_SECONDS or now - row[1] >= IDLE_SECONDS:
                return False
            if use:
                connection.execute("UPDATE session SET used_at = ? WHERE token = ?", (now, token))
            return True

    def seed_clients(self, custodian: int, count: int, *, has_wallet: bool) -> None:
        """Add many clients at once, without sessions."""
        with self._writing() as connection, room_for_indexes(connection):
            first = _next(connection, "client")
            now = self._clock()
            made = self._identifiers
            wallet = _WALLET if has_wallet else (None, None)
            connection.executemany(
                "INSERT INTO client (number, custodian, id, api_key, is_account_abstracted, "
                "address, backup_status, signing_status, created_at) "
                "VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?)",
                (
                    (
                        number,
                        custodian,
                        made.client_id(number),
                        made.client_api_key(number),
                        made.address(number) if has_wallet else None,
                        *wallet,
                        now,
                    )
                    for number in range(first, first + count)
                ),
            )

    def custodians(self) -> list[tuple[int, int]]:
        """The custodians' numbers, and how many clients each has."""
        with self._lock:
            return self._connection.execute(
                "SELECT number, (SELECT count(*) FROM client WHERE custodian = custodian.number) "
                "FROM custodian ORDER BY number"
            ).fetchall()

    def newest_clients(self, custodian: int, count: int) -> list[dict[str, str | None]]:
        """Id and address of the custodian's newest clients, newest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, address FROM client WHERE custodian = ? ORDER BY number DESC LIMIT ?",
                (custodian, count),
            ).fetchall()
        return [{"id": client_id, "address": address} for client_id, address in rows]

    def copied_out(self) -> bytes:
        """Everything, as bytes for `copied_in`."""
        with self._lock:
            return copied_out(self._connection)

    def copied_in(self, content: bytes) -> None:
        """Put what was copied out in place of everything."""
        with self._lock:
            self._custodians.clear()
            copied_in(self._connection, content)

    def clear(self) -> None:
        """Forget everything."""
        with self._writing() as connection:
            self._custodians.clear()
            for table in ("custodian", "client", "session", "otp"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names

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
        with self._lock, transaction(self._connection):
            yield self._connection


def _client(row: tuple[int, str, str, int, str | None, str | None, str | None]) -> Client:
    number, client_id, api_key, abstracted, *rest = row
    return Client(number, client_id, api_key, bool(abstracted), *rest)


def _next(connection: sqlite3.Connection, table: str) -> int:
    query = f"SELECT coalesce(max(number), 0) + 1 FROM {table}"  # noqa: S608 - one of our names
    (number,) = connection.execute(query).fetchone()
    return int(number)
