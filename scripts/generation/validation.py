"""Is this a valid OpenAPI document? Every finding, with its place and the edit that mends it."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import files
from typing import Any

import jsonschema_rs

from .document import NAMED, SEVERAL, SINGLE, Document, reference_parts, walk
from .errors import GenerationError, edit, list_places
from .reading import Place
from .security import check_security

_LENGTH = 200
_LEFTOVER = ("unevaluatedProperties", "additionalProperties")
# What a schema may say beside the keywords that hold schemas.
KEYWORDS = {
    *(*SINGLE, *SEVERAL, *NAMED),
    *("$ref", "$id", "$schema", "$anchor", "$comment", "$dynamicRef", "$dynamicAnchor", "type"),
    *("enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
    *("maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains"),
    *("minContains", "maxProperties", "minProperties", "required", "dependentRequired", "format"),
    *("title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples"),
    *("contentEncoding", "contentMediaType", "contentSchema", "example", "discriminator", "xml"),
    *("externalDocs", "nullable"),
}
# What is written for a type in haste.
_TYPES = {
    "integer": {"int", "long", "int32", "int64"},
    "number": {"float", "double", "decimal"},
    "boolean": {"bool"},
    "array": {"list"},
    "object": {"dict", "map", "json"},
    "string": {"str", "text", "enum", "uuid", "date", "date-time", "file", "binary"},
}
_TEXTS = ("description", "title", "format", "pattern")
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
# What to write for a member that is missing, and for a value that is of another type.
_STUBS: dict[str, Any] = {
    "paths": {},
    "info": {"title": "…", "version": "1"},
    "schema": {"type": "string"},
}
_CASTS: dict[str, Callable[[Any], Any]] = {
    "array": lambda value: [value],
    "object": lambda _: {},
    "string": json.dumps,
}
_COLON = re.compile(r":([A-Za-z_]\w*):?(?=/|$)")


def check_document(document: Document) -> list[str]:
    """Check that `document` is valid OpenAPI 3.0 or 3.1; return what is odd in it, a line each."""
    version = document.version
    if not isinstance(version, str) or not re.match(r"3\.[01](\.|$)", version):
        said = "missing" if version is None else _brief(version)
        text = f"`openapi` must say 3.0.x or 3.1.x, as a string; it is {said}."
        raise GenerationError(f"{document.source}: {text}{edit({'openapi': '3.1.0'})}")
    problems: list[str] = []
    for step in (_structure, _references, _schemas, _rings, _paths, _parameters, check_security):
        problems += step(document)
    if problems:
        raise GenerationError(f"{document.source} is not valid OpenAPI {version}.", problems)
    return [*_hints(document)]


@cache
def _openapi() -> Any:
    # The package that brings it takes a while to import.
    (path,) = (
        path
        for path in files("openapi-spec-validator") or ()
        if path.match("resources/schemas/v3.1/schema.json")
    )
    return jsonschema_rs.Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def _structure(document: Document) -> Iterator[str]:
    data, paths = document.data, document.data.get("paths")
    written: dict[str, str] = {}
    if isinstance(paths, dict):  # What _paths finds is told once.
        written = {p if p[:1] == "/" or p[:2] == "x-" else f"/{p}": p for p in paths}
        data = {**data, "paths": {name: paths[path] for name, path in written.items()}}
    errors = [
        error
        for error in _openapi().iter_errors(data)
        # Components with spaces in their names and answers without a description do no harm.
        if error.kind.name != "propertyNames"
        and not (error.kind.name == "required" and _is_response(error))
    ]
    at_fault = {tuple(e.instance_path) for e in errors if e.kind.name not in _LEFTOVER}
    for error in errors:
        place = tuple(str(part) for part in error.instance_path)
        if place[:1] == ("paths",) and place[1:2]:
            place = ("paths", written.get(place[1], place[1]), *place[2:])
        name, where = error.kind.name, document.where(place)
        if place[-1:] == ("responses",) and not error.instance:
            if name == "minProperties":
                code = edit({"responses": {"default": {"description": "Any answer."}}})
                yield f"{where}: `responses` is empty, and must name one.{code}"
        elif place[-1:] == ("required",) and name == "const":
            yield f"{where}: a parameter in the path is always required.{edit({'required': True})}"
        # A key counts as unknown, too, when the alternative that knows it failed for a reason.
        elif name not in _LEFTOVER or tuple(error.instance_path) not in at_fault:
            yield f"{where}: {_explain(error)}"


def _is_response(error: Any) -> bool:
    return error.kind.property == "description" and "responses" in [*error.instance_path][-2:]


def _explain(error: Any) -> str:
    siblings: list[Any] = []
    while getattr(error.kind, "context", None):
        siblings = [inner for branch in error.kind.context for inner in branch]
        # The alternative that got furthest is the one that was meant; of equals, not the bare type.
        error = max(siblings, key=lambda e: (len(e.instance_path), e.kind.name != "type"))
    kind, value, place = error.kind, error.instance, [*error.instance_path]
    code = ""
    if kind.name == "required":
        alike = (e for e in (*siblings, error) if [*e.instance_path] == place)
        missing = {e.kind.property for e in alike if e.kind.name == "required"}
        text = " or ".join(f"{item!r} is a required property" for item in sorted(missing))
        code = edit({max(missing): _STUBS.get(max(missing), "…")})
    elif kind.name in _LEFTOVER:
        keys = " and ".join(map(repr, kind.unexpected))
        text = f"OpenAPI has no such key here. Leave out {keys}, or begin it with x-"
    elif kind.name == "type":
        types = kind.types if isinstance(kind.types, list) else [kind.types]
        text = f"{_brief(value)} is not of type {' or '.join(map(repr, types))}"
        cast = next(filter(None, map(_CASTS.get, types)), None)
        if place and isinstance(place[-1], str) and cast is not None:
            code = edit({place[-1]: cast(value)})
    else:
        text = _cut(str(error.message))
        if kind.name == "enum" and isinstance(value, str) and place:
            meant = difflib.get_close_matches(value, map(str, kind.options), 1, 0)
            code = edit({str(place[-1]): meant[0]})
    return f"{text}.{code}"


def _references(document: Document) -> Iterator[str]:
    missing: dict[str, list[str]] = {}
    for place, value, _ in document.nodes:
        reference = value.get("$ref")
        if not isinstance(reference, str) or document.resolve(value) is not None:
            continue
        where = document.where((*place, "$ref"))
        if not reference.startswith("#"):
            name = re.split(r"[/#]", reference)[-1].partition(".")[0] or "Name"
            code = edit({"$ref": f"#/components/schemas/{name}"})
            text = f"{reference!r} is outside of this document; bring what it names into components"
            yield f"{where}: {text}.{code}"
        elif document.look_up(reference) is None:
            missing.setdefault(reference, []).append(where)
        else:
            yield f"{where}: the reference leads back to itself. Leave out '$ref'."
    for reference, places in missing.items():
        *sections, name = reference_parts(reference)
        stub = {"type": "object"} if sections[-1:] == ["schemas"] else {"description": "…"}
        code = edit({name: stub}, "/".join(sections))
        yield list_places(f"{reference!r} names nothing here", places) + code


def _schemas(document: Document) -> Iterator[str]:
    meta = jsonschema_rs.Draft202012Validator(
        {"$ref": "https://json-schema.org/draft/2020-12/schema"}
    )
    for place, value in _roots(document):
        told: list[Place] = []
        for inner in walk(value, place, schema=True):
            for found, text in _find_slips(inner.place, inner.value):
                told.append(tuple(map(str, found)))
                yield f"{document.where(found)}: {text}"
        for error in meta.iter_errors(value):
            found = (*place, *map(str, error.instance_path))
            if not any(tuple(map(str, found))[: len(one)] == one for one in told):
                yield f"{document.where(found)}: {_explain(error)}"


def _roots(document: Document) -> Iterator[tuple[Place, Any]]:
    """Yield each schema that is not part of another, with its place."""
    for place, value, is_schema in document.nodes:
        if "schema" in value and not is_schema:
            yield (*place, "schema"), value["schema"]
        if place == ("components",) and isinstance(value.get("schemas"), dict):
            yield from (((*place, "schemas", name), v) for name, v in value["schemas"].items())


def _find_slips(place: Place, schema: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Yield what is most often put in a schema's wrong place, with the edit that mends it."""
    kind, items, examples = (schema.get(key) for key in ("type", "items", "examples"))
    found: dict[str, tuple[str, dict[str, Any]]] = {
        key: ("says nothing", {}) for key in _TEXTS if schema.get(key, "") is None
    }
    for key, bound in _BOUNDS.items():
        if isinstance(schema.get(key), bool):
            exclusive = {key: schema[bound]} if schema[key] and bound in schema else {}
            found[key] = "is a number in 3.1", exclusive
    if isinstance(schema.get("required"), bool):
        found["required"] = "names fields, one level up", {}
    if examples is not None and not isinstance(examples, list):
        listed = [*examples.values()] if isinstance(examples, dict) else [examples]
        found["examples"] = "is a list", {"examples": listed}
    for name, words in _TYPES.items():
        if isinstance(kind, str) and kind not in _TYPES and kind.lower() in words:
            form = {"format": kind} if kind in {"date", "date-time", "binary"} else {}
            found["type"] = "is none of the types of JSON", {"type": name, **form}
    if items and not _is_schema(items):
        meant = {"type": "object"} if isinstance(items, dict) else {}
        listed = items if isinstance(items, list) else [items]
        text = "holds an example, where the schema of an item stands"
        found["items"] = text, {"items": meant, "example": listed}
    for key, (text, members) in found.items():
        code = edit(members) if members else f" Leave out {key!r}."
        yield (*place, key), f"`{key}` {text}.{code}"
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield from _find_strange_properties((*place, "properties"), properties)


def _find_strange_properties(
    place: Place, properties: dict[str, Any]
) -> Iterator[tuple[Place, str]]:
    nested = properties.get("properties")
    for name, value in properties.items():
        if isinstance(value, dict | bool):
            continue
        if name == "type" and isinstance(nested, dict):
            inner = {k: v if isinstance(v, dict) else {"examples": [v]} for k, v in nested.items()}
            text = "a schema stands where the names of its properties stand; it belongs one up"
            yield place, f"{text}.{edit({'type': value, 'properties': inner})}"
        else:
            mended = {"type": value} if name == "type" else {"examples": [value]}
            text = f"{name!r} stands among the names of properties, and has to be a schema"
            yield (*place, name), f"{text}.{edit({name: mended})}"


def _is_schema(value: Any) -> bool:
    if not isinstance(value, dict):
        return isinstance(value, bool)
    return any(key in KEYWORDS or key.startswith("x-") for key in value)


def _rings(document: Document) -> Iterator[str]:
    """Yield the schemas that are made of themselves."""
    graph: dict[int, set[int]] = {}
    places: dict[int, Place] = {}
    for place, value, is_schema in document.nodes:
        if is_schema:
            parts = [value.get(key, ()) for key in ("allOf", "anyOf", "oneOf", "not")]
            parts = [p for part in parts for p in (part if isinstance(part, list) else [part])]
            graph[id(value)] = {id(document.resolve(part)) for part in parts}
            places[id(value)] = place
    while True:
        try:
            return TopologicalSorter(graph).prepare()
        except CycleError as error:
            ring = [schema for schema in error.args[1] if schema in places]
            text = "it is made of itself (allOf, anyOf, oneOf, not); leave that part out"
            yield f"{document.where(places[ring[0]])}: {text}."
            del graph[ring[0]]


def _paths(document: Document) -> Iterator[str]:
    paths = document.data.get("paths")
    for path in paths if isinstance(paths, dict) else ():
        meant = _COLON.sub(r"{\1}", path if path.startswith("/") else f"/{path}")
        rule = "a parameter in a path is written {name}" if "{" in meant else ""
        rule = rule or "a path begins with a slash"
        names = re.findall(r"\{([^{}]*)\}", meant)
        if len(names) > len(set(names)):
            name = next(name for name in names if names.count(name) > 1)
            head, tail = meant.rsplit(f"{{{name}}}", 1)
            meant = f"{head}{{{name}_2}}{tail}"
            rule = f"{{{name}}} stands twice in the path"
        if meant != path and not path.startswith("x-"):
            where = document.where(("paths", path))
            yield f"{where}: {rule}. Write:\n    {json.dumps(meant, ensure_ascii=False)}: …"


def _parameters(document: Document) -> Iterator[str]:
    ids: dict[str, Place] = {}
    for place, operation in document.operations():
        path, name = str(place[1]), operation.get("operationId")
        if isinstance(name, str) and ids.setdefault(name, place) != place:
            text = (
                f"several operations have the operationId {name!r}, as {document.where(ids[name])}"
            )
            yield f"{document.where(place)}: {text}.{edit({'operationId': f'{name}_2'})}"
        names = re.findall(r"\{([^{}]*)\}", path)
        found = [*document.parameters(place, twice=True)]
        declared = {str(p.get("name")): at for at, p in found if p.get("in") == "path"}
        names += [name for name in _COLON.findall(path) if name not in declared]
        missing = [name for name in dict.fromkeys(names) if name not in declared]
        if missing:
            more = {"in": "path", "required": True, "schema": {"type": "string"}}
            code = edit({"parameters": [{"name": name, **more} for name in missing]})
            told = " and ".join(f"{{{name}}}" for name in missing)
            verb = "are" if missing[1:] else "is"
            yield f"{document.where(place)}: {told} {verb} not among its parameters.{code}"
        for name, at in declared.items():
            if name not in names and f":{name}" not in path:
                text = f"the parameter {name!r} is not in the path {path}"
                yield f"{document.where(at)}: {text}.{edit({'in': 'query'})}"
        seen: set[Any] = set()
        for at, parameter in found:
            key = (at[: len(place)] == place, parameter.get("name"), parameter.get("in"))
            if key in seen:
                text = f"the {key[2]} parameter {key[1]!r} is there twice; leave this one out"
                yield f"{document.where(at)}: {text}."
            seen.add(key)
            style = parameter.get("style", "simple")
            if key[2] == "path" and style != "simple":
                text = f"the style {style!r} cannot be sent"
                yield f"{document.where((*at, 'style'))}: {text}.{edit({'style': 'simple'})}"


def _hints(document: Document) -> Iterator[str]:
    """Yield what is allowed and yet unlikely to be meant."""
    tags = {tag.get("name") for tag in document.data.get("tags") or ()}
    told = {name for _, o in document.operations() for name in o.get("tags") or ()} - tags
    if tags and told:
        yield f"The document has operations under tags that it does not declare: {sorted(told)}."
    for place, value, is_schema in document.nodes:
        if not is_schema or "$ref" in value:
            continue
        properties = value.get("properties") or {}
        texts = ['`nullable` says nothing in 3.1; write "null" among the types'] * (
            "nullable" in value
        )
        for name in value.get("required") or () if properties else ():
            if name not in properties and "allOf" not in value:
                text = f"{name!r} is required, and no property describes it; it takes any value"
                yield f"{document.where((*place, 'required'))}: {text}."
        if "pattern" in value and not _is_pattern(value["pattern"]):
            value["x-pattern"] = value.pop("pattern")
            texts.append("the pattern is no regular expression of JSON, and is not checked")
        unknown = [key for key in value if key not in KEYWORDS and not key.startswith("x-")]
        if unknown:
            texts.append(f"these keys say nothing: {', '.join(unknown)}")
        yield from (f"{document.where(place)}: {text}." for text in texts)


def _is_pattern(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except ValueError:
        return False
    return True


def _brief(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"
