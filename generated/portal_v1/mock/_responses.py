# Edited in overrides/package/mock/_responses.py, from where `make generate` copies it.
"""Documented responses, their examples, and the state's values in them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from itertools import islice
from typing import Any, TypeAlias

from ._messages import Body, DocumentError
from ._schemas import (
    Schema,
    Schemas,
    Validator,
    essence,
    is_array,
    is_json,
    is_object,
    matches,
    members,
    success_key,
)

Values: TypeAlias = Mapping[str, Any]

_DEPTH = 12
_ERROR_TEXTS = ("message", "error", "detail", "description", "reason", "title")
# For strings, by what documents ask for: formats, and patterns of common things.
_TEXTS = (
    *("string", "a", "A", "0", "1", "c3RyaW5n", "2024-01-15", "2024-01-15T09:30:00Z", "09:30:00Z"),
    *("PT1H", "person@example.com", "host.example.com", "192.0.2.1", "2001:db8::1", "/resource"),
    *("https://example.com/", "1/resource", "3f2b9f04-6a51-4a0e-9d5b-3f1c7f0a9c11", "aa", "en-US"),
    *("AAA", "000", "12345", "+15550100000", "0x" + "0" * 40, "0x" + "0" * 64, "0" * 64, "0x0"),
)


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


class NoExampleError(UndocumentedError):
    """No value could be made for a schema."""


class ExampleMaker:
    """Finds or makes values for the schemas of one document."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas

    def find(self, schema: Schema, where: str, given: Iterable[Any] = ()) -> Any:
        """A value that satisfies the schema, or raise NoExampleError."""
        validator, problem = self.schemas.validator(schema, where), None
        for candidate in self._candidates(schema, given):
            found = validator.problem(candidate)
            if found is None:
                return candidate
            problem = problem or found
        problem = problem or "nothing short of one could be made"
        raise NoExampleError(f"no example is valid ({problem}); add one to the document at {where}")

    def build(self, schema: Schema, branch: int = 0, depth: int = 0, skip: int = 0) -> Any:
        """The smallest value for a schema, as far as it is known; it may not be valid."""
        if depth > _DEPTH or schema is False:
            raise NoExampleError
        flat = self.schemas.flatten(schema, branch)
        own = [flat["const"]] if "const" in flat else list(flat.get("enum", ()))
        if depth >= skip and "const" not in flat:
            own = [*own_examples(flat), *own]
        if own:
            return own[0]
        match _type_of(flat):
            case "object":
                return self._build_object(flat, branch, depth, skip)
            case "array":
                least = int(flat.get("minItems", 0))
                first = flat.get("prefixItems", [])[:least]
                items = [flat.get("items", True)] * (least - len(first))
                return [self.build(item, branch, depth + 1, skip) for item in [*first, *items]]
            case "":
                return {}
            case kind:
                validator = self.schemas.validator(flat, "an example")
                candidates = _TEXTS if kind == "string" else _numbers(flat, kind)
                for value in (*_fit_length(flat, candidates), True, None):
                    if validator.is_valid(value):
                        return value
                raise NoExampleError

    def _candidates(self, schema: Schema, given: Iterable[Any]) -> Iterator[Any]:
        yield from (*given, *own_examples(self.schemas.flatten(schema)))
        for skip in (1, _DEPTH + 1):
            for branch in range(self.schemas.alternatives(schema)):
                with suppress(NoExampleError):
                    yield self.build(schema, branch, skip=skip)

    def _build_object(
        self, flat: Mapping[str, Any], branch: int, depth: int, skip: int
    ) -> dict[str, Any]:
        """An object of what is required, and of what has an example of its own."""
        properties, required = members(flat, "properties"), flat.get("required", ())
        extra = flat.get("additionalProperties", True)
        result: dict[str, Any] = {}
        for name in [*properties, *(one for one in required if one not in properties)]:
            schema = properties.get(name, extra)
            inner = {} if name in required else self.schemas.flatten(schema)
            optional = not inner.get("writeOnly") and any(True for _ in own_examples(inner))
            if name in required or (optional and depth + 1 >= skip):
                result[name] = self.build(schema, branch, depth + 1, skip)
        for number in range(int(flat.get("minProperties", 0)) - len(result)):
            result[f"key{number + 1}"] = self.build(extra, branch, depth + 1, skip)
        return result


class Template:
    """What an answer looks like, from its schema and example.

    The state knows values by property name. Those that the schema has, and that fit, take the
    place of the example's; everything else stays as the example has it. So an answer outlives
    an edit of the schema: a property that the state does not know comes from its example, one
    that was taken away is left out.
    """

    def __init__(self, schema: Schema, example: Any, maker: ExampleMaker) -> None:
        self._flat = maker.schemas.flatten(schema)
        self._example = example
        self._maker = maker
        self._required = frozenset(self._flat.get("required", ()))
        self.properties = members(self._flat, "properties")  # the schemas of the answer's fields
        self._fits = {
            name: maker.schemas.validator(inner, f"property {name}").is_valid
            for name, inner in self.properties.items()
        }
        self._inner: dict[str, Template] = {}

    def fill(self, values: Values) -> Any:
        """The example with the values in it."""
        if not is_object(self._example):
            return self._example
        result = dict(self._example)
        for name, value in values.items():
            fits = self._fits.get(name)
            if fits is None:
                continue
            if fits(value):
                result[name] = value
            elif value is None and name not in self._required:
                result.pop(name, None)
        return result

    def fill_list(self, values: Sequence[Values]) -> Any:
        """An item for each of the values; the example where the document has no list."""
        if not is_array(self._example):
            return self._example
        items = self._items
        return [items.fill(one) for one in values]

    @cached_property
    def _items(self) -> Template:
        schema = self._flat.get("items", True)
        first = self._example[0] if self._example else self._maker.find(schema, "its items")
        return Template(schema, first, self._maker)

    def at(self, name: str) -> Template:
        """The template of a field, or this one for ""."""
        if not name:
            return self
        if name not in self._inner:
            schema = self.properties.get(name, True)
            example: Any = self._example.get(name) if is_object(self._example) else None
            if example is None and "array" in self._maker.schemas.types(schema):
                example = list[Any]()
            elif example is None:
                example = self._maker.find(schema, f"its field {name}")
            self._inner[name] = Template(schema, example, self._maker)
        return self._inner[name]

    def fill_in(self, name: str, values: Values) -> Any:
        """The whole, with the values in the field of that name, or in itself for ""."""
        if not name or not is_object(self._example):
            return self.fill(values)
        return {**self._example, name: self.at(name).fill(values)}

    def error_text(self) -> str | None:
        """The property that says what is wrong in an error's own words."""
        plain = [
            name
            for name, inner in self.properties.items()
            if "string" in self._maker.schemas.types(inner)
            and not self._maker.schemas.flatten(inner).keys() & {"enum", "const", "format"}
        ]
        return next((name for name in _ERROR_TEXTS if name in plain), next(iter(plain), None))


def own_examples(flat: Mapping[str, Any]) -> Iterator[Any]:
    examples = flat.get("examples")
    if is_array(examples):
        yield from examples
    for key in ("example", "default"):
        if key in flat:
            yield flat[key]


def _type_of(flat: Mapping[str, Any]) -> str:
    named = flat.get("type")
    if is_array(named):
        named = next((name for name in named if name != "null"), "null")
    if isinstance(named, str):
        return named
    for kind, keywords in (
        ("object", {"properties", "required", "additionalProperties", "minProperties"}),
        ("array", {"items", "prefixItems", "minItems"}),
        ("string", {"pattern", "minLength", "maxLength", "format"}),
        ("number", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    ):
        if keywords & flat.keys():
            return kind
    return ""


def _numbers(flat: Mapping[str, Any], kind: str) -> Iterator[Any]:
    yield from (1, 0) if kind == "integer" else (1.5, 1, 0)
    low = flat.get("minimum", flat.get("exclusiveMinimum", 0))
    high = flat.get("maximum", flat.get("exclusiveMaximum", low))
    step = flat.get("multipleOf", 1)
    yield from (low, low + 1, high, high - 1, (low + high) / 2, step)
    yield from (math.floor(low / step) * step + step, math.floor(high / step) * step - step)


def _fit_length(flat: Mapping[str, Any], candidates: Iterable[Any]) -> Iterator[Any]:
    least, most = int(flat.get("minLength", 0)), flat.get("maxLength")
    for value in candidates:
        yield value
        if isinstance(value, str) and value and (least > len(value) or most is not None):
            longer = value * (least // len(value) + 1)
            yield longer[: max(least, 1) if most is None else int(most)]


@dataclass
class Media:
    """One media type of a response. Its bodies are validated, or raise UndocumentedError."""

    type: str
    schema: Schema = field(repr=False)
    where: str
    validator: Validator | None = field(repr=False)
    given: Sequence[Any] = field(repr=False)  # the examples beside the schema
    maker: ExampleMaker = field(repr=False)

    @cached_property
    def example(self) -> Any:
        """The example: a JSON value, or for another media type text."""
        if is_json(self.type):
            return self.maker.find(self.schema, self.where, self.given)
        for text in self.given:
            if isinstance(text, str):
                return text
        flat = self.maker.schemas.flatten(self.schema)
        text = self.maker.build(flat) if "string" in self.maker.schemas.types(flat) else ""
        return text if self.type.startswith("text/") or flat.get("format") == "byte" else ""

    @cached_property
    def template(self) -> Template:
        """The example and the schema, ready to take values of the state."""
        return Template(self.schema, self.example, self.maker)

    def body(self) -> bytes:
        """The example as a body."""
        return self.encode(self.example)

    def error_body(self, text: str) -> bytes:
        """The example of an error, with a text of the mock's own where it has one."""
        name = self.template.error_text() if is_json(self.type) else None
        return self.encode(self.template.fill({name: text})) if name else self.body()

    def list_body(self, values: Iterator[Values]) -> Body:
        """A list as a body. A long one is an iterator, each piece validated when it is made."""
        if not (_WHOLE & self.maker.schemas.flatten(self.schema).keys()):
            first = list(islice(values, BATCH))
            if len(first) == BATCH:
                piece = b"[" + self.encode(self.template.fill_list(first))[1:-1]
                return self._pieces(piece, values)
            return self.encode(self.template.fill_list(first))
        return self.encode(self.template.fill_list(list(values)))

    def encode(self, value: Any) -> bytes:
        """The value as a body, validated."""
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


@dataclass(frozen=True, slots=True)
class Response:
    """One documented response of an operation."""

    headers: tuple[tuple[str, str], ...]
    media: tuple[Media, ...]

    def choose(self, accept: str) -> Media | None:
        """The media type to answer with: what was asked for, else JSON, else the first."""
        ranges = [
            one for one in accept.lower().split(",") if one.strip() and not one.endswith("q=0")
        ]
        ranges = ["application/json" if essence(one) == "*/*" else one for one in ranges]
        ranges.sort(key=lambda one: "q=" in one)
        asked = (one for each in ranges for one in self.media if matches(each, one.type))
        plain = (one for one in self.media if is_json(one.type))
        return (*asked, *plain, *self.media, None)[0]


@dataclass(frozen=True, slots=True)
class Responses:
    """All documented responses of an operation, by status, range or default."""

    by_key: Mapping[str, Response]
    success: tuple[int, Response]  # what a call gets that went well

    def also_seen(self, schemas: Schemas) -> dict[str, Any]:
        """Examples of fields that the success has though no schema does, by name."""
        media = self.success[1].choose("")
        flat = schemas.flatten(media.schema) if media is not None else {}
        flat = schemas.flatten(flat["items"]) if "items" in flat else flat
        return {name: one["example"] for name, one in members(flat, "x-also-seen").items()}

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
