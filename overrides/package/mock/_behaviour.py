"""Carries out what an operation does to the state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from itertools import dropwhile, islice
from typing import Any, NamedTuple

from ._effects import Collection, Effect, letters, variables
from ._messages import RefusalError
from ._requests import RequestBody
from ._responses import ExampleMaker, NoExampleError, Template, Values, own_examples
from ._schemas import Schema, Validator, is_array, is_object, members
from ._state import Item, Place, State

_NOT_FOUND = (404, 400, 422)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TAIL = re.compile(r"(0x|[A-Za-z]?)([0-9A-Za-z]*)\Z")
_LONG = 16  # so many letters and digits at the end of an example, some digits, are no word
# What parameters of lists, and the fields beside a list, are called; only letters count.
_ROLES = {
    **dict.fromkeys(("limit", "take", "pagesize", "perpage", "size", "count"), "limit"),
    **dict.fromkeys(("maxresults", "top", "first"), "limit"),
    **dict.fromkeys(("offset", "skip", "start"), "offset"),
    **dict.fromkeys(("page", "pagenumber"), "page"),
    **dict.fromkeys(("cursor", "after", "startingafter", "startafter"), "cursor"),
    **dict.fromkeys(("pagetoken", "nexttoken"), "cursor"),
}
_TOTALS = frozenset({"total", "totalcount", "totalitems", "count"})
_MORE = frozenset({"hasmore", "hasnext", "hasnextpage"})
_NEXT = frozenset({"next", "nextcursor", "nextpagetoken", "nexttoken", "endcursor", "cursor"})


class Call(NamedTuple):
    """One valid call of an operation."""

    custodian: int
    path: tuple[str, ...]  # the path's variables, decoded, in the path's order
    parameters: Mapping[str, Any]  # all parameters by name, as values
    body: Any


class Behaviour:
    """What one operation does."""

    def __init__(
        self,
        effect: Effect,
        body: RequestBody,
        state: State,
        maker: ExampleMaker,
        seed: int,
    ) -> None:
        self.effect = effect
        self._state = state
        self._maker = maker
        self._seed = seed
        self._writable: dict[str, Schema] = {}  # what requests describe, and may set
        for schema, _ in body.content.values():
            described = members(maker.schemas.flatten(schema), "properties")
            self._writable |= {
                name: inner
                for name, inner in described.items()
                if not maker.schemas.flatten(inner).get("readOnly")
            }
        self._takes_any = bool(body.content) and not self._writable
        self._fresh: list[str] = []  # fields of an item that are made for each
        self._defaults: dict[str, Any] = {}  # what they are where a request does not say it
        self._steps: dict[str, list[Any]] = {}  # what those become that are null by default
        self._fits: dict[str, tuple[Any, int, Validator]] = {}
        self._sort_fields()

    def carry_out(self, call: Call, template: Template | None) -> Any:
        """Do it, or refuse it: an item that the path names is not there, or one that is made is."""
        collection = self.effect.collection
        for parent in self.effect.parents:
            self._find(call, parent)
        if self.effect.does == "create":
            return self._create(call, template)
        if self.effect.does == "list":
            return self._list(call, template)
        item = self._find(call, collection)
        given = self._given(call)
        given.pop(collection.identifier, None)
        if self.effect.does in ("replace", "change"):
            if self.effect.does == "replace":
                kept = {collection.identifier, *(item.content.keys() - self._writable.keys())}
                for name in item.content.keys() - kept:
                    del item.content[name]
            item.content.update(given)
            self._state.save(item)
        elif self.effect.does == "remove":
            self._state.remove(item)
        return self._show(item, template, call.path[-1])

    def seed(self, custodian: int, count: int, template: Template | None, *, filled: bool) -> None:
        """Add many items at once. `filled`: their fields that may be null take their steps."""
        place = Place(custodian, self.effect.collection.path)
        steps = self._steps if filled else {}
        fresh = [*self._fresh, *(name for name in steps if _looks_random(steps[name][0]))]
        count_of_steps = max((len(one) for one in steps.values()), default=1)
        makers = [
            self._item_maker(
                {name: one[: step + 1][-1] for name, one in steps.items()}, fresh, template
            )
            for step in range(count_of_steps)
        ]
        self._state.add_many(
            place, count, lambda number: makers[(number - 1) % count_of_steps](number)
        )

    def advance(self, custodian: int, item_id: str) -> bool:
        """Take the fields of an item that may be null one step on; False after the last."""
        item = self._state.find(Place(custodian, self.effect.collection.path), item_id)
        if item is None:
            raise LookupError(f"There is no {self.effect.collection.noun.lower()} {item_id!r}.")
        before = dict(item.content)
        for name, steps in self._steps.items():
            now = before.get(name)
            if now is None and _looks_random(steps[0]):
                fields = self.effect.collection.fields
                item.content[name] = self._new(name, fields[name], item.number)
            elif now is None or now in steps[:-1]:
                item.content[name] = steps[0 if now is None else steps.index(now) + 1]
        self._state.save(item)
        return item.content != before

    def _create(self, call: Call, template: Template | None) -> Any:
        given = self._given(call)
        fresh = [name for name in self._fresh if name not in given]
        make = self._item_maker(given, fresh, template)
        item = self._state.add(self._place(call), make)
        if item is None:
            raise RefusalError((409, 400, 422), f"{self.effect.collection.noun} exists already")
        return self._show(item, template)

    def _given(self, call: Call) -> dict[str, Any]:
        known = self.effect.collection.fields
        body = call.body if is_object(call.body) else {}
        takes = known if self._takes_any else self._writable
        return {name: value for name, value in body.items() if name in known and name in takes}

    def _sort_fields(self) -> None:
        """Tell the fields of a new item apart: made for it, null, set by default."""
        schemas, collection = self._maker.schemas, self.effect.collection
        for name, schema in collection.fields.items():
            flat, types = schemas.flatten(schema), schemas.types(schema)
            if name in self.effect.fresh:
                continue
            if name == collection.identifier or flat.get("format") == "password":
                self._fresh.append(name)
            elif "null" in types:
                self._defaults[name] = None
                steps = [one for one in own_examples(flat) if one is not None]
                self._steps |= {name: steps} if steps else {}
            elif name in self._writable:
                default = schemas.flatten(self._writable[name]).get("default")
                if default is not None or "boolean" in types:
                    self._defaults[name] = default if default is not None else False

    def _item_maker(
        self, given: Values, fresh: list[str], template: Template | None
    ) -> Callable[[int], tuple[str, Values]]:
        """What makes an item's id and content from its number.

        What neither the request nor the document decides is as the answer's example has it.
        """
        collection, values = self.effect.collection, {**self._defaults, **given}
        shown: Any = template.at(self.effect.envelope).fill(values) if template is not None else {}
        values = {
            name: value
            for name, value in {**(shown if is_object(shown) else {}), **values}.items()
            if name in collection.fields and name not in self.effect.fresh
        }

        def make(number: int) -> tuple[str, Values]:
            new = {name: self._new(name, collection.fields[name], number) for name in fresh}
            content = {**values, **new}
            return str(content[collection.identifier]), content

        return make

    def _new(self, name: str, schema: Schema, number: int, table: str = "item") -> Any:
        """A value that follows from the seed, a field and the number of a row, and fits."""
        if name not in self._fits:
            schemas = self._maker.schemas
            try:
                example = self._maker.build(schema)
            except NoExampleError:
                example = ""
            longest = schemas.flatten(schema).get("maxLength", 24)
            self._fits[name] = example, longest, schemas.validator(schema, f"field {name}")
        example, longest, validator = self._fits[name]
        text = f"{self._seed}:{self.effect.collection.path}:{table}:{name}:{number}"
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=32).hexdigest()
        for candidate in (*_reshape(example, digest), digest[:longest], number, str(number)):
            if validator.is_valid(candidate):
                return candidate
        return example

    def _show(self, item: Item, template: Template | None, last: str = "") -> Any:
        """An item in the answer, with what is new in each; `last` is the end of the path."""
        values, envelope, kept = dict(item.content), self.effect.envelope, False
        if self.effect.echoes:
            values = {self.effect.echoes: last}
        inner = template.at(envelope) if template is not None else None
        for name in sorted(self.effect.fresh):
            schema = inner.properties.get(name, True) if inner is not None else True

            def make(number: int, name: str = name, schema: Schema = schema) -> str:
                return str(self._new(name, schema, number, "token"))

            values[name] = self._state.add_token(item, make, once=self.effect.once)
            if name in item.content:
                item.content[name], kept = values[name], True
        if kept:
            self._state.save(item)
        return template.fill_in(envelope, values) if template is not None else None

    def _find(self, call: Call, collection: Collection) -> Item:
        above = len(variables(collection.item)) - 1
        place = Place(call.custodian, collection.path, call.path[:above])
        item = self._state.find(place, call.path[above])
        if item is None:
            raise RefusalError(_NOT_FOUND, f"{collection.noun} not found")
        return item

    def _place(self, call: Call) -> Place:
        return Place(call.custodian, self.effect.collection.path, call.path)

    def _list(self, call: Call, template: Template | None) -> Any:
        """The items, as far as the parameters ask for them; an iterator where they are all."""
        known, wanted, filters = self.effect.collection.fields, dict[str, Any](), dict[str, Any]()
        variable = variables(self.effect.collection.item)[-1]
        for name, value in call.parameters.items():
            role = _ROLES.get(letters(name))
            if role is not None and isinstance(value, str if role == "cursor" else int):
                wanted[role] = value if role == "cursor" else max(value, 0)
            else:
                field = name if name in known else name.removesuffix("s")
                field = self.effect.collection.identifier if _means(name, variable) else field
                if field in known:
                    filters[field] = value if is_array(value) else [value]
        items: Iterator[Item] = (
            item
            for item in self._state.items(self._place(call))
            if all(item.content.get(name) in values for name, values in filters.items())
        )
        limit, cursor = wanted.get("limit"), wanted.get("cursor")
        start = wanted.get("offset", 0) + (max(wanted.get("page", 1), 1) - 1) * (limit or 0)
        if not self.effect.envelope or template is None:
            items = items if cursor is None else _after(items, cursor)
            end = None if limit is None else start + limit
            return (item.content for item in islice(items, start, end))
        every = list(items)
        rest = every if cursor is None else list(_after(iter(every), cursor))
        shown = rest[start:][:limit]
        more = len(rest) > start + len(shown)
        facts = {
            **dict.fromkeys(_TOTALS, len(every)),
            **dict.fromkeys(_MORE, more),
            **dict.fromkeys(_NEXT, shown[-1].id if more and shown else None),
        }
        result = self._describe_page(template, self.effect.envelope, facts)
        values = [item.content for item in shown]
        result[self.effect.envelope] = template.at(self.effect.envelope).fill_list(values)
        return result

    def _describe_page(self, template: Template, envelope: str, facts: Values) -> dict[str, Any]:
        """The answer around a list, with what is known about the list in it."""
        names = {
            name: facts[letters(name)] for name in template.properties if letters(name) in facts
        }
        result: dict[str, Any] = template.fill(names)
        for name, schema in template.properties.items():
            inner = members(self._maker.schemas.flatten(schema), "properties")
            if name != envelope and any(letters(one) in facts for one in inner):
                result[name] = self._describe_page(template.at(name), "", facts)
        return result


def _means(name: str, variable: str) -> bool:
    """Whether a list's parameter holds what an item's path has: `clientIds`, `ids`."""
    return letters(name).removesuffix("s") == letters(variable)


def _after(items: Iterator[Item], cursor: str) -> Iterator[Item]:
    """The items after the one whose id is the cursor."""
    return islice(dropwhile(lambda item: item.id != cursor, items), 1, None)


def _looks_random(example: Any) -> bool:
    if not isinstance(example, str):
        return False
    match = _TAIL.search(example)
    tail = match[0] if match else ""
    return bool(_UUID.search(example)) or (len(tail) >= _LONG and any(map(str.isdigit, tail)))


def _reshape(example: Any, digest: str) -> Iterator[str]:
    """Texts that look like the example, and are others for another digest."""
    h = digest
    uuid = f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"
    if not isinstance(example, str):
        return
    if _UUID.search(example):
        yield _UUID.sub(uuid, example, count=1)
    match = _TAIL.search(example)
    if match is not None:
        start = match[1] if len(match[0]) >= _LONG else ""
        length = max(len(match[0]) - len(start), 12)
        yield example[: match.start()] + start + (digest * (length // 64 + 1))[:length]
    yield uuid
