"""What the mock remembers, in SQLite: items, and the tokens handed out for them.

Rows are numbered from 1 within their table and never renumbered; the number of a row gives the
values that are made for it, and its place in a list.
"""

from __future__ import annotations

import json
import os
import sqlite3
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from os import PathLike
from typing import Any, NamedTuple, TypeAlias

from ._clock import LOCK
from ._messages import StateError

SESSION_SECONDS = 7 * 86_400.0  # a token lapses, used or not
IDLE_SECONDS = 86_400.0  # and earlier where it is not used

_BATCH = 1000
_MEMORY = ":memory:"
_APPLICATION_ID = 0x506D6F63  # marks a database file as one of the mock's
_VERSION = 3
_TABLES = f"""
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
CREATE TABLE item (
    number INTEGER PRIMARY KEY AUTOINCREMENT, custodian INTEGER, place TEXT, id TEXT, content TEXT,
    UNIQUE (custodian, place, id)
);
CREATE INDEX items_of_custodian ON item (custodian, number);
CREATE TABLE token (
    number INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT UNIQUE, id TEXT, once INTEGER,
    created_at REAL, used_at REAL
)
"""

Place: TypeAlias = tuple[int, str]  # the custodian's number, and where; see `place_of`
Make: TypeAlias = Callable[[int], tuple[str, dict[str, Any]]]  # from a number: id and content


class Item(NamedTuple):
    """An item as the state knows it: its number, id and content."""

    number: int
    id: str
    content: dict[str, Any]


def place_of(api_key: str, collection: str, *parents: str) -> Place:
    """Where a custodian's items are, below those above; a digest of the key stands for it."""
    digest = sha256(api_key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big"), json.dumps([collection, *parents])


class State:
    """The mock's memory. Every method may be called from any thread."""

    def __init__(self, path: str | PathLike[str] | None, clock: Callable[[], float]) -> None:
        self._path, self.clock = path, clock
        self._connections = dict[int, sqlite3.Connection]()  # by process
        self._connect()

    def close(self) -> None:
        """Close the database. The state is not to be used afterwards."""
        with LOCK:
            self._closing()

    def add(self, place: Place, make: Make, count: int = 1) -> Item | None:
        """Add what `make` gives for so many numbers; the last, or None where its id is taken."""
        with suppress(sqlite3.IntegrityError), self._writing() as connection:
            first = _next(connection, "item")
            items = (Item(number, *make(number)) for number in range(first, first + count))
            rows = ((one.number, *place, one.id, json.dumps(one.content)) for one in items)
            connection.executemany("INSERT INTO item VALUES (?, ?, ?, ?, ?)", rows)
            return next(iter(self.newest(place[0], 1)), None)
        return None

    def find(self, place: Place, item_id: str) -> Item | None:
        """The item of that id; None where there is none."""
        found = self._select("AND place = ? AND id = ?", *place, item_id)
        return found[0] if found else None

    def items(self, place: Place) -> Iterator[Item]:
        """The items, oldest first, read in batches: what is added meanwhile may be among them."""
        last, rest = 0, "AND place = ? AND number > ? ORDER BY number LIMIT ?"
        while batch := self._select(rest, *place, last, _BATCH):
            yield from batch
            last = batch[-1].number

    def newest(self, custodian: int, count: int) -> list[Item]:
        """The custodian's newest items, newest first."""
        return self._select("ORDER BY number DESC LIMIT ?", custodian, count)

    def _select(self, rest: str, *values: Any) -> list[Item]:
        """The items of a custodian, the first of the values, as the rest of the query says."""
        query = f"SELECT number, id, content FROM item WHERE custodian = ? {rest}"  # noqa: S608 - our own text
        rows = self._run(query, *values)
        return [Item(number, made, json.loads(content)) for number, made, content in rows]

    def custodians(self) -> list[tuple[int, int]]:
        """The custodians that have items, and how many each has."""
        query = "SELECT custodian, count(*) FROM item GROUP BY custodian ORDER BY min(number)"
        return self._run(query)

    def save(self, item: Item) -> None:
        """Keep an item's changed content."""
        change = "UPDATE item SET content = ? WHERE number = ?"
        self._run(change, json.dumps(item.content), item.number)

    def remove(self, item: Item) -> None:
        """Forget an item."""
        self._run("DELETE FROM item WHERE number = ?", item.number)

    def add_token(self, item: Item, make: Callable[[int], Any], *, once: bool) -> Any:
        """Hand out the token that `make` gives for its number."""
        with self._writing() as connection:
            number = _next(connection, "token")
            token, now = make(number), self.clock()
            row = (number, token, item.id, once, now, None if once else now)
            connection.execute("INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?, ?, ?)", row)
            return token

    def redeem(self, token: str) -> str | None:
        """Use a token up that works once. Gives its item's id; None where there is none."""
        use = "UPDATE token SET used_at = ? WHERE token = ? AND once AND used_at IS NULL"
        rows = self._run(f"{use} RETURNING id", self.clock(), token)
        return str(rows[0][0]) if rows else None

    def is_live(self, token: str, *, use: bool) -> bool:
        """Whether a token has not lapsed. `use` counts as one, and keeps it alive for longer."""
        now = self.clock()
        rows = self._run(
            "UPDATE token SET used_at = iif(?, ?, used_at) WHERE token = ? AND NOT once "
            "AND created_at > ? AND used_at > ? RETURNING id",
            *(use, now, token, now - SESSION_SECONDS, now - IDLE_SECONDS),
        )
        return bool(rows)

    def dump(self) -> bytes:
        """Everything, as bytes for `load`."""
        with LOCK:
            content = self._connect().serialize()
        # These two bytes say that a log belongs to the database. In memory there is none, and
        # SQLite would refuse to open it.
        return content[:18] + b"\x01\x01" + content[20:]

    def load(self, content: bytes) -> None:
        """Put what was dumped in place of everything."""
        with LOCK, closing(sqlite3.connect(_MEMORY)) as copy:
            copy.deserialize(content)
            copy.backup(self._connect())

    def clear(self) -> None:
        """Forget everything."""
        self.load(State(None, self.clock).dump())

    def _run(self, statement: str, *values: Any) -> list[Any]:
        """The rows that a statement gives, which is carried out as a whole or not at all."""
        with LOCK:
            return self._connect().execute(statement, values).fetchall()

    def _connect(self) -> sqlite3.Connection:
        """The connection of this process: to a file it does not survive a fork."""
        process = os.getpid() if self._path else 0
        if process in self._connections:
            return self._connections[process]
        if self._connections:
            self._closing.detach()  # the parent's
        try:
            connection = sqlite3.connect(
                self._path or _MEMORY, timeout=10.0, isolation_level=None, check_same_thread=False
            )
            # A mock that is simply dropped closes its file all the same.
            self._closing: Any = weakref.finalize(self, connection.close)
            _prepare(connection)
        except sqlite3.Error as error:
            text = f"The file {self._path} cannot be used as the mock's database ({error}). Name "
            text += "another file, or one that does not exist yet, in a folder that may be written."
            raise StateError(text) from None
        return self._connections.setdefault(process, connection)

    @contextmanager
    def _writing(self) -> Generator[sqlite3.Connection, None, None]:
        with LOCK, self._connect() as connection:  # which commits, or rolls back
            connection.execute("BEGIN IMMEDIATE")
            yield connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty database; a DatabaseError where it is not the mock's."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        mark, version, tables = connection.execute(
            "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
            "FROM pragma_application_id, pragma_user_version"
        ).fetchone()
        is_known = (mark, version) == (_APPLICATION_ID, _VERSION)
        if not is_known and (mark or tables):
            raise sqlite3.DatabaseError("it is another program's, or another version's of the mock")
        for statement in () if is_known else _TABLES.split(";"):
            connection.execute(statement)
    # WAL with synchronous=NORMAL: what was committed outlives the process being killed.
    # Only the power failing can take the last commits, and can never damage the file.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -65536")  # many items that come in no order
    damage = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if damage != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {damage}")


def _next(connection: sqlite3.Connection, table: str) -> int:
    query = "SELECT 1 + coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?"
    return int(connection.execute(query, (table,)).fetchone()[0])
