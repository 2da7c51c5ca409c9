"""Is this a valid OpenAPI document? Every finding, with its place and the edit that mends it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema_rs

from .document import Document, Finding, Place, find_credentials, parts, reference_parts

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BUNDLE: Any = jsonschema_rs.bundle({"$ref": _DIALECT})
# What a schema may say.
_KEYWORDS = {key for part in _BUNDLE["$defs"].values() for key in part["properties"]}
_KEYWORDS |= {"example", "discriminator", "xml", "externalDocs", "nullable"}
_LEFTOVER = ("unevaluatedProperties", "additionalProperties")
# What to write for a member that is missing.
_STUBS: dict[str, Any] = {"paths": {}, "schema": {"type": "string"}, "required": True}
_STUBS |= {"info": {"title": "…", "version": "1"}}
# Not /things:search and /things/{id}:cancel, in which the colon is meant.
_COLON = re.compile(r"(?<=[/.-]):([A-Za-z_]\w*(?:-\w+)*):?(?=[/.-]|$)")
_BRACES = re.compile(r"\{([^{}]*)\}")
_TWICE = re.compile(r"(\{([^{}]*)\}.*)\{\2\}")


def check_document(document: Document) -> list[str]:
    """Check that `document` is valid OpenAPI 3.0 or 3.1; return what is odd in it, a line each."""
    version = document.version
    if not isinstance(version, str) or not re.match(r"3\.[01](\.|$)", version):
        text = f"it must say 3.0.x or 3.1.x, as a string; it is {json.dumps(version)}"
        finding = Finding(("openapi",), text, {"openapi": "3.1.0"})
        document.refuse([finding], "has a version of OpenAPI that is not known here.")
    operations = [*document.operations()]
    checks = [_check_structure(document), _check_rings(document), _check_paths(document)]
    checks += [_check_references(document)]
    checks += (_check_parameters(document, place) for place, _ in operations)
    checks += (_check_security(document, *owner) for owner in (((), document.data), *operations))
    findings: list[Finding] = []
    for check in checks:
        try:
            findings += check
        except (AttributeError, KeyError, TypeError):  # over what the structure's check has told
            if not findings:
                raise
    document.refuse(findings, f"is not valid OpenAPI {version}.")
    return document.tell(_find_oddities(document))


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


def _explain(document: Document, error: Any) -> Finding:  # noqa: C901, PLR0912 - a case a fault
    """Return what is wrong, and the edit that mends it where one is likely."""
    while inner := [e for branch in getattr(error.kind, "context", None) or () for e in branch]:
        # The alternative that got furthest is the one that was meant; of equals, not the bare type.
        error = max(inner, key=lambda e: (len(e.instance_path), e.kind.name != "type"))
    kind, value, place = error.kind, error.instance, tuple(map(str, error.instance_path))
    owner, key, text = document.at(place[:-1]), "".join(place[-1:]), f"{error.message!s:.200}"
    members: dict[str, Any] = {}
    match kind.name, place:
        case "required", _:
            members = {kind.property: _STUBS.get(kind.property, "…")}
        case "unevaluatedProperties" | "additionalProperties", _:
            keys = " and ".join(map(repr, kind.unexpected))
            text = f"OpenAPI has no such key here. Leave out {keys}, or begin it with x-"
        case "minProperties", (*_, "responses"):
            text = "`responses` is empty, and must name one"
            members = {"responses": {"default": {"description": "Any answer."}}}
        case "const", _:
            text, members = f"{_show(value)} cannot stand here", {key: kind.expected_value}
        case "enum", _:
            options = [*map(str, kind.options)]
            text = f"{_show(value)} is none of {', '.join(options)}"
            alike = get_close_matches(str(value), options, 1)
            if isinstance(owner, dict):
                members = {key: alike[0]} if alike else {}
                text += "" if alike else f". Leave out {key!r}"
        case "type" | "not", (*_, "items"):
            text = "an example stands where an item has its schema"
            items = {"type": "object"} if isinstance(value, dict) else {}
            members = {"items": items, "example": value if isinstance(value, list) else [value]}
        case "type", (*_, "properties", "type") if isinstance(owner.get("properties"), dict):
            text = "a schema stands where the names of its properties stand; it belongs one up"
            properties = {
                name: one if isinstance(one, dict) else {"examples": [one]}
                for name, one in owner["properties"].items()
            }
            place, members = place[:-1], {"type": value, "properties": properties}
        case "type", (*_, "properties", _) if "boolean" in kind.types:
            text = f"{key!r} stands among the names of properties, and has to be a schema"
            members = {key: {"type": value} if key == "type" else {"examples": [value]}}
        case "type" | "not", (*_, _) if isinstance(owner, dict):
            edits: dict[str, Any] = {"array": [value], "object": {}, "string": _show(value)}
            wanted = [None, *getattr(kind, "types", ())][-1]
            if value is None or isinstance(value, bool):
                text = f"{_show(value)} says nothing here. Leave out {key!r}"
            elif wanted in edits:
                members = {key: edits[wanted]}
    return Finding(place, text, members)


def _check_rings(document: Document) -> Iterator[Finding]:
    """Yield the schemas that are made of themselves."""
    for place, schema, is_schema in document.nodes:
        reached = (one for part in parts(schema) for one in document.expand(part, items=False))
        if is_schema and any(one is schema for one in reached):
            text = "it is made of itself (allOf, anyOf, oneOf); leave that part out"
            yield Finding(place, text)


def _check_references(document: Document) -> Iterator[Finding]:
    for place, value, _ in document.nodes:
        reference, at = value.get("$ref"), (*place, "$ref")
        if not isinstance(reference, str) or document.resolve(value) is not None:
            continue
        *sections, name = reference_parts(reference) or ("",)
        if not reference.startswith("#"):
            stem = name.rpartition("/")[2].partition(".")[0]
            code = {"$ref": f"#/components/schemas/{stem or 'Name'}"}
            text = f"{reference!r} is outside of this document; bring what it names into components"
            yield Finding(at, text, code)
        elif document.at(reference_parts(reference)) is None:
            stub = {"type": "object"} if sections[-1:] == ["schemas"] else {"description": "…"}
            text = f"{reference!r} names nothing here"
            yield Finding(at, text, {name: stub}, "/".join(sections))
        else:
            yield Finding(at, "the reference leads back to itself. Leave out '$ref'")


def _check_paths(document: Document) -> Iterator[Finding]:
    paths = document.data.get("paths")
    for path in paths if isinstance(paths, dict) else ():
        meant = _COLON.sub(r"{\1}", f"/{path.removeprefix('/')}")
        meant = _TWICE.sub(r"\1{\2_2}", meant)
        text = "a parameter in a path is written {name}, and stands there once"
        text = text if path[:1] == "/" else "a path begins with a slash"
        if meant != path and not path.startswith("x-"):
            yield Finding(("paths", path), text, {meant: "…"})
    ids: dict[str, Place] = {}
    for place, operation in document.operations():
        name = operation.get("operationId")
        if isinstance(name, str) and ids.setdefault(name, place) != place:
            text = f"{document.where(ids[name])} has the operationId {name!r}, too"
            yield Finding(place, text, {"operationId": f"{name}_2"})


def _check_parameters(document: Document, place: Place) -> Iterator[Finding]:
    path, found = place[1], [*document.parameters(place)]
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
    times = Counter((one.get("in"), one.get("name")) for _, one in found)
    for location, name in (one for one in times if times[one] > 1):
        text = f"the {location} parameter {name!r} is there twice; leave one out"
        yield Finding((*place, "parameters"), text)


def _check_security(document: Document, place: Place, owner: dict[str, Any]) -> Iterator[Finding]:
    requirements, place = owner.get("security") or (), (*place, "security")
    schemes = document.at(("components", "securitySchemes")) or {}
    label = owner.get("operationId", "")
    undeclared = [name for one in requirements for name in one if name not in schemes]
    for name in undeclared:
        text = f"the security scheme {name!r} is not declared"
        members = {name: {"type": "http", "scheme": "bearer"}}
        yield Finding(place, text, members, "components/securitySchemes", label)
    if requirements and not undeclared and not any(True for _ in find_credentials(document, owner)):
        named = " or ".join(" and ".join(one) for one in requirements)
        text = f"the security {named} cannot be sent: a key stands in a header or a cookie, one in "
        text += "each; in the query it would be in every log. Pass it as a parameter, or none"
        parameter = {"name": "api_key", "in": "query", "schema": {"type": "string"}}
        yield Finding(place, text, {"security": [], "parameters": [parameter]}, "", label)


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
        try:
            jsonschema_rs.Draft202012Validator({"pattern": schema.get("pattern", "")})
        except ValueError:
            schema["x-pattern"] = schema.pop("pattern")
            yield Finding(place, "the pattern is no regular expression of JSON, and is not checked")
        unknown = [key for key in schema if key not in _KEYWORDS and not key.startswith("x-")]
        if unknown:
            yield Finding(place, f"these keys say nothing: {', '.join(unknown)}")


def _show(value: Any) -> str:
    return f"{json.dumps(value, ensure_ascii=False):.200}"
