# Edited in overrides/package/mock/_parameters.py, from where `make generate` copies it.
"""Parameters: from their text on the wire to values, checked against their schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from ._json import is_object, members
from ._media import is_json
from ._messages import bad_request
from ._schemas import Schemas, Validator

# OpenAPI: a header parameter of these names is to be ignored.
_NOT_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")

_NUMERIC = frozenset({"integer", "number"})
_DIGITS = 400  # a whole number of more is out of every range

Wire = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented parameter of an operation."""

    name: str
    location: str  # path, query, header or cookie
    required: bool
    style: str
    explode: bool
    is_json: bool
    types: frozenset[str]
    item_types: frozenset[str]
    properties: Mapping[str, frozenset[str]]
    validator: Validator | None = field(repr=False)

    def read(self, wire: Wire) -> tuple[bool, Any]:
        """Whether the parameter was given, and its value.

        Raises:
            RefusalError: It is missing and required, given twice, or not what its schema allows.
        """
        given, value = self._decoded(wire)
        if not given:
            if self.required:
                raise bad_request(f"{self._label}: is required, and missing")
            return False, None
        if self.validator is not None:
            problem = self.validator.problem(value)
            if problem is not None:
                raise bad_request(f"{self._label}: {problem}")
        return True, value

    @property
    def _label(self) -> str:
        return f"{self.location} parameter {self.name!r}"

    def _decoded(self, wire: Wire) -> tuple[bool, Any]:
        if "object" in self.types and self.location == "query":
            found = self._object(wire)
            if found is not None:
                return True, found
        texts = wire.get(self.name.lower() if self.location == "header" else self.name)
        if not texts:
            return False, None
        if "array" in self.types and not self.is_json:
            return True, [scalar(text, self.item_types) for text in self._split(texts)]
        if len(texts) > 1:
            raise bad_request(f"{self._label}: is given {len(texts)} times")
        if self.is_json:
            try:
                return True, json.loads(texts[0])
            except ValueError:
                raise bad_request(f"{self._label}: is not JSON") from None
        if "object" in self.types and "," in texts[0]:
            parts = texts[0].split(",")
            pairs = (
                (part.partition("=")[::2] for part in parts)
                if self.explode
                else zip(parts[::2], parts[1::2], strict=False)
            )
            return True, {name: self._property(name, text) for name, text in pairs}
        return True, scalar(texts[0], self.types)

    def _split(self, texts: Sequence[str]) -> list[str]:
        if self.location == "query" and self.explode:
            return list(texts)
        delimiter = _DELIMITERS.get(self.style, ",")
        return [part.strip() for text in texts for part in text.split(delimiter)]

    def _object(self, wire: Wire) -> dict[str, Any] | None:
        if self.style == "deepObject":
            start = self.name + "["
            names = {key: key[len(start) : -1] for key in wire if key.startswith(start)}
        elif self.style == "form" and self.explode:
            names = {name: name for name in self.properties if name in wire}
        else:
            return None
        if not names:
            return None
        return {name: self._property(name, wire[key][-1]) for key, name in names.items()}

    def _property(self, name: str, text: str) -> Any:
        return scalar(text, self.properties.get(name, frozenset()))


def scalar(text: str, types: frozenset[str]) -> Any:
    """The text as the first of the types that it can be read as, else as it stands."""
    if types & _NUMERIC and _INTEGER.match(text) and len(text) <= _DIGITS:
        return int(text)
    if "number" in types and _NUMBER.match(text) and isfinite(float(text)):
        return float(text)
    if "boolean" in types and text in ("true", "false"):
        return text == "true"
    if "null" in types and "string" not in types and text in ("", "null"):
        return None
    return text


def compile_parameters(
    schemas: Schemas, shared: Sequence[Any], own: Sequence[Any], where: str
) -> tuple[Parameter, ...]:
    """The parameters of an operation: those of its path item, overridden by its own."""
    found: dict[tuple[str, str], Parameter] = {}
    for node in (*shared, *own):
        parameter = _compiled(schemas, schemas.resolve(node), where)
        if parameter.location == "header" and parameter.name.lower() in _NOT_PARAMETERS:
            continue
        found[parameter.location, parameter.name] = parameter
    return tuple(found.values())


def _compiled(schemas: Schemas, node: Mapping[str, Any], where: str) -> Parameter:
    location, name = node["in"], node["name"]
    style = node.get("style") or ("form" if location in ("query", "cookie") else "simple")
    content = members(node, "content")
    media_type = next(iter(content), "")
    schema = (content[media_type] if content else node).get("schema", True)
    shape = schemas.resolve(schema)
    shape = shape if is_object(shape) else {}
    # Not decoded here, so not checked: ";name=value" and ".value" in a path, and other media.
    opaque = style in ("matrix", "label") or (bool(content) and not is_json(media_type))
    return Parameter(
        name=name,
        location=location,
        required=location == "path" or node.get("required") is True,
        style=style,
        explode=node.get("explode", style == "form"),
        is_json=is_json(media_type),
        types=frozenset() if opaque else schemas.types(schema),
        item_types=schemas.types(shape.get("items", True)),
        properties={
            key: schemas.types(value) for key, value in members(shape, "properties").items()
        },
        validator=None if opaque else schemas.validator(schema, f"{where}, parameter {name}"),
    )
