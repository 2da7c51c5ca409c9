"""Schemas as openapi-python-client's properties, without losing anything.

What its parser refuses or passes over is written in another way here, in copies of the schemas.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from attrs import evolve
from openapi_python_client import schema as oai
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser.errors import PropertyError
from openapi_python_client.parser.properties import Schemas, build_schemas, property_from_data
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import ClassName, pascal_case

from .document import SEVERAL, Document, Finding, Place, reference_parts
from .naming import find_aliases, name_values, plain_name, spell, title_schemas

JSON, BYTES = "application/json", "application/octet-stream"
FILE = {"schema": {"type": "string", "format": "binary"}}
_CONFIG = Config.from_sources(ConfigFile(), MetaType.NONE, "", "utf-8", True, None)  # noqa: FBT003 - it is theirs
# What the parser makes something of, but for words; the rest could only make it fail.
_STRUCTURE = {
    *("type", "format", "enum", "const", "items", "prefixItems", "properties", "required"),
    *("additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf", "$ref"),
}
_WORDS = {"title", "description", "example", "nullable", "x-enum-varnames"}
# Names of a model's own methods and fields.
_TAKEN = ("additional_keys", "additional_properties", "from_dict", "to_dict", "to_multipart")
_NOT_SENT = {"links", "example", "examples"}


class Parser:
    """Has openapi-python-client parse the schemas of a document."""

    def __init__(self, document: Document, reserved: set[str]) -> None:
        self.notes: list[str] = []  # what a person should know
        # The models and enums, by name.
        self._document, self._parsed, self.classes = document, Schemas(), dict[Any, Any]()
        # By the type of an alternative: the field that tells its classes apart, and the class by
        # its values.
        self.discriminators: dict[str, tuple[str, dict[str, str]]] = {}
        # The properties' names in the document, by those that the parser was given.
        self.names: dict[str, str] = {}
        self._aliases: dict[tuple[str, str], str] = {}
        self._hoisted: dict[Place, str] = {}
        self._places: dict[int, Place] = {}
        # What a schema is part of, by its id: what is sent, what is received, what holds files.
        self._roles: dict[int, set[str]] = {id(FILE["schema"]): {"file"}}
        for place, raw in document.operations():
            body = document.resolve(raw.get("requestBody")) or {}
            contents = (body.get("content") or {}).items()
            sent = [raw.get("requestBody"), *(p for _, p in document.parameters(place))]
            self._mark(sent, "sent")
            self._mark([media for name, media in contents if plain_type(name) != JSON], "file")
            self._mark(raw.get("responses"), "received")
        components = document.at(("components", "schemas")) or {}
        self._titles = title_schemas(components, reserved)
        self._unparsed: dict[str, Any] = {}
        for name, schema in components.items():
            title, shaped = self._titles[name], self._shape(schema)
            if title != shaped.get("title", name):
                self.notes.append(f"The schema {name} is the class {pascal_case(title)}.")
                shaped["title"] = title
            self._unparsed[name] = shaped

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

    def note(self, place: Place, text: str) -> None:
        """Note what a person should know of a place."""
        self.notes.append(f"{self._document.where(place)}: {text}")

    def parse(
        self, place: Place, owner: dict[str, Any], name: str, parent: str, *, required: bool = True
    ) -> Any:
        """Return the property of a parameter or media type; `parent` is in its classes' names."""
        shaped = self._shape(owner.get("schema"))
        if owner.get("description") and "$ref" not in shaped:
            shaped["description"] = owner["description"]
        if self._unparsed:
            new = {UntrustedString(one): _read(schema) for one, schema in self._unparsed.items()}
            known = evolve(self._parsed, models_to_process=[])
            self._parsed = build_schemas(components=new, schemas=known, config=_CONFIG)
            self._unparsed = {}
        prop, self._parsed = property_from_data(
            UntrustedString(name), required, _read(shaped), self._parsed, parent, _CONFIG
        )
        self.classes = self._parsed.classes_by_name
        if isinstance(prop, PropertyError):
            self._places[id(prop)] = place
            self._parsed.errors.append(prop)
            return self.parse(place, {}, name, parent, required=required)
        return prop

    @property
    def problems(self) -> Iterator[Finding]:
        """What the parser could not make anything of, in its words, without a library's dump."""
        for error in self._parsed.errors:
            text = f"{error.header} {error.detail}".partition("\n\nFailure to process")[0]
            text = re.sub(r"\s+|<\S+ object at \w+>", " ", text).strip(" .")
            found = re.match(r"Unable to \w+ schema /(components)/(schemas)/([^:\s]+)", text)
            place = self._places.get(id(error), ()) if found is None else found.groups()
            clash = re.search("duplicate models|conflicting enums", text)
            yield Finding(place, text, {"title": "…"} if clash else None, "one of the two")

    def find_traits(self, schema: Any) -> tuple[bool, bool]:
        """Tell whether the values of a schema are secret, and whether they are deprecated."""
        secret = any(one.get("format") == "password" for one in self._document.expand(schema))
        said = (one for one in (schema, self._document.resolve(schema)) if isinstance(one, dict))
        return secret, any(one.get("deprecated") is True for one in said)

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
            rest = {k: v for k, v in schema.items() if k != "$ref"}
            if _is_structural(rest):
                return self._shape({"allOf": [{"$ref": schema["$ref"]}, rest]}, roles)
            return {"$ref": f"#/components/schemas/{self._hoist(schema['$ref'])}"}
        merged = self._merge_parts(schema)
        self._share_base(merged)
        shaped = {key: value for key, value in merged.items() if key in _STRUCTURE | _WORDS}
        if "default" in merged:
            text = json.dumps(merged["default"], ensure_ascii=False)
            shaped["description"] = f"{merged.get('description', '')} Default: {text}.".strip()
        _shape_types(shaped, files="file" in roles)
        if _is_object(shaped) or "allOf" in shaped:
            self._shape_object(shaped, roles)
        for key in ("items", "additionalProperties", *SEVERAL):
            inner = shaped.get(key)
            if isinstance(inner, dict):
                shaped[key] = self._shape(inner, roles)
            elif isinstance(inner, list):
                shaped[key] = [self._shape(part, roles) for part in inner]
        return shaped

    def _hoist(self, reference: str) -> str:
        """Return the name of the component that a reference names, or that is made for it."""
        parts = reference_parts(reference)
        if parts[:-1] == ("components", "schemas"):
            return parts[-1]
        if parts not in self._hoisted:
            words = [part for part in parts[1:] if not part.isdecimal() and part != "properties"]
            name = pascal_case(spell(" ".join(words[-3:]))) or "Schema"
            while name in {*self._titles, *self._titles.values(), *self._hoisted.values()}:
                name += "Part"
            self._hoisted[parts] = name
            self._unparsed[name] = self._shape(self._document.at(parts))
        return self._hoisted[parts]

    def _merge_parts(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Leave under `allOf` what the parser merges: objects whose properties do not differ."""
        if "allOf" not in schema:
            return {**schema}
        own = {key: value for key, value in schema.items() if key != "allOf"}
        parts = [one for part in schema["allOf"] for one in _split(part)]
        resolved = [next(self._document.expand(part), {}) for part in parts]
        for index, part in enumerate(resolved if len(parts) > 1 else ()):
            for key in ("oneOf", "anyOf"):
                if part.get(key):  # What stands beside alternatives belongs to each of them.
                    base = {k: v for k, v in part.items() if k not in {key, "discriminator"}}
                    rest = [*parts[:index], *parts[index + 1 :], *_split(base)]
                    return {**own, "allOf": rest, key: part[key]}
        merged: dict[str, Any] = {"properties": {}, "required": []}
        alike = True
        for leaf in self._list_leaves(*parts, own):
            properties, required = merged["properties"], merged["required"]
            for name, one in (leaf.get("properties") or {}).items():
                if name not in properties:
                    properties[name] = one
                elif properties[name] != one:
                    alike, both = False, (properties[name], one)  # The later ones narrow.
                    inline = all(isinstance(each, dict) and "$ref" not in each for each in both)
                    properties[name] = {**properties[name], **one} if inline else one
            required += leaf.get("required") or ()
            merged |= {**leaf, "properties": properties, "required": required}
        objects = any(_is_object(one) or "allOf" in one for one in resolved)
        named = len(parts) == 1 and "$ref" in parts[0] and "properties" not in own
        if named or (len(parts) > 1 and alike and objects):
            return {**own, "allOf": parts}
        return {key: value for key, value in merged.items() if value not in ({}, [])}

    def _list_leaves(self, *schemas: Any) -> Iterator[dict[str, Any]]:
        """Yield what schemas consist of by `allOf`, through references."""
        for schema in schemas:
            resolved = next(self._document.expand(schema), {})
            yield from self._list_leaves(*(resolved.get("allOf") or ()))
            yield {key: value for key, value in resolved.items() if key != "allOf"}

    def _share_base(self, schema: dict[str, Any]) -> None:
        """Give what stands beside alternatives to each of them."""
        key = "oneOf" if schema.get("oneOf") else "anyOf"
        if not schema.get(key):
            return
        alternatives, told = schema[key], schema.get("discriminator")
        shared = ("properties", "required", "additionalProperties", "allOf")
        base = {name: schema.pop(name) for name in shared if name in schema}
        if base:
            del schema[key]
            if not any(_is_structural(one, beside={"required", "type"}) for one in alternatives):
                schema |= base
                return
            schema[key] = [{"allOf": [*_split(base), one]} for one in alternatives]
        schema.pop("type", None)
        references = [one["$ref"] for one in alternatives if _is_structural(one) and "$ref" in one]
        named = map(self._hoist, references)
        names = {n: str(ClassName(self._titles.get(n, n), "field_")) for n in named}
        if isinstance(told, dict) and len(names) == len(alternatives):
            targets = {v: t.rpartition("/")[2] for v, t in (told.get("mapping") or {}).items()}
            mapping = names | {v: names[name] for v, name in targets.items() if name in names}
            union = " | ".join(sorted(names.values(), key=str.lower))
            self.discriminators[union] = told["propertyName"], mapping

    def _shape_object(self, shaped: dict[str, Any], roles: Collection[str]) -> None:
        inherited: dict[str, Any] = {}
        for leaf in self._list_leaves(*(shaped.get("allOf") or ())):
            inherited |= leaf.get("properties") or {}
        properties = dict(shaped.get("properties") or {})
        for name in shaped.get("required") or ():
            if name not in inherited:
                properties.setdefault(name, {})
        aliases = find_aliases(properties, _TAKEN)
        shaped["x-sent"], every = "sent" in roles, (inherited | properties).items()
        shaped["x-traits"] = {name: self.find_traits(inner) for name, inner in every}
        # A property that is there in one direction only may not be asked for in the other.
        one_way = {"sent": "readOnly", "received": "writeOnly"}
        absent = [key for role, key in one_way.items() if role in roles]
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
            shaped["additionalProperties"] = patterns[0] if shut and len(patterns) == 1 else True
        elif shut and "received" in roles:
            del shaped["additionalProperties"]


def _read(schema: dict[str, Any]) -> Any:
    return oai.MediaType.model_validate({"schema": schema}).media_type_schema


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
            shaped["enum"] = [*dict.fromkeys(values)]
            texts = [value for value in shaped["enum"] if value is not None]
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


def plain_type(media_type: str) -> str:
    """Return a media type without parameters; that of JSON for all that is JSON."""
    plain = media_type.partition(";")[0].strip().lower()
    return JSON if plain == "*/*" or plain.endswith("+json") else plain
