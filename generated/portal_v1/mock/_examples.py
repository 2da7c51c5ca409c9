# Edited in overrides/package/mock/_examples.py, from where `make generate` copies it.
"""Values for schemas: the document's own examples where it has them, else made up to fit."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ._json import is_array, is_object, members
from ._merging import merged
from ._scalars import SCALARS
from ._schemas import Schema, Schemas, Validator

_DEPTH = 24


class NoExampleError(Exception):
    """No value could be made for a schema."""


@dataclass(frozen=True)
class _Plan:
    """One way to go about it. Plans are tried in turn until a value is valid."""

    examples: bool = True  # use the examples in the schemas
    optional: bool = True  # include properties that are not required
    branch: int = 0  # which branch of each anyOf and oneOf to take


_PLANS = (
    _Plan(),
    _Plan(optional=False),
    *(_Plan(branch=branch) for branch in (1, 2, 3)),
    _Plan(examples=False),
    _Plan(examples=False, optional=False),
    *(_Plan(examples=False, optional=False, branch=branch) for branch in (1, 2, 3)),
)


class Examples:
    """Makes values for the schemas of one document."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas

    def value(self, schema: Schema, validator: Validator, given: Iterable[Any] = ()) -> Any:
        """A value that satisfies the schema.

        Args:
            schema: Taken from the document.
            validator: The same schema, compiled.
            given: Examples that the document gives outside the schema, best first. To those
                and the schema's own, required properties that they lack are added, so that an
                example need not follow each edit of the schema at once.

        Raises:
            NoExampleError: Nothing that was tried is valid. The text says what is wrong with
                the best attempt.
        """
        problem: str | None = None
        for candidate in self._candidates(schema, given):
            found = validator.problem(candidate)
            if found is None:
                return candidate
            problem = problem or found
        raise NoExampleError(problem or "the schema allows no value")

    def unchecked(self, schema: Schema) -> Any:
        """A value for the schema, made without looking whether it is valid.

        Raises:
            NoExampleError: The schema has no end, or allows nothing.
        """
        return self._made(schema, _PLANS[0], ())

    def flat(self, schema: Schema) -> dict[str, Any]:
        """The schema as one object: references followed, allOf merged, a branch chosen."""
        return self._flat(schema, _PLANS[0], ())[0]

    def _candidates(self, schema: Schema, given: Iterable[Any]) -> Iterator[Any]:
        for plan in _PLANS:
            try:
                if plan is _PLANS[0]:
                    for example in given:
                        yield self._completed(schema, copy.deepcopy(example), plan, ())
                    for example in _own_examples(self.flat(schema)):
                        yield self._completed(schema, copy.deepcopy(example), plan, ())
                yield self._made(schema, plan, ())
            except NoExampleError:
                continue

    def _flat(
        self, schema: Schema, plan: _Plan, seen: tuple[str, ...]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Flatten one level. `seen` lists the references on the way down, to end recursion."""
        if len(seen) > _DEPTH:
            raise NoExampleError("the schema has no end")
        if schema is True:
            return {}, seen
        if not is_object(schema):
            raise NoExampleError("the schema allows no value")
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if seen.count(reference) > 1:
                raise NoExampleError("the schema has no end")
            target = self.schemas.resolve({"$ref": reference})
            siblings = {key: value for key, value in schema.items() if key != "$ref"}
            inner, seen = self._flat(target, plan, (*seen, reference))
            return (merged([inner], siblings) if siblings else inner), seen
        parts = schema.get("allOf")
        if parts:
            flats: list[dict[str, Any]] = []
            for part in parts:
                inner, seen = self._flat(part, plan, seen)
                flats.append(inner)
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            return self._flat(merged(flats, rest), plan, seen)
        for key in ("oneOf", "anyOf"):
            if schema.get(key):
                return self._branch(schema, key, plan, seen)
        return schema, seen

    def _branch(
        self, schema: dict[str, Any], key: str, plan: _Plan, seen: tuple[str, ...]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        branches = sorted(schema[key], key=lambda branch: branch == {"type": "null"})
        start = min(plan.branch, len(branches) - 1)
        rest = {name: value for name, value in schema.items() if name != key}
        for branch in branches[start:] + branches[:start]:
            try:
                inner, deeper = self._flat(branch, plan, seen)
            except NoExampleError:
                continue
            chosen = merged([inner, _discriminated(schema, branch)], rest)
            return self._flat(chosen, plan, deeper)
        raise NoExampleError("no branch of the schema has an end")

    def _made(self, schema: Schema, plan: _Plan, seen: tuple[str, ...]) -> Any:
        flat, seen = self._flat(schema, plan, seen)
        if "const" in flat:
            return flat["const"]
        if plan.examples:
            for example in _own_examples(flat):
                return self._completed(flat, copy.deepcopy(example), plan, seen)
        if flat.get("enum"):
            return flat["enum"][min(plan.branch, len(flat["enum"]) - 1)]
        kind = _kind(flat)
        if kind == "object":
            return self._object(flat, plan, seen)
        if kind == "array":
            return self._array(flat, plan, seen)
        return SCALARS.get(kind, _anything)(flat)

    def _object(self, flat: Mapping[str, Any], plan: _Plan, seen: tuple[str, ...]) -> Any:
        properties = members(flat, "properties")
        required: list[str] = list(flat.get("required", ()))
        extra = flat.get("additionalProperties", True)
        result: dict[str, Any] = {}
        for name, schema in properties.items():
            if name not in required and not (plan.optional and _is_sent(schema)):
                continue
            try:
                result[name] = self._made(schema, plan, seen)
            except NoExampleError:
                if name in required:
                    raise
        for name in required:
            if name not in result:
                result[name] = self._made(extra, plan, seen)
        is_map = is_object(extra) and not properties and plan.optional
        wanted = max(int(flat.get("minProperties", 0)), 1 if is_map else 0)
        for number in range(wanted - len(result)):
            try:
                result[f"key{number + 1}"] = self._made(extra, plan, seen)
            except NoExampleError:
                break
        return result

    def _array(self, flat: Mapping[str, Any], plan: _Plan, seen: tuple[str, ...]) -> Any:
        least = int(flat.get("minItems", 0))
        most = int(flat.get("maxItems", max(least, 1)))
        first: list[Any] = flat.get("prefixItems", [])
        items = [self._made(schema, plan, seen) for schema in first]
        schema = flat.get("items", True)
        if schema is False or (schema is True and len(items) >= least):
            return items
        try:
            items += [
                self._made(schema, plan, seen) for _ in range(min(max(least, 1), most) - len(items))
            ]
        except NoExampleError:
            if len(items) < least:
                raise
        if flat.get("uniqueItems"):
            choices = self._flat(schema, plan, seen)[0].get("enum", ())
            items = [
                choices[n] if n < len(choices) else _varied(item, n) for n, item in enumerate(items)
            ]
        return items

    def _completed(self, schema: Schema, value: Any, plan: _Plan, seen: tuple[str, ...]) -> Any:
        """Add to an example what its schema has come to require since it was written."""
        if is_array(value):
            items = self._flat(schema, plan, seen)[0].get("items", True)
            return [self._completed(items, item, plan, seen) for item in value]
        if not is_object(value):
            return value
        flat, seen = self._flat(schema, plan, seen)
        properties = members(flat, "properties")
        for name in value.keys() & properties.keys():
            value[name] = self._completed(properties[name], value[name], plan, seen)
        for name in flat.get("required", ()):
            if name not in value:
                fallback = flat.get("additionalProperties", True)
                value[name] = self._made(properties.get(name, fallback), plan, seen)
        return value


def _own_examples(flat: Mapping[str, Any]) -> Iterator[Any]:
    examples = flat.get("examples")
    if is_array(examples):
        yield from examples
    for key in ("example", "default"):
        if key in flat:
            yield flat[key]


def _kind(flat: Mapping[str, Any]) -> str:
    named = flat.get("type")
    if is_array(named):
        named = next((name for name in named if name != "null"), "null")
    if isinstance(named, str):
        return named
    for kind, keywords in (
        ("object", ("properties", "required", "additionalProperties", "minProperties")),
        ("array", ("items", "prefixItems", "minItems")),
        ("string", ("pattern", "minLength", "maxLength", "format")),
        ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
    ):
        if any(keyword in flat for keyword in keywords):
            return kind
    return ""


def _anything(_flat: Mapping[str, Any]) -> Any:
    return {}


def _is_sent(schema: Schema) -> bool:
    return not (is_object(schema) and schema.get("writeOnly") is True)


def _discriminated(schema: Mapping[str, Any], branch: Schema) -> dict[str, Any]:
    """What a discriminator adds to the branch: the property that names it."""
    discriminator = schema.get("discriminator")
    reference = branch.get("$ref") if is_object(branch) else None
    if not is_object(discriminator) or not isinstance(reference, str):
        return {}
    name = reference.rpartition("/")[2]
    for value, target in members(discriminator, "mapping").items():
        if target.rpartition("/")[2] == name:
            name = value
            break
    return {"properties": {discriminator.get("propertyName", ""): {"default": name}}}


def _varied(item: Any, number: int) -> Any:
    if number == 0 or isinstance(item, bool) or item is None:
        return item
    if isinstance(item, str):
        return f"{item}{number}"
    return item + number if isinstance(item, (int, float)) else item
