"""What changed in parameters, bodies, headers and answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from generation.document import Document

from .changes import Change, Where
from .findings import ABSENT, Direction
from .normal import expanded
from .schemas import SchemaComparison

_WORDS: Final = {"description", "summary", "example", "examples", "externalDocs", "links", "tags"}
_CANNOT_TELL: Final = "it cannot be told what this does, so it counts as a break"
_STYLES: Final = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_SEEN_BY_HTTP: Final = {"accept", "authorization", "content-type"}
_PARAMETER: Final = {
    *("name", "in", "required", "schema", "content", "deprecated"),
    *("style", "explode", "allowReserved", "allowEmptyValue"),
}


@dataclass(frozen=True)
class ContentComparison:
    """Compares what one operation sends and answers.

    Attributes:
        old: The document then.
        new: The document now.
        user: The operation's name, for the table.
    """

    old: Document
    new: Document
    user: str
    _schemas: SchemaComparison = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_schemas", SchemaComparison(self.old, self.new))

    def change(self, what: str, old: str, new: str, *, breaking: bool, remark: str = "") -> Change:
        """Return one change on the wire."""
        return Change(Where.WIRE, what, old, new, breaking, remark, (self.user,))

    def leftover(
        self, what: str, old: dict[str, Any], new: dict[str, Any], known: set[str]
    ) -> Iterator[Change]:
        """Yield what changed under keys that nothing else here compares."""
        for key in sorted((old.keys() | new.keys()) - known - _WORDS):
            before, after = expanded(self.old, old.get(key)), expanded(self.new, new.get(key))
            if before != after:
                extension = key.startswith("x-")
                yield self.change(
                    f"{what} {key}".strip(),
                    _brief(before),
                    _brief(after),
                    breaking=not extension,
                    remark="an extension: not on the wire" if extension else _CANNOT_TELL,
                )

    def parameters(
        self, old: dict[tuple[str, str], Any], new: dict[tuple[str, str], Any]
    ) -> Iterator[Change]:
        """Yield what changed from the parameters of then to those of now, each by its place."""
        for key, parameter in old.items():
            what = f"parameter {parameter['name']} ({key[0]})"
            if key not in new:
                yield self.change(what, _presence(parameter), ABSENT, breaking=True)
            else:
                yield from self._parameter(what, parameter, new[key])
        for key, parameter in new.items():
            if key not in old:
                what = f"parameter {parameter['name']} ({key[0]})"
                required = parameter.get("required") is True
                yield self.change(what, ABSENT, _presence(parameter), breaking=required)

    def _parameter(self, what: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        if old["name"] != new["name"] and old["in"] != "header":
            remark = "a name in the path's template: not on the wire"
            yield self.change(what, old["name"], new["name"], breaking=False, remark=remark)
        if _presence(old) != _presence(new):
            breaking = new.get("required") is True
            yield self.change(what, _presence(old), _presence(new), breaking=breaking)
        yield from self._deprecation(what, old, new)
        for name, default in (
            ("style", _style),
            ("explode", _explode),
            ("allowReserved", lambda _: False),
            ("allowEmptyValue", lambda _: False),
        ):
            before, after = old.get(name, default(old)), new.get(name, default(new))
            if before != after:
                yield self.change(
                    f"{what} {name}",
                    _brief(before),
                    _brief(after),
                    breaking=after is not True or name == "explode",
                )
        yield from self._value(what, old, new, Direction.REQUEST)
        yield from self.leftover(what, old, new, _PARAMETER)

    def body(self, old: Any, new: Any) -> Iterator[Change]:
        """Yield what changed from one requestBody to the other; None where there is none."""
        before, after = self.old.resolve(old), self.new.resolve(new)
        if before is None or after is None:
            if before is not after:
                breaking = after is None or after.get("required") is True
                old_text, new_text = (
                    ABSENT if one is None else _presence(one) for one in (before, after)
                )
                yield self.change("request body", old_text, new_text, breaking=breaking)
            return
        if _presence(before) != _presence(after):
            breaking = after.get("required") is True
            yield self.change(
                "request body", _presence(before), _presence(after), breaking=breaking
            )
        yield from self.media("request", before, after, Direction.REQUEST)
        yield from self.leftover("request body", before, after, {"content", "required"})

    def answer(self, status: str, old: Any, new: Any) -> Iterator[Change]:
        """Yield what changed from one response to the other."""
        before, after = self.old.resolve(old) or {}, self.new.resolve(new) or {}
        yield from self._headers(before.get("headers") or {}, after.get("headers") or {}, status)
        yield from self.media(f"answer {status}", before, after, Direction.ANSWER)
        yield from self.leftover(f"answer {status}", before, after, {"content", "headers"})

    def _headers(self, old: dict[str, Any], new: dict[str, Any], status: str) -> Iterator[Change]:
        before = {name.lower(): self.old.resolve(header) or {} for name, header in old.items()}
        after = {name.lower(): self.new.resolve(header) or {} for name, header in new.items()}
        names = {name.lower(): name for name in (*new, *old)}
        for key in [*before, *(name for name in after if name not in before)]:
            what = f"answer {status} header {names[key]}"
            if key not in after:
                yield self.change(what, _presence(before[key]), ABSENT, breaking=True)
            elif key not in before:
                yield self.change(what, ABSENT, _presence(after[key]), breaking=False)
            else:
                yield from self._header(what, before[key], after[key])

    def _header(self, what: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        if _presence(old) != _presence(new):
            breaking = new.get("required") is not True
            yield self.change(what, _presence(old), _presence(new), breaking=breaking)
        yield from self._deprecation(what, old, new)
        yield from self._value(what, old, new, Direction.ANSWER)
        yield from self.leftover(what, old, new, {"required", "schema", "content", "deprecated"})

    def _deprecation(self, what: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        words = [
            ("deprecated" if one.get("deprecated") else "not deprecated") for one in (old, new)
        ]
        if words[0] != words[1]:
            yield self.change(what, *words, breaking=False)

    def _value(
        self, what: str, old: dict[str, Any], new: dict[str, Any], direction: Direction
    ) -> Iterator[Change]:
        if ("content" in old) != ("content" in new):
            told = [("content" if "content" in one else "schema") for one in (old, new)]
            yield self.change(what, *told, breaking=True, remark=_CANNOT_TELL)
        elif "content" in old:
            yield from self.media(what, old, new, direction)
        else:
            yield from self._schema(what, old.get("schema"), new.get("schema"), direction)

    def media(
        self, what: str, old: dict[str, Any], new: dict[str, Any], direction: Direction
    ) -> Iterator[Change]:
        """Yield what changed under `content`."""
        before = {_media_type(name): value for name, value in (old.get("content") or {}).items()}
        after = {_media_type(name): value for name, value in (new.get("content") or {}).items()}
        for name, value in before.items():
            if name not in after:
                yield self.change(f"{what} as {name}", "there", ABSENT, breaking=True)
                continue
            now = after[name]
            yield from self._schema(what, value.get("schema"), now.get("schema"), direction)
            yield from self.leftover(f"{what} as {name}", value, now, {"schema"})
        for name in after:
            if name not in before:
                yield self.change(f"{what} as {name}", ABSENT, "there", breaking=False)

    def _schema(self, what: str, old: Any, new: Any, direction: Direction) -> Iterator[Change]:
        before, after = (True if schema is None else schema for schema in (old, new))
        for finding in self._schemas.findings(before, after, direction):
            # A component's changes are the same in each status that answers with it.
            shared = finding.place.startswith("#") and direction is Direction.ANSWER
            subject = "answer" if shared and " header " not in what else what
            yield self.change(
                f"{subject} {finding.place.lstrip('#')}".strip(),
                finding.old,
                finding.new,
                breaking=finding.breaking,
                remark=finding.remark,
            )


def placed_parameters(
    document: Document, path: str, item: dict[str, Any], operation: dict[str, Any]
) -> dict[tuple[str, str], Any]:
    """Return an operation's parameters by where they stand in a request.

    One in the path goes by its position in the template, since its name never leaves the client.
    """
    found: dict[tuple[str, str], Any] = {}
    for raw in (*(item.get("parameters") or ()), *(operation.get("parameters") or ())):
        parameter = document.resolve(raw)
        name = parameter["name"]
        where = parameter["in"]
        if where == "header":
            name = name.lower()
        elif where == "path":
            name = str(path.partition(f"{{{name}}}")[0].count("{"))
        if where != "header" or name not in _SEEN_BY_HTTP:
            found[where, name] = parameter
    return found


def _media_type(name: str) -> str:
    return name.lower().replace(" ", "")


def _presence(thing: dict[str, Any]) -> str:
    return "required" if thing.get("required") is True else "optional"


def _style(parameter: dict[str, Any]) -> str:
    return _STYLES.get(parameter["in"], "")


def _explode(parameter: dict[str, Any]) -> bool:
    return bool(parameter.get("style", _style(parameter)) == "form")


def _brief(value: Any) -> str:
    return ABSENT if value is None else json.dumps(value, ensure_ascii=False)
