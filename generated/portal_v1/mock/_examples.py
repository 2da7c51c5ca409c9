# Edited in overrides/package/mock/_examples.py, from where `make generate` copies it.
"""Examples for schemas, and answers made of them."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

from ._schemas import Schema, Schemas
from ._values import is_array, is_object, members

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


class NoExampleError(Exception):
    """No value could be made for a schema."""


class ExampleMaker:
    """Finds or makes values for the schemas of one document."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas

    def find(self, schema: Schema, where: str, given: Iterable[Any] = ()) -> Any:
        """A value that satisfies the schema.

        Raises:
            NoExampleError: The document has no valid example, and none could be made.
        """
        lenient = self.schemas.validator(schema, where)
        strict = self.schemas.validator(schema, where, strict=True)
        problem, second_best = None, list[Any]()
        for candidate in self._candidates(schema, given):
            if strict.is_valid(candidate):
                return candidate
            found = lenient.problem(candidate)
            if found is None:
                second_best.append(candidate)
            problem = problem or found
        if second_best:
            return second_best[0]
        problem = problem or "nothing short of one could be made"
        raise NoExampleError(f"no example is valid ({problem}); add one to the document at {where}")

    def build(self, schema: Schema, branch: int = 0, depth: int = 0, skip: int = 0) -> Any:
        """The smallest value for a schema, as far as it is known; it may not be valid.

        Raises:
            NoExampleError: The schema has no end, or allows nothing that is known.
        """
        if depth > _DEPTH or schema is False:
            raise NoExampleError
        flat = self.schemas.flatten(schema, branch)
        own = [flat["const"]] if "const" in flat else list(flat.get("enum", ()))
        if depth >= skip and "const" not in flat:
            own = [*own_examples(flat), *own]
        if own:
            return self._complete(flat, copy.deepcopy(own[0]), depth)
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
        for example in (*given, *own_examples(self.schemas.flatten(schema))):
            with suppress(NoExampleError):
                yield self._complete(schema, copy.deepcopy(example), 0)
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

    def _complete(self, schema: Schema, value: Any, depth: int) -> Any:
        """Add to an example what its schema has come to require since it was written."""
        flat = self.schemas.flatten(schema)
        if is_array(value):
            return [self._complete(flat.get("items", True), one, depth + 1) for one in value]
        if not is_object(value) or depth > _DEPTH:
            return value
        properties = members(flat, "properties")
        for name in value.keys() & properties.keys():
            value[name] = self._complete(properties[name], value[name], depth + 1)
        for name in flat.get("required", ()):
            if name not in value:
                extra = flat.get("additionalProperties", True)
                value[name] = self.build(properties.get(name, extra), 0, depth + 1)
        return value


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
        self._properties = members(self._flat, "properties")
        self._fits = {
            name: maker.schemas.validator(inner, f"property {name}").is_valid
            for name, inner in self._properties.items()
        }
        self._items: Template | None = None
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
        if self._items is None:
            schema = self._flat.get("items", True)
            first = self._example[0] if self._example else self._maker.build(schema)
            self._items = Template(schema, first, self._maker)
        return [self._items.fill(one) for one in values]

    @property
    def properties(self) -> Mapping[str, Schema]:
        """The schemas of the answer's fields."""
        return self._properties

    def at(self, name: str) -> Template:
        """The template of a field, or this one for ""."""
        if not name:
            return self
        if name not in self._inner:
            schema = self._properties.get(name, True)
            example: Any = self._example.get(name) if is_object(self._example) else None
            if example is None and "array" in self._maker.schemas.types(schema):
                example = list[Any]()
            elif example is None:
                example = self._maker.build(schema)
            self._inner[name] = Template(schema, example, self._maker)
        return self._inner[name]

    def fill_at(self, name: str, values: Values) -> Any:
        """The field of that name, or the whole for "", with the values in it."""
        return self.at(name).fill(values)

    def fill_in(self, name: str, values: Values) -> Any:
        """The whole, with the values in the field of that name, or in itself for ""."""
        if not name or not is_object(self._example):
            return self.fill(values)
        return {**self._example, name: self.fill_at(name, values)}

    def error_text(self) -> str | None:
        """The property that says what is wrong in an error's own words."""
        plain = [
            name
            for name, inner in self._properties.items()
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
