"""The OpenAPI document, read strictly, with the line of each place in it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ._yaml import Place, parse_yaml
from .errors import GenerationError

# Real documents stay below 40.
MOST_LEVELS = 100
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Under these keys stand data, not OpenAPI: nothing in them is a reference or a schema.
_DATA = {"example", "examples", "default", "const", "enum"}

# Under these keys stand names that somebody chose: "default" or "example" is a name like any other.
_NAMES = {
    "$defs",
    "callbacks",
    "content",
    "definitions",
    "dependentSchemas",
    "encoding",
    "headers",
    "links",
    "parameters",
    "pathItems",
    "paths",
    "patternProperties",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "securitySchemes",
    "variables",
    "webhooks",
}


@dataclass(frozen=True)
class Document:
    """An OpenAPI document.

    Attributes:
        source: The file's name as the user gave it, for messages.
        data: The document, as JSON values, keys in the file's order.
        lines: The line of each place, counted from 1; empty for a JSON file.
    """

    source: str
    data: dict[str, Any]
    lines: dict[Place, int] = field(default_factory=dict)

    def where(self, place: Place) -> str:
        """Name a place: its JSON pointer, and its line (or that of the nearest place above).

        A place that was reached through a reference is named where it is written.
        """
        place = self._written(place)
        pointer = "#" + "".join(f"/{_escape(part)}" for part in place)
        for length in range(len(place), -1, -1):
            line = self.lines.get(place[:length])
            if line is not None:
                return f"{pointer} (line {line})"
        return pointer

    def copy(self) -> dict[str, Any]:
        """Return the document's data, for somebody who may change it."""
        return copy.deepcopy(self.data)

    def resolve(self, value: Any) -> Any:
        """Follow `$ref` until something else than a reference is there; None where nothing is."""
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            if value["$ref"] in seen:
                return None
            seen.add(value["$ref"])
            value = self.look_up(value["$ref"])
        return value

    def look_up(self, reference: str) -> Any:
        """Return what `reference` ("#/components/…") points to, or None where nothing is."""
        if reference != "#" and not reference.startswith("#/"):
            return None
        value: Any = self.data
        for part in _parts(reference):
            value = _step(value, part)
        return value

    def _written(self, place: Place) -> Place:
        written: Place = ()
        value: Any = self.data
        for part in place:
            seen: set[str] = set()
            while isinstance(value, dict) and part not in value:
                reference = value.get("$ref")
                if not isinstance(reference, str) or reference in seen:
                    break
                seen.add(reference)
                written, value = _parts(reference), self.look_up(reference)
            written = (*written, part)
            value = _step(value, str(part))
        return written

    def operations(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield each operation under `paths` with its place."""
        paths = self.data.get("paths")
        for path, item in paths.items() if isinstance(paths, dict) else ():
            for method in METHODS:
                if isinstance(item, dict) and isinstance(item.get(method), dict):
                    yield ("paths", path, method), item[method]

    def objects(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield each mapping of the document that is OpenAPI: no names' list, no example data."""
        yield from _objects(self.data, (), names=False)


def load_document(path: Path) -> Document:
    """Read an OpenAPI document: JSON from a file named *.json, else YAML.

    Raises:
        GenerationError: No such file, not UTF-8, a syntax error, a repeated key, no mapping.
    """
    source = shown(path)
    return parse_document(_read(path, source), source, is_json=path.suffix.lower() == ".json")


def parse_document(raw: bytes, source: str, *, is_json: bool) -> Document:
    """Read an OpenAPI document out of a file's content.

    Args:
        raw: The content.
        source: The file's name, for messages.
        is_json: Whether it is JSON; else it is YAML.

    Raises:
        GenerationError: Not UTF-8, a syntax error, a repeated key, no mapping.
    """
    text = _decoded(raw, source)
    lines: dict[Place, int] = {}
    try:
        if is_json:
            data = _parse_json(text, source)
        else:
            data, lines = parse_yaml(text, source)
        json.dumps(data, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise _too_deep(source) from None
    except UnicodeEncodeError:
        raise GenerationError(
            f"{source}: an escape in it is half a character (\\ud800 to \\udfff)."
        ) from None
    if not isinstance(data, dict):
        raise GenerationError(
            f"{source}: an OpenAPI document is a mapping (openapi, info, paths …), "
            f"this file holds {_name_of(data)}."
        )
    if not _is_walkable(data):
        raise _too_deep(source)
    return Document(source, data, lines)


def _is_walkable(data: Any) -> bool:
    """Whether those who walk the document, level by level on Python's stack, reach its end."""
    level = [data]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False


def _too_deep(source: str) -> GenerationError:
    return GenerationError(f"{source}: it is nested too deeply, beyond {MOST_LEVELS} levels.")


def shown(path: Path) -> str:
    """Return `path` for a message: seen from the current folder where it lies within."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def _read(path: Path, source: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise GenerationError(f"{source}: there is no such file.") from None
    except IsADirectoryError:
        raise GenerationError(f"{source}: this is a folder, not an OpenAPI document.") from None
    except OSError as error:
        raise GenerationError(f"{source}: cannot be read: {error.strerror}.") from None


def _decoded(raw: bytes, source: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise GenerationError(
            f"{source}, line {line}: not UTF-8 (byte 0x{raw[error.start]:02x}). Save it as UTF-8."
        ) from None


def _parse_json(text: str, source: str) -> Any:
    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, value in pairs:
            if name in result:
                raise GenerationError(
                    f"{source}: the key {name!r} stands twice in one object; "
                    "one would silently win."
                )
            result[name] = value
        return result

    def constant(name: str) -> Any:
        raise GenerationError(f"{source}: JSON has no number {name}.")

    try:
        return json.loads(text, object_pairs_hook=mapping, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise GenerationError(
            f"{source}, line {error.lineno}: not valid JSON: {error.msg}."
        ) from None


def _objects(value: Any, place: Place, *, names: bool) -> Iterator[tuple[Place, dict[str, Any]]]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _objects(item, (*place, position), names=False)
    if not isinstance(value, dict):
        return
    if not names:
        yield place, value
    for key, item in value.items():
        if names:
            yield from _objects(item, (*place, key), names=False)
        elif key not in _DATA and not key.startswith("x-"):
            yield from _objects(item, (*place, key), names=key in _NAMES)


def _parts(reference: str) -> tuple[str, ...]:
    parts = reference.split("/")[1:]
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def _escape(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _name_of(value: Any) -> str:
    if value is None:
        return "nothing"
    return "a list" if isinstance(value, list) else "a single value"
