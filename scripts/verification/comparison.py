"""A JSON value against its schema, field by field.

The rules of JSON Schema are jsonschema-rs's to judge. Fields are walked beside it, for what a
schema allows and a person wants to know all the same: what is there and not documented, what is
documented and not there, what is null. Of arrays and maps, all items are summed up in one place.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import jsonschema_rs
from portal_v1.mock._schemas import Schemas

from .fields import ITEM, MEMBER, Field
from .masks import Masks, Secret, kind_of, shape_of
from .rows import Level, Row

_COMBINED: Final = ("oneOf", "anyOf")
# What the walk finds too, and says better; or what only says that something within is wrong.
_STRUCTURAL: Final = frozenset(
    {"additionalProperties", "allOf", "anyOf", "oneOf", "required", "type"}
    | {"falseSchema", "unevaluatedProperties"}
)


class Comparison:
    """Compares the answers of one document.

    Args:
        schemas: The document's schemas, as they hold for answers.
        masks: What learns the secrets that are found.
    """

    def __init__(self, schemas: Schemas, masks: Masks) -> None:
        self._schemas = schemas
        self._masks = masks
        self._registry = jsonschema_rs.Registry([("urn:openapi", schemas.document)])

    def rows(self, value: Any, schema: Any) -> list[Row]:
        """Return a row for each place that is documented or was found."""
        walk = _Walk(self._schemas, self._masks)
        try:
            walk.value(value, schema, "$", required=True)
        except RecursionError:
            return [Row("$", "", kind_of(value), "nested too deeply to be read", Level.DIFFERS)]
        return [*walk.rows(), *self._broken_rules(value, schema, walk)]

    def _broken_rules(self, value: Any, schema: Any, walk: _Walk) -> Iterator[Row]:
        broken: Counter[tuple[str, str, str]] = Counter()
        differing = walk.differing()
        for error in self._errors(value, schema):
            place = walk.place_of(error.instance_path)
            if error.kind.name in _STRUCTURAL and any(_is_at(one, place) for one in differing):
                continue
            broken[place, error.kind.name, error.message] += 1
        for (place, rule, message), count in broken.items():
            often = f" ({count} times)" if count > 1 else ""
            yield Row(
                place, f"rule {rule}", "", self._masks.text(message, 200) + often, Level.DIFFERS
            )

    def _errors(self, value: Any, schema: Any) -> list[jsonschema_rs.ValidationError]:
        compiled = jsonschema_rs.Draft202012Validator(
            schema, registry=self._registry, validate_formats=True, mask="the value"
        )
        try:
            return list(compiled.iter_errors(value))
        except (ValueError, UnicodeError):  # what only Python's JSON can say: the walk names it
            return []


def step(name: str | int) -> str:
    """Return a step of a JSON path; an index is any index."""
    if isinstance(name, int):
        return ITEM
    return f".{name}" if re.fullmatch(r"[A-Za-z_]\w*", name) else f"[{name!r}]"


def _is_at(place: str, above: str) -> bool:
    return place == above or place.startswith((f"{above}.", f"{above}["))


class _Walk:
    def __init__(self, schemas: Schemas, masks: Masks) -> None:
        self._schemas = schemas
        self._masks = masks
        self._fields: dict[str, Field] = {}
        self._members: set[tuple[str, str]] = set()  # of maps: their place, and a name in them

    def value(self, value: Any, schema: Any, place: str, *, required: bool) -> None:
        """Take note of a value that is documented."""
        found = self._field(place, schema, required=required)
        found.present += 1
        kind = kind_of(value)
        found.kinds[kind] += 1
        if value is None:
            if found.nullable or self._may_be_null(schema):
                found.allowed_nulls += 1
            else:
                found.wrong[kind] += 1
            return
        if found.is_secret:
            self._masks.learn(value)
        shape = self._shape(schema, value)
        types = _listed(shape.get("type", ()))
        if types and not _is_of(value, types):
            found.wrong[kind] += 1
        elif isinstance(value, dict):
            self._object(value, shape, place)
        elif isinstance(value, list):
            self._array(value, shape, place)
        elif not found.is_secret and ITEM not in place and MEMBER not in place:
            found.value = Secret(value if isinstance(value, str) else json.dumps(value))

    def rows(self) -> Iterator[Row]:
        """Yield what is known, place by place."""
        for found in self._fields.values():
            total = found.present + found.absent
            if found.within:
                total = self._fields[found.within].kinds["object"]
            yield found.row(total)

    def place_of(self, path: Iterable[str | int]) -> str:
        """Return how a place is called here: what stands in arrays and maps has one name."""
        place = "$"
        for name in path:
            place += MEMBER if (place, name) in self._members else step(name)
        return place

    def differing(self) -> set[str]:
        """Return the places that are not as documented."""
        return {row.place for row in self.rows() if row.level is Level.DIFFERS}

    def _array(self, value: list[Any], shape: Mapping[str, Any], place: str) -> None:
        items, first = shape.get("items", True), shape.get("prefixItems", ())
        if not value:
            self._field(place + ITEM, items, required=False)
        for index, item in enumerate(value):
            schema = first[index] if index < len(first) else items
            self.value(item, schema, place + ITEM, required=False)

    def _object(self, value: Mapping[str, Any], shape: Mapping[str, Any], place: str) -> None:
        properties = shape.get("properties", {})
        required = shape.get("required", ())
        for name in dict.fromkeys([*properties, *required]):
            schema = properties.get(name, True)
            inner = place + step(name)
            if name in value:
                self.value(value[name], schema, inner, required=name in required)
            else:
                self._field(inner, schema, required=name in required).absent += 1
        others = shape.get("additionalProperties", shape.get("unevaluatedProperties"))
        for name, one in value.items():
            if name in properties or name in required:
                continue
            matching = [
                schema
                for pattern, schema in shape.get("patternProperties", {}).items()
                if self._is_named_by(pattern, name)
            ]
            if matching or isinstance(others, dict):
                schema = matching[0] if matching else others
                self._members.add((place, name))
                self.value(one, schema, place + MEMBER, required=False)
            else:
                self._undocumented(one, name, place, is_open=others is True)

    def _undocumented(self, value: Any, name: str, within: str, *, is_open: bool) -> None:
        place = within + step(self._masks.text(name))
        found = self._fields.setdefault(place, Field(place, "", within, is_open=is_open))
        found.present += 1
        found.kinds[shape_of(value, self._masks)] += 1

    def _field(self, place: str, schema: Any, *, required: bool) -> Field:
        found = self._fields.get(place)
        if found is None:
            shape = self._shape(schema, None)
            types = [*_listed(shape.get("type", ()))]
            nullable = self._may_be_null(schema)
            if types and "null" not in types and nullable:
                types.append("null")
            found = self._fields[place] = Field(
                place,
                " or ".join(types) or "anything",
                required=required,
                nullable=nullable,
                is_secret=shape.get("format") == "password",
            )
        return found

    def _is_named_by(self, pattern: str, name: str) -> bool:
        forbidding = {"patternProperties": {pattern: False}}
        return not self._schemas.validator(forbidding, "a pattern").is_valid({name: None})

    def _may_be_null(self, schema: Any) -> bool:
        return self._schemas.validator(schema, "a field").is_valid(None)

    def _shape(self, schema: Any, value: Any) -> dict[str, Any]:
        """The schema as one object: references followed, the branch chosen that fits the value."""
        schema = self._schemas.resolve(schema)
        if not isinstance(schema, dict):
            return {}
        parts = [self._shape(part, value) for part in schema.get("allOf", ())]
        chosen = [self._branch(schema[key], value) for key in _COMBINED if schema.get(key)]
        parts += [self._shape(branch, value) for branch in chosen]
        if not parts:
            return schema
        rest = {key: one for key, one in schema.items() if key not in _COMBINED and key != "allOf"}
        return self._schemas.flatten({"allOf": [*parts, rest]})

    def _branch(self, branches: list[Any], value: Any) -> Any:
        full = [one for one in branches if self._schemas.types(one) != {"null"}] or branches
        for branch in full:
            if self._schemas.validator(branch, "a branch").is_valid(value):
                return branch
        for branch in full:
            if _is_of(value, self._schemas.types(branch)):
                return branch
        return full[0]


def _listed(types: Any) -> tuple[str, ...]:
    return (types,) if isinstance(types, str) else tuple(types)


def _is_of(value: Any, types: Any) -> bool:
    kind = kind_of(value)
    if kind == "number" and float(value).is_integer() and "integer" in types:
        return True
    return kind in types or (kind == "integer" and "number" in types)
