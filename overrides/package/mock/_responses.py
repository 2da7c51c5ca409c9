"""Documented responses, their examples, and the state's values in them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

from attrs import define

from ._messages import Body, DocumentError
from ._schemas import Schema, Schemas, essence, is_array, is_json, is_object, members

Values: TypeAlias = Mapping[str, Any]

_DEPTH = 12
# For strings, by what documents ask for: formats, and patterns of common things.
_TEXTS = (
    *("string", "a", "A", "0", "1", "c3RyaW5n", "2024-01-15", "2024-01-15T09:30:00Z", "09:30:00Z"),
    *("PT1H", "person@example.com", "host.example.com", "192.0.2.1", "2001:db8::1", "/resource"),
    *("https://example.com/", "1/resource", "3f2b9f04-6a51-4a0e-9d5b-3f1c7f0a9c11", "aa", "en-US"),
    *("AAA", "000", "12345", "+15550100000", "0x" + "0" * 40, "0x" + "0" * 64, "0" * 64, "0x0"),
)
BATCH = 1000  # items of a list that are held in memory at a time
_ERROR_TEXTS = ("message", "error", "detail", "description", "reason", "title")
# What HTTP says of the connection and the body as it is sent: never copied from a document.
_NOT_HEADERS = re.compile(
    "connection|content-(encoding|length|range|type)|date|keep-alive|trailer|transfer-encoding"
    "|upgrade"
)


class Template(NamedTuple):
    """What an answer looks like: its example, in which values of the state take their places.

    What the state does not know, or what does not fit any more, is as the example has it.
    """

    schema: Schema
    example: Any

    def fill(self, values: Values, field: str = "") -> Any:
        """The example with the values in it, or in a field of it."""
        if not is_object(self.example):
            return self.example
        if field:
            return {**self.example, field: self.at(field).fill(values)}
        result = dict(self.example)
        for name, value in values.items():
            schema = self.schema.properties.get(name)
            if schema is not None and schema.is_valid(value):
                result[name] = value
            elif value is None and schema and name not in self.schema.flat.get("required", ()):
                result.pop(name, None)
        return result

    def fill_list(self, values: Sequence[Values]) -> Any:
        """An item for each of the values; the example where the document has no list."""
        if not is_array(self.example):
            return self.example
        schema = self.schema.items
        first = self.example[:1] or [find_example(schema) for _ in values[:1]]
        return [Template(schema, *first).fill(one) for one in values]

    def at(self, field: str) -> Template:
        """The template of a field, or this one for ""."""
        if not field:
            return self
        schema = self.schema.properties[field]
        example: Any = self.example.get(field) if is_object(self.example) else None
        return Template(schema, find_example(schema) if example is None else example)


@define(eq=False)
class Media:
    """One media type of a response. Its bodies are validated, or raise DocumentError."""

    type: str
    schema: Schema

    @cached_property
    def template(self) -> Template:
        """What its bodies look like: a JSON value, or for another media type text."""
        if is_json(self.type):
            return Template(self.schema, find_example(self.schema))
        is_text = self.type.startswith("text/") or self.schema.flat.get("format") == "byte"
        made = [make_example(self.schema)] if is_text and "string" in self.schema.types else []
        texts = (one for one in (*self.schema.examples, *made) if isinstance(one, str))
        return Template(self.schema, next(texts, ""))

    def error_body(self, text: str) -> bytes:
        """The example of an error, with a text of the mock's own where it has one."""
        plain = [
            name
            for name, one in self.schema.properties.items()
            if "string" in one.types and not one.flat.keys() & {"enum", "const", "format"}
        ]
        names = [one for one in (*_ERROR_TEXTS, *plain) if one in plain]
        return self.encode(self.template.fill({names[0]: text} if names else {}))

    def list_body(self, values: Iterator[Values]) -> Body:
        """A list as a body. A long one is an iterator, each piece validated when it is made."""
        fill = self.template.fill_list
        first = list(islice(values, BATCH))
        body = self.encode(fill(first))
        if len(first) != BATCH:
            return body
        batches = iter(lambda: list(islice(values, BATCH)), [])
        rest = (b"," + self.encode(fill(batch))[1:-1] for batch in batches)
        return chain([body[:-1]], rest, [b"]"])

    def encode(self, value: Any) -> bytes:
        """The value as a body, validated."""
        if not is_json(self.type):
            return str(value).encode()
        if problem := self.schema.find_problem(value):
            raise DocumentError(problem)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Response:
    """One documented response of an operation."""

    def __init__(self, schemas: Schemas, node: Any, where: str) -> None:
        node = schemas.resolve(node)
        self.headers: list[tuple[str, str]] = []  # those with an example, or that are required
        headers = {name: schemas.resolve(one) for name, one in members(node, "headers").items()}
        for name, header in headers.items():
            schema = schemas.schema_of(header, f"{where}, header {name}")
            is_sent = schema.examples or header.get("required")
            if is_sent and not _NOT_HEADERS.fullmatch(name.lower()):
                value = find_example(schema)
                text = value if isinstance(value, str) else json.dumps(value)
                self.headers.append((name.lower(), text))
        self.nothing = Media("", Schema(schemas, {}, where))
        self.media: list[Media] = []
        for name, one in members(node, "content").items():
            plain = "application/json" if name == "*/*" else "application/octet-stream"
            schema = schemas.schema_of(one or {}, where)
            self.media.append(Media(plain if "*" in name else name, schema))
        self.links = [schemas.resolve(one) for one in members(node, "links").values()]

    def choose(self, accept: str) -> Media:
        """The media type to answer with: one that is asked for, else JSON, else the first."""
        asked = (one for one in self.media if essence(one.type) in accept.lower())
        plain = (one for one in self.media if is_json(one.type))
        return (*asked, *plain, *self.media, self.nothing)[0]


class Responses:
    """All documented responses of an operation, by status, range or default."""

    def __init__(self, schemas: Schemas, nodes: Mapping[str, Any], where: str) -> None:
        self._by_key = {
            str(key): Response(schemas, node, f"{where}, response {key}")
            for key, node in nodes.items()
            if not str(key).startswith("x-")
        }
        if not self._by_key:
            raise DocumentError(f"{where}: no response is documented.")
        key = min(self._by_key, key=lambda key: ("23d145".index(key[0]), key))
        status = HTTPStatus.OK if key == "default" else int(key.replace("X", "0"))
        self.success = status, self._by_key[key]  # what a call gets that went well

    @property
    def also_seen(self) -> dict[str, Any]:
        """Examples of fields that the success has though no schema does, by name."""
        schema = self.success[1].choose("").schema
        schema = schema.items if "items" in schema.flat else schema
        return {name: one["example"] for name, one in members(schema.flat, "x-also-seen").items()}

    def find(self, *statuses: int) -> tuple[int, Response] | None:
        """The first status that is documented; by itself, then by range, then by default."""
        keys = [(one, str(one)) for one in statuses]
        keys += [(one, f"{one // 100}XX") for one in statuses]
        keys += [(statuses[0], "default")]
        return next(((one, self._by_key[key]) for one, key in keys if key in self._by_key), None)


def find_example(schema: Schema) -> Any:
    """A value that satisfies the schema, the document's or made, or raise DocumentError."""
    problem: str | None = "nothing short of one could be made"
    with suppress(DocumentError):
        made = make_example(schema)
        problem = schema.find_problem(made)
        if problem is None:
            return made
    text = f"no example is valid ({problem}); add one to the document at {schema.where}"
    raise DocumentError(text)


def make_example(schema: Schema, depth: int = 0) -> Any:
    """The smallest value for a schema, as far as it is known; it may not be valid."""
    flat = schema.flat
    if depth > _DEPTH:
        raise DocumentError
    for one in filter(schema.is_valid, (*schema.examples, *flat.get("enum", ()))):
        return one
    if "const" in flat:
        return flat["const"]
    named = flat.get("type") or ("array" if "items" in flat else "object")
    kinds = [named] if isinstance(named, str) else named
    required = flat.get("required", ())
    if "object" in kinds:
        extra = schema.inner(flat.get("additionalProperties", True), "additionalProperties")
        known = schema.properties
        wanted = known | {name: extra for name in required if name not in known}
        return {
            name: make_example(one, depth + 1)
            for name, one in wanted.items()
            if name in required or (one.examples and not one.flat.get("writeOnly"))
        }
    if "array" in kinds:
        least = int(flat.get("minItems", 0))
        return [make_example(schema.items, depth + 1) for _ in range(least)]
    for value in filter(schema.is_valid, _plain_values(flat, kinds)):
        return value
    raise DocumentError


def _plain_values(flat: Mapping[str, Any], kinds: Collection[str]) -> Iterator[Any]:
    """Texts and numbers to be tried, as the bounds of a schema have them."""
    least, most = int(flat.get("minLength", 0)), flat.get("maxLength")
    for text in _TEXTS if "string" in kinds else ():
        longer = text * (least // len(text) + 1)
        yield from (text, longer[: max(least, len(text)) if most is None else int(most)])
    low = flat.get("minimum", flat.get("exclusiveMinimum", 0))
    high = flat.get("maximum", flat.get("exclusiveMaximum", low))
    step = flat.get("multipleOf", 1)
    yield from (1.5, 1, 0, low, low + 1, high, high - 1, (low + high) / 2, step, True, None)
