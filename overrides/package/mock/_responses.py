"""Documented responses: which one to give, and its example with the state's values in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Any

from ._examples import ExampleMaker, NoExampleError, Template, Values
from ._messages import Body, DocumentError
from ._schemas import Schema, Schemas, Validator
from ._values import accepted_ranges, is_array, is_json, is_object, matches, members, success_key

BATCH = 1000  # items of a list that are held in memory at a time
# With one of these, a list may be valid although each part of it is not, or the reverse.
_WHOLE = frozenset(
    [
        *("allOf", "anyOf", "const", "contains", "enum", "if", "maxItems", "minItems", "not"),
        *("oneOf", "prefixItems", "unevaluatedItems", "uniqueItems"),
    ]
)
# What HTTP says of the connection and the body as it is sent: never copied from a document.
_NOT_HEADERS = re.compile(
    "connection|content-(encoding|length|range|type)|date|keep-alive|trailer|transfer-encoding"
    "|upgrade"
)


class UndocumentedError(Exception):
    """An answer would not be what the document says. The text says what differs."""


@dataclass(slots=True)
class Media:
    """One media type of a response."""

    type: str
    schema: Schema = field(repr=False)
    where: str
    validator: Validator | None = field(repr=False)
    given: Sequence[Any] = field(repr=False)  # the examples beside the schema
    maker: ExampleMaker = field(repr=False)
    _example: list[Any] = field(default_factory=list[Any], repr=False)
    _template: Template | None = field(default=None, repr=False)

    @property
    def example(self) -> Any:
        """The example: a JSON value, or for another media type text.

        Raises:
            UndocumentedError: The document has none that is valid, and none could be made.
        """
        if not self._example:
            try:
                self._example.append(self._find_example())
            except NoExampleError as error:
                raise UndocumentedError(str(error)) from None
        return self._example[0]

    @property
    def template(self) -> Template:
        """The example and the schema, ready to take values of the state."""
        if self._template is None:
            self._template = Template(self.schema, self.example, self.maker)
        return self._template

    def body(self) -> bytes:
        """The example as a body.

        Raises:
            UndocumentedError: It is not what the document says.
        """
        return self.encode(self.example)

    def error_body(self, text: str) -> bytes:
        """The example of an error, with a text of the mock's own where it has one.

        Raises:
            UndocumentedError: It is not what the document says.
        """
        name = self.template.error_text() if is_json(self.type) else None
        return self.encode(self.template.fill({name: text})) if name else self.body()

    def list_body(self, values: Iterator[Values]) -> Body:
        """A list as a body. A long one is an iterator, each piece validated when it is made.

        Raises:
            UndocumentedError: It is not what the document says.
        """
        if not (_WHOLE & self.maker.schemas.flatten(self.schema).keys()):
            first = list(islice(values, BATCH))
            if len(first) == BATCH:
                piece = b"[" + self.encode(self.template.fill_list(first))[1:-1]
                return self._pieces(piece, values)
            return self.encode(self.template.fill_list(first))
        return self.encode(self.template.fill_list(list(values)))

    def encode(self, value: Any) -> bytes:
        """The value as a body, validated.

        Raises:
            UndocumentedError: It is not what the document says.
        """
        if not is_json(self.type):
            return str(value).encode()
        problem = self.validator.problem(value) if self.validator is not None else None
        if problem is not None:
            raise UndocumentedError(problem)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def _pieces(self, piece: bytes, rest: Iterator[Values]) -> Iterator[bytes]:
        yield piece
        while batch := list(islice(rest, BATCH)):
            yield b"," + self.encode(self.template.fill_list(batch))[1:-1]
        yield b"]"

    def _find_example(self) -> Any:
        if is_json(self.type):
            return self.maker.find(self.schema, self.where, self.given)
        for text in self.given:
            if isinstance(text, str):
                return text
        flat = self.maker.schemas.flatten(self.schema)
        text = self.maker.build(flat) if "string" in self.maker.schemas.types(flat) else ""
        return text if self.type.startswith("text/") or flat.get("format") == "byte" else ""


@dataclass(frozen=True, slots=True)
class Response:
    """One documented response of an operation."""

    headers: tuple[tuple[str, str], ...]
    media: tuple[Media, ...]

    def choose(self, accept: str) -> Media | None:
        """The media type to answer with: what was asked for, else JSON, else the first."""
        for media_range in accepted_ranges(accept):
            if media_range == "*/*":
                break
            for media in self.media:
                if matches(media_range, media.type):
                    return media
        return next((one for one in self.media if is_json(one.type)), (*self.media, None)[0])


@dataclass(frozen=True, slots=True)
class Responses:
    """All documented responses of an operation, by status, range or default."""

    by_key: Mapping[str, Response]
    success: tuple[int, Response]  # what a call gets that went well

    def find(self, *statuses: int) -> tuple[int, Response] | None:
        """The first status that is documented; by itself, then by range, then by default."""
        for status in statuses:
            if str(status) in self.by_key:
                return status, self.by_key[str(status)]
        for status in statuses:
            if f"{status // 100}XX" in self.by_key:
                return status, self.by_key[f"{status // 100}XX"]
        default = self.by_key.get("default")
        return (statuses[0], default) if default is not None else None


def compile_responses(maker: ExampleMaker, nodes: Mapping[str, Any], where: str) -> Responses:
    """The responses of an operation."""
    by_key: dict[str, Response] = {}
    for key, node in nodes.items():
        status = key if key == "default" else str(key).upper()
        place = f"{where}, response {status}"
        if status.startswith("X-"):
            continue
        resolved = maker.schemas.resolve(node)
        content = members(resolved, "content").items()
        by_key[status] = Response(
            tuple(_headers(maker, members(resolved, "headers"), place)),
            tuple(_media(maker, name, media or {}, place) for name, media in content),
        )
    if not by_key:
        raise DocumentError(f"{where}: no response is documented, so there is nothing to answer.")
    key = success_key(by_key)
    return Responses(by_key, (_status(key), by_key[key]))


def _status(key: str) -> int:
    return HTTPStatus.OK if key == "default" else int(key.upper().replace("X", "0"))


def _media(maker: ExampleMaker, name: str, node: Mapping[str, Any], where: str) -> Media:
    schema = node.get("schema", True)
    if "*" in name:  # JSON where a schema describes it
        flat = maker.schemas.flatten(schema)
        described = flat.get("format") != "binary" and (bool(flat) or name == "*/*")
        name = "application/json" if described else "application/octet-stream"
    validator = maker.schemas.validator(schema, where) if is_json(name) else None
    return Media(name, schema, where, validator, tuple(_given(maker.schemas, node)), maker)


def _given(schemas: Schemas, node: Mapping[str, Any]) -> Iterator[Any]:
    if "example" in node:
        yield node["example"]
    for example in members(node, "examples").values():
        resolved = schemas.resolve(example)
        if is_object(resolved) and "value" in resolved:
            yield resolved["value"]


def _headers(
    maker: ExampleMaker, nodes: Mapping[str, Any], where: str
) -> Iterator[tuple[str, str]]:
    """The headers to send: those with an example, and those that are required."""
    for name, node in nodes.items():
        if _NOT_HEADERS.fullmatch(name.lower()):
            continue
        resolved = maker.schemas.resolve(node)
        schema = resolved.get("schema", True)
        given = list(_given(maker.schemas, resolved))
        shown = maker.schemas.flatten(schema).keys() & {"example", "examples", "default", "const"}
        if given or shown or resolved.get("required") is True:
            try:
                value = maker.find(schema, f"{where}, header {name}", given)
            except NoExampleError as error:
                raise DocumentError(str(error)) from None
            parts = value if is_array(value) else [value]
            yield name.lower(), ",".join(p if isinstance(p, str) else json.dumps(p) for p in parts)
