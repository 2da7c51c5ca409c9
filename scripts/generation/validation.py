"""Is this a valid OpenAPI document? Every finding, with its place and the edit that mends it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema_rs

from .document import Document, Finding, find_credentials, parts, reference_parts
from .errors import GenerationError, edit
from .reading import Place

_LENGTH = 200
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BUNDLE: Any = jsonschema_rs.bundle({"$ref": _DIALECT})
# What a schema may say.
_KEYWORDS = {key for part in _BUNDLE["$defs"].values() for key in part["properties"]}
_KEYWORDS |= {"example", "discriminator", "xml", "externalDocs", "nullable"}
_LEFTOVER = ("unevaluatedProperties", "additionalProperties")
# What is written for a type in haste, and is like none.
_TYPES = dict.fromkeys(("long", "int32", "int64"), "integer")
_TYPES |= dict.fromkeys(("float", "double", "decimal"), "number")
_TYPES |= dict.fromkeys(("dict", "map", "json"), "object")
_TYPES |= {"list": "array", "enum": "string", "text": "string", "uuid": "string"}
# What to write for a member that is missing, and for a value that is of another type.
_STUBS: dict[str, Any] = {"paths": {}, "schema": {"type": "string"}, "required": True}
_STUBS |= {"info": {"title": "…", "version": "1"}}
_CASTS: dict[str, Callable[[Any], Any]] = {
    "array": lambda value: [*value.values()] if isinstance(value, dict) else [value],
    "object": lambda _: {},
    "string": json.dumps,
}
_COLON = re.compile(r":([A-Za-z_]\w*):?(?=/|$)")
_BRACES = re.compile(r"\{([^{}]*)\}")


def check_document(document: Document) -> list[str]:
    """Check that `document` is valid OpenAPI 3.0 or 3.1; return what is odd in it, a line each."""
    version = document.version
    if not isinstance(version, str) or not re.match(r"3\.[01](\.|$)", version):
        text = f"`openapi` must say 3.0.x or 3.1.x, as a string; it is {json.dumps(version)}."
        raise GenerationError(f"{document.source}: {text}{edit({'openapi': '3.1.0'})}")
    findings = [*_check_structure(document), *_check_rings(document), *_check_paths(document)]
    operations = [*document.operations()]
    rules: list[tuple[Any, Place, dict[str, Any]]]
    rules = [(_check_reference, place, value) for place, value, _ in document.nodes]
    rules += [(_check_parameters, *operation) for operation in operations]
    rules += [(_check_security, *owner) for owner in (((), document.data), *operations)]
    for rule, place, value in rules:
        try:
            findings += rule(document, place, value)
        except (AttributeError, KeyError, TypeError):  # over what the structure's check has told
            if not findings:
                raise
    if findings:
        told = document.tell(findings)
        raise GenerationError(f"{document.source} is not valid OpenAPI {version}.", told)
    return document.tell(_find_oddities(document))


# The structure ---------------------------------------------------------------------------------


@cache
def _openapi() -> Any:
    """Return OpenAPI's own schema, but for what is harmless, and for what is told better here."""
    # The package that brings it takes a while to import.
    path = "openapi_spec_validator/resources/schemas/v3.1/schema.json"
    path = str(distribution("openapi-spec-validator").locate_file(path))
    schema = json.loads(Path(path).read_text(encoding="utf-8"))
    known = schema["$defs"]
    known["paths"]["patternProperties"] = {"^(?!x-)": {"$ref": "#/$defs/path-item-or-reference"}}
    del known["response"]["required"], known["responses"]["then"]
    styles = known["parameter"]["dependentSchemas"]["schema"]["$defs"]["styles-for-path"]["then"]
    styles["properties"]["style"] = {"const": "simple"}  # No other can be sent.
    keyword = {"anyOf": [{"enum": [*_KEYWORDS]}, {"pattern": "^x-"}]}
    example = {"type": "object", "minProperties": 1, "propertyNames": {"not": keyword}}
    known["schema"] |= {"$ref": _DIALECT, "properties": {"items": {"not": example}}}
    return jsonschema_rs.Draft202012Validator(schema)


def _check_structure(document: Document) -> Iterator[Finding]:
    errors = [
        (tuple(map(str, error.instance_path)), error)
        for error in _openapi().iter_errors(document.data)
        if error.kind.name != "propertyNames"  # Spaces in a component's name do no harm.
    ]
    # A key counts as unknown, too, when the alternative that knows it failed for a reason.
    at_fault = {place for place, error in errors if error.kind.name not in _LEFTOVER}
    for place, error in errors:
        if error.kind.name not in _LEFTOVER or place not in at_fault:
            yield _explain(document, error)


def _explain(document: Document, error: Any) -> Finding:
    siblings: list[Any] = []
    while inner := [e for branch in getattr(error.kind, "context", None) or () for e in branch]:
        # The alternative that got furthest is the one that was meant; of equals, not the bare type.
        siblings = inner
        error = max(siblings, key=lambda e: (len(e.instance_path), e.kind.name != "type"))
    kind, value, place = error.kind, error.instance, tuple(map(str, error.instance_path))
    key, text, members = place[-1] if place else "", _cut(str(error.message)), dict[str, Any]()
    match kind.name:
        case "required":
            alike = (e for e in (*siblings, error) if e.instance_path == error.instance_path)
            missing = sorted({e.kind.property for e in alike if e.kind.name == "required"})
            text = " or ".join(f"{name!r} is a required property" for name in missing)
            members = {missing[-1]: _STUBS.get(missing[-1], "…")}
        case "unevaluatedProperties" | "additionalProperties":
            keys = " and ".join(map(repr, kind.unexpected))
            text = f"OpenAPI has no such key here. Leave out {keys}, or begin it with x-"
        case "minProperties" if key == "responses":
            text = "`responses` is empty, and must name one"
            members = {"responses": {"default": {"description": "Any answer."}}}
        case "const":
            text, members = f"{_show(value)} cannot stand here", {key: kind.expected_value}
        case "enum" if key == "type" and "integer" in kind.options and isinstance(value, str):
            text = f"{_show(value)} is none of the types of JSON"
            word = value.lower()
            known = [_TYPES[word]] if word in _TYPES else get_close_matches(word, kind.options, 1)
            members = {"type": known[0]} if known else {"type": "string", "format": value}
        case "enum" if isinstance(value, str):
            members = {key: get_close_matches(value, map(str, kind.options), 1, 0)[0]}
        case "not" if key == "items":
            return _explain_type(place, value, [], document.at(place[:-1]))
        case "type":
            types = [kind.types] if isinstance(kind.types, str) else kind.types
            return _explain_type(place, value, types, document.at(place[:-1]))
    return Finding(place, text, members)


def _explain_type(place: Place, value: Any, types: list[str], owner: Any) -> Finding:
    """Return what is wrong with a value of another type; `owner` is the object that it is in."""
    match place:
        case (*_, "items"):
            items = {"type": "object"} if isinstance(value, dict) else {}
            members = {"items": items, "example": value if isinstance(value, list) else [value]}
            text = "an example stands where an item has its schema"
        case (*_, "properties", "type") if isinstance(owner.get("properties"), dict):
            inner = owner["properties"].items()
            inner = {k: v if isinstance(v, dict) else {"examples": [v]} for k, v in inner}
            place, members = place[:-1], {"type": value, "properties": inner}
            text = "a schema stands where the names of its properties stand; it belongs one up"
        case (*_, "properties", name) if "boolean" in types:
            members = {name: {"type": value} if name == "type" else {"examples": [value]}}
            text = f"{name!r} stands among the names of properties, and has to be a schema"
        case (*_, "required") if isinstance(value, bool):
            members, text = {}, "it names fields, one level up. Leave out 'required'"
        case (*_, str(key)) if value is None and types == ["string"] and not key.isdecimal():
            members, text = {}, f"null says nothing here. Leave out {key!r}"
        case _:
            cast = next(filter(None, map(_CASTS.get, types)), None)
            members = {place[-1]: cast(value)} if cast and not place[-1].isdecimal() else {}
            text = f"{_show(value)} is not of type {' or '.join(map(repr, types))}"
    return Finding(place, text, members)


# What the structure cannot say -----------------------------------------------------------------


def _check_rings(document: Document) -> Iterator[Finding]:
    """Yield the schemas that are made of themselves."""
    places = {id(value): place for place, value, _ in document.nodes}
    graph = {
        id(value): {id(document.resolve(part)) for part in (*parts(value), value.get("not"))}
        for _, value, is_schema in document.nodes
        if is_schema
    }
    while True:
        try:
            return TopologicalSorter(graph).prepare()
        except CycleError as error:
            ring = error.args[1][0]
            text = "it is made of itself (allOf, anyOf, oneOf, not); leave that part out"
            yield Finding(places[ring], text)
            del graph[ring]


def _check_reference(document: Document, place: Place, value: dict[str, Any]) -> Iterator[Finding]:
    reference, place = value.get("$ref"), (*place, "$ref")
    if not isinstance(reference, str) or document.resolve(value) is not None:
        return
    if not reference.startswith("#"):
        name = re.split(r"[/#]", reference)[-1].partition(".")[0] or "Name"
        text = f"{reference!r} is outside of this document; bring what it names into components"
        yield Finding(place, text, {"$ref": f"#/components/schemas/{name}"})
    elif document.look_up(reference) is None:
        *sections, name = reference_parts(reference)
        stub = {"type": "object"} if sections[-1:] == ["schemas"] else {"description": "…"}
        into = "/".join(sections)
        yield Finding(place, f"{reference!r} names nothing here", {name: stub}, into)
    else:
        yield Finding(place, "the reference leads back to itself. Leave out '$ref'")


def _check_paths(document: Document) -> Iterator[Finding]:
    paths = document.data.get("paths")
    for path in paths if isinstance(paths, dict) else ():
        meant = _COLON.sub(r"{\1}", f"/{path.removeprefix('/')}")
        text = "a parameter in a path is written {name}"
        text = text if path[:1] == "/" else "a path begins with a slash"
        names = _BRACES.findall(meant)
        for name in [name for name in names if names.count(name) > 1][:1]:
            head, tail = meant.rsplit(f"{{{name}}}", 1)
            meant, text = f"{head}{{{name}_2}}{tail}", f"{{{name}}} stands twice in the path"
        if meant != path and not path.startswith("x-"):
            yield Finding(("paths", path), text, {meant: "…"})
    ids: dict[str, Place] = {}
    for place, operation in document.operations():
        name = operation.get("operationId")
        if isinstance(name, str) and ids.setdefault(name, place) != place:
            text = f"{document.where(ids[name])} has the operationId {name!r}, too"
            yield Finding(place, text, {"operationId": f"{name}_2"})


def _check_parameters(
    document: Document, place: Place, operation: dict[str, Any]
) -> Iterator[Finding]:
    path = place[1]
    found = document.parameters(place)
    declared = {one["name"]: at for at, one in found if one.get("in") == "path" and "name" in one}
    for name in dict.fromkeys([*_BRACES.findall(path), *_COLON.findall(path)]):
        if name not in declared:
            one = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            text = f"{{{name}}} is not among its parameters"
            yield Finding(place, text, {"parameters": [one]})
    for name, at in declared.items():
        if f"{{{name}}}" not in path and f":{name}" not in path:
            text = f"the parameter {name!r} is not in the path {path}"
            yield Finding(at, text, {"in": "query"})
    for owner, at in ((operation, place), (document.data["paths"][path], place[:2])):
        given = map(document.resolve, owner.get("parameters", ()))
        names = [(one.get("in"), one.get("name")) for one in given]
        for index, (location, name) in enumerate(names):
            if names.index((location, name)) < index:
                text = f"the {location} parameter {name!r} is there twice; leave this one out"
                yield Finding((*at, "parameters", str(index)), text)


def _check_security(document: Document, place: Place, owner: dict[str, Any]) -> Iterator[Finding]:
    requirements, place = owner.get("security") or (), (*place, "security")
    schemes = document.look_up("#/components/securitySchemes") or {}
    label = owner.get("operationId", "")
    undeclared = [name for one in requirements for name in one if name not in schemes]
    for name in undeclared:
        text = f"the security scheme {name!r} is not declared"
        members = {name: {"type": "http", "scheme": "bearer"}}
        yield Finding(place, text, members, "components/securitySchemes", label)
    if requirements and not undeclared and not any(True for _ in find_credentials(document, owner)):
        named = " or ".join(" and ".join(one) for one in requirements)
        text = f"the security {named} cannot be sent: a key stands in a header or a cookie, one "
        text += "in each. A key in the query would be in every log on the way. Pass it as a "
        text += "parameter, or none"
        parameter = {"name": "api_key", "in": "query", "schema": {"type": "string"}}
        yield Finding(place, text, {"security": [], "parameters": [parameter]}, "", label)


# What is allowed, and yet unlikely to be meant --------------------------------------------------


def _find_oddities(document: Document) -> Iterator[Finding]:
    tags = {tag.get("name") for tag in document.data.get("tags") or ()}
    told = {name for _, o in document.operations() for name in o.get("tags") or ()} - tags
    if tags and told:
        yield Finding(("tags",), f"operations are under tags that are not here: {sorted(told)}")
    for place, schema, is_schema in document.nodes:
        if not is_schema or "$ref" in schema:
            continue
        if "nullable" in schema:
            yield Finding(place, '`nullable` says nothing in 3.1; write "null" among the types')
        properties = schema.get("properties") or {}
        for name in schema.get("required", ()) if properties and "allOf" not in schema else ():
            if name not in properties:
                text = f"{name!r} is required, and no property describes it; it takes any value"
                yield Finding((*place, "required"), text)
        if "pattern" in schema and not _is_pattern(schema["pattern"]):
            schema["x-pattern"] = schema.pop("pattern")
            yield Finding(place, "the pattern is no regular expression of JSON, and is not checked")
        unknown = [key for key in schema if key not in _KEYWORDS and not key.startswith("x-")]
        if unknown:
            yield Finding(place, f"these keys say nothing: {', '.join(unknown)}")


def _is_pattern(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except ValueError:
        return False
    return True


def _show(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"
