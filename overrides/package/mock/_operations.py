"""The operations of a document, compiled, and what each does to the mock's state.

README.md says under "What it remembers" how that follows from the document. A collection is what a
POST makes items of, and what the paths of an item and below it are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from ._messages import DocumentError
from ._requests import Parameter, RequestBody, Security
from ._responses import Responses
from ._schemas import Schema, Schemas, is_json, members

Fields: TypeAlias = Mapping[str, Schema]  # of an object, by name

VARIABLE = re.compile(r"\{([^{}]+)\}")  # in a path
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_EFFECTS = ("create", "list", "read", "replace", "change", "remove", "use", "none")
_ON_ITEM = {"GET": "read", "HEAD": "read", "PUT": "replace", "DELETE": "remove"}
_BODY = "$response.body#/"


class Operation:
    """One operation of the document: what it takes and what it may answer."""

    def __init__(self, requests: Schemas, responses: Schemas, path: str, method: str) -> None:
        self.method, self.path, self.shape = method.upper(), path, shape_of(path)
        self.variables = VARIABLE.findall(path)
        where = f"{self.method} {path}"
        item = requests.resolve(requests.document["paths"][path])
        node = item[method]
        self.id: str = node.get("operationId", where)
        nodes = [*item.get("parameters", ()), *node.get("parameters", ())]
        parameters = [Parameter(requests, requests.resolve(one), where) for one in nodes]
        named = {(one.location, one.name): one for one in parameters if not one.is_ignored}
        self.parameters = [*named.values()]
        self.body = RequestBody(requests, node.get("requestBody"), where)
        self.security = Security(requests, node.get("security"))
        answers = responses.resolve(responses.document["paths"][path])[method]
        self.responses = Responses(responses, members(answers, "responses"), where)
        effect = node.get("x-effect", {})
        self.said: dict[str, Any] = {"does": effect} if isinstance(effect, str) else effect
        if self.said.get("does", "none") not in _EFFECTS:
            raise DocumentError(f"{where}: x-effect is one of {', '.join(_EFFECTS)}.")
        media = (one.schema for one in self.responses.success[1].media if is_json(one.type))
        schema = next(media, self.responses.success[1].nothing.schema)
        # The fields of the object that it answers, or of the one that is all that is in that,
        # and of the items of the list that it answers, or of the first in a field.
        self.fields: Fields = schema.properties
        self.items = _items(schema)
        self.envelope = ""  # that field
        lists = [name for name, one in self.fields.items() if _items(one)]
        objects = [name for name, one in self.fields.items() if one.properties]
        if lists and not self.items:
            self.envelope, self.items = lists[0], _items(self.fields[lists[0]])
        elif objects and len(self.fields) == 1:
            self.envelope, self.fields = objects[0], self.fields[objects[0]].properties


class Request(NamedTuple):
    """A request for an operation, as it came, and what was read of it."""

    operation: Operation
    path: tuple[str, ...]  # the values of the path's variables
    query: str
    headers: Mapping[str, Sequence[str]]  # by name in lower case
    body: bytes
    api_key: str = ""
    parameters: Mapping[str, Any] = {}
    value: Any = None  # of the body

    def first(self, header: str) -> str:
        """The first value of a header; "" where there is none."""
        return self.headers.get(header, [""])[0]


class Collection(NamedTuple):
    """Items of one kind."""

    path: str  # on which they are made
    item: str  # the path of one of them, which ends in its variable
    identifier: str  # the field that identifies one
    fields: Fields  # what is known of an item
    shown: frozenset[str]  # the fields that reading or listing shows

    @property
    def noun(self) -> str:
        """One of the items in words: `Client` for `/custodians/clients`."""
        *_, word = ["Item", *(one for one in self.path.split("/") if one and "{" not in one)]
        singular = re.sub("ies$", "y", re.sub("[-_]", " ", word)).removesuffix("s")
        return singular[:1].upper() + singular[1:]


class Effect(NamedTuple):
    """What one operation does to the state."""

    does: str  # create, list, read, replace, change, remove or use
    collection: Collection
    parents: Sequence[Collection]  # whose items the path names before: they have to be there
    envelope: str  # the field of the answer that has the item or the list; "" for the answer
    fresh: Fields  # those that are new in each answer
    once: bool  # whether those work once
    echoes: str  # the field that repeats the path's end, where that is beyond the item

    def __str__(self) -> str:
        new = f", new each time: {', '.join(self.fresh)}" if self.fresh else ""
        once = " (works once)" if self.once and self.fresh else ""
        return f"{self.does} {self.collection.item} by {self.collection.identifier}{new}{once}"


def compile_operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations of a document, in its order; a DocumentError where they cannot be served."""
    requests, responses = Schemas(document, "request"), Schemas(document, "response")
    for path, item in members(requests.document, "paths").items():
        for method in (one for one in _METHODS if one in requests.resolve(item)):
            yield Operation(requests, responses, path, method)


def find_effects(operations: Sequence[Operation]) -> list[Effect | None]:
    """The effect of each of a document's operations; None for those without."""
    collections = dict[str, Collection]()  # by the shape of an item's path
    for one in operations:
        if (found := _find_collection(one, operations)) is not None:
            collections.setdefault(shape_of(found.item), found)
    return [_find_effect(one, [*collections.values()]) for one in operations]


def _find_collection(one: Operation, operations: Sequence[Operation]) -> Collection | None:
    """The collection in which an operation makes items, if it makes any."""
    if one.said.get("does", "create" if one.method == "POST" else "") != "create":
        return None
    said = _follow_links(one, operations) | one.said
    item, identifier = str(said.get("item", "")), str(said.get("identifier", ""))
    gets = [other for other in operations if other.method == "GET"]
    lists = [each.items for each in gets if each.items and each.shape == one.shape]
    if not item:
        start = f"{one.shape.rstrip('/')}/{{}}/"
        below = [each.path for each in operations if f"{each.shape}/".startswith(start)]
        if lists:  # What is only listed has an address that nobody asks for.
            below.append(f"{one.path}/{{id}}")
        if not below:
            return None
        item = "/".join(below[0].split("/")[: one.path.count("/") + 2])
    *above, variable = ["", *VARIABLE.findall(item)]
    reads = [each.fields for each in gets if each.fields and each.shape == shape_of(item)]
    known = [*reads, *lists]
    identifier = identifier or _find_identifier(one.fields, variable, known)
    is_shown = all(identifier in fields for fields in [one.fields, *(reads or lists)])
    if not is_shown or len(above) != len(one.variables) + 1:
        if one.said:
            raise DocumentError(f"{one.method} {one.path}: no field of its answer identifies it.")
        return None
    shown = frozenset(name for fields in known for name in fields)
    fields = {name: schema for each in (one.fields, *known) for name, schema in each.items()}
    return Collection(one.path, item, identifier, fields, shown)


def _follow_links(one: Operation, operations: Sequence[Operation]) -> dict[str, Any]:
    """The path of what an operation makes, and the field that identifies it, by its links."""
    paths = {other.id: other.path for other in operations}
    for link in one.responses.success[1].links:
        path = paths.get(str(link.get("operationId")), "")
        for name, expression in members(link, "parameters").items():
            variable = f"{{{name.removeprefix('path.')}}}"
            identifier = str(expression).removeprefix(_BODY)
            if variable in path and identifier != expression and identifier in one.fields:
                return {"item": path.partition(variable)[0] + variable, "identifier": identifier}
    return {}


def _find_effect(one: Operation, collections: Sequence[Collection]) -> Effect | None:
    around = [each for each in collections if _is_within(one, each)]
    around.sort(key=lambda each: len(each.item))
    said, item = one.said.get("does"), one.said.get("item")
    own = next((each for each in collections if shape_of(each.path) == one.shape), None)
    if said == "list":  # it may stand elsewhere
        own = next((each for each in collections if each.item == item), own)
    if said == "none":
        return None
    if own is not None and (one.method == "POST" or said == "create"):
        does = "create"
    elif own is not None and own.identifier in one.items and said in (None, "list"):
        does = "list"
    elif around:
        own = around.pop()
        on_item = one.shape == shape_of(own.item)
        does = said or (_ON_ITEM.get(one.method, "change") if on_item else "use")
    else:
        return None
    secrets = {name for name, schema in one.fields.items() if schema.is_password} - own.shown
    fresh = one.said.get("fresh", sorted(secrets) if does in ("create", "use") else ())
    if any(name not in one.fields for name in fresh):
        raise DocumentError(f"{one.method} {one.path}: its answer has not all fields of {fresh}.")
    is_beyond = does == "use" and len(one.variables) > own.item.count("{")
    return Effect(
        does,
        own,
        parents=around,
        envelope=one.envelope if bool(one.items) == (does == "list") else "",
        fresh={name: one.fields[name] for name in sorted(fresh)},
        once=bool(one.said.get("once", one.method == "GET")),
        echoes=_find_identifier(one.fields, one.variables[-1], [{}]) if is_beyond else "",
    )


def _is_within(one: Operation, collection: Collection) -> bool:
    """Whether an operation's path has an item of a collection in it, and takes its identifier."""
    if not f"{one.shape}/".startswith(f"{shape_of(collection.item)}/"):
        return False
    place = ("path", one.variables[collection.item.count("{") - 1])
    given = [each.schema for each in one.parameters if (each.location, each.name) == place]
    is_text = "string" in collection.fields[collection.identifier].types
    return not is_text or all("string" in each.types for each in given if each.types)


def _items(schema: Schema) -> Fields:
    """The fields of an item of a list; none where it is none."""
    return schema.items.properties if "array" in schema.types else {}


def _find_identifier(fields: Fields, variable: str, reads: Sequence[Fields]) -> str:
    """The field that a path's variable means: `clientId` is `clientId`, `id`, or the like."""
    plain = {
        name: letters(name)
        for name, schema in fields.items()
        if schema.types & {"string", "integer"} and not schema.is_password
    }
    wanted = letters(variable)
    within = [name for name, letters in plain.items() if wanted.endswith(letters)]
    around = [name for name, letters in plain.items() if letters.endswith(wanted)]
    rest = [name for name in plain if all(name in read for read in reads)] if reads else []
    return next(iter((*sorted(within, key=len, reverse=True), *around, *rest)), "")


def shape_of(path: str) -> str:
    """A path without the names of its variables."""
    return VARIABLE.sub("{}", path)


def letters(name: str) -> str:
    """What counts of a name: its letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
