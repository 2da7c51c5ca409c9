"""Carries out what an operation does to the state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from itertools import dropwhile, islice
from typing import Any

from ._messages import DocumentError, RefusalError
from ._operations import VARIABLE, Collection, Effect, Operation, Request, letters
from ._responses import Template, Values, make_example
from ._schemas import is_array, is_object
from ._state import Item, Make, Place, State, place_of

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_TAIL = re.compile(r"(0x|[A-Za-z]?)([0-9A-Za-z]*)\Z")
_LONG = 16  # so many letters and digits at the end of an example, some digits, are no word
_ID = re.compile(rf"{_UUID.pattern}|(?=[A-Za-z]*\d)[0-9A-Za-z]{{{_LONG},}}\Z")
# What the parameters of lists are called, and the fields beside a list; only letters count.
_PAGES = {
    "limit": "limit|take|size|pagesize|perpage|count|maxresults|top|first",
    "offset": "offset|skip|start",
    "page": "page|pagenumber",
    "cursor": "cursor|after|startingafter|startafter|pagetoken|nexttoken",
}
_FACTS = {
    "total": "total|totalcount|totalitems|count",
    "more": "hasmore|hasnext|hasnextpage",
    "next": "next|nextcursor|nextpagetoken|nexttoken|endcursor|cursor",
}


class Behaviour:
    """What one operation does."""

    def __init__(
        self, effect: Effect, operation: Operation, state: State, seed: int, *, is_shared: bool
    ) -> None:
        self._is_shared = is_shared  # by all custodians
        self.effect, self._collection = effect, effect.collection
        self._operation, self._state, self._seed = operation, state, seed
        self._examples: dict[str, Any] = {}
        bodies = operation.body.content.values()
        self._writable = {  # what requests describe, and may set
            name: inner
            for body in bodies
            for name, inner in body.properties.items()
            if not inner.flat.get("readOnly")
        }
        known = self._collection.fields
        self._takes = known.keys() & (self._writable or (known if bodies else {}))
        # What fields of an item are in turn, where a request does not say it; those that are made
        # for each have none.
        self._steps: dict[str, list[Any]] = {}
        for name, schema in known.items():
            said = self._writable.get(name)
            if name in effect.fresh:
                continue
            if name == self._collection.identifier or schema.is_password:
                self._steps[name] = []
            elif "null" in schema.types:
                self._steps[name] = [None, *(one for one in schema.examples if one is not None)]
            elif said is not None and ("boolean" in schema.types or "default" in said.flat):
                self._steps[name] = [said.flat.get("default", False)]

    def carry_out(self, request: Request, template: Template) -> Any:
        """Do it, or refuse it: an item that the path names is not there, or one that is made is."""
        for parent in self.effect.parents:
            self._find(request, parent)
        if self.effect.does == "list":
            return self._list(request, template)
        body = request.value if is_object(request.value) else {}
        given = {name: value for name, value in body.items() if name in self._takes}
        if self.effect.does == "create":
            place = self._place(request.api_key, self._collection, *request.path)
            made = self._state.add(place, self._item_maker(given, template))
            if made is None:
                raise RefusalError(f"{self._collection.noun} exists already", (409, 400, 422))
            return self._show(made, template)
        item, fixed = self._find(request, self._collection), {self._collection.identifier}
        if self.effect.does == "replace":
            for name in self._writable.keys() - fixed:
                item.content.pop(name, None)
        if self.effect.does in ("replace", "change"):
            item.content.update({name: given[name] for name in given.keys() - fixed})
            self._state.save(item)
        elif self.effect.does == "remove":
            self._state.remove(item)
        return self._show(item, template, request.path[-1])

    def seed(self, api_key: str, count: int, *, filled: bool) -> None:
        """Add many items at once. `filled`: what may be null in them takes its steps in turn."""
        make = self._item_maker({}, self._operation.responses.success[1].choose("").template)
        turns = max([2, *map(len, self._steps.values())]) - 1

        def make_filled(number: int) -> tuple[str, dict[str, Any]]:
            made, content = make(number)
            for _ in range((number - 1) % turns + 1):
                content = self._step(content, number)
            return made, content

        place = self._place(api_key, self._collection)
        self._state.add(place, make_filled if filled else make, count)

    def advance(self, api_key: str, item_id: str) -> bool:
        """Take an item one step on; False after the last."""
        item = self._state.find(self._place(api_key, self._collection), item_id)
        if item is None:
            raise LookupError(f"There is no {self._collection.noun.lower()} {item_id!r}.")
        content = self._step(item.content, item.number)
        self._state.save(item._replace(content=content))
        return content != item.content

    def _step(self, content: Values, number: int) -> dict[str, Any]:
        """The content of an item, with each field that may be null one step on."""
        result = dict(content)
        for name, steps in self._steps.items():
            now = content.get(name)
            if now in steps[:-1]:
                then = steps[steps.index(now) + 1]
                is_id = now is None and isinstance(then, str) and _ID.search(then)
                result[name] = self._new(name, number) if is_id else then
        return result

    def _item_maker(self, given: Values, template: Template) -> Make:
        """What makes an item's id and content from its number; the example has the rest."""
        values = {name: steps[0] for name, steps in self._steps.items() if steps} | dict(given)
        shown: Any = template.at(self.effect.envelope).fill(values)
        values = {**(shown if is_object(shown) else {}), **values}
        kept = self._collection.fields.keys() - self.effect.fresh.keys()
        values = {name: value for name, value in values.items() if name in kept}
        fresh = [name for name, steps in self._steps.items() if not steps and name not in given]

        def make(number: int) -> tuple[str, dict[str, Any]]:
            content = {**values, **{name: self._new(name, number) for name in fresh}}
            return str(content[self._collection.identifier]), content

        return make

    def _new(self, name: str, number: int) -> Any:
        """A value that follows from the seed, a field and the number of a row, and fits."""
        is_token = name in self.effect.fresh
        schema = (self.effect.fresh if is_token else self._collection.fields)[name]
        if name not in self._examples:
            with suppress(DocumentError):
                self._examples[name] = make_example(schema)
        example = self._examples.get(name, "")
        table, longest = "token" if is_token else "item", schema.flat.get("maxLength", 24)
        text = f"{self._seed}:{self._collection.path}:{table}:{name}:{number}"
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=32).hexdigest()
        candidates = (*_reshape(example, digest), digest[:longest], number, str(number))
        return next(filter(schema.is_valid, candidates), example)

    def _show(self, item: Item, template: Template, last: str = "") -> Any:
        """An item in the answer, with what is new in each; `last` is the end of the path."""
        new = {
            name: self._state.add_token(item, partial(self._new, name), once=self.effect.once)
            for name in self.effect.fresh
        }
        if stored := {name: value for name, value in new.items() if name in item.content}:
            item.content.update(stored)
            self._state.save(item)
        values = {self.effect.echoes: last} if self.effect.echoes else item.content
        return template.fill({**values, **new}, self.effect.envelope)

    def _place(self, api_key: str, collection: Collection, *parents: str) -> Place:
        return place_of("" if self._is_shared else api_key, collection.path, *parents)

    def _find(self, request: Request, collection: Collection) -> Item:
        """The item of a collection that the path of a call names."""
        above = collection.item.count("{") - 1
        place = self._place(request.api_key, collection, *request.path[:above])
        item = self._state.find(place, request.path[above])
        if item is None:
            raise RefusalError(f"{collection.noun} not found", (404, 400, 422))
        return item

    def _list(self, request: Request, template: Template) -> Any:
        """The items, as far as the parameters ask for them; an iterator where they are all."""
        pages, filters = self._read_query(request)
        place = self._place(request.api_key, self._collection, *request.path)
        items: Iterator[Item] = (
            item
            for item in self._state.items(place)
            if all(item.content.get(name) in values for name, values in filters.items())
        )
        limit, envelope = pages.get("limit"), self.effect.envelope
        start = pages.get("offset", 0) + (max(pages.get("page", 1), 1) - 1) * (limit or 0)
        every = list(items) if envelope else []
        items = iter(every) if envelope else items
        if "cursor" in pages:  # the id after which a page begins
            items = islice(dropwhile(lambda item: item.id != pages["cursor"], items), 1, None)
        items = islice(items, start, None if limit is None else start + limit)
        if not envelope:
            return (item.content for item in items)
        shown = list(items)
        more = bool(shown) and shown[-1] is not every[-1]
        facts = {"total": len(every), "more": more, "next": shown[-1].id if more else None}
        values = template.at(envelope).fill_list([item.content for item in shown])
        return {**_describe_page(template, envelope, facts), envelope: values}

    def _read_query(self, request: Request) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        """Which page a list is asked for, and which values its items are to have in a field."""
        pages, filters = dict[str, Any](), dict[str, list[Any]]()
        variable = letters(VARIABLE.findall(self._collection.item)[-1])
        for parameter in self._operation.parameters:
            name, role = parameter.name, _find_role(parameter.name, _PAGES)
            default = parameter.schema.flat.get("default") if role else None
            value = request.parameters.get(name, default)
            if role and isinstance(value, str if role == "cursor" else int):
                pages[role] = value if role == "cursor" else max(value, 0)
                continue
            is_id = letters(name).removesuffix("s") == variable  # such as clientIds, ids
            fields = (self._collection.identifier if is_id else name, name.removesuffix("s"))
            field = next((one for one in fields if one in self._collection.fields), None)
            if value is not None and field is not None:
                filters[field] = value if is_array(value) else [value]
        return pages, filters


def _describe_page(template: Template, envelope: str, facts: Values) -> dict[str, Any]:
    """The answer around a list, with what is known about the list in it."""
    roles = {name: _find_role(name, _FACTS) for name in template.schema.properties}
    result: dict[str, Any] = template.fill({n: facts[role] for n, role in roles.items() if role})
    for name, schema in template.schema.properties.items():
        if name != envelope and any(_find_role(one, _FACTS) for one in schema.properties):
            result[name] = _describe_page(template.at(name), "", facts)
    return result


def _find_role(name: str, roles: Mapping[str, str]) -> str:
    """What a name of a parameter or field stands for; "" for nothing known."""
    return next((one for one, names in roles.items() if letters(name) in names.split("|")), "")


def _reshape(example: Any, digest: str) -> Iterator[str]:
    """Texts that look like the example, and are others for another digest."""
    if not isinstance(example, str):
        return
    if _UUID.search(example):
        h = digest
        uuid = f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:32]}"
        yield _UUID.sub(uuid, example, count=1)
    head, start, rest, _ = _TAIL.split(example, maxsplit=1)
    if len(start + rest) < _LONG:
        start, rest = "", start + rest
    length = max(len(rest), 12)
    yield head + start + (digest * (length // 64 + 1))[:length]
