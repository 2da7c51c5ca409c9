"""Runs of scripts/verify_live.py, and servers for it that are not quite what is documented."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from portal_v1._document import load_document
from portal_v1.mock import Answer, MockPortal, MockServer
from portal_v1.mock._messages import Handlers
from verification.cli import main

_HEADINGS = ("place", "documented", "found", "remark")
ORDER = ["createClient", "listClients", "getClient", "refreshClientSession", "generateClientWebOtp"]
PROBES = ["getClient", "listClients"]
UNKNOWN_ID = "What does an unknown clientId get?"
UNKNOWN_KEY = "What does an unknown API key get?"
CLIENTS = "/custodians/clients"
KEY = "key-7d20c1aa-for-this-test"

Change = Callable[[str, str, Answer], Answer]


class Run(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str

    def table(self, operation: str, question: str = "") -> str:
        """The table of an operation, or of a question that it was asked."""
        for block in re.split(r"\n\n", self.out):
            title, _, rest = block.partition("\n")
            asked = rest.startswith("Open question")
            if title.startswith(f"{operation}  ") and asked is bool(question) and question in rest:
                return block
        raise AssertionError(f"no table of {operation} {question} in:\n{self.out}")

    def row(self, place: str, operation: str, question: str = "") -> str:
        """The row of a place: mark, place, documented, found, remark; each cell unwrapped."""
        lines = self.table(operation, question).splitlines()
        (heading,) = [line for line in lines if line.split() == list(_HEADINGS)]
        starts = [2, *(heading.index(name) for name in _HEADINGS)]
        rows: list[list[str]] = []
        for line in lines[lines.index(heading) + 1 :]:
            cells = [line[a:b].strip() for a, b in pairwise([*starts, None])]
            if cells[0]:
                rows.append(cells)
            else:
                rows[-1] = [" ".join(both).strip() for both in zip(rows[-1], cells, strict=True)]
        for cells in rows:
            if cells[1] == place:
                return " ".join(filter(None, cells))
        raise AssertionError(f"no row {place} in:\n{self.table(operation, question)}")


def verify(url: str, *arguments: str, **environment: str) -> Run:
    """Run it, confirmed, with the key that the mock knows, unless the environment says else."""
    environ = {"PORTAL_API_KEY": KEY, "PORTAL_BASE_URL": url, "CONFIRM": "1", **environment}
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(err):
        code = main(arguments, environ=environ, stream=out)
    return Run(code, out.getvalue(), err.getvalue())


@dataclass
class Altered:
    """A server before a mock.

    Attributes:
        url: Its base URL.
        requests: Method, path below the base URL and headers of each request.
        answers: The bodies that were sent.
    """

    url: str = ""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def secrets(self, names: Iterable[str]) -> set[str]:
        """The values that the answers hold under these names."""
        found: set[str] = set()
        for body in self.answers:
            value = json.loads(body)
            for item in value if isinstance(value, list) else [value]:
                found |= {item[name] for name in names if name in item}
        return found


@contextmanager
def altered(mock: MockPortal, change: Change) -> Iterator[Altered]:
    """Serve a mock whose answers are changed on their way.

    Args:
        mock: The mock.
        change: Is given method, path below the base URL, and answer; returns what is sent.
    """
    seen = Altered()
    base = mock.base_url.partition("://")[2].partition("/")[2]

    def handle(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
        pairs = [*headers]
        path = target.removeprefix(f"/{base}")
        answer = change(method, path, mock.handle(method, target, pairs, body))
        seen.requests.append((method, path, {name.lower(): value for name, value in pairs}))
        seen.answers.append(answer.content)
        return answer

    handlers = Handlers(handle, lambda *_: False)
    with MockServer(handlers, f"/{base}", "127.0.0.1", 0) as server:
        seen.url = server.url
        yield seen


def with_json(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    """An answer with another JSON value as its body."""
    return answer._replace(body=json.dumps(change(json.loads(answer.content))).encode())


def plain(status: int, body: bytes, kind: str) -> Answer:
    return Answer(status, [("content-type", kind)], body)


def called(mock: MockPortal) -> list[str | None]:
    return [entry.operation_id for entry in mock.calls()]


def secret_names() -> set[str]:
    schemas = load_document()["components"]["schemas"].values()
    return {
        name
        for schema in schemas
        for name, field in schema["properties"].items()
        if field.get("format") == "password"
    }


def unchanged(_method: str, _path: str, answer: Answer) -> Answer:
    return answer


def is_get_client(method: str, path: str) -> bool:
    return method == "GET" and re.fullmatch(rf"{CLIENTS}/[^/]+", path) is not None


def leave_out(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}
