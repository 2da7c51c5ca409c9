"""What changed between two schemas, and whether that breaks who relies on the old one.

Who sends, relies on the new schema taking all that the old one took. Who receives, relies on the
new one giving nothing that the old one did not give. So what takes more now breaks in answers,
what takes less now breaks in requests, and what cannot be told is breaking.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from generation.document import Document

from .findings import ABSENT, Direction, Effect, Finding, Step, effect_of, json_text
from .normal import Keywords, expanded, name_of, normal
from .values import VALUE_KEYWORDS, value_steps

_COMPARED: Final = {
    *VALUE_KEYWORDS,
    *("additionalProperties", "unevaluatedProperties"),
    *("allOf", "anyOf", "default", "deprecated", "items", "oneOf"),
    *("properties", "readOnly", "required", "writeOnly"),
}
_CANNOT_TELL: Final = "it cannot be told what this does, so it counts as a break"


class SchemaComparison:
    """Compares the schemas of two documents.

    Args:
        old: The document then.
        new: The document now.
    """

    def __init__(self, old: Document, new: Document) -> None:
        self._old = old
        self._new = new

    def findings(
        self, old: Any, new: Any, direction: Direction, place: str = ""
    ) -> Iterator[Finding]:
        """Yield what changed from the schema `old` to the schema `new`."""
        yield from _Walk(self._old, self._new, direction).schema(old, new, place)


class _Walk:
    def __init__(self, old: Document, new: Document, direction: Direction) -> None:
        self._old = old
        self._new = new
        self._direction = direction
        self._open: set[tuple[str, str]] = set()

    def schema(self, old: Any, new: Any, place: str) -> Iterator[Finding]:
        # By what they say, since some are put together here: a schema may contain itself.
        pair = (json_text(old), json_text(new))
        if pair in self._open:
            return
        self._open.add(pair)
        # A component is one thing wherever it is used, so its name is where its changes are.
        if name_of(old) and name_of(old) == name_of(new):
            place = f"#{name_of(old)}"
        before, after = self._branched(normal(self._old, old), old, normal(self._new, new), new)
        yield from self._keywords(before, after, place)
        self._open.discard(pair)

    def _branched(
        self, before: Keywords, old: Any, after: Keywords, new: Any
    ) -> tuple[Keywords, Keywords]:
        """Let a schema without alternatives be one of one, where the other has nothing else."""
        for keyword in ("anyOf", "oneOf"):
            if keyword in after and len(after) == 1 and not before.keys() & {"anyOf", "oneOf"}:
                return {keyword: [old]}, after
            if keyword in before and len(before) == 1 and not after.keys() & {"anyOf", "oneOf"}:
                return before, {keyword: [new]}
        return before, after

    def _keywords(self, old: Keywords, new: Keywords, place: str) -> Iterator[Finding]:
        for step in value_steps(old, new):
            yield self._at(place, step)
        yield from self._hints(old, new, place)
        yield from self._properties(old, new, place)
        for keyword in ("additionalProperties", "unevaluatedProperties", "items"):
            yield from self._inner(keyword, old, new, place)
        for keyword in ("anyOf", "oneOf"):
            yield from self._branches(keyword, old, new, place)
        yield from self._parts(old, new, place)
        for keyword in sorted((old.keys() | new.keys()) - _COMPARED):
            before = expanded(self._old, old.get(keyword))
            if not _same(before, expanded(self._new, new.get(keyword))):
                yield self._other(keyword, old, new, place)

    def _hints(self, old: Keywords, new: Keywords, place: str) -> Iterator[Finding]:
        before, after = old.get("default"), new.get("default")
        if not _same(before, after) or ("default" in old) != ("default" in new):
            sent = self._direction is Direction.REQUEST
            yield Finding(
                place,
                f"default {json_text(before) if 'default' in old else ABSENT}",
                f"default {json_text(after) if 'default' in new else ABSENT}",
                breaking=sent,
                remark="what is left out means something else" if sent else "",
            )
        if bool(old.get("deprecated")) != bool(new.get("deprecated")):
            yield self._finding(place, _deprecated(old), _deprecated(new), Effect.NONE)

    def _properties(self, old: Keywords, new: Keywords, place: str) -> Iterator[Finding]:
        before, after = self._seen(self._old, old), self._seen(self._new, new)
        required, required_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted((required | required_now) - before.keys() - after.keys()):
            if (name in required) != (name in required_now):
                yield self._requirement(_inside(place, name), now=name in required_now)
        for name, schema in before.items():
            inner = _inside(place, name)
            if name not in after:
                yield Finding(inner, _presence(required, name), ABSENT, breaking=True)
                continue
            if (name in required) != (name in required_now):
                yield self._requirement(inner, now=name in required_now)
            yield from self.schema(schema, after[name], inner)
        for name in after:
            if name not in before:
                yield self._added(old, _inside(place, name), needed=name in required_now)

    def _seen(self, document: Document, schema: Keywords) -> dict[str, Any]:
        """Return the properties that go this way."""
        hidden = "readOnly" if self._direction is Direction.REQUEST else "writeOnly"
        return {
            name: inner
            for name, inner in schema.get("properties", {}).items()
            if normal(document, inner).get(hidden) is not True
        }

    def _added(self, old: Keywords, place: str, *, needed: bool) -> Finding:
        new = "required" if needed else "optional"
        if self._direction is Direction.REQUEST:
            return Finding(place, ABSENT, new, breaking=needed)
        shut = any(
            old.get(name, True) is not True
            for name in ("additionalProperties", "unevaluatedProperties")
        )
        remark = "there was to be nothing beside the documented ones" if shut else ""
        return Finding(place, ABSENT, new, breaking=shut, remark=remark)

    def _requirement(self, place: str, *, now: bool) -> Finding:
        words = ("optional", "required") if now else ("required", "optional")
        return self._finding(place, *words, Effect.NARROWER if now else Effect.WIDER)

    def _inner(self, keyword: str, old: Keywords, new: Keywords, place: str) -> Iterator[Finding]:
        before, after = old.get(keyword, True), new.get(keyword, True)
        if keyword == "items" and not {keyword} & (old.keys() | new.keys()):
            return
        if keyword == "items":
            yield from self.schema(before, after, f"{place}[]")
        elif isinstance(before, bool | None) or isinstance(after, bool | None):
            before, after = ({} if value is True else value for value in (before, after))
            if not _same(before, after):
                effect = effect_of(wider=after == {}, narrower=before == {})
                if before is False or after is False:
                    effect = Effect.WIDER if before is False else Effect.NARROWER
                yield self._finding(place, _extra(keyword, before), _extra(keyword, after), effect)
        else:
            yield from self.schema(before, after, f"{place}{{}}")

    def _parts(self, old: Keywords, new: Keywords, place: str) -> Iterator[Finding]:
        """Compare what could not be united: all of it holds, so part by part."""
        before, after = old.get("allOf", ()), new.get("allOf", ())
        if len(before) != len(after):
            yield self._other("allOf", old, new, place)
            return
        for one, other in zip(before, after, strict=True):
            yield from self._keywords(one, other, place)

    def _branches(
        self, keyword: str, old: Keywords, new: Keywords, place: str
    ) -> Iterator[Finding]:
        if keyword not in old and keyword not in new:
            return
        if keyword not in old or keyword not in new:
            yield self._other(keyword, old, new, place)
            return
        before = {_branch_key(branch): branch for branch in old[keyword]}
        after = {_branch_key(branch): branch for branch in new[keyword]}
        for key in before.keys() & after.keys():
            yield from self.schema(before.pop(key), after.pop(key), place)
        if len(before) == len(after) == 1:
            (one,), (other,) = before.values(), after.values()
            yield from self.schema(one, other, place)
            return
        for branch in before.values():
            yield self._finding(place, _branch_text(branch), ABSENT, Effect.NARROWER)
        for branch in after.values():
            yield self._finding(place, ABSENT, _branch_text(branch), Effect.WIDER)

    def _other(self, keyword: str, old: Keywords, new: Keywords, place: str) -> Finding:
        before, after = (
            f"{keyword} {json_text(schema[keyword])}" if keyword in schema else ABSENT
            for schema in (old, new)
        )
        if keyword.startswith("x-"):
            return self._finding(place, before, after, Effect.NONE, "an extension")
        return self._finding(place, before, after, Effect.UNKNOWN, _CANNOT_TELL)

    def _finding(self, place: str, old: str, new: str, effect: Effect, remark: str = "") -> Finding:
        return self._at(place, Step(old, new, effect, remark))

    def _at(self, place: str, step: Step) -> Finding:
        breaking = step.breaks(self._direction)
        return Finding(place, step.old, step.new, breaking, step.remark)


def _same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _presence(required: set[str], name: str) -> str:
    return "required" if name in required else "optional"


def _extra(keyword: str, value: Any) -> str:
    told = "any" if value in (None, True, {}) else "none" if value is False else "some"
    return f"{keyword}: {told}"


def _deprecated(schema: Keywords) -> str:
    return "deprecated" if schema.get("deprecated") else "not deprecated"


def _branch_key(branch: Any) -> str:
    return name_of(branch) or json.dumps(branch, sort_keys=True)


def _branch_text(branch: Any) -> str:
    return f"or {name_of(branch) or json_text(branch)}"
