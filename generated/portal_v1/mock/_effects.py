# Edited in overrides/package/mock/_effects.py, from where `make generate` copies it.
"""What each operation does to the mock's state, as the document says it.

A collection is what a POST makes items of, and what the paths below `.../{id}` are about. That
a POST makes items follows from the links of its success response (`id: $response.body#/id` to
an operation on the item), else from the usual shape of paths: there is a path `.../{id}` below
its own, and its answer has a field that identifies the item. On the collection, GET lists; on an
item, GET reads, PUT replaces, PATCH and POST change, DELETE removes; what is below an item uses
it. Passwords that reading an item does not show are new in each answer; those of a GET work once.

Where that is not what an operation does, it says so with `x-effect`: the name of another effect,
`none`, or an object with `does`, `item` (the path of the item), `identifier` (the field of the
answer), `fresh` (the fields that are new in each answer) and `once` (whether those work once).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ._messages import DocumentError
from ._schemas import Schema, Schemas, is_json, is_object, members, success_key

EFFECTS = ("create", "list", "read", "replace", "change", "remove", "use")
_EXTENSION = "x-effect"
_ON_ITEM = {
    "GET": "read",
    "HEAD": "read",
    "PUT": "replace",
    "PATCH": "change",
    "POST": "change",
    "DELETE": "remove",
}
_VARIABLE = re.compile(r"\{([^{}]+)\}")
_BODY = "$response.body#/"


@dataclass(frozen=True)
class Collection:
    """Items of one kind."""

    path: str  # on which they are made
    item: str  # the path of one of them, which ends in its variable
    identifier: str  # the field that identifies one
    fields: Mapping[str, Schema]  # what is known of an item, by name
    shown: frozenset[str]  # the fields that reading or listing shows

    @property
    def noun(self) -> str:
        """One of the items in words: `Client` for `/custodians/clients`."""
        *_, word = ["Item", *(one for one in self.path.split("/") if one and "{" not in one)]
        word = word.replace("-", " ").replace("_", " ")
        singular = re.sub(r"ies$", "y", word) if word.endswith("ies") else re.sub(r"s$", "", word)
        return singular[:1].upper() + singular[1:]


@dataclass(frozen=True)
class Effect:
    """What one operation does to the state."""

    does: str  # one of `EFFECTS`
    collection: Collection
    parents: tuple[Collection, ...] = ()  # whose items the path names before: they have to be there
    envelope: str = ""  # the field of the answer that has the item or the list; "" for the answer
    fresh: frozenset[str] = frozenset()  # the fields that are new in each answer
    once: bool = False  # whether those work once
    echoes: str = ""  # the field that repeats the path's end, where that is beyond the item

    def __str__(self) -> str:
        new = f", new each time: {', '.join(sorted(self.fresh))}" if self.fresh else ""
        once = " (works once)" if self.once and self.fresh else ""
        return f"{self.does} {self.collection.item} by {self.collection.identifier}{new}{once}"


@dataclass(frozen=True)
class _Operation:
    """What effects are found by: an operation and the fields of its answer."""

    id: str
    method: str
    path: str
    node: Mapping[str, Any]
    response: Mapping[str, Any]
    fields: Mapping[str, Schema]  # of an object
    items: Mapping[str, Schema]  # of an item of a list
    list_in: str  # the field in which the list is, "" for none
    object_in: str  # the field in which the object is, "" for none
    said: Mapping[str, Any]  # by the extension


def find_effects(schemas: Schemas) -> dict[tuple[str, str], Effect]:
    """The effects of a document's operations, by method and path."""
    operations = list(_read_operations(schemas))
    collections = dict[str, Collection]()
    for one in operations:
        collection = _find_collection(schemas, one, operations)
        known = {_shape(each.item) for each in collections.values()}
        if collection is not None and _shape(collection.item) not in known:
            collections[_shape(one.path)] = collection
    effects = {
        (one.method, one.path): _find_effect(schemas, one, collections) for one in operations
    }
    return {address: effect for address, effect in effects.items() if effect is not None}


def variables(path: str) -> list[str]:
    """The names of a path's variables, in order."""
    return _VARIABLE.findall(path)


def _find_collection(
    schemas: Schemas, one: _Operation, operations: list[_Operation]
) -> Collection | None:
    if one.said.get("does", "create" if one.method == "POST" else "") != "create":
        return None
    item, identifier = _follow_links(schemas, one, operations)
    item = str(one.said.get("item", item))
    identifier = str(one.said.get("identifier", identifier))
    gets = [other for other in operations if other.method == "GET"]
    lists = [each.items for each in gets if each.items and _shape(each.path) == _shape(one.path)]
    if not item:
        below = [other.path for other in operations if _is_below(other.path, one.path)]
        if not below and not lists:
            return None
        # What is only listed has an address that nobody asks for.
        below = below or [f"{one.path}/{{id}}"]
        item = "/".join(below[0].split("/")[: one.path.count("/") + 2])
    reads = [each.fields for each in gets if each.fields and _shape(each.path) == _shape(item)]
    if len(variables(item)) != len(variables(one.path)) + 1:
        return None
    known = [*reads, *lists]
    identifier = identifier or _find_identifier(schemas, one.fields, variables(item)[-1], known)
    if identifier not in one.fields or any(identifier not in fields for fields in reads or lists):
        if one.said:
            raise DocumentError(f"{one.method} {one.path}: no field of its answer identifies it.")
        return None
    shown = frozenset(name for fields in known for name in fields)
    fields = {name: schema for each in (one.fields, *known) for name, schema in each.items()}
    return Collection(one.path, item, identifier, fields, shown)


def _follow_links(
    schemas: Schemas, one: _Operation, operations: list[_Operation]
) -> tuple[str, str]:
    """The path of what an operation makes, and the field that identifies it, by its links."""
    paths = {other.id: other.path for other in operations}
    for node in members(one.response, "links").values():
        link = schemas.resolve(node)
        path = paths.get(str(link.get("operationId")), "")
        for name, expression in members(link, "parameters").items():
            variable, field = f"{{{name.removeprefix('path.')}}}", str(expression)
            identifier = field.removeprefix(_BODY)
            if variable in path and field.startswith(_BODY) and identifier in one.fields:
                return path.partition(variable)[0] + variable, identifier
    return "", ""


def _find_effect(
    schemas: Schemas, one: _Operation, collections: Mapping[str, Collection]
) -> Effect | None:
    shape = _shape(one.path)
    around = [
        each
        for each in collections.values()
        if _starts(shape, _shape(each.item)) and _takes_identifier(schemas, one, each)
    ]
    around.sort(key=lambda each: len(each.item))
    own = collections.get(shape)
    said = one.said.get("does")
    if said == "list" and "item" in one.said:
        own = next((each for each in collections.values() if each.item == one.said["item"]), own)
    if own is not None and (one.method == "POST" or said == "create"):
        effect = Effect("create", own, tuple(around))
    elif own is not None and own.identifier in one.items and said in (None, "list"):
        effect = Effect("list", own, tuple(around))
    elif around:
        *parents, own = around
        on_item = shape == _shape(own.item)
        does = _ON_ITEM.get(one.method, "use") if on_item else "use"
        effect = Effect(said or does, own, tuple(parents))
    else:
        return None
    if said == "none":
        return None
    secrets = {name for name, schema in one.fields.items() if is_password(schemas, schema)}
    fresh = secrets - own.shown if effect.does in ("create", "use") else set[str]()
    names, beyond = variables(one.path), len(variables(own.item))
    is_beyond = effect.does == "use" and len(names) > beyond
    return replace(
        effect,
        echoes=_find_identifier(schemas, one.fields, names[-1], [{}]) if is_beyond else "",
        envelope=one.list_in if effect.does == "list" else one.object_in,
        fresh=frozenset(one.said.get("fresh", fresh)),
        once=bool(one.said.get("once", one.method == "GET")),
    )


def _takes_identifier(schemas: Schemas, one: _Operation, collection: Collection) -> bool:
    """Whether the identifier of an item can stand in an operation's path."""
    name = variables(one.path)[len(variables(collection.item)) - 1]
    path = schemas.resolve(schemas.document["paths"][one.path])
    for node in (*one.node.get("parameters", ()), *path.get("parameters", ())):
        parameter = schemas.resolve(node)
        if (parameter.get("in"), parameter.get("name")) == ("path", name):
            identifier = collection.fields[collection.identifier]
            types = schemas.types(parameter.get("schema", {}))
            return "string" in types or not types or "string" not in schemas.types(identifier)
    return True


def is_password(schemas: Schemas, schema: Schema) -> bool:
    """Whether a field holds a secret."""
    return schemas.flatten(schema).get("format") == "password"


def _read_operations(schemas: Schemas) -> Iterator[_Operation]:
    for path, item in members(schemas.document, "paths").items():
        for method, node in schemas.resolve(item).items():
            if not is_object(node) or not members(node, "responses"):
                continue
            responses = node["responses"]
            response = schemas.resolve(responses[success_key(responses)])
            content = members(response, "content").items()
            media: Any = next((one for name, one in content if is_json(name)), None)
            schema: Schema = members({"media": media}, "media").get("schema")
            fields = members(schemas.flatten(schema), "properties")
            items, list_in, object_in = _list_fields(schemas, schema), "", ""
            for name, inner in fields.items() if not items else ():
                items = _list_fields(schemas, inner)
                if items:
                    list_in = name
                    break
            if len(fields) == 1 and not items:
                (name,) = fields
                inner = members(schemas.flatten(fields[name]), "properties")
                fields, object_in = (inner, name) if inner else (fields, "")
            said = node.get(_EXTENSION, {})
            said = {"does": said} if isinstance(said, str) else said
            where = f"{method.upper()} {path}"
            if not is_object(said) or said.get("does", "none") not in (*EFFECTS, "none"):
                known = ", ".join((*EFFECTS, "none"))
                raise DocumentError(f"{where}: {_EXTENSION} is one of {known}.")
            yield _Operation(
                node.get("operationId", where),
                *(method.upper(), path, node, response, fields, items, list_in, object_in, said),
            )


def _list_fields(schemas: Schemas, schema: Schema) -> Mapping[str, Schema]:
    flat = schemas.flatten(schema)
    if "array" not in schemas.types(flat):
        return {}
    return members(schemas.flatten(flat.get("items", True)), "properties")


def _find_identifier(
    schemas: Schemas, fields: Mapping[str, Schema], variable: str, reads: list[Mapping[str, Schema]]
) -> str:
    """The field that a path's variable means: `clientId` is `clientId`, `id`, or the like."""
    plain = {
        name: letters(name)
        for name, schema in fields.items()
        if schemas.types(schema) & {"string", "integer"} and not is_password(schemas, schema)
    }
    wanted = letters(variable)
    same = [name for name, letters in plain.items() if letters == wanted]
    within = [name for name, letters in plain.items() if wanted.endswith(letters)]
    around = [name for name, letters in plain.items() if letters.endswith(wanted)]
    rest = [name for name in plain if all(name in read for read in reads)] if reads else []
    return next(iter((*same, *sorted(within, key=len, reverse=True), *around, *rest)), "")


def letters(name: str) -> str:
    """What counts of a name: its letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _shape(path: str) -> str:
    return _VARIABLE.sub("{}", path)


def _is_below(path: str, collection: str) -> bool:
    """Whether a path is that of an item of the collection, or below it."""
    rest = _shape(path).removeprefix(_shape(collection).rstrip("/"))
    return rest != _shape(path) and (rest == "/{}" or rest.startswith("/{}/"))


def _starts(shape: str, item: str) -> bool:
    return shape == item or shape.startswith(item + "/")
