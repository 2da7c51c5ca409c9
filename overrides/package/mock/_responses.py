"""Documented responses: which one to give, its example, and whether an answer satisfies it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Any

from ._errors import DocumentError
from ._examples import Examples, NoExampleError
from ._json import is_array, is_object, members
from ._media import accepted, is_json, matches
from ._messages import Body
from ._schemas import Schemas, Validator
from ._templates import Template, Values

_ANYTHING = "application/octet-stream"
BATCH = 1000  # items of a list that are held in memory at a time
_WHOLE = frozenset(
    {"contains", "enum", "const", "maxItems", "minItems", "not", "prefixItems", "uniqueItems"}
    | {"allOf", "anyOf", "oneOf", "if", "unevaluatedItems"}
)


class UndocumentedError(Exception):
    """An answer would not be what the document says. The text says what differs."""


@dataclass(slots=True)
class Media:
    """One media type of a response."""

    type: str
    schema: Any = field(repr=False)
    validator: Validator | None = field(repr=False)
    given: Sequence[Any] = field(repr=False)  # the examples beside the schema
    examples: Examples = field(repr=False)
    _example: list[Any] = field(default_factory=list[Any], repr=False)
    _template: Template | None = field(default=None, repr=False)

    @property
    def example(self) -> Any:
        """The example: a JSON value, or for another media type text or bytes.

        Raises:
            UndocumentedError: The document has none that is valid, and none could be made.
        """
        if not self._example:
            self._example.append(self._made())
        return self._example[0]

    @property
    def template(self) -> Template:
        """The example and the schema, ready to take values of the state."""
        if self._template is None:
            self._template = Template(self.schema, self.example, self.examples)
        return self._template

    def body(self, values: Values | Iterator[Values] | None) -> Body:
        """The example as a body, with the state's values in it where there are any.

        A long list becomes an iterator, each of whose pieces is validated when it is made.

        Raises:
            UndocumentedError: It is not what the document says.
        """
        if values is None:
            return self.encode(self.example)
        if isinstance(values, Mapping):
            return self.encode(self.template.filled(values))
        if is_json(self.type) and self._may_stream():
            first = list(islice(values, BATCH))
            if len(first) == BATCH:
                return self._streamed(first, values)
            values = iter(first)
        return self.encode(self.template.filled(list(values)))

    def _may_stream(self) -> bool:
        """Whether a list is valid when each part of it is."""
        flat = self.examples.flat(self.schema)
        return "array" in self.examples.schemas.types(self.schema) and not (_WHOLE & flat.keys())

    def _streamed(self, batch: list[Values], rest: Iterator[Values]) -> Iterator[bytes]:
        piece = b"[" + self.encode(self.template.filled(batch))[1:-1]
        return self._pieces(piece, rest)

    def _pieces(self, piece: bytes, rest: Iterator[Values]) -> Iterator[bytes]:
        yield piece
        while batch := list(islice(rest, BATCH)):
            yield b"," + self.encode(self.template.filled(batch))[1:-1]
        yield b"]"

    def _made(self) -> Any:
        try:
            if not is_json(self.type):
                shown = next((one for one in self.given if isinstance(one, str)), None)
                return self._text() if shown is None else shown
            if self.validator is None:
                return self.given[0] if self.given else {}
            return self.examples.value(self.schema, self.validator, self.given)
        except NoExampleError as error:
            raise UndocumentedError(f"no example is valid: {error}") from None

    def _text(self) -> str:
        flat = self.examples.flat(self.schema)
        if not self.type.startswith("text/") and flat.get("format") in (None, "binary"):
            return ""
        value = self.examples.unchecked(flat)
        return value if isinstance(value, str) else ""

    def encode(self, value: Any) -> bytes:
        """The value as a body, validated.

        Raises:
            UndocumentedError: It is not what the document says.
        """
        if not is_json(self.type):
            return value if isinstance(value, bytes) else str(value).encode()
        problem = self.validator.problem(value) if self.validator is not None else None
        if problem is not None:
            raise UndocumentedError(problem)
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Response:
    """One documented response of an operation."""

    headers: tuple[tuple[str, str], ...]
    media: tuple[Media, ...]

    def choose(self, accept: str) -> Media | None:
        """The media type to answer with: what was asked for, else JSON, else the first."""
        for media_range in accepted(accept):
            if media_range == "*/*":
                break
            for media in self.media:
                if matches(media_range, media.type):
                    return media
        return next((one for one in self.media if is_json(one.type)), None) or next(
            iter(self.media), None
        )


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
            key = f"{status // 100}XX"
            if key in self.by_key:
                return status, self.by_key[key]
        default = self.by_key.get("default")
        return (statuses[0], default) if default is not None else None


def compile_responses(schemas: Schemas, nodes: Mapping[str, Any], where: str) -> Responses:
    """The responses of an operation."""
    if not nodes:
        raise DocumentError(f"{where}: no response is documented, so there is nothing to answer.")
    examples = Examples(schemas)
    by_key: dict[str, Response] = {}
    for status, node in nodes.items():
        if str(status).startswith("x-"):
            continue
        resolved = schemas.resolve(node)
        place = f"{where}, response {status}"
        key = str(status) if str(status) == "default" else str(status).upper()
        by_key[key] = Response(
            headers=tuple(_headers(schemas, members(resolved, "headers"), examples, place)),
            media=tuple(
                _media(schemas, media_type, media, examples, place)
                for media_type, media in members(resolved, "content").items()
            ),
        )
    return Responses(by_key, _success(by_key))


def _success(by_key: Mapping[str, Response]) -> tuple[int, Response]:
    """The lowest 2xx, else the lowest 3xx, else what there is."""
    for group in ("2", "3"):
        keys = sorted(key for key in by_key if key.startswith(group))
        if keys:
            return _status(keys[0]), by_key[keys[0]]
    key = "default" if "default" in by_key else min(by_key)
    return _status(key), by_key[key]


def _status(key: str) -> int:
    return HTTPStatus.OK if key == "default" else int(key.replace("X", "0"))


def _media(
    schemas: Schemas, media_type: str, node: Mapping[str, Any], examples: Examples, where: str
) -> Media:
    schema = node.get("schema", True)
    concrete = media_type if "*" not in media_type else _concrete(schemas, schema)
    return Media(
        type=concrete,
        schema=schema,
        validator=schemas.validator(schema, where) if is_json(concrete) else None,
        given=tuple(_given(schemas, node)),
        examples=examples,
    )


def _concrete(schemas: Schemas, schema: Any) -> str:
    """A media type for a range such as `*/*`: JSON where a schema describes it."""
    resolved = schemas.resolve(schema)
    described = is_object(resolved) and resolved.get("format") != "binary" and resolved
    return "application/json" if described else _ANYTHING


def _given(schemas: Schemas, node: Mapping[str, Any]) -> Iterator[Any]:
    if "example" in node:
        yield node["example"]
    for example in members(node, "examples").values():
        resolved = schemas.resolve(example)
        if is_object(resolved) and "value" in resolved:
            yield resolved["value"]


def _headers(
    schemas: Schemas, nodes: Mapping[str, Any], examples: Examples, where: str
) -> Iterator[tuple[str, str]]:
    """The headers to send: those with an example, and those that are required."""
    for name, node in nodes.items():
        if name.lower() == "content-type":
            continue
        resolved = schemas.resolve(node)
        schema = resolved.get("schema", True)
        given = list(_given(schemas, resolved))
        flat = examples.flat(schema)
        shown = any(key in flat for key in ("example", "examples", "default", "const"))
        if not (given or shown or resolved.get("required") is True):
            continue
        validator = schemas.validator(schema, f"{where}, header {name}")
        try:
            value = examples.value(schema, validator, given)
        except NoExampleError as error:
            raise DocumentError(f"{where}, header {name}: no example is valid: {error}") from None
        parts = value if is_array(value) else [value]
        yield name.lower(), ",".join(p if isinstance(p, str) else json.dumps(p) for p in parts)
