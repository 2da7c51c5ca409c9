"""The OpenAPI document: read, turned into 3.1, and the one place where `$ref` is followed."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache, cached_property, reduce
from os.path import relpath
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias
from urllib.parse import unquote

import yaml

from .errors import GenerationError

Place: TypeAlias = tuple[str, ...]
SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
# Under these keys stand names that somebody chose: "default" or "example" is one like any other.
_NAMES = {
    *("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"),
    *("callbacks", "content", "encoding", "headers", "links", "parameters", "pathItems", "paths"),
    *("requestBodies", "responses", "schemas", "securitySchemes", "variables", "webhooks"),
}
# Under these keys stand data, not OpenAPI: nothing in them is a reference or a schema.
_DATA = {"example", "examples", "default", "const", "enum", "discriminator", "xml", "externalDocs"}
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_WORDS = ("title", "description", "deprecated", "readOnly", "writeOnly", "examples")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MOST_LEVELS = 100  # Real documents stay below 40.
_MOST_ALIASED = 200_000
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# What a word without quotation marks stands for, where that is no string.
_PLAIN = {"": None, "~": None, "null": None, "true": True, "false": False}
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

# A mapping that is OpenAPI (no names, no example data): its place, and whether it is a schema.
Node: TypeAlias = tuple[Place, dict[str, Any], bool]


class Finding(NamedTuple):
    """What is wrong at a place, what to write there or elsewhere, and a name for the place."""

    place: Place
    text: str
    members: dict[str, Any] | None = None
    into: str = ""
    name: str = ""


class Document:
    """An OpenAPI document: its data in the 3.1 form, and the version that it was written in."""

    def __init__(self, content: bytes, source: str, *, is_json: bool) -> None:
        self._text = Text(content, source, is_json=is_json)
        self.source, self.data = source, self._text.value
        if not isinstance(self.data, dict):
            raise GenerationError(f"{source}: an OpenAPI document is a mapping, and this is none.")
        self.version = self.data.get("openapi")
        _upgrade(self.data, whole=str(self.version).startswith("3.0"))

    def where(self, place: Place) -> str:
        """Name a place: the JSON pointer and line where it, or the nearest above, is written."""
        value: Any = self.data
        written: Place = ()
        for part in place:
            at, target = (written, None) if part == "$ref" else self._follow(written, value)
            if target is not None:
                written, value = at, target
            written, value = (*written, part), _step(value, part)
        steps = (part.replace("~", "~0").replace("/", "~1") for part in written)
        line = self._text.line(written)
        return "/".join(("#", *steps)) + (f" (line {line})" if line else "")

    def tell(self, findings: Iterable[Finding]) -> list[str]:
        """Return findings in words: each once, with all its places and the edit that mends it."""
        places: dict[tuple[str, str], dict[str, None]] = {}
        for place, text, members, into, name in findings:
            code = json.dumps(members, ensure_ascii=False)[1:-1] if members else ""
            said = text, f"\nWrite{into and f' in {into}'}:\n    {code}" if code else ""
            places.setdefault(said, {})[f"{self.where(place)} {name}".strip()] = None
        told = []
        for (text, ending), (first, *rest) in places.items():
            more = "\n    ".join(["; so in", *rest]) if rest else "."
            told.append(f"{first}: {text}{more}{ending}")
        return told

    def refuse(self, findings: Iterable[Finding], words: str) -> None:
        """Raise where there are findings; `words` sum them up."""
        if told := self.tell(findings):
            raise GenerationError(f"{self.source} {words}", told)

    def resolve(self, value: Any) -> Any:
        """Follow `$ref` until something else than a reference is there; None where nothing is."""
        return self._follow((), value)[1]

    def at(self, place: Place) -> Any:
        """Return what is at a place; None where nothing is."""
        return reduce(_step, place, self.data)

    def operations(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield each operation under `paths` with its place."""
        paths = self.data.get("paths")
        for path, item in paths.items() if isinstance(paths, dict) else ():
            resolved = self.resolve(item)
            for method in _METHODS if not path.startswith("x-") else ():
                if isinstance(resolved, dict) and isinstance(resolved.get(method), dict):
                    yield ("paths", path, method), resolved[method]

    def parameters(self, place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Yield an operation's parameters, and those of its path that it does not replace."""
        item = self.resolve(self.data["paths"][place[1]])
        own: set[tuple[Any, Any]] = set()
        for owner, prefix in ((item[place[2]], place), (item, place[:2])):
            found = [self.resolve(one) for one in owner.get("parameters") or ()]
            keys = [(one.get("name"), one.get("in")) for one in found]
            for index, key in enumerate(keys):
                if key not in own:
                    yield (*prefix, "parameters", str(index)), found[index]
            own.update(keys)

    def expand(self, schema: Any, *, items: bool = True) -> Iterator[dict[str, Any]]:
        """Yield a schema and what its values may be: its parts, alternatives and items."""
        waiting, seen = [schema], set[int]()
        while waiting:
            schema = self.resolve(waiting.pop())
            if isinstance(schema, dict) and id(schema) not in seen:
                seen.add(id(schema))
                yield schema
                waiting += parts(schema)
                if items:
                    waiting += [schema.get("items"), *(schema.get("prefixItems") or ())]

    @cached_property
    def nodes(self) -> list[Node]:
        """All mappings of the document that are OpenAPI, outer ones first."""
        return list(_walk(self.data, ()))

    def _follow(self, place: Place, value: Any) -> tuple[Place, Any]:
        """Return what a value, or the reference that it is, stands for, and where that is."""
        seen: set[str] = set()
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            reference = value["$ref"]
            if reference in seen:
                return place, None
            seen.add(reference)
            place, value = reference_parts(reference), self.at(reference_parts(reference))
        return place, value


def load_document(path: Path) -> Document:
    """Read an OpenAPI document: JSON from a file named *.json, else YAML."""
    return Document(path.read_bytes(), relpath(path), is_json=path.suffix.lower() == ".json")


@cache
def reference_parts(reference: str) -> Place:
    """Return the steps of a reference within the document; of another, steps to nothing."""
    first, *parts = reference.split("/")
    parts = parts if first == "#" else [reference]
    return tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in parts)


def parts(schema: dict[str, Any]) -> list[Any]:
    """Return the schemas that a schema is combined of."""
    found = [schema.get(key) for key in ("allOf", "anyOf", "oneOf")]
    return [part for several in found if isinstance(several, list) for part in several]


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def _walk(value: Any, place: Place, *, schema: bool = False) -> Iterator[Node]:
    if not isinstance(value, dict):
        return
    yield place, value, schema
    for key, inner in value.items():
        if key in _DATA or key.startswith("x-"):
            continue
        steps: dict[Place, Any] = {(key,): inner}
        if isinstance(inner, list):
            steps = {(key, str(index)): item for index, item in enumerate(inner)}
        elif isinstance(inner, dict) and key in _NAMES:
            steps = {(key, name): item for name, item in inner.items()}
        for step, item in steps.items():
            yield from _walk(item, (*place, *step), schema=schema or key in {"schema", "schemas"})


def _upgrade(data: dict[str, Any], *, whole: bool) -> None:
    """Turn what 3.0 says of bounds, or the whole of a document of 3.0, into 3.1's words."""
    for _, value, is_schema in reversed([*_walk(data, ())]):
        for exclusive, inclusive in _BOUNDS.items() if is_schema else ():
            if isinstance(value.get(exclusive), bool) and value.pop(exclusive):
                value[exclusive] = value.pop(inclusive, None)
        if whole and isinstance(value.get("$ref"), str):
            for key in value.keys() - {"$ref"}:
                del value[key]
        elif whole and is_schema:
            _upgrade_schema(value)
    data |= {"openapi": "3.1.0"} if whole else {}


def _upgrade_schema(schema: dict[str, Any]) -> None:
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


def find_credentials(
    document: Document, operation: dict[str, Any]
) -> Iterator[list[tuple[str, str, str | None]]]:
    """Yield what can be sent to meet each requirement: schemes, headers, and words before keys."""
    schemes = document.at(("components", "securitySchemes")) or {}
    requirements = operation.get("security", document.data.get("security")) or ()
    for requirement in sorted(requirements, key=lambda names: (not names, len(names))):
        kinds = [(name, document.resolve(schemes.get(name)) or {}) for name in requirement]
        sent = [(name, _sent_header(kind)) for name, kind in kinds if kind["type"] != "mutualTLS"]
        found = [(name, *header) for name, header in sent if header is not None]
        if len(found) == len(sent) == len({header for _, header, _ in found}):
            yield found


def _sent_header(scheme: Any) -> tuple[str, str | None] | None:
    """Return the header that carries a security scheme's key, and what stands before the key."""
    match scheme:
        case {"type": "http", "scheme": str(name)} if name.lower() != "digest":
            return ("Authorization", name.capitalize())
        case {"type": "oauth2" | "openIdConnect"}:
            return ("Authorization", "Bearer")
        case {"type": "apiKey", "in": "header", "name": str(name)}:
            return (name, None)
        case {"type": "apiKey", "in": "cookie", "name": str(name)}:
            return ("Cookie", f"{name}=")
    return None


class Text:
    """The text of a file, and the `value` that it holds; `source` is its name, for messages."""

    def __init__(self, content: bytes, source: str, *, is_json: bool) -> None:
        self._lines: dict[Place, int] = {}
        line = None
        try:
            self._text = content.decode("utf-8-sig")
            if is_json:
                self.value = json.loads(self._text, object_pairs_hook=_make_object)
            else:
                self.value = self._load_yaml()
            json.dumps(self.value, ensure_ascii=False, allow_nan=False).encode()
            _check_depth([self.value], _MOST_LEVELS)
        except yaml.YAMLError as error:
            mark, what = getattr(error, "problem_mark", None), getattr(error, "problem", str(error))
            line = mark.line + 1 if mark else 1
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            what = f"it is not UTF-8 (byte 0x{content[error.start]:02x}). Save it as UTF-8"
        except ValueError as error:
            what = str(error)
        except RecursionError:
            what = f"it is nested beyond {_MOST_LEVELS} levels, or an alias contains itself"
        else:
            return
        raise GenerationError(f"{source}{f', line {line}' if line else ''} cannot be read: {what}.")

    def line(self, place: Place) -> int | None:
        """Return the line of a place, counted from 1, or that of the nearest place above it."""
        if not self._lines:
            with suppress(yaml.YAMLError):  # JSON that is no YAML
                self._load_yaml()
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place)

    def _load_yaml(self) -> Any:
        self._count = 0
        self._lines[()] = 1
        root = yaml.compose(self._text, _Loader)
        return None if root is None else self._load(root, ())

    def _load(self, node: Any, place: Place) -> Any:
        self._count += 1
        self._lines.setdefault(place, node.start_mark.line + 1)
        if self._count > len(self._text) + _MOST_ALIASED:
            _refuse(node, f"its aliases come to more than {_MOST_ALIASED:,} values")
        match node, node.tag.removeprefix("tag:yaml.org,2002:"):
            case yaml.ScalarNode(value=word, style=style), "str":
                if style:
                    return word
                if _NUMBER.fullmatch(word):
                    return float(word) if set(word) & set(".eE") else int(word)
                return _PLAIN.get(word.lower(), word)
            case yaml.SequenceNode(value=items), "seq":
                return [self._load(item, (*place, str(i))) for i, item in enumerate(items)]
            case yaml.MappingNode(), "map":
                return self._load_mapping(node, place)
        return _refuse(node, f"the tag {node.tag} has no meaning here")

    def _load_mapping(self, node: Any, place: Place) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value
            if not isinstance(name, str):
                _refuse(key, "a key must be a plain word")
            if name == "<<" and not key.style:
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if not isinstance(source, yaml.MappingNode):
                        _refuse(value, "only a mapping can be merged with <<")
                    merged = {**self._load(source, place), **merged}
            elif name in own:
                first = f"the key {name!r} is already there on line {self._lines[*place, name]}"
                _refuse(key, f"{first}; one would silently win")
            else:
                self._lines[*place, name] = key.start_mark.line + 1
                own[name] = self._load(value, (*place, name))
        return {**merged, **own}


def _refuse(node: Any, what: str) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark)


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {name!r} stands twice in one object; one would silently win")
    return dict(pairs)


def _check_depth(value: Any, left: int) -> None:
    if left < 0:
        raise RecursionError
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            _check_depth(inner, left - 1)
