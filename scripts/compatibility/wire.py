"""What changed on the wire between two OpenAPI documents.

Somebody who was built after the old document meets a server that follows the new one: what worked
has to work on. A key that nothing here knows counts as a break where it changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from generation.document import METHODS, Document

from . import security
from .changes import Change, Where
from .contents import ContentComparison, placed_parameters
from .findings import ABSENT
from .normal import expanded

_OPERATION: Final = {
    *("operationId", "parameters", "requestBody", "responses", "security", "servers"),
    "deprecated",
}
_DEFAULT: Final = "default"


@dataclass(frozen=True)
class _Operation:
    method: str
    path: str
    item: dict[str, Any]
    data: dict[str, Any]

    @property
    def address(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def place(self) -> tuple[str, str]:
        """What reaches it on the wire: the names within braces do not."""
        return self.method, re.sub(r"\{[^}]*\}", "{}", self.path)

    @property
    def id(self) -> str:
        return str(self.data.get("operationId") or "")

    @property
    def name(self) -> str:
        return self.id or self.address


def wire_changes(old: Document, new: Document) -> Iterator[Change]:
    """Yield what changed from `old` to `new`; both are valid documents."""
    whole = ContentComparison(old, new, "")
    before, after = _operations(old), _operations(new)
    counterparts = _counterparts(before, after)
    yield from _top(whole)
    for operation in before:
        other = counterparts.get(operation.place)
        if other is None:
            yield _change(operation, "operation", operation.address, ABSENT, breaking=True)
        else:
            yield from _operation_changes(old, new, operation, other)
    met = {other.place for other in counterparts.values()}
    for operation in after:
        if operation.place not in met:
            yield _change(operation, "operation", ABSENT, operation.address, breaking=False)


def _change(operation: _Operation, what: str, old: str, new: str, *, breaking: bool) -> Change:
    return Change(Where.WIRE, what, old, new, breaking, users=(operation.name,))


def _operations(document: Document) -> list[_Operation]:
    items = {path: document.resolve(item) for path, item in document.data.get("paths", {}).items()}
    return [
        _Operation(method, path, item, item[method])
        for path, item in items.items()
        if isinstance(item, dict) and path.startswith("/")
        for method in METHODS
        if isinstance(item.get(method), dict)
    ]


def _counterparts(
    old: list[_Operation], new: list[_Operation]
) -> dict[tuple[str, str], _Operation]:
    """Return, by the place of the old one, what an operation is now: by its place, else its id."""
    places = {operation.place: operation for operation in new}
    found = {one.place: places[one.place] for one in old if one.place in places}
    taken = {operation.place for operation in found.values()}
    ids = {one.id: one for one in new if one.id and one.place not in taken}
    for one in old:
        if one.place not in found and one.id in ids:
            found[one.place] = ids[one.id]
    return found


def _top(whole: ContentComparison) -> Iterator[Change]:
    old, new = whole.old.data, whole.new.data
    known = {"openapi", "info", "paths", "components", "security", "servers"}
    for change in (
        *whole.leftover("document", old, new, known),
        *whole.leftover(
            "info", old["info"], new["info"], {"contact", "license", "title", "version"}
        ),
        *_servers(whole, old.get("servers"), new.get("servers")),
    ):
        yield replace(change, users=())


def _servers(comparison: ContentComparison, old: Any, new: Any) -> Iterator[Change]:
    before, after = ([_address(server) for server in servers or [{}]] for servers in (old, new))
    if before != after:
        gone = [address for address in before if address not in after]
        remark = "" if gone or before[0] == after[0] else "the client's own default follows"
        yield comparison.change(
            "servers", ", ".join(before), ", ".join(after), breaking=bool(gone), remark=remark
        )


def _address(server: dict[str, Any]) -> str:
    address = str(server.get("url", "/"))
    for name, variable in (server.get("variables") or {}).items():
        choice = "|".join(map(str, variable.get("enum") or [variable.get("default")]))
        address = address.replace(f"{{{name}}}", f"{{{name}={choice}}}")
    return address


def _operation_changes(
    old: Document, new: Document, before: _Operation, after: _Operation
) -> Iterator[Change]:
    one, other = before.data, after.data
    comparison = ContentComparison(old, new, before.name)
    if before.place != after.place:
        yield _change(before, "operation", before.address, after.address, breaking=True)
    if before.id != after.id:
        yield comparison.change(
            "operationId",
            before.id or ABSENT,
            after.id or ABSENT,
            breaking=False,
            remark="a name for tools: not on the wire",
        )
    if bool(one.get("deprecated")) != bool(other.get("deprecated")):
        words = [("deprecated" if data.get("deprecated") else "in use") for data in (one, other)]
        yield comparison.change("operation", *words, breaking=False)
    yield from _security_changes(comparison, one, other)
    own = [data.get("servers") or item.get("servers") for data, item in _both(before, after)]
    if own[0] or own[1]:
        documents = (old.data.get("servers"), new.data.get("servers"))
        yield from _servers(comparison, own[0] or documents[0], own[1] or documents[1])
    yield from comparison.parameters(
        placed_parameters(old, before.path, before.item, one),
        placed_parameters(new, after.path, after.item, other),
    )
    yield from comparison.body(one.get("requestBody"), other.get("requestBody"))
    yield from _answers(comparison, one.get("responses") or {}, other.get("responses") or {})
    yield from comparison.leftover("", one, other, _OPERATION)


def _both(before: _Operation, after: _Operation) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for operation in (before, after):
        yield operation.data, operation.item


def _security_changes(
    comparison: ContentComparison, old: dict[str, Any], new: dict[str, Any]
) -> Iterator[Change]:
    before = security.alternatives(comparison.old, old)
    after = security.alternatives(comparison.new, new)
    forth = security.still_serves(before, after)
    if not forth or not security.still_serves(after, before):
        yield comparison.change(
            "security", security.text(before), security.text(after), breaking=not forth
        )


def _answers(
    comparison: ContentComparison, old: dict[str, Any], new: dict[str, Any]
) -> Iterator[Change]:
    before = {str(status).upper(): response for status, response in old.items()}
    after = {str(status).upper(): response for status, response in new.items()}
    for status, response in before.items():
        cover = _cover(status, after)
        if cover is None:
            yield _status(comparison, status, before, gone=True)
        else:
            yield from comparison.answer(status.lower(), response, after[cover])
    for status, response in after.items():
        cover = _cover(status, before)
        if cover is None:
            yield _status(comparison, status, before, gone=False)
        elif cover != status:
            yield from comparison.answer(status.lower(), before[cover], response)


def _cover(status: str, responses: dict[str, Any]) -> str | None:
    """Return the key under which `responses` documents a status."""
    for key in (status, f"{status[0]}XX", _DEFAULT.upper()):
        if key in responses:
            return key
    return None


def _status(
    comparison: ContentComparison, status: str, old: dict[str, Any], *, gone: bool
) -> Change:
    # A client meets an error that it does not know like any other of its class (RFC 9110, 15);
    # a success or a redirect that it does not know it cannot read.
    succeeds = status[0] in "23"
    if status == _DEFAULT.upper():
        succeeds = not any(known[0] == "2" for known in old)
    words = ("documented", ABSENT) if gone else (ABSENT, "documented")
    return comparison.change(f"answer {status.lower()}", *words, breaking=succeeds)


def documents_differ(old: Document, new: Document) -> bool:
    """Tell whether there is any difference at all, words included."""
    return bool(expanded(old, old.data) != expanded(new, new.data))
