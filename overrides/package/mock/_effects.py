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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ._messages import DocumentError
from ._operations import VARIABLE, Collection, Effect, Fields, Operation, letters
from ._schemas import Schema, is_json, is_object, members

_EFFECTS = ("create", "list", "read", "replace", "change", "remove", "use", "none")
_ON_ITEM = {
    "GET": "read",
    "HEAD": "read",
    "PUT": "replace",
    "DELETE": "remove",
    **dict.fromkeys(("PATCH", "POST"), "change"),
}
_BODY = "$response.body#/"


class _Case:
    """An operation, and what of it tells its effect.

    Attributes:
        shape: Its path without the names of its variables.
        said: What `x-effect` says.
        fields: Those of the object that it answers.
        items: Those of an item of the list that it answers.
        envelope: The field in which that list is, or the object where the answer has no other.
    """

    def __init__(self, operation: Operation) -> None:
        self.operation, self.path, self.method = operation, operation.path, operation.method
        self.shape = _shape(self.path)
        said: Any = {} if operation.effect is None else operation.effect
        self.said: Mapping[str, Any] = {"does": said} if isinstance(said, str) else said
        if not is_object(self.said) or self.said.get("does", "none") not in _EFFECTS:
            known = ", ".join(_EFFECTS)
            raise DocumentError(f"{self.method} {self.path}: x-effect is one of {known}.")
        media = (one for one in operation.responses.success[1].media if is_json(one.type))
        schema = next((one.schema for one in media), None)
        self.fields: Fields = {} if schema is None else schema.properties
        self.items: Fields = {} if schema is None else _items(schema)
        self.envelope = ""
        lists = [name for name, one in self.fields.items() if _items(one)]
        if lists and not self.items:
            self.envelope, self.items = lists[0], _items(self.fields[lists[0]])
        elif len(self.fields) == 1:
            ((name, one),) = self.fields.items()
            self.envelope, self.fields = (
                (name, one.properties) if one.properties else ("", self.fields)
            )

    @property
    def variables(self) -> list[str]:
        """The names of its path's variables."""
        return VARIABLE.findall(self.path)


def find_effects(operations: Iterable[Operation]) -> list[Effect | None]:
    """The effect of each of a document's operations; None for those without."""
    cases = [_Case(one) for one in operations]
    collections = dict[str, Collection]()
    for one in cases:
        collection = _find_collection(one, cases)
        known = {_shape(each.item) for each in collections.values()}
        if collection is not None and _shape(collection.item) not in known:
            collections[one.shape] = collection
    return [_find_effect(one, collections) for one in cases]


def _find_collection(one: _Case, cases: Sequence[_Case]) -> Collection | None:
    """The collection in which an operation makes items, if it makes any."""
    if one.said.get("does", "create" if one.method == "POST" else "") != "create":
        return None
    item, identifier = _follow_links(one, cases)
    item = str(one.said.get("item", item))
    identifier = str(one.said.get("identifier", identifier))
    gets = [other for other in cases if other.method == "GET"]
    lists = [each.items for each in gets if each.items and each.shape == one.shape]
    if not item:
        below = [other.path for other in cases if _is_below(other.shape, one.shape)]
        if not below and not lists:
            return None
        # What is only listed has an address that nobody asks for.
        below = below or [f"{one.path}/{{id}}"]
        item = "/".join(below[0].split("/")[: one.path.count("/") + 2])
    variables = VARIABLE.findall(item)
    if len(variables) != len(one.variables) + 1:
        return None
    reads = [each.fields for each in gets if each.fields and each.shape == _shape(item)]
    known = [*reads, *lists]
    identifier = identifier or _find_identifier(one.fields, variables[-1], known)
    if identifier not in one.fields or any(identifier not in fields for fields in reads or lists):
        if one.said:
            raise DocumentError(f"{one.method} {one.path}: no field of its answer identifies it.")
        return None
    shown = frozenset(name for fields in known for name in fields)
    fields = {name: schema for each in (one.fields, *known) for name, schema in each.items()}
    return Collection(one.path, item, identifier, fields, shown)


def _follow_links(one: _Case, cases: Sequence[_Case]) -> tuple[str, str]:
    """The path of what an operation makes, and the field that identifies it, by its links."""
    paths = {other.operation.id: other.path for other in cases}
    for link in one.operation.responses.success[1].links:
        path = paths.get(str(link.get("operationId")), "")
        for name, expression in members(link, "parameters").items():
            variable = f"{{{name.removeprefix('path.')}}}"
            identifier = str(expression).removeprefix(_BODY)
            if variable in path and identifier != expression and identifier in one.fields:
                return path.partition(variable)[0] + variable, identifier
    return "", ""


def _find_effect(one: _Case, collections: Mapping[str, Collection]) -> Effect | None:
    around = [
        each
        for each in collections.values()
        if f"{one.shape}/".startswith(f"{_shape(each.item)}/") and _takes_identifier(one, each)
    ]
    around.sort(key=lambda each: len(each.item))
    own = collections.get(one.shape)
    said = one.said.get("does")
    if said == "list" and "item" in one.said:
        own = next((each for each in collections.values() if each.item == one.said["item"]), own)
    if said == "none":
        return None
    if own is not None and (one.method == "POST" or said == "create"):
        effect = Effect("create", own, tuple(around))
    elif own is not None and own.identifier in one.items and said in (None, "list"):
        effect = Effect("list", own, tuple(around))
    elif around:
        *parents, own = around
        on_item = one.shape == _shape(own.item)
        does = said or (_ON_ITEM.get(one.method, "use") if on_item else "use")
        effect = Effect(does, own, tuple(parents))
    else:
        return None
    secrets = {name for name, schema in one.fields.items() if schema.is_password} - own.shown
    fresh = one.said.get("fresh", sorted(secrets) if effect.does in ("create", "use") else ())
    if any(name not in one.fields for name in fresh):
        raise DocumentError(f"{one.method} {one.path}: its answer has not all fields of {fresh}.")
    is_beyond = effect.does == "use" and len(one.variables) > own.item.count("{")
    return replace(
        effect,
        echoes=_find_identifier(one.fields, one.variables[-1], [{}]) if is_beyond else "",
        envelope=one.envelope if bool(one.items) == (effect.does == "list") else "",
        fresh={name: one.fields[name] for name in sorted(fresh)},
        once=bool(one.said.get("once", one.method == "GET")),
    )


def _takes_identifier(one: _Case, collection: Collection) -> bool:
    """Whether the identifier of an item can stand in an operation's path."""
    name = one.variables[collection.item.count("{") - 1]
    is_text = "string" in collection.fields[collection.identifier].types
    return not is_text or not any(
        parameter.schema.types and "string" not in parameter.schema.types
        for parameter in one.operation.parameters
        if (parameter.location, parameter.name) == ("path", name)
    )


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
    same = [name for name, letters in plain.items() if letters == wanted]
    within = [name for name, letters in plain.items() if wanted.endswith(letters)]
    around = [name for name, letters in plain.items() if letters.endswith(wanted)]
    rest = [name for name in plain if all(name in read for read in reads)] if reads else []
    return next(iter((*same, *sorted(within, key=len, reverse=True), *around, *rest)), "")


def _shape(path: str) -> str:
    return VARIABLE.sub("{}", path)


def _is_below(shape: str, collection: str) -> bool:
    """Whether a path is that of an item of the collection, or below it."""
    return f"{shape}/".startswith(f"{collection.rstrip('/')}/{{}}/")
