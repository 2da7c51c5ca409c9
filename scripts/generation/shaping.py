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

from openapi_python_client.strings import ClassName, pascal_case, snake_case

from .document import SEVERAL, Document, reference_parts
from .naming import OperationNames, legal_names, spell
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
_IGNORED_HEADERS = {"accept", "authorization", "content-type"}
_BODIES = ("application/x-www-form-urlencoded", "multipart/form-data", "application/octet-stream")
_BYTES = "application/octet-stream"
_FILE = {"type": "string", "format": "binary"}


class Shaper:
    """The document for the parser, with what the parser has no word for.

    Attributes:
        data: The document for the parser, with none of the `reserved` names for a class.
        names: The properties' and parameters' names in the original, by those in `data`.
        discriminators: By the classes of an alternative, the field that tells them apart, and
            the class for each of its values.
        media_types: What the media types of bodies are parsed as.
        notes: What a person should know.
    """

    def __init__(
        self, document: Document, operations: list[OperationNames], reserved: set[str]
    ) -> None:
        self.names: dict[str, str] = {}
        self.discriminators: dict[frozenset[str], tuple[str, dict[str, str]]] = {}
        self.media_types: dict[str, str] = {}
        self.notes: list[str] = []
        self._document = document
        self._schemas: dict[str, Any] = {}
        self._components = document.look_up("#/components/schemas") or {}
        self._classes = _name_classes(self._components, reserved)
        self._hoisted: dict[tuple[str, ...], str] = {}
        # What a schema is part of, by its id: what is sent, what is received, what holds files.
        self._roles: dict[int, set[str]] = {}
        for names in operations:
            body = document.resolve(names.raw.get("requestBody")) or {}
            contents = (body.get("content") or {}).items()
            self._mark([body, *(p for _, p in document.parameters(names.place))], "sent")
            self._mark([media for name, media in contents if not _is_json(name)], "file")
            self._mark(names.raw.get("responses"), "received")
        for name, schema in self._components.items():
            key = self._classes[name]
            self._schemas[key] = self._shape(schema)
            if key != name:
                self._schemas[key].pop("title", None)
                self.notes.append(f"The schema {name} is the class {pascal_case(key)}.")
        paths: dict[str, dict[str, Any]] = {}
        for names in operations:
            path, operation = self._shape_operation(names)
            paths.setdefault(path, {})[names.verb] = operation
        self.data = {
            "openapi": "3.1.0",
            "info": {key: str(document.data["info"][key]) for key in ("title", "version")},
            "paths": paths,
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
                waiting += (
                    v for k, v in value.items() if k not in {"links", "example", "examples"}
                )

    # Operations ----------------------------------------------------------------------------------

    def _note(self, place: Place, text: str) -> None:
        self.notes.append(f"{self._document.where(place)}: {text}")

    def _shape_operation(self, names: OperationNames) -> tuple[str, dict[str, Any]]:
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
        return path, shaped

    def _shape_parameters(self, names: OperationNames) -> tuple[list[Any], str]:
        path, shaped = names.path, []
        found = [*self._document.parameters(names.place)]
        aliases: dict[Any, dict[str, str]] = {}
        for location in {parameter.get("in") for _, parameter in found}:
            aliases[location] = legal_names(p["name"] for _, p in found if p.get("in") == location)
        for at, parameter in found:
            name, location = str(parameter["name"]), parameter["in"]
            if location == "header" and name.lower() in _IGNORED_HEADERS:
                self._note(at, f"the header {name} is the client's own, and no argument.")
                continue
            alias = aliases[location].get(name, name)
            if location == "path":
                alias = re.sub(r"\W", "_", alias, flags=re.ASCII)
                alias = alias if alias[:1].isalpha() else f"field_{alias.strip('_')}"
                path = path.replace(f"{{{name}}}", f"{{{alias}}}")
            owner = next(iter((parameter.get("content") or {}).values()), parameter)
            schema = self._shape(owner.get("schema", {}))
            if parameter.get("description"):
                schema = {"allOf": [schema]} if "$ref" in schema else schema
                schema["description"] = str(parameter["description"])
            required = location == "path" or parameter.get("required", False)
            said = {"name": self._alias(name, alias), "in": location, "required": required}
            shaped.append({**said, "schema": schema})
        return shaped, path

    def _shape_body(self, place: Place, content: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, str] = {}
        schemas: list[Any] = []
        for name, media in content.items():
            kind = "application/json" if _is_json(name) else _plain_type(name)
            known = kind in {*_BODIES, "application/json"}
            if known and media.get("schema") not in schemas:
                kept[kind] = name
            schemas = [content[taken].get("schema") for taken in kept.values()]
        kept = kept or {_BYTES: next(iter(content))}
        left = [name for name in content if name not in kept.values()]
        if left:
            words = ["json" if kind == "application/json" else kind for kind in kept]
            self._note(place, f"bodies are sent as {' or '.join(words)}, not as {', '.join(left)}.")
        self.media_types |= {name: kind for kind, name in kept.items()}
        return {
            name: {"schema": _FILE if kind == _BYTES else self._shape(content[name].get("schema"))}
            for kind, name in kept.items()
        }

    def _shape_response(self, place: Place, value: Any) -> dict[str, Any]:
        response = self._document.resolve(value) or {}
        shaped: dict[str, Any] = {"description": str(response.get("description", ""))}
        content: dict[str, Any] = response.get("content") or {}
        name, *others = sorted(
            content, key=lambda name: (not _is_json(name), _plain_type(name)[:5] != "text/")
        ) or [""]
        if others:
            self._note(place, f"read as {name}, not as {', '.join(others)}.")
        plain = _plain_type(name)
        if _is_json(name):
            kind, schema = "application/json", self._shape(content[name].get("schema"))
        elif plain[:5] == "text/" or plain.endswith(("xml", "yaml", "javascript")):
            kind, schema = "text/x-any", {"type": "string"}  # No body is of this media type.
        else:
            kind, schema = _BYTES, _FILE
        return {**shaped, "content": {kind: {"schema": schema}}} if content else shaped

    # Schemas -------------------------------------------------------------------------------------

    def _alias(self, name: str, alias: str) -> str:
        while alias != name and self.names.get(alias, name) != name:
            alias += "_2"
        if alias != name:
            self.names[alias] = name
        return alias

    def _shape(self, schema: Any, roles: Collection[str] = ()) -> dict[str, Any]:
        """Return a schema for the parser; what is made up here has the roles of its origin."""
        roles = self._roles.get(id(schema), roles)
        if not isinstance(schema, dict) or isinstance(schema.get("$ref"), str):
            return self._shape_reference(schema, roles) if isinstance(schema, dict) else {}
        shaped = {key: value for key, value in schema.items() if key in _STRUCTURE | _WORDS}
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
        rest = {k: v for k, v in schema.items() if k != "$ref"}
        if _is_structural(rest):
            return self._shape({"allOf": [{"$ref": schema["$ref"]}, rest]}, roles)
        component = _component(schema)
        name = self._classes[component] if component else self._hoist(schema["$ref"])
        return {"$ref": f"#/components/schemas/{name}"}

    def _hoist(self, reference: str) -> str:
        parts = reference_parts(reference)
        if parts not in self._hoisted:
            words = [part for part in parts[1:] if not part.isdecimal() and part != "properties"]
            name = pascal_case(spell(" ".join(words[-3:]))) or "Schema"
            while name in self._schemas or name in self._classes.values():
                name += "Part"
            self._hoisted[parts] = name
            self._schemas[name] = {}
            self._schemas[name] = self._shape(self._document.look_up(reference))
        return self._hoisted[parts]

    def _shape_all_of(self, shaped: dict[str, Any]) -> dict[str, Any]:
        parts = [part for part in shaped["allOf"] if _is_structural(part)]
        own = {k: v for k, v in shaped.items() if k != "allOf"}
        resolved = [self._document.resolve(part) or {} for part in parts]
        several = [i for i, r in enumerate(resolved) if r.get("oneOf") or r.get("anyOf")]
        if several and len(parts) > 1:
            # What stands beside alternatives belongs to each of them.
            chosen = resolved[several[0]]
            key = "oneOf" if chosen.get("oneOf") else "anyOf"
            base = {k: v for k, v in chosen.items() if k not in {key, "discriminator"}}
            rest = [part for i, part in enumerate(parts) if i != several[0]]
            rest += [base] if _is_structural(base) else []
            return {**own, key: [{"allOf": [*rest, one]} for one in chosen[key]]}
        if len(parts) == 1 and "properties" not in own:
            return {**own, "allOf": parts} if "$ref" in parts[0] else {**parts[0], **own}
        if parts and not any(_is_object(r) or "allOf" in r for r in resolved):
            return {key: value for part in (*resolved, own) for key, value in part.items()}
        seen: dict[str, Any] = {}
        pairs = (pair for part in (*parts, own) for pair in self._properties(part))
        if any(seen.setdefault(name, schema) != schema for name, schema in pairs):
            return self._flatten([*parts, own])
        return {**own, "allOf": parts}

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
                both = (properties.get(name), schema)
                inline = all(isinstance(one, dict) and "$ref" not in one for one in both)
                properties[name] = {**properties[name], **schema} if inline else schema
            required += resolved.get("required") or ()
            merged |= {k: v for k, v in resolved.items() if k not in {"allOf", "$ref"}}
        return {**merged, "properties": properties, "required": list(dict.fromkeys(required))}

    def _shape_alternatives(self, schema: dict[str, Any], shaped: dict[str, Any]) -> None:
        key = "oneOf" if shaped.get("oneOf") else "anyOf"
        alternatives, told = shaped[key], schema.get("discriminator")
        shared = ("properties", "required", "additionalProperties", "allOf")
        base = {name: shaped.pop(name) for name in shared if name in shaped}
        if base:
            shaped.pop("oneOf", None)
            shaped.pop("anyOf", None)
            if not any(_is_structural(one, beside={"required", "type"}) for one in alternatives):
                shaped |= base
                return
            base["type"] = "object"
            shaped[key] = [
                {"allOf": [base, one]} if _is_structural(one) else base for one in alternatives
            ]
        shaped.pop("type", None)
        names = {name: self._name_class(name) for name in map(_component, alternatives) if name}
        if isinstance(told, dict) and len(names) == len(alternatives):
            mapping = dict(names)
            for value, target in (told.get("mapping") or {}).items():
                name = reference_parts(target)[-1] if "/" in target else target
                mapping |= {value: names[name]} if name in names else {}
            self.discriminators[frozenset(names.values())] = told["propertyName"], mapping

    def _name_class(self, component: str) -> str:
        return str(ClassName(self._classes[component], "field_"))

    def _shape_object(self, shaped: dict[str, Any], roles: Collection[str]) -> None:
        inherited = [pair for part in shaped.get("allOf") or () for pair in self._properties(part)]
        properties = dict(shaped.get("properties") or {})
        for name in shaped.get("required") or ():
            if name not in dict(inherited):
                properties.setdefault(name, {})
        renamed = legal_names(properties, _MODEL_ATTRIBUTES)
        renamed = {name: self._alias(name, alias) for name, alias in renamed.items()}
        own = [*inherited, *properties.items()]
        shaped["x-sent"] = "sent" in roles
        shaped["x-secrets"] = [name for name, value in own if self._is_secret(value, set())]
        shaped["x-deprecated"] = [
            name
            for name, value in own
            for one in (value, self._document.resolve(value))
            if isinstance(one, dict) and one.get("deprecated") is True
        ]
        if properties:
            shaped["properties"] = {
                renamed.get(name, name): self._shape(value, roles)
                for name, value in properties.items()
            }
        if "required" in shaped:
            # A property that is there in one direction only may not be asked for in the other.
            other = {"sent": "readOnly", "received": "writeOnly"}
            shaped["required"] = [
                renamed.get(name, name)
                for name in shaped["required"]
                for said in [self._document.resolve(properties.get(name)) or {}]
                if not any(said.get(other.get(role)) for role in roles)
            ]
        patterns = [*shaped.pop("patternProperties", {}).values()]
        if patterns:
            shut = shaped.get("additionalProperties") is False and len(patterns) == 1
            shaped["additionalProperties"] = self._shape(patterns[0], roles) if shut else True
        if shaped.get("additionalProperties") is False and "received" in roles:
            del shaped["additionalProperties"]

    def _is_secret(self, schema: Any, seen: set[int]) -> bool:
        """Tell whether a schema, an alternative in it, or an item of its lists is a password."""
        schema = self._document.resolve(schema)
        if not isinstance(schema, dict) or id(schema) in seen:
            return False
        seen.add(id(schema))
        parts = [p for key in ("allOf", "anyOf", "oneOf") for p in schema.get(key) or ()]
        parts.append(schema.get("items"))
        return schema.get("format") == "password" or any(self._is_secret(p, seen) for p in parts)


def _shape_types(shaped: dict[str, Any], *, files: bool) -> None:
    if shaped.get("format") == "binary" and not files:
        del shaped["format"]  # JSON holds text.
    if len(_types(shaped)) == 1:
        (shaped["type"],) = _types(shaped)
    if "array" in _types(shaped) and not isinstance(shaped.get("items"), dict):
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
        name = snake_case(name).upper()
        if name in names or not name.isidentifier():
            name = f"value {spell(value)}"[0 if value[:1].isdigit() else 6 :]
            name = snake_case(snake_case(name)).upper() or f"VALUE_{number}"
        while name in names:
            name += "_2"
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
    return media_type.partition(";")[0].strip().lower()


def _is_json(media_type: str) -> bool:
    plain = _plain_type(media_type)
    return plain in {"application/json", "*/*"} or plain.endswith("+json")
