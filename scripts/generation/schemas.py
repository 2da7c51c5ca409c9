"""Schemas as openapi-python-client reads them without losing anything."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from openapi_python_client import strings

from .document import SEVERAL, Document, reference_parts
from .naming import OperationNames, legal_names, spell

_ANNOTATIONS = {
    *("description", "title", "summary", "example", "examples", "deprecated", "default"),
    *("readOnly", "writeOnly", "externalDocs", "xml", "nullable", "discriminator"),
}
# What the parser makes something of; the rest could only make it fail.
_READ = {
    *("title", "description", "example", "type", "format", "enum", "const", "items", "prefixItems"),
    *("properties", "required", "additionalProperties", "patternProperties", "allOf", "anyOf"),
    *("oneOf", "nullable", "x-enum-varnames"),
}
# Names of a model's own methods and fields.
_MODEL_ATTRIBUTES = (
    *("additional_keys", "additional_properties", "from_dict", "to_dict", "to_multipart"),
)


@dataclass
class Shaped:
    """A document for the parser, with what the parser has no word for.

    Attributes:
        names: The properties' and parameters' names in the original, by those in `data`.
        discriminators: By the components of an alternative, the field that tells them apart, and
            the component for each of its values.
        media_types: The media type of a body or response as the document has it, by the
            operation's module and the status, or "body".
    """

    data: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    discriminators: dict[frozenset[str], tuple[str, dict[str, str]]] = field(default_factory=dict)
    media_types: dict[tuple[str, str], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    operations: list[OperationNames] = field(default_factory=list)


class SchemaShaper:
    """Shapes the schemas of a document, one by one."""

    def __init__(self, document: Document, reserved: set[str]) -> None:
        self._document = document
        self._result = Shaped()
        self._schemas: dict[str, Any] = {}
        self._components = document.look_up("#/components/schemas") or {}
        self._classes = _name_classes(self._components, reserved)
        self._hoisted: dict[tuple[str, ...], str] = {}
        # What a schema is part of, by its id: what is sent, what is received, what holds files.
        self._roles: dict[int, set[str]] = {}
        self._secret: dict[int, tuple[Any, bool]] = {}

    def _alias(self, name: str, alias: str) -> str:
        while alias != name and self._result.names.get(alias, name) != name:
            alias += "_2"
        if alias != name:
            self._result.names[alias] = name
        return alias

    def _shape(self, schema: Any, roles: Collection[str] = ()) -> dict[str, Any]:
        """Return a schema for the parser; what is made up here has the roles of its origin."""
        roles = self._roles.get(id(schema), roles)
        if not isinstance(schema, dict) or isinstance(schema.get("$ref"), str):
            return self._shape_reference(schema, roles) if isinstance(schema, dict) else {}
        shaped = {key: value for key, value in schema.items() if key in _READ}
        if not _plain_name(shaped.get("title", "a")):
            del shaped["title"]  # No class could be named by it.
        if "default" in schema:
            text = json.dumps(schema["default"], ensure_ascii=False)
            shaped["description"] = f"{schema.get('description', '')} Default: {text}.".strip()
        _shape_types(shaped, files="file" in roles)
        if "allOf" in shaped:
            shaped = self._shape_all_of(shaped)
        if shaped.get("oneOf") or shaped.get("anyOf"):
            self._shape_alternatives(schema, shaped)
        for key in ("items", "additionalProperties", *SEVERAL):
            inner = shaped.get(key)
            if isinstance(inner, dict):
                shaped[key] = self._shape(inner, roles)
            elif isinstance(inner, list):
                shaped[key] = [self._shape(part, roles) for part in inner]
        if _is_object(shaped) or "allOf" in shaped:
            self._shape_object(shaped, roles)
        return shaped

    def _shape_reference(self, schema: dict[str, Any], roles: Collection[str]) -> dict[str, Any]:
        component = _component(schema)
        name = self._classes[component] if component else self._hoist(schema["$ref"])
        rest = {k: v for k, v in schema.items() if k != "$ref"}
        if _structural(rest):
            return self._shape({"allOf": [{"$ref": schema["$ref"]}, rest]}, roles)
        return {"$ref": f"#/components/schemas/{name}"}

    def _hoist(self, reference: str) -> str:
        parts = reference_parts(reference)
        if parts not in self._hoisted:
            words = [part for part in parts[1:] if not part.isdecimal() and part != "properties"]
            name = strings.pascal_case(spell(" ".join(words[-3:]))) or "Schema"
            while name in self._schemas or name in self._classes.values():
                name += "Part"
            self._hoisted[parts] = name
            self._schemas[name] = {}
            self._schemas[name] = self._shape(self._document.look_up(reference))
        return self._hoisted[parts]

    def _shape_all_of(self, shaped: dict[str, Any]) -> dict[str, Any]:
        parts = [part for part in shaped["allOf"] if _structural(part)]
        own = {k: v for k, v in shaped.items() if k != "allOf"}
        resolved = [self._document.resolve(part) or {} for part in parts]
        several = [i for i, r in enumerate(resolved) if r.get("oneOf") or r.get("anyOf")]
        if several and len(parts) > 1:
            index = several[0]
            key = "oneOf" if resolved[index].get("oneOf") else "anyOf"
            rest = [part for i, part in enumerate(parts) if i != index]
            base = {k: v for k, v in resolved[index].items() if k not in {key, "discriminator"}}
            rest += [base] if _structural(base) else []
            own[key] = [{"allOf": [*rest, alternative]} for alternative in resolved[index][key]]
            return own
        if len(parts) == 1 and "properties" not in own:
            if "$ref" in parts[0]:
                return {**own, "allOf": parts}
            return {**parts[0], **own} if "allOf" not in parts[0] else {**own, **parts[0]}
        if parts and not any(_is_object(r) or "allOf" in r for r in resolved):
            return {key: value for part in (*resolved, own) for key, value in part.items()}
        if self._conflicts([*parts, own]):
            return self._flatten([*parts, own])
        return {**own, "allOf": parts}

    def _conflicts(self, parts: Iterable[Any]) -> bool:
        seen: dict[str, Any] = {}
        pairs = (pair for part in parts for pair in self._properties(part))
        return any(seen.setdefault(name, schema) != schema for name, schema in pairs)

    def _properties(self, part: Any) -> Iterator[tuple[str, Any]]:
        resolved = self._document.resolve(part) or {}
        for inner in resolved.get("allOf") or ():
            yield from self._properties(inner)
        yield from (resolved.get("properties") or {}).items()

    def _flatten(self, parts: list[Any]) -> dict[str, Any]:
        """Return one object for several whose properties differ: the later ones narrow."""
        merged: dict[str, Any] = {"type": "object"}
        properties: dict[str, Any] = {}
        required: list[str] = []
        for part in parts:
            resolved = self._document.resolve(part) or {}
            if resolved.get("allOf"):
                inner = {k: v for k, v in resolved.items() if k != "allOf"}
                resolved = self._flatten([*resolved["allOf"], inner])
            for name, schema in (resolved.get("properties") or {}).items():
                earlier = properties.get(name, {})
                inline = isinstance(earlier, dict) and isinstance(schema, dict) and bool(earlier)
                inline = inline and "$ref" not in earlier and "$ref" not in schema
                properties[name] = {**earlier, **schema} if inline else schema
            required += resolved.get("required") or ()
            merged |= {k: v for k, v in resolved.items() if k not in {"allOf", "$ref"}}
        return {**merged, "properties": properties, "required": list(dict.fromkeys(required))}

    def _shape_alternatives(self, schema: dict[str, Any], shaped: dict[str, Any]) -> None:
        key = "oneOf" if shaped.get("oneOf") else "anyOf"
        alternatives = shaped[key]
        base: dict[str, Any] = {
            k: shaped[k]
            for k in ("properties", "required", "additionalProperties", "allOf")
            if k in shaped
        }
        if base:
            for name in ("oneOf", "anyOf", *base):
                shaped.pop(name, None)
            structural = [a for a in alternatives if _structural(a, {"required", "not", "type"})]
            if not structural:
                shaped |= base
                return
            base["type"] = "object"
            shaped[key] = [{"allOf": [base, a]} if _structural(a) else base for a in alternatives]
        shaped.pop("type", None)
        given = schema.get("discriminator")
        names = {name: self._classes[name] for name in map(_component, alternatives) if name}
        if isinstance(given, dict) and len(names) == len(alternatives):
            mapping = dict(names)
            for value, target in (given.get("mapping") or {}).items():
                name = reference_parts(target)[-1] if "/" in target else target
                mapping[value] = self._classes.get(name, name)
            found = frozenset(names.values())
            self._result.discriminators[found] = given["propertyName"], mapping

    def _shape_object(self, shaped: dict[str, Any], roles: Collection[str]) -> None:
        inherited = [pair for part in shaped.get("allOf") or () for pair in self._properties(part)]
        properties = dict(shaped.get("properties") or {})
        for name in shaped.get("required") or ():
            if name not in dict(inherited):
                properties.setdefault(name, {})
        renamed = legal_names(properties, "field_", _MODEL_ATTRIBUTES)
        renamed = {name: self._alias(name, alias) for name, alias in renamed.items()}
        own = [*inherited, *properties.items()]
        shaped["x-sent"] = "sent" in roles
        shaped["x-secrets"] = [name for name, value in own if self._is_secret(value)]
        shaped["x-deprecated"] = [name for name, value in own if self._is_deprecated(value)]
        if properties:
            shaped["properties"] = {
                renamed.get(name, name): self._shape(value, roles)
                for name, value in properties.items()
            }
        if "required" in shaped:
            # A property that is there in one direction only may not be asked for in the other.
            other = {"sent": "readOnly", "received": "writeOnly"}
            kept = (
                name
                for name in shaped["required"]
                for said in [self._document.resolve(properties.get(name)) or {}]
                if not any(said.get(other.get(role)) for role in roles)
            )
            shaped["required"] = [renamed.get(name, name) for name in kept]
        patterns = [*shaped.pop("patternProperties", {}).values()]
        if patterns:
            shut = shaped.get("additionalProperties") is False and len(patterns) == 1
            shaped["additionalProperties"] = self._shape(patterns[0], roles) if shut else True
        if shaped.get("additionalProperties") is False and "received" in roles:
            del shaped["additionalProperties"]

    def _is_deprecated(self, schema: Any) -> bool:
        own, named = schema, self._document.resolve(schema)
        return any(isinstance(s, dict) and s.get("deprecated") is True for s in (own, named))

    def _is_secret(self, schema: Any) -> bool:
        schema = self._document.resolve(schema)
        if not isinstance(schema, dict):
            return False
        if id(schema) not in self._secret:
            # The schema is kept with it, so that no other gets its id.
            self._secret[id(schema)] = (schema, schema.get("format") == "password")
            parts = [p for key in ("allOf", "anyOf", "oneOf") for p in schema.get(key) or ()]
            parts += [schema["items"]] if "items" in schema else []
            if any(self._is_secret(part) for part in parts):
                self._secret[id(schema)] = (schema, True)
        return self._secret[id(schema)][1]


def _shape_types(shaped: dict[str, Any], *, files: bool) -> None:
    if shaped.get("format") == "binary" and not files:
        del shaped["format"]  # JSON holds text.
    types = shaped.get("type")
    if isinstance(types, list) and len(types) == 1:
        types = shaped["type"] = types[0]
    lists = "array" in (types if isinstance(types, list) else [types])
    if lists and not isinstance(shaped.get("items"), dict):
        shaped.pop("items", None)
        shaped |= {} if "prefixItems" in shaped else {"items": {}}
    values = shaped.get("enum")
    if isinstance(values, list):
        kinds = {type(value) for value in values if value is not None}
        if kinds == {str}:
            _name_values(shaped, list(dict.fromkeys(v for v in values if v is not None)))
        elif kinds - {int} or not kinds:
            del shaped["enum"]
            if "type" not in shaped and kinds:
                known = {str: "string", bool: "boolean", int: "integer", float: "number"}
                found = sorted(known.get(kind, "object") for kind in kinds)
                found += ["null"] if None in values else []
                shaped["type"] = found if len(found) > 1 else found[0]
    if isinstance(shaped.get("const"), dict | list):
        del shaped["const"]


def _name_values(shaped: dict[str, Any], values: list[str]) -> None:
    """Give enum values names of their own where the parser's would be one."""
    shaped["enum"] = [*values, *([None] if None in shaped["enum"] else [])]
    given = shaped.get("x-enum-varnames")
    if isinstance(given, list) and len(given) == len(values):
        return
    names: list[str] = []
    for number, value in enumerate(values):
        name = value.upper() if value[:1].isalpha() else f"VALUE_{number}"
        name = strings.snake_case(name).upper()
        if name in names or not name.isidentifier():
            name = f"value {spell(value)}"[0 if value[:1].isdigit() else 6 :]
            name = strings.snake_case(strings.snake_case(name)).upper() or f"VALUE_{number}"
        stem, count = name, 1
        while name in names:
            count += 1
            name = f"{stem}_{count}"
        names.append(name)
    shaped["x-enum-varnames"] = names


def _name_classes(components: dict[str, Any], reserved: set[str]) -> dict[str, str]:
    """Return a name for each component that is another's in no case, and none of the reserved."""
    taken, names = set(map(_plain_name, reserved)), dict[str, str]()
    for name, schema in components.items():
        title = schema.get("title") if isinstance(schema, dict) else None
        names[name] = name
        while _plain_name(title or names[name]) in taken:
            title, names[name] = None, f"{names[name]}Model"
        taken.add(_plain_name(title or names[name]))
    return names


def _plain_name(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _component(schema: Any) -> str | None:
    """Return the name of the component schema that a reference names; None for anything else."""
    if not isinstance(schema, dict) or "$ref" not in schema:
        return None
    *sections, name = reference_parts(schema["$ref"])
    return name if sections == ["components", "schemas"] else None


def _structural(schema: Any, beside: Iterable[str] = ()) -> bool:
    """Tell whether a schema says more than words, or the keywords in `beside`."""
    plain = {*_ANNOTATIONS, *beside}
    return isinstance(schema, dict) and any(k not in plain and k[:2] != "x-" for k in schema)


def _is_object(schema: dict[str, Any]) -> bool:
    types = schema.get("type")
    types = types if isinstance(types, list) else [types]
    return "object" in types or (
        types == [None]
        and bool(
            schema.keys() & {"properties", "patternProperties"}
            or schema.get("additionalProperties")
        )
    )
