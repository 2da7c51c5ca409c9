"""Is this a valid OpenAPI document? Every finding, with its place and the edit that mends it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from .document import Document, reference_parts
from .errors import GenerationError, edit, list_places
from .nodes import NAMED, SEVERAL, SINGLE, walk
from .reading import Place
from .security import check_credentials

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
# What is written for a type in haste, and what is meant.
_TYPES = {
    word: {"type": name, **({"format": form} if form else {})}
    for words, name, form in (
        ("int long int32 int64", "integer", ""),
        ("float double decimal", "number", ""),
        ("bool Boolean", "boolean", ""),
        ("list Array", "array", ""),
        ("dict map json Object", "object", ""),
        ("str text String enum uuid", "string", ""),
        ("date", "string", "date"),
        ("datetime date-time", "string", "date-time"),
        ("file binary", "string", "binary"),
    )
    for word in words.split()
}
_COLON = re.compile(r":([A-Za-z_]\w*):?(?=/|$)")


def check_document(document: Document) -> list[str]:
    """Check that `document` is valid OpenAPI 3.0 or 3.1; return what is odd in it, a line each.

    Raises:
        GenerationError: It is not; every finding is told.
    """
    version = document.version
    if not isinstance(version, str) or not re.match(r"3\.[01](\.|$)", version):
        said = "missing" if version is None else _brief(version)
        raise GenerationError(
            f"{document.source}: `openapi` must say 3.0.x or 3.1.x, as a string; it is {said}."
        )
    problems: list[str] = []
    for step in (_structure, _references, _schemas, _paths, _styles, _operation_ids, _security):
        problems += step(document)
    if problems:
        raise GenerationError(f"{document.source} is not valid OpenAPI {version}.", problems)
    problems = [*check_credentials(document)]
    if problems:
        raise GenerationError(f"{document.source}: keys that cannot be sent.", problems)
    return [*_hints(document)]


@cache
def _validator(*, schemas: bool) -> Any:
    if schemas:
        meta = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
        return jsonschema_rs.Draft202012Validator(meta)
    from openapi_spec_validator.schemas import schema_v31  # noqa: PLC0415 - it takes a while

    return jsonschema_rs.Draft202012Validator(dict(schema_v31))


def _structure(document: Document) -> Iterator[str]:
    data, paths = document.data, document.data.get("paths")
    if isinstance(paths, dict):  # What _paths finds is told once.
        named = {p if p[:1] == "/" or p[:2] == "x-" else f"/{p}": v for p, v in paths.items()}
        data = {**data, "paths": named}
    errors = [
        error
        for error in _validator(schemas=False).iter_errors(data)
        # Components with spaces in their names and answers without a description do no harm.
        if error.kind.name != "propertyNames"
        and not (error.kind.name == "required" and _is_response(error))
    ]
    at_fault = {tuple(e.instance_path) for e in errors if e.kind.name not in _LEFTOVER}
    for error in errors:
        place = tuple(str(part) for part in error.instance_path)
        if place[:1] == ("paths",) and isinstance(paths, dict) and place[1:2]:
            place = ("paths", place[1] if place[1] in paths else place[1][1:], *place[2:])
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
    name, kind = error.kind.name, error.kind
    if name == "required":
        missing = {
            other.kind.property
            for other in (*siblings, error)
            if other.kind.name == name and list(other.instance_path) == list(error.instance_path)
        }
        return " or ".join(f"{item!r} is a required property" for item in sorted(missing))
    if name in _LEFTOVER:
        keys = " and ".join(map(repr, kind.unexpected))
        return f"OpenAPI has no such key here. Leave out {keys}, or begin it with x-."
    if name == "type":
        types = kind.types if isinstance(kind.types, list) else [kind.types]
        return f"{_brief(error.instance)} is not of type {' or '.join(map(repr, types))}"
    return _cut(str(error.message))


def _references(document: Document) -> Iterator[str]:
    missing: dict[str, list[str]] = {}
    for place, value, _ in document.nodes:
        reference = value.get("$ref")
        if not isinstance(reference, str):
            continue
        if not reference.startswith("#"):
            yield (
                f"{document.where((*place, '$ref'))}: {reference!r} is outside of this document; "
                "bring what it names into components."
            )
        elif document.look_up(reference) is None:
            missing.setdefault(reference, []).append(document.where((*place, "$ref")))
        elif document.resolve(value) is None:
            yield f"{document.where((*place, '$ref'))}: the reference leads back to itself."
    for reference, places in missing.items():
        *sections, name = reference_parts(reference)
        stub = {"type": "object"} if sections[-1:] == ["schemas"] else {"description": "…"}
        code = edit({name: stub}, "/".join(sections))
        yield list_places(f"{reference!r} names nothing here", places) + code


def _schemas(document: Document) -> Iterator[str]:
    for place, value in roots(document):
        told: set[Place] = set()
        for inner in walk(value, place, schema=True):
            for found, text in _strange_parts(inner.place, inner.value):
                told.add(found)
                yield f"{document.where(found)}: {text}"
        for error in _validator(schemas=True).iter_errors(value):
            found = (*place, *(str(part) for part in error.instance_path))
            if not any(found[: len(one)] == one for one in map(_texts, told)):
                yield f"{document.where(found)}: {_explain(error)}"
    yield from _rings(document)


def roots(document: Document) -> Iterator[tuple[Place, Any]]:
    """Yield each schema that is not part of another, with its place."""
    for place, value, is_schema in document.nodes:
        if is_schema:
            continue
        if "schema" in value:
            yield (*place, "schema"), value["schema"]
        if place == ("components",) and isinstance(value.get("schemas"), dict):
            yield from (((*place, "schemas", name), v) for name, v in value["schemas"].items())


def _texts(place: Place) -> Place:
    return tuple(str(part) for part in place)


def _strange_parts(place: Place, schema: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Yield what is most often put in a schema's wrong place."""
    yield from _strange_properties((*place, "properties"), schema.get("properties"))
    items = schema.get("items", {})
    if isinstance(items, dict) and items and not _says_anything(items):
        mended = {"items": {"type": "object"}, "example": [items]}
        names = ", ".join(map(repr, items))
        yield (
            (*place, "items"),
            f"OpenAPI has no such key here: {names}; it looks like an example, where `items` has "
            "the schema of an item." + edit(mended),
        )
    elif not isinstance(items, dict | bool):
        mended = {"items": {}, "example": items if isinstance(items, list) else [items]}
        text = "an example stands where `items` has the schema of an item"
        yield (*place, "items"), f"{text}.{edit(mended)}"
    if isinstance(schema.get("type"), str) and schema["type"] in _TYPES:
        text = f"{schema['type']!r} is no type of JSON."
        yield (*place, "type"), text + edit(_TYPES[schema["type"]])
    if isinstance(schema.get("required"), bool):
        text = "`required` names fields, one level up. Leave out 'required'"
        yield (*place, "required"), f"{text}, and name {place[-1]!r} there if it is meant."
    for key, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(key), bool):
            text = f"{key!r} is a number in 3.1."
            mended = {key: schema[bound]} if schema[key] and bound in schema else {}
            code = edit(mended) if mended else f" Leave out {key!r}."
            yield (*place, key), text + code
    examples = schema.get("examples", [])
    if not isinstance(examples, list):
        mended = {"examples": [*examples.values()] if isinstance(examples, dict) else [examples]}
        yield (*place, "examples"), f"`examples` of a schema is a list.{edit(mended)}"
    for key in ("description", "title", "format", "pattern"):
        if key in schema and schema[key] is None:
            yield (*place, key), f"it says nothing. Leave out {key!r}."


def _strange_properties(place: Place, properties: Any) -> Iterator[tuple[Place, str]]:
    for name, value in properties.items() if isinstance(properties, dict) else ():
        nested = properties.get("properties")
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


def _says_anything(schema: dict[str, Any]) -> bool:
    return any(key in KEYWORDS or key.startswith("x-") for key in schema)


def _rings(document: Document) -> Iterator[str]:
    """Yield the schemas that are made of themselves."""
    done: set[int] = set()
    for place, value, is_schema in document.nodes:
        path: list[tuple[Any, bool]] = [(value, False)] if is_schema else []
        open_: set[int] = set()
        while path:
            schema, left = path.pop()
            schema = document.resolve(schema)
            if not isinstance(schema, dict) or id(schema) in done:
                continue
            if left:
                open_.discard(id(schema))
                done.add(id(schema))
            elif id(schema) in open_:
                yield f"{document.where(place)}: it is made of itself (allOf, anyOf, oneOf, not)."
                done |= open_
                break
            else:
                open_.add(id(schema))
                path.append((schema, True))
                for key in ("allOf", "anyOf", "oneOf", "not"):
                    parts = schema.get(key, ())
                    path += [(p, False) for p in (parts if isinstance(parts, list) else [parts])]


def _paths(document: Document) -> Iterator[str]:
    paths = document.data.get("paths")
    for path in paths if isinstance(paths, dict) else ():
        where = document.where(("paths", path))
        if path.startswith("x-"):
            continue
        meant = _COLON.sub(r"{\1}", path if path.startswith("/") else f"/{path}")
        if meant != path:
            rule = "a parameter in a path is written {name}" if "{" in meant else ""
            rule = rule or "a path begins with a slash"
            yield f"{where}: {rule}. Write:\n    {json.dumps(meant)}: …"
    for place, _ in document.operations():
        path = str(place[1])
        names = re.findall(r"\{([^{}]*)\}", path)
        declared = {
            str(p.get("name")): at for at, p in document.parameters(place) if p.get("in") == "path"
        }
        names += [name for name in _COLON.findall(path) if name not in declared]
        missing = [name for name in dict.fromkeys(names) if name not in declared]
        if missing:
            text = {"in": "path", "required": True, "schema": {"type": "string"}}
            code = edit({"parameters": [{"name": name, **text} for name in missing]})
            told = " and ".join(f"{{{name}}}" for name in missing)
            verb = "are" if missing[1:] else "is"
            yield f"{document.where(place)}: {told} {verb} not among its parameters.{code}"
        for name, at in declared.items():
            if name not in names and f":{name}" not in path:
                yield f"{document.where(at)}: the parameter {name!r} is not in the path {path}."
            if names.count(name) > 1:
                yield f"{document.where(at)}: {{{name}}} stands twice in the path {path}."


def _styles(document: Document) -> Iterator[str]:
    for place, value, is_schema in document.nodes:
        if not is_schema and value.get("in") == "path" and value.get("style", "simple") != "simple":
            text = f"the style {value['style']!r} cannot be sent"
            yield f"{document.where((*place, 'style'))}: {text}.{edit({'style': 'simple'})}"


def _operation_ids(document: Document) -> Iterator[str]:
    places: dict[str, list[Place]] = {}
    for place, operation in document.operations():
        if isinstance(operation.get("operationId"), str):
            places.setdefault(operation["operationId"], []).append(place)
        keys = [
            (p.get("name"), p.get("in"))
            for p in map(document.resolve, _own(operation))
            if isinstance(p, dict)
        ]
        for (name, location), times in Counter(keys).items():
            if times > 1:
                yield f"{document.where(place)}: the {location} parameter {name!r} is there twice."
    for name, found in places.items():
        if len(found) > 1:
            where = ", ".join(map(document.where, found))
            yield f"{where}: several operations have the operationId {name!r}."


def _own(operation: dict[str, Any]) -> list[Any]:
    parameters = operation.get("parameters")
    return parameters if isinstance(parameters, list) else []


def _security(document: Document) -> Iterator[str]:
    schemes = document.look_up("#/components/securitySchemes") or {}
    users: dict[str, list[str]] = {}
    for place, owner in (((), document.data), *document.operations()):
        where = f"{document.where((*place, 'security'))} {owner.get('operationId', '')}".strip()
        for requirement in owner.get("security") or ():
            for name in requirement if isinstance(requirement, dict) else ():
                if name not in schemes:
                    users.setdefault(name, []).append(where)
    for name, places in users.items():
        code = edit({name: {"type": "http", "scheme": "bearer"}}, "components/securitySchemes")
        yield list_places(f"the security scheme {name!r} is not declared", places) + code


def _hints(document: Document) -> Iterator[str]:
    """Yield what is allowed and yet unlikely to be meant."""
    tags = {tag.get("name") for tag in document.data.get("tags") or ()}
    told = {name for _, o in document.operations() for name in o.get("tags") or ()} - tags
    if tags and told:
        yield f"The document has operations under tags that it does not declare: {sorted(told)}."
    for place, value, is_schema in document.nodes:
        if not is_schema or "$ref" in value:
            continue
        where, properties = document.where(place), value.get("properties") or {}
        if "nullable" in value:
            yield f'{where}: `nullable` says nothing in 3.1; write "null" among the types.'
        for name in value.get("required") or () if properties else ():
            if name not in properties and "allOf" not in value:
                yield (
                    f"{document.where((*place, 'required'))}: {name!r} is required, and no "
                    "property describes it; it takes any value."
                )
        if "pattern" in value and not _is_pattern(value["pattern"]):
            value["x-pattern"] = value.pop("pattern")
            yield f"{where}: the pattern is no regular expression of JSON, and is not checked."
        unknown = [key for key in value if key not in KEYWORDS and not key.startswith("x-")]
        if unknown:
            yield f"{where}: these keys say nothing: {', '.join(unknown)}."


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
