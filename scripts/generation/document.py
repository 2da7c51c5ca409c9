"""The OpenAPI document: read, turned into 3.1, and the one place where `$ref` is followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from .errors import GenerationError, display_path
from .reading import Place, Text

# Under these keys of a schema stand a schema, a list of them, or schemas by name.
SINGLE = (
    *("items", "not", "additionalProperties", "contains", "propertyNames", "if", "then", "else"),
    *("unevaluatedProperties", "unevaluatedItems"),
)
SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")

# Under these keys stand data, not OpenAPI: nothing in them is a reference or a schema.
_DATA = {"example", "examples", "default", "const", "enum"}
# Under these keys stand names that somebody chose: "default" or "example" is a name like any other.
_NAMES = {
    *("callbacks", "content", "encoding", "headers", "links", "parameters", "pathItems", "paths"),
    *("requestBodies", "responses", "schemas", "securitySchemes", "variables", "webhooks"),
}
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_WORDS = ("title", "description", "deprecated", "readOnly", "writeOnly", "examples")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Node(NamedTuple):
    """A mapping of a document that is OpenAPI: no list of names, no example data."""

    place: Place
    value: dict[str, Any]
    is_schema: bool


def walk(value: Any, place: Place = (), *, schema: bool = False) -> Iterator[Node]:
    """Yield each mapping of a part of a document that is OpenAPI, outer ones first."""
    if not isinstance(value, dict):
        return
    yield Node(place, value, schema)
    for key, inner in value.items():
        if schema:
            below, named = key in {*SINGLE, *SEVERAL, *NAMED}, key in NAMED
        else:
            below, named = key not in _DATA and not key.startswith("x-"), key in _NAMES
        schemas = schema or key in {"schema", "schemas"}
        if below and isinstance(inner, list):
            for index, item in enumerate(inner):
                yield from walk(item, (*place, key, index), schema=schemas)
        elif below and named and isinstance(inner, dict):
            for name, item in inner.items():
                yield from walk(item, (*place, key, name), schema=schemas)
        elif below:
            yield from walk(inner, (*place, key), schema=schemas)


@dataclass(frozen=True)
class Document:
    """An OpenAPI document: its data in the 3.1 form, and the version that it was written in."""

    source: str
    data: dict[str, Any]
    version: Any
    text: Text

    def where(self, place: Place) -> str:
        """Name a place: its JSON pointer, and its line (or that of the nearest place above).

        A place that was reached through a reference is named where it is written.
        """
        place = self._written(place)
        pointer = "#" + "".join(f"/{_escape(part)}" for part in place)
        line = self.text.line(place)
        return pointer if line is None else f"{pointer} (line {line})"

    def resolve(self, value: Any) -> Any:
        """Follow `$ref` until something else than a reference is there; None where nothing is."""
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            reference = value["$ref"]
            if reference in seen:
                return None
            seen.add(reference)
            value = self.look_up(reference)
        return value

    def look_up(self, reference: str) -> Any:
        """Return what a reference within this document names; None where nothing is."""
        value: Any = self.data
        for part in reference_parts(reference):
            value = _step(value, part)
        return value if reference.startswith("#") else None

    def operations(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield each operation under `paths` with its place."""
        paths = self.data.get("paths")
        for path, item in paths.items() if isinstance(paths, dict) else ():
            resolved = self.resolve(item)
            for method in METHODS if not path.startswith("x-") else ():
                if isinstance(resolved, dict) and isinstance(resolved.get(method), dict):
                    yield ("paths", path, method), resolved[method]

    def parameters(
        self, place: Place, *, twice: bool = False
    ) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield an operation's parameters, its own before its path's; each once but if asked."""
        item = self.resolve(self.data["paths"][place[1]])
        seen: set[tuple[Any, Any]] = set()
        for owner, prefix in ((item[place[2]], place), (item, place[:2])):
            for index, value in enumerate(owner.get("parameters") or ()):
                parameter = self.resolve(value)
                if isinstance(parameter, dict):
                    key = (parameter.get("name"), parameter.get("in"))
                    if twice or key not in seen:
                        seen.add(key)
                        yield (*prefix, "parameters", index), parameter

    @cached_property
    def nodes(self) -> list[Node]:
        """All mappings of the document that are OpenAPI, outer ones first."""
        return list(walk(self.data))

    def _written(self, place: Place) -> Place:
        value: Any = self.data
        written: Place = ()
        for part in place:
            while isinstance(value, dict) and isinstance(value.get("$ref"), str) and part != "$ref":
                target = self.look_up(value["$ref"])
                if target is None or target is value:
                    break
                written, value = reference_parts(value["$ref"]), target
            written = (*written, part)
            value = _step(value, str(part))
        return written


def load_document(path: Path) -> Document:
    """Read an OpenAPI document: JSON from a file named *.json, else YAML."""
    source = display_path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        known = {
            FileNotFoundError: "there is no such file",
            IsADirectoryError: "this is a folder, not an OpenAPI document",
        }
        text = known.get(type(error), f"cannot be read: {error.strerror}")
        raise GenerationError(f"{source}: {text}.") from None
    return parse_document(content, source, is_json=path.suffix.lower() == ".json")


def parse_document(raw: bytes, source: str, *, is_json: bool) -> Document:
    """Read an OpenAPI document out of a file's content; `source` is its name, for messages."""
    text = Text(raw, source, is_json=is_json)
    data = text.load()
    if not isinstance(data, dict):
        held = {type(None): "nothing", list: "a list"}.get(type(data), "a single value")
        raise GenerationError(
            f"{source}: an OpenAPI document is a mapping (openapi, info, paths …), "
            f"this file holds {held}."
        )
    version = data.get("openapi")
    if isinstance(version, str) and version.startswith("3.0"):
        _upgrade(data)
    return Document(source, data, version, text)


def reference_parts(reference: str) -> tuple[str, ...]:
    """Return the steps of a reference within the document."""
    parts = reference.split("/")[1:]
    return tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in parts)


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def _escape(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _upgrade(data: dict[str, Any]) -> None:
    """Turn a document of OpenAPI 3.0 into one of 3.1 that says the same."""
    for _, value, is_schema in reversed([*walk(data)]):
        if isinstance(value.get("$ref"), str):
            for key in value.keys() - {"$ref"}:
                del value[key]
        elif is_schema:
            _upgrade_schema(value)
    data["openapi"] = "3.1.0"


def _upgrade_schema(schema: dict[str, Any]) -> None:
    for exclusive, inclusive in _BOUNDS.items():
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive):
            schema[exclusive] = schema.pop(inclusive, None)
    if "example" in schema:
        schema.setdefault("examples", [schema.pop("example")])
    if schema.pop("nullable", False) is not True:
        return
    combined = next((key for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list)), "")
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    elif combined:
        schema[combined] = [*schema[combined], {"type": "null"}]
    elif "allOf" in schema:  # Without any of these, null is among what it takes.
        inner = {key: schema.pop(key) for key in [*schema] if key not in _WORDS}
        schema["anyOf"] = [inner, {"type": "null"}]
