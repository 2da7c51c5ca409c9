"""The document as openapi-python-client reads it without losing anything.

What its parser refuses or passes over is written in another way here: references into
components, one media type for each response, alternatives that share properties, names that come
to one Python name. The document that the package ships is not touched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from openapi_python_client.strings import ClassName, pascal_case

from .document import SEVERAL, Document, reference_parts
from .naming import (
    OperationNames,
    find_aliases,
    identifier,
    name_values,
    plain_name,
    spell,
    title_schemas,
)
from .reading import Place

# What the parser makes something of, but for words; the rest could only make it fail.
_STRUCTURE = {
    *("type", "format", "enum", "const", "items", "prefixItems", "properties", "required"),
    *("additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf", "$ref"),
}
_WORDS = {"title", "description", "example", "nullable", "x-enum-varnames"}
# Names of a model's own methods and fields.
_MODEL_ATTRIBUTES = (
    *("additional_keys", "additional_properties", "from_dict", "to_dict", "to_multipart"),
)
_NOT_SENT = {"links", "example", "examples"}
_IGNORED_HEADERS = {"accept", "authorization", "content-type"}
_JSON, _BYTES = "application/json", "application/octet-stream"
_BODIES = {_JSON, _BYTES, "application/x-www-form-urlencoded", "multipart/form-data"}
_FILE = {"type": "string", "format": "binary"}


class Shaper:
    """The document for the parser, with what the parser has no word for.

    Attributes:
        data: The document for the parser, with none of the `reserved` names for a class.
        names: The properties' and parameters' names in the original, by those in `data`.
        discriminators: By the type of an alternative, the field that tells its classes apart, and
            the class for each of its values.
        media_types: What the media types of bodies are parsed as.
        notes: What a person should know.
    """

    def __init__(
        self, document: Document, operations: list[OperationNames], reserved: set[str]
    ) -> None:
        self.names: dict[str, str] = {}
        self.discriminators: dict[str, tuple[str, dict[str, str]]] = {}
        self.media_types: dict[str, str] = {}
        self.notes: list[str] = []
        self._document = document
        self._aliases: dict[tuple[str, str], str] = {}
        self._hoisted: dict[tuple[str, ...], str] = {}
        # What a schema is part of, by its id: what is sent, what is received, what holds files.
        self._roles: dict[int, set[str]] = {}
        for names in operations:
            body = document.resolve(names.raw.get("requestBody")) or {}
            contents = (body.get("content") or {}).items()
            self._mark([body, *(p for _, p in document.parameters(names.place))], "sent")
            self._mark([media for name, media in contents if _plain_type(name) != _JSON], "file")
            self._mark(names.raw.get("responses"), "received")
        components = document.look_up("#/components/schemas") or {}
        self._schemas: dict[str, Any] = {name: {} for name in components}
        self._titles = title_schemas(components, reserved)
        for name, schema in components.items():
            title, shaped = self._titles[name], self._shape(schema)
            if title != shaped.get("title", name):
                self.notes.append(f"The schema {name} is the class {pascal_case(title)}.")
                shaped["title"] = title
            self._schemas[name] = shaped
        self._paths: dict[str, dict[str, Any]] = {}
        for names in operations:
            self._shape_operation(names)
        self.data = {
            "openapi": "3.1.0",
            "info": {key: str(document.data["info"][key]) for key in ("title", "version")},
            "paths": self._paths,
            "components": {"schemas": self._schemas},
        }

    def _mark(self, value: Any, role: str) -> None:
        """Note the role of each mapping that is reached from a request or a response."""
        waiting = [value]
        while waiting:
            value = self._document.resolve(waiting.pop())
            if isinstance(value, list):
                waiting += value
            elif isinstance(value, dict) and role not in self._roles.setdefault(id(value), set()):
                self._roles[id(value)].add(role)
                waiting += (v for k, v in value.items() if k not in _NOT_SENT)

    def _note(self, place: Place, text: str) -> None:
        self.notes.append(f"{self._document.where(place)}: {text}")

    def _shape_operation(self, names: OperationNames) -> None:
        raw = names.raw
        shaped: dict[str, Any] = {"operationId": names.module, "responses": {}}
        shaped |= {key: raw[key] for key in ("summary", "description") if key in raw}
        shaped["parameters"], path = self._shape_parameters(names)
        body = self._document.resolve(raw.get("requestBody"))
        if body and body.get("content"):
            content = self._shape_body((*names.place, "requestBody", "content"), body["content"])
            shaped["requestBody"] = {"content": content, "required": body.get("required", False)}
        for status, value in (raw.get("responses") or {}).items():
            if not status.startswith("x-"):
                place = (*names.place, "responses", status, "content")
                shaped["responses"][status] = self._shape_response(place, value)
        self._paths.setdefault(path, {})[names.verb] = shaped

    def _shape_parameters(self, names: OperationNames) -> tuple[list[Any], str]:
        path, shaped = names.path, []
        found = [*self._document.parameters(names.place)]
        aliases = {
            location: find_aliases(p["name"] for _, p in found if p["in"] == location)
            for location in {parameter["in"] for _, parameter in found}
        }
        for at, parameter in found:
            name, location = str(parameter["name"]), parameter["in"]
            if location == "header" and name.lower() in _IGNORED_HEADERS:
                self._note(at, f"the header {name} is the client's own, and no argument.")
                continue
            alias = self._alias(name, aliases[location])
            if location == "path":
                alias = re.sub(r"\W", "_", identifier(alias), flags=re.ASCII)
                path = path.replace(f"{{{name}}}", f"{{{alias}}}")
            owner = next(iter((parameter.get("content") or {}).values()), parameter)
            schema = self._shape(owner.get("schema", {}))
            if parameter.get("description"):
                schema = {"allOf": [schema]} if "$ref" in schema else schema
                schema["description"] = str(parameter["description"])
            required = location == "path" or bool(parameter.get("required"))
            shaped.append({"name": alias, "in": location, "required": required, "schema": schema})
        return shaped, path

    def _shape_body(self, place: Place, content: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, str] = {}
        for name, media in content.items():
            kind = _plain_type(name)
            schemas = [content[one].get("schema") for one in kept.values()]
            if kind in _BODIES and media.get("schema") not in schemas:
                kept[kind] = name
        kept = kept or {_BYTES: next(iter(content))}
        left = [name for name in content if name not in kept.values()]
        if left:
            self._note(place, f"bodies are sent as {' or '.join(kept)}, not as {', '.join(left)}.")
        self.media_types |= {name: kind for kind, name in kept.items()}
        return {
            name: {"schema": _FILE if kind == _BYTES else self._shape(content[name].get("schema"))}
            for kind, name in kept.items()
        }

    def _shape_response(self, place: Place, value: Any) -> dict[str, Any]:
        response = self._document.resolve(value) or {}
        shaped: dict[str, Any] = {"description": str(response.get("description", ""))}
        content: dict[str, Any] = response.get("content") or {}
        ranked = sorted(content, key=lambda name: (_plain_type(name) != _JSON, name[:5] != "text/"))
        if ranked[1:]:
            self._note(place, f"read as {ranked[0]}, not as {', '.join(ranked[1:])}.")
        for name in ranked[:1]:
            kind, schema = _plain_type(name), {"type": "string"}
            if kind == _JSON:
                schema = self._shape(content[name].get("schema"))
            elif re.search(r"^text/|(xml|yaml|javascript)$", kind):
                kind = "text/x-any"  # No body is of this media type.
            else:
                kind, schema = _BYTES, _FILE
            shaped["content"] = {kind: {"schema": schema}}
        return shaped

    def _alias(self, name: str, aliases: dict[str, str]) -> str:
        if name not in aliases:
            return name
        # What ends in a character that no identifier has is the name of nothing else.
        mark = chr(0xE000 + len(self._aliases))
        alias = self._aliases.setdefault((name, aliases[name]), f"{aliases[name]}{mark}")
        self.names[alias] = name
        return alias

    def _shape(self, schema: Any, roles: Collection[str] = ()) -> dict[str, Any]:
        """Return a schema for the parser; what is made up here has the roles of its origin."""
        if not isinstance(schema, dict):
            return {}
        roles = self._roles.get(id(schema), roles)
        if isinstance(schema.get("$ref"), str):
            return self._shape_reference(schema, roles)
        shaped = {key: value for key, value in schema.items() if key in _STRUCTURE | _WORDS}
        if "default" in schema:
            text = json.dumps(schema["default"], ensure_ascii=False)
            shaped["description"] = f"{schema.get('description', '')} Default: {text}.".strip()
        _shape_types(shaped, files="file" in roles)
        if "allOf" in shaped:
            shaped = self._shape_all_of(shaped)
        if shaped.get("oneOf") or shaped.get("anyOf"):
            self._shape_alternatives(schema, shaped)
        inherited = self._list_properties(*(shaped.get("allOf") or ()))
        for key in ("items", "additionalProperties", *SEVERAL):
            inner = shaped.get(key)
            if isinstance(inner, dict):
                shaped[key] = self._shape(inner, roles)
            elif isinstance(inner, list):
                shaped[key] = [self._shape(part, roles) for part in inner]
        if _is_object(shaped) or "allOf" in shaped:
            self._shape_object(shaped, inherited, roles)
        return shaped

    def _shape_reference(self, schema: dict[str, Any], roles: Collection[str]) -> dict[str, Any]:
        rest = {k: v for k, v in schema.items() if k != "$ref"}
        if _is_structural(rest):
            return self._shape({"allOf": [{"$ref": schema["$ref"]}, rest]}, roles)
        return {"$ref": f"#/components/schemas/{self._hoist(schema['$ref'])}"}

    def _hoist(self, reference: str) -> str:
        """Return the name of the component that a reference names, or that is made for it."""
        parts = reference_parts(reference)
        if parts[:-1] == ("components", "schemas"):
            return parts[-1]
        if parts not in self._hoisted:
            words = [part for part in parts[1:] if not part.isdecimal() and part != "properties"]
            name = pascal_case(spell(" ".join(words[-3:]))) or "Schema"
            while name in {*self._schemas, *self._titles.values(), *self._hoisted.values()}:
                name += "Part"
            self._hoisted[parts] = name
            self._schemas[name] = self._shape(self._document.look_up(reference))
        return self._hoisted[parts]

    def _shape_all_of(self, shaped: dict[str, Any]) -> dict[str, Any]:
        """Leave under `allOf` what the parser merges: objects whose properties do not differ."""
        parts = [one for part in shaped.pop("allOf") for one in _split(part)]
        resolved = [next(self._document.expand(part), {}) for part in parts]
        for index, part in enumerate(resolved if len(parts) > 1 else ()):
            for key in ("oneOf", "anyOf"):
                if part.get(key):  # What stands beside alternatives belongs to each of them.
                    base = {k: v for k, v in part.items() if k not in {key, "discriminator"}}
                    rest = [*parts[:index], *parts[index + 1 :], *_split(base)]
                    return {**shaped, "allOf": rest, key: part[key]}
        seen: dict[str, Any] = {}
        pairs = self._list_properties(*parts, shaped)
        alike = all(seen.setdefault(name, schema) == schema for name, schema in pairs)
        objects = any(_is_object(one) or "allOf" in one for one in resolved)
        named = len(parts) == 1 and "$ref" in parts[0] and "properties" not in shaped
        if named or (len(parts) > 1 and alike and objects):
            return {**shaped, "allOf": parts}
        merged: dict[str, Any] = {}
        for leaf in self._list_leaves(*parts, shaped):
            known = merged.get("properties") or {}
            for name, schema in (leaf.get("properties") or {}).items():
                both = (known.get(name), schema)  # The later ones narrow.
                inline = all(isinstance(one, dict) and "$ref" not in one for one in both)
                known = {**known, name: {**known[name], **schema} if inline else schema}
            required = [*merged.get("required", ()), *(leaf.get("required") or ())]
            merged |= {**leaf, "properties": known, "required": required}
        return {key: value for key, value in merged.items() if value not in ({}, [])}

    def _list_properties(self, *parts: Any) -> list[tuple[str, Any]]:
        return [p for one in self._list_leaves(*parts) for p in one.get("properties", {}).items()]

    def _list_leaves(self, *schemas: Any) -> Iterator[dict[str, Any]]:
        """Yield what schemas consist of by `allOf`, through references."""
        for schema in schemas:
            resolved = next(self._document.expand(schema), {})
            yield from self._list_leaves(*(resolved.get("allOf") or ()))
            yield {key: value for key, value in resolved.items() if key != "allOf"}

    def _shape_alternatives(self, schema: dict[str, Any], shaped: dict[str, Any]) -> None:
        key = "oneOf" if shaped.get("oneOf") else "anyOf"
        alternatives, told = shaped[key], schema.get("discriminator")
        shared = ("properties", "required", "additionalProperties", "allOf")
        base = {name: shaped.pop(name) for name in shared if name in shaped}
        if base:
            del shaped[key]
            if not any(_is_structural(one, beside={"required", "type"}) for one in alternatives):
                shaped |= base
                return
            shaped[key] = [{"allOf": [*_split(base), one]} for one in alternatives]
        shaped.pop("type", None)
        references = [one["$ref"] for one in alternatives if _is_structural(one) and "$ref" in one]
        named = map(self._hoist, references)
        names = {n: str(ClassName(self._titles.get(n, n), "field_")) for n in named}
        if isinstance(told, dict) and len(names) == len(alternatives):
            targets = {v: t.rpartition("/")[2] for v, t in (told.get("mapping") or {}).items()}
            mapping = names | {v: names[name] for v, name in targets.items() if name in names}
            union = " | ".join(sorted(names.values(), key=str.lower))
            self.discriminators[union] = told["propertyName"], mapping

    def _shape_object(
        self, shaped: dict[str, Any], inherited: list[tuple[str, Any]], roles: Collection[str]
    ) -> None:
        properties = dict(shaped.get("properties") or {})
        for name in shaped.get("required") or ():
            if name not in dict(inherited):
                properties.setdefault(name, {})
        aliases = find_aliases(properties, _MODEL_ATTRIBUTES)
        every = [*inherited, *properties.items()]
        said = [(name, one) for name, v in every for one in (v, self._document.resolve(v))]
        shaped["x-sent"] = "sent" in roles
        shaped["x-secrets"] = [
            name
            for name, inner in said
            if any(one.get("format") == "password" for one in self._document.expand(inner))
        ]
        shaped["x-deprecated"] = [
            name for name, one in said if isinstance(one, dict) and one.get("deprecated") is True
        ]
        # A property that is there in one direction only may not be asked for in the other.
        one_way = {"sent": "readOnly", "received": "writeOnly"}
        absent = {one_way[role] for role in roles if role in one_way}
        shaped["required"] = [
            self._alias(name, aliases)
            for name in shaped.get("required") or ()
            if not any(next(self._document.expand(properties.get(name)), {}).get(k) for k in absent)
        ]
        shaped["properties"] = {
            self._alias(name, aliases): self._shape(schema, roles)
            for name, schema in properties.items()
        }
        shut = shaped.get("additionalProperties") is False
        patterns = [*shaped.pop("patternProperties", {}).values()]
        if patterns:
            alone = shut and len(patterns) == 1
            shaped["additionalProperties"] = self._shape(patterns[0], roles) if alone else True
        elif shut and "received" in roles:
            del shaped["additionalProperties"]


def _shape_types(shaped: dict[str, Any], *, files: bool) -> None:
    if not plain_name(shaped.get("title", "a")):
        del shaped["title"]  # No class could be named by it.
    if shaped.get("format") == "binary" and not files:
        del shaped["format"]  # JSON holds text.
    if "array" in _types(shaped) and not isinstance(shaped.get("items"), dict):
        shaped.pop("items", None)
        shaped |= {} if "prefixItems" in shaped else {"items": {}}
    values = shaped.get("enum")
    if isinstance(values, list):
        kinds = {type(value) for value in values if value is not None}
        if kinds == {str}:
            texts = list(dict.fromkeys(value for value in values if value is not None))
            shaped["enum"] = [*texts, *([None] if None in values else [])]
            given = shaped.get("x-enum-varnames")
            if not isinstance(given, list) or len(given) != len(texts):
                shaped["x-enum-varnames"] = name_values(texts)
        elif kinds != {int}:
            del shaped["enum"]
            known = {str: "string", bool: "boolean", int: "integer", float: "number"}
            found = sorted(known.get(kind, "object") for kind in kinds)
            shaped.setdefault("type", [*found, *(["null"] if None in values else [])])
    if len(_types(shaped)) == 1:
        (shaped["type"],) = _types(shaped)
    if isinstance(shaped.get("const"), dict | list):
        del shaped["const"]


def _split(part: Any) -> Iterator[dict[str, Any]]:
    """Yield the parts of a part of `allOf` that has no name: the parser knows no inner ones."""
    if not isinstance(part, dict):
        return
    for inner in part.get("allOf") or ():
        yield from _split(inner)
    part = {key: value for key, value in part.items() if key != "allOf"}
    if _is_structural(part):
        yield part


def _is_structural(schema: Any, beside: Iterable[str] = ()) -> bool:
    """Tell whether a schema says more than words, or the keywords in `beside`."""
    return isinstance(schema, dict) and not schema.keys().isdisjoint(_STRUCTURE - {*beside})


def _types(schema: dict[str, Any]) -> list[Any]:
    types = schema.get("type", [])
    return types if isinstance(types, list) else [types]


def _is_object(schema: dict[str, Any]) -> bool:
    said = schema.keys() & {"properties", "patternProperties"} or schema.get("additionalProperties")
    return "object" in _types(schema) or ("type" not in schema and bool(said))


def _plain_type(media_type: str) -> str:
    """Return a media type without parameters; that of JSON for all that is JSON."""
    plain = media_type.partition(";")[0].strip().lower()
    return _JSON if plain == "*/*" or plain.endswith("+json") else plain
