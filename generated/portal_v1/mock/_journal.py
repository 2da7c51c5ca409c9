# Edited in overrides/package/mock/_journal.py, from where `make generate` copies it.
"""The journal: every request and its answer, without what the document calls secret."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, unquote_plus

from ._clock import LOCK
from ._faults import Fault
from ._messages import Answer, StateError
from ._schemas import Schema, Schemas, find_objects, is_object, members

_MASK = "******"
_KEPT = 10_000  # the newest entries that are held in memory
_LONGEST = 64 * 1024  # bytes of a body that is kept
_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
_SHOWN = (
    *("number", "time", "duration", "operation_id", "method", "target", "status"),
    *("request_problem", "answer_problem", "strict_problem", "faults"),
    *("request_headers", "request_body", "answer_headers", "answer_body"),
)


class Masking:
    """Masks what a document says is secret; without a document, nothing.

    That is the value of every property and parameter whose schema has `format: password`, and
    every place in which a security scheme has its credential.
    """

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._names = frozenset(_find_secret_names(document) if document else ())
        schemes = members(members(document or {}, "components"), "securitySchemes").values()
        self._queries = self._names | {str(one["name"]) for one in schemes if "name" in one}
        always = frozenset[str]() if document is None else _HEADERS
        self._headers = always | {name.lower() for name in self._queries}

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The headers by name in lower case."""
        lowered = {name.lower(): value for name, value in headers}
        return {name: _MASK if name in self._headers else lowered[name] for name in lowered}

    def target(self, target: str) -> str:
        """Path and query."""

        def mask(pair: re.Match[str]) -> str:
            is_secret = unquote_plus(pair[1]) in self._queries
            return f"{pair[1]}={quote(_MASK)}" if is_secret else pair[0]

        path, mark, query = target.partition("?")
        return path + mark + re.sub("([^&=]+)[^&]*", mask, query)

    def body(self, body: bytes) -> Any:
        """The body's JSON value; None where it is none, or too long: who knows what it holds."""
        try:
            return self.value(body) if len(body) <= _LONGEST else None
        except (ValueError, RecursionError):
            return None

    def value(self, text: str | bytes) -> Any:
        """The JSON value of a text."""
        names = self._names
        return json.loads(
            text,
            object_hook=lambda found: {
                key: _MASK if key in names and value is not None else value
                for key, value in found.items()
            },
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Entry:
    """One request and its answer. Secrets are masked in everything that it shows.

    Attributes:
        number: Counts the requests of a mock from 1.
        operation_id: The operation; None where the document has none there.
        method: The request's method.
        status: The answer's status, also where a fault kept it from arriving; None where a
            fault came before there was one.
        time: When the request came, in the mock's time: seconds since 1970.
        duration: The seconds that the mock took. Delays that were asked for do not count.
        request_problem: Why the request was refused; None where it was not.
        answer_problem: Why the intended answer was not what the document says; None where it
            was, or was not looked at.
        strict_problem: Why a strict mock would have refused it; None where it would not.
        faults: The names of the faults that struck.
    """

    number: int
    operation_id: str | None
    method: str
    status: int | None
    time: float
    duration: float
    faults: tuple[str, ...]
    request_problem: str | None
    answer_problem: str | None
    strict_problem: str | None
    _target: str
    _request: tuple[list[tuple[str, str]], bytes]
    _answer: tuple[list[tuple[str, str]], bytes]
    _masking: Masking

    @property
    def target(self) -> str:
        """Path and query, percent-encoded."""
        return self._masking.target(self._target)

    @property
    def request_headers(self) -> dict[str, str]:
        """The request's headers by name in lower case."""
        return self._masking.headers(self._request[0])

    @property
    def request_body(self) -> Any:
        """The request's JSON value; None where it has none, or one of more than 64 KiB."""
        return self._masking.body(self._request[1])

    @property
    def body(self) -> str:
        """The same as text."""
        return json.dumps(self.request_body, ensure_ascii=False)

    @property
    def answer_headers(self) -> dict[str, str]:
        """The answer's headers by name in lower case."""
        return self._masking.headers(self._answer[0])

    @property
    def answer_body(self) -> Any:
        """The answer's JSON value; None where it has none, or one of more than 64 KiB."""
        return self._masking.body(self._answer[1])

    def as_dict(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The entry as a JSON value."""
        entry = replace(self, _masking=Masking(None)) if show_secrets else self
        return {name: getattr(entry, name) for name in _SHOWN} | {"faults": list(self.faults)}

    def __repr__(self) -> str:
        return f"<Entry {self.number}: {self.method} {self.target} {self.status}>"


class Journal:
    """The entries, the newest 10,000 in memory; `log` is a file to which each is added."""

    def __init__(self, masking: Masking, log: str | PathLike[str] | None) -> None:
        self.masking = masking
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._number = 0
        self._file: TextIO | None = None
        if log is not None:
            try:
                self._file = Path(log).open("a", encoding="utf-8")  # noqa: SIM115 - close() closes it
            except OSError as error:
                raise StateError(f"The log {fspath(log)} cannot be written ({error}).") from None

    def add(  # noqa: PLR0917 - what an entry is made of
        self,
        request: tuple[str, str, list[tuple[str, str]], bytes],
        answer: Answer,
        operation_id: str | None,
        faults: Iterable[Fault],
        time: float,
        duration: float,
    ) -> None:
        """Write down a request (method, target, headers, body) and its answer."""
        method, target, headers, body = request
        names = tuple(fault.name for fault in faults)
        content = answer.body if isinstance(answer.body, bytes) else b""
        with LOCK:
            self._number += 1
            entry = Entry(
                *(self._number, operation_id, method, answer.status or None, time, duration, names),
                *(answer.request_problem, answer.answer_problem, answer.strict_problem),
                *(target, (headers, body[: _LONGEST + 1])),
                *((answer.headers, content[: _LONGEST + 1]), self.masking),
            )
            self._entries.append(entry)
            if self._file is not None:
                self._file.write(json.dumps(entry.as_dict()) + "\n")
                self._file.flush()

    def entries(self, operation_id: str | None = None) -> list[Entry]:
        """The entries, oldest first; all, or those of one operation."""
        with LOCK:
            return [one for one in self._entries if operation_id in (None, one.operation_id)]

    def reset(self) -> None:
        """Forget the entries, and count from 1 again. The file stays as it is."""
        with LOCK:
            self._entries.clear()
            self._number = 0

    def close(self) -> None:
        """Close the file. May be called again."""
        with LOCK:
            if self._file is not None:
                self._file.close()
                self._file = None


def _find_secret_names(document: Mapping[str, Any]) -> Iterator[str]:
    """The names of properties and parameters that are passwords, anywhere in the document."""
    schemas = Schemas(document, "response")

    def is_secret(node: Any) -> bool:
        schema = Schema(schemas, node, "")
        return is_object(node) and (schema.is_password or schema.items.is_password)

    for node in find_objects(document):
        named = node.get("properties")
        yield from (name for name in named if is_secret(named[name])) if is_object(named) else ()
        if "in" in node and is_secret(node.get("schema")):
            yield str(node.get("name"))
