# Edited in overrides/package/mock/_operations.py, from where `make generate` copies it.
"""The operations of a document, compiled, and what they do to the state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ._messages import DocumentError
from ._requests import (
    Parameter,
    RequestBody,
    Security,
    compile_body,
    compile_parameters,
    compile_security,
)
from ._responses import Responses, compile_responses
from ._schemas import Schema, Schemas, members

Fields: TypeAlias = Mapping[str, Schema]  # of an object, by name

VARIABLE = re.compile(r"\{([^{}]+)\}")  # in a path
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of the document: what it takes and what it may answer."""

    id: str  # the operationId, or method and path where it has none
    method: str
    path: str  # the template, without the server's path
    parameters: tuple[Parameter, ...] = field(repr=False)
    body: RequestBody = field(repr=False)
    responses: Responses = field(repr=False)
    security: Security = field(repr=False)
    effect: Any = field(repr=False)  # what `x-effect` says, None for nothing


@dataclass(frozen=True)
class Collection:
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
        word = re.sub("[-_]", " ", word)
        singular = re.sub(r"ies$", "y", word) if word.endswith("ies") else word.removesuffix("s")
        return singular[:1].upper() + singular[1:]


@dataclass(frozen=True)
class Effect:
    """What one operation does to the state."""

    does: str  # create, list, read, replace, change, remove or use
    collection: Collection
    parents: tuple[Collection, ...] = ()  # whose items the path names before: they have to be there
    envelope: str = ""  # the field of the answer that has the item or the list; "" for the answer
    fresh: Fields = field(default_factory=dict[str, Schema])  # those that are new in each answer
    once: bool = False  # whether those work once
    echoes: str = ""  # the field that repeats the path's end, where that is beyond the item

    def __str__(self) -> str:
        new = f", new each time: {', '.join(self.fresh)}" if self.fresh else ""
        once = " (works once)" if self.once and self.fresh else ""
        return f"{self.does} {self.collection.item} by {self.collection.identifier}{new}{once}"


def compile_operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations of a document, in its order; a DocumentError where they cannot be served."""
    requests, responses = Schemas(document, "request"), Schemas(document, "response")
    for path, item in members(requests.document, "paths").items():
        incoming = requests.resolve(item)
        outgoing = responses.resolve(responses.document["paths"][path])
        for method in (one for one in _METHODS if one in incoming):
            where = f"{method.upper()} {path}"
            try:
                node = incoming[method]
                parameters = [*incoming.get("parameters", ()), *node.get("parameters", ())]
                security = node.get("security", requests.document.get("security", ()))
                answers = members(outgoing[method], "responses")
                yield Operation(
                    id=node.get("operationId", where),
                    method=method.upper(),
                    path=path,
                    parameters=compile_parameters(requests, parameters, where),
                    body=compile_body(requests, node.get("requestBody"), where),
                    responses=compile_responses(responses, answers, where),
                    security=compile_security(requests, security, where),
                    effect=node.get("x-effect"),
                )
            except (KeyError, TypeError, AttributeError) as error:
                raise DocumentError(
                    f"{where}: the document is not valid OpenAPI ({error!r})."
                ) from error


def letters(name: str) -> str:
    """What counts of a name: its letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
