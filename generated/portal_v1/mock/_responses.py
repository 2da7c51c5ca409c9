# Edited in overrides/package/mock/_responses.py, from where `make generate` copies it.
"""Documented responses, their examples, and the state's values in them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from itertools import chain, islice
from typing import Any, TypeAlias

from ._messages import Body, DocumentError
from ._schemas import (
    MadeOnce,
    Schema,
    Schemas,
    essence,
    is_array,
    is_json,
    is_object,
    matches,
    members,
)

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
# With one of these, a list may be valid although each part of it is not, or the reverse.
_WHOLE = frozenset(
    ["const", "contains", "enum", "if", "maxItems", "minItems", "not", "prefixItems", "uniqueItems"]
)
# What HTTP says of the connection and the body as it is sent: never copied from a document.
_NOT_HEADERS = re.compile(
    "connection|content-(encoding|length|range|type)|date|keep-alive|trailer|transfer-encoding"
    "|upgrade"
)


class UndocumentedError(Exception):
    """An answer would not be what the document says. The text says what differs."""


class NoExampleError(UndocumentedError, DocumentError):
    """No value could be made for a schema."""


class Template:
    """What an answer looks like: its example, in which values of the state take their places.

    What the state does not know, or what does not fit any more, is as the example has it.
    """

    def __init__(self, schema: Schema, example: Any = None) -> None:
        self.schema = schema
        self._inner: dict[str, Template] = {}
        if example is not None:
            self.example = example

    @MadeOnce
    def example(self) -> Any:
        """What stands where the state knows nothing."""
        return find_example(self.schema)

    def fill(self, values: Values) -> Any:
        """The example with the values in it."""
        if not is_object(self.example):
            return self.example
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
        return [self._items.fill(one) for one in values] if is_array(self.example) else self.example

    @MadeOnce
    def _items(self) -> Template:
        return Template(self.schema.items, *self.example[:1])

    def at(self, name: str) -> Template:
        """The template of a field, or this one for ""."""
        if not name:
            return self
        if name not in self._inner:
            schema = self.schema.properties[name]
            example = self.example.get(name) if is_object(self.example) else None
            if example is None and "array" in schema.types:
                example = []
            self._inner[name] = Template(schema, example)
        return self._inner[name]

    def fill_in(self, name: str, values: Values) -> Any:
        """The whole, with the values in the field of that name, or in itself for ""."""
        if not name or not is_object(self.example):
            return self.fill(values)
        return {**self.example, name: self.at(name).fill(values)}


class Media(Template):
    """One media type of a response. Its bodies are validated, or raise UndocumentedError."""

    def __init__(self, name: str, schema: Schema) -> None:
        super().__init__(schema)
        self.type, flat = name, schema.flat
        if "*" in name:  # JSON where a schema describes it
            is_described = flat.get("format") != "binary" and (flat or name == "*/*")
            self.type = "application/json" if is_described else "application/octet-stream"
        self._is_json = is_json(self.type)
        self._is_text = self.type.startswith("text/") or flat.get("format") == "byte"

    @MadeOnce
    def example(self) -> Any:
        """The example: a JSON value, or for another media type text."""
        if self._is_json:
            return super().example
        is_made = self._is_text and "string" in self.schema.types
        made = [make_example(self.schema)] if is_made else []
        return next((one for one in (*self.schema.examples, *made) if isinstance(one, str)), "")

    def error_body(self, text: str) -> bytes:
        """The example of an error, with a text of the mock's own where it has one."""
        plain = [
            name
            for name, one in self.schema.properties.items()
            if "string" in one.types and not one.flat.keys() & {"enum", "const", "format"}
        ]
        names = [one for one in (*_ERROR_TEXTS, *plain) if one in plain and self._is_json]
        return self.encode(self.fill({names[0]: text}) if names else self.example)

    def list_body(self, values: Iterator[Values]) -> Body:
        """A list as a body. A long one is an iterator, each piece validated when it is made."""
        first = list(values if _WHOLE & self.schema.flat.keys() else islice(values, BATCH))
        body = self.encode(self.fill_list(first))
        if len(first) != BATCH:
            return body
        batches = iter(lambda: list(islice(values, BATCH)), [])
        rest = (b"," + self.encode(self.fill_list(batch))[1:-1] for batch in batches)
        return chain([body[:-1]], rest, [b"]"])

    def encode(self, value: Any) -> bytes:
        """The value as a body, validated."""
        if not self._is_json:
            return str(value).encode()
        if problem := self.schema.find_problem(value):
            raise UndocumentedError(problem)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Response:
    """One documented response of an operation."""

    def __init__(self, schemas: Schemas, node: Any, where: str) -> None:
        node = schemas.resolve(node)
        self.headers: list[tuple[str, str]] = []  # those with an example, or that are required
        for name, header in members(node, "headers").items():
            schema = schemas.schema_of(schemas.resolve(header), f"{where}, header {name}")
            is_known = schema.examples or "const" in schema.flat
            is_sent = is_known or schemas.resolve(header).get("required") is True
            if is_sent and not _NOT_HEADERS.fullmatch(name.lower()):
                value = find_example(schema)
                parts = value if is_array(value) else [value]
                texts = (one if isinstance(one, str) else json.dumps(one) for one in parts)
                self.headers.append((name.lower(), ",".join(texts)))
        content = members(node, "content").items()
        self.media = [Media(name, schemas.schema_of(one or {}, where)) for name, one in content]
        self.links = [schemas.resolve(one) for one in members(node, "links").values()]

    def choose(self, accept: str) -> Media | None:
        """The media type to answer with: what was asked for, else JSON, else the first."""
        ranges = [one for one in accept.split(",") if essence(one) != "*/*" and one[-3:] != "q=0"]
        ranges.sort(key=lambda one: "q=" in one)
        asked = (one for each in ranges for one in self.media if matches(each, one.type))
        plain = (one for one in self.media if is_json(one.type))
        return (*asked, *plain, *self.media, None)[0]


class Responses:
    """All documented responses of an operation, by status, range or default."""

    def __init__(self, schemas: Schemas, nodes: Mapping[str, Any], where: str) -> None:
        named = ((re.sub("xx$", "XX", str(key)), node) for key, node in nodes.items())
        self._by_key = {
            key: Response(schemas, node, f"{where}, response {key}")
            for key, node in named
            if not key.startswith("x-")
        }
        if not self._by_key:
            text = "no response is documented, so there is nothing to answer."
            raise DocumentError(f"{where}: {text}")
        key = min(self._by_key, key=lambda key: ("23d145".index(key[0]), key))
        status = HTTPStatus.OK if key == "default" else int(key.replace("X", "0"))
        self.success = status, self._by_key[key]  # what a call gets that went well

    @property
    def also_seen(self) -> dict[str, Any]:
        """Examples of fields that the success has though no schema does, by name."""
        media = self.success[1].choose("")
        if media is None:
            return {}
        schema = media.schema.items if "items" in media.schema.flat else media.schema
        return {name: one["example"] for name, one in members(schema.flat, "x-also-seen").items()}

    def find(self, *statuses: int) -> tuple[int, Response] | None:
        """The first status that is documented; by itself, then by range, then by default."""
        keys = [(one, str(one)) for one in statuses]
        keys += [(one, f"{one // 100}XX") for one in statuses]
        keys += [(statuses[0], "default")]
        return next(((one, self._by_key[key]) for one, key in keys if key in self._by_key), None)


def find_example(schema: Schema) -> Any:
    """A value that satisfies the schema, the document's or made, or raise NoExampleError."""
    problem = ""
    for candidate in _candidates(schema):
        found = schema.find_problem(candidate)
        if found is None:
            return candidate
        problem = problem or found
    problem = problem or "nothing short of one could be made"
    raise NoExampleError(
        f"no example is valid ({problem}); add one to the document at {schema.where}"
    )


def _candidates(schema: Schema) -> Iterator[Any]:
    yield from schema.examples
    for one in schema.alternatives:
        with suppress(NoExampleError):
            yield make_example(one)


def make_example(schema: Schema, depth: int = 0) -> Any:
    """The smallest value for a schema, as far as it is known; it may not be valid."""
    flat = schema.flat
    if depth > _DEPTH:
        raise NoExampleError
    for one in filter(schema.is_valid, (*schema.examples, *flat.get("enum", ()))):
        return one
    if "const" in flat:
        return flat["const"]
    named = flat.get("type") or ("array" if "items" in flat else "object")
    kinds = [named] if isinstance(named, str) else named
    required = flat.get("required", ())
    if "object" in kinds:
        extra = schema.inner(flat.get("additionalProperties", True), "additionalProperties")
        wanted = schema.properties | dict.fromkeys(set(required) - schema.properties.keys(), extra)
        names = [
            name
            for name, one in wanted.items()
            if name in required or (one.examples and not one.flat.get("writeOnly"))
        ]
        names += [f"key{n + 1}" for n in range(int(flat.get("minProperties", 0)) - len(names))]
        return {name: make_example(wanted.get(name, extra), depth + 1) for name in names}
    if "array" in kinds:
        least = int(flat.get("minItems", 0))
        first = [schema.inner(one, "items") for one in flat.get("prefixItems", ())]
        items = [*first, *[schema.items] * least][:least]
        return [make_example(one, depth + 1) for one in items]
    for value in filter(schema.is_valid, _plain_values(flat, kinds)):
        return value
    raise NoExampleError


def _plain_values(flat: Mapping[str, Any], kinds: Collection[str]) -> Iterator[Any]:
    """Texts and numbers to be tried, as the bounds of a schema have them."""
    least, most = int(flat.get("minLength", 0)), flat.get("maxLength")
    for text in _TEXTS if "string" in kinds else ():
        longer = text * (least // len(text) + 1)
        yield from (text, longer[: max(least, len(text)) if most is None else int(most)])
    low = flat.get("minimum", flat.get("exclusiveMinimum", 0))
    high = flat.get("maximum", flat.get("exclusiveMaximum", low))
    step = flat.get("multipleOf", 1)
    yield from (1.5, 1, 0, low, low + 1, high, high - 1, (low + high) / 2, step)
    yield from (math.floor(low / step) * step + step, math.floor(high / step) * step - step)
    yield from (True, None)
