# Edited in overrides/package/mock/_journal.py, from where `make generate` copies it.
"""The journal: every request and its answer, without what the document calls secret."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, unquote_plus

from ._clock import LOCK
from ._faults import check_name
from ._messages import Answer, Headers, StateError
from ._schemas import Schema, Schemas, find_objects, is_object, members

_MASK = "******"
_KEPT = 10_000  # the newest entries that are held in memory
_LONGEST = 64 * 1024  # bytes of a body that is kept
_HEADERS = ("authorization", "cookie", "proxy-authorization", "set-cookie")


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One request and its answer. Secrets are masked in it."""

    number: int  #: Counts the requests of a mock from 1.
    time: float  #: When the request came, in the mock's time: seconds since 1970.
    duration: float  #: The seconds that the mock took. Delays that were asked for do not count.
    operation_id: str | None  #: The operation; None where the document has none there.
    method: str  #: The request's method.
    target: str  #: Path and query, percent-encoded.
    #: The answer's status, also where a fault kept it from arriving; None where a fault came first.
    status: int | None
    request_problem: str | None  #: Why the request was refused; None where it was not.
    #: Why the intended answer was not what the document says; None where it was.
    answer_problem: str | None
    strict_problem: str | None  #: Why a strict mock would have refused it; None where it would not.
    faults: tuple[str, ...]  #: The names of the faults that struck.
    request_headers: dict[str, str]  #: The request's headers by name in lower case.
    request_body: Any  #: The request's JSON value; None where it has none, or one of over 64 KiB.
    answer_headers: dict[str, str]  #: The answer's headers by name in lower case.
    answer_body: Any  #: The answer's JSON value; None where it has none, or one of over 64 KiB.

    @property
    def body(self) -> str:
        """The request's JSON value as text; "null" where it has none."""
        return json.dumps(self.request_body, ensure_ascii=False)

    def as_dict(self) -> dict[str, Any]:
        """The entry as a JSON value."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __repr__(self) -> str:
        return f"<Entry {self.number}: {self.method} {self.target} {self.status}>"


class Journal:
    """The newest 10,000 entries; `log` is a file to which each is added.

    Credentials are masked, and what has `format: password` in the document.
    """

    def __init__(
        self, document: Mapping[str, Any], operations: list[str], log: str | PathLike[str] | None
    ) -> None:
        self._secret = frozenset(map(str.lower, _find_secret_names(document)))
        self._operations = operations
        self._entries: deque[Entry] = deque(maxlen=_KEPT)  # unmasked
        self._number = 0
        self._file: TextIO | None = None
        if log is not None:
            try:
                self._file = Path(log).open("a", encoding="utf-8")  # noqa: SIM115 - close() closes it
            except OSError as error:
                raise StateError(f"The log {fspath(log)} cannot be written ({error}).") from None

    def add(self, answer: Answer, headers: Headers, body: bytes, **seen: Any) -> None:
        """Write down a request and its answer; `seen` is what else an entry has."""
        content = answer.body if isinstance(answer.body, bytes) else b""
        with LOCK:
            self._number += 1
            entry = Entry(
                number=self._number,
                status=answer.status or None,
                request_problem=answer.request_problem,
                answer_problem=answer.answer_problem,
                strict_problem=answer.strict_problem,
                request_headers={name.lower(): value for name, value in headers},
                request_body=body[: _LONGEST + 1],
                answer_headers=dict(answer.headers),
                answer_body=content[: _LONGEST + 1],
                **seen,
            )
            self._entries.append(entry)
            if self._file is not None:
                self._file.write(json.dumps(self._mask(entry).as_dict()) + "\n")
                self._file.flush()

    def entries(self, operation_id: str | None, after: int = 0, limit: int = _KEPT) -> list[Entry]:
        """The newest entries, oldest first: of an operation or of all, numbered above `after`."""
        if operation_id is not None:
            check_name("operation", operation_id, self._operations)
        with LOCK:
            found = [one for one in self._entries if operation_id in (None, one.operation_id)]
        return [self._mask(one) for one in found[-limit:] if one.number > after]

    def reset(self) -> None:
        """Forget the entries, and count from 1 again. The file stays as it is."""
        with LOCK:
            self._entries.clear()
            self._number = 0

    def close(self) -> None:
        """Close the file. May be called again."""
        if self._file is not None:
            self._file.close()

    def read(self, text: str | bytes) -> Any:
        """The JSON value of a text, masked."""
        return json.loads(text, object_hook=self._mask_members)

    def _mask(self, entry: Entry) -> Entry:
        """Mask an entry whose bodies are bytes still."""
        path, mark, query = entry.target.partition("?")
        return replace(
            entry,
            target=path + mark + re.sub("([^&=]+)=[^&]*", self._mask_pair, query),
            request_headers=self._mask_members(entry.request_headers),
            request_body=self._read_body(entry.request_body),
            answer_headers=self._mask_members(entry.answer_headers),
            answer_body=self._read_body(entry.answer_body),
        )

    def _read_body(self, body: bytes) -> Any:
        with suppress(ValueError, RecursionError):
            return self.read(body) if len(body) <= _LONGEST else None
        return None

    def _mask_members(self, values: dict[str, Any]) -> dict[str, Any]:
        names = (name for name, value in values.items() if value is not None)
        return values | {name: _MASK for name in names if name.lower() in self._secret}

    def _mask_pair(self, pair: re.Match[str]) -> str:
        is_secret = unquote_plus(pair[1]).lower() in self._secret
        return f"{pair[1]}={quote(_MASK)}" if is_secret else pair[0]


def _find_secret_names(document: Mapping[str, Any]) -> Iterator[str]:
    """The names of headers, credentials, properties and parameters that are secret."""
    schemas = Schemas(document, "response")
    yield from _HEADERS
    schemes = members(members(document, "components"), "securitySchemes").values()
    yield from (str(one["name"]) for one in schemes if "name" in one)
    for node in find_objects(document):
        found = node.get("properties")
        named = {**found} if is_object(found) else {}
        if "in" in node:
            named[str(node.get("name"))] = node.get("schema")
        for name, one in named.items():
            schema = Schema(schemas, one, "")
            if schema.is_password or schema.items.is_password:
                yield name
