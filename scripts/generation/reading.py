"""JSON or YAML text to plain JSON values, and the line of each place in it.

YAML 1.2 with JSON's types only, as OpenAPI asks: dates stay strings, `no` stays `no`, a key
written as a number becomes a string. What JSON has no word for is an error that names its line.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any, NoReturn, TypeAlias

import yaml

from .errors import GenerationError

Place: TypeAlias = tuple[str | int, ...]

MOST_LEVELS = 100  # Real documents stay below 40.
_MOST_VALUES = 2_000_000
_TAG = "tag:yaml.org,2002:"
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_WORDS = {"": None, "~": None} | {
    spelling: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for spelling in (word, word.capitalize(), word.upper())
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class Text:
    """The text of a file; `source` is the file's name, for messages."""

    def __init__(self, content: bytes, source: str, *, is_json: bool) -> None:
        self._source = source
        self._is_json = is_json
        self._values = 0
        try:
            self._text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self._fail(f"not UTF-8 (byte 0x{content[error.start]:02x}). Save it as UTF-8", line)

    def load(self) -> Any:
        """Return the value that the text holds."""
        try:
            value = self._load_json() if self._is_json else self._load_yaml()
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except RecursionError:
            self._fail(f"it is nested too deeply, beyond {MOST_LEVELS} levels")
        except UnicodeEncodeError:
            self._fail("an escape in it is half a character (\\ud800 to \\udfff)")
        return value

    def line(self, place: Place) -> int | None:
        """Return the line of a place, counted from 1, or that of the nearest place above it."""
        node, line = self._root, None
        for part in place:
            if isinstance(node, yaml.MappingNode):
                found = [(key, value) for key, value in node.value if key.value == str(part)]
            elif isinstance(node, yaml.SequenceNode) and str(part).isdecimal():
                found = [(item, item) for item in node.value[int(part) :][:1]]
            else:
                break
            if not found:
                break
            line, node = _line(found[0][0]), found[0][1]
        return line

    @cached_property
    def _root(self) -> Any:
        try:
            return yaml.compose(self._text, _Loader)
        except (yaml.YAMLError, RecursionError):  # JSON that is no YAML; there, nobody asks twice.
            return None

    def _fail(self, what: str, line: int | None = None) -> NoReturn:
        at = f", line {line}" if line else ""
        raise GenerationError(f"{self._source}{at}: {what}.") from None

    def _load_json(self) -> Any:
        def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            names = [name for name, _ in pairs]
            if len({*names}) < len(names):
                name = next(name for name in names if names.count(name) > 1)
                self._fail(f"the key {name!r} stands twice in one object; one would silently win")
            return dict(pairs)

        def constant(name: str) -> Any:
            self._fail(f"JSON has no number {name}")

        try:
            value = json.loads(self._text, object_pairs_hook=mapping, parse_constant=constant)
        except json.JSONDecodeError as error:
            self._fail(f"not valid JSON: {error.msg}", error.lineno)
        level = [value]
        for _ in range(MOST_LEVELS):
            level = [v for o in level if isinstance(o, dict) for v in o.values()] + [
                v for o in level if isinstance(o, list) for v in o
            ]
        if level:
            raise RecursionError
        return value

    def _load_yaml(self) -> Any:
        try:
            root = self._root = yaml.compose(self._text, _Loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            what = getattr(error, "problem", None) or getattr(error, "context", None) or error
            self._fail(f"not valid YAML: {what}", mark.line + 1 if mark else 1)
        return None if root is None else self._value(root, ())

    def _value(self, node: Any, parents: tuple[Any, ...]) -> Any:
        if node in parents:
            self._fail("an alias contains itself", _line(node))
        if len(parents) > MOST_LEVELS:
            raise RecursionError
        self._values += 1
        if self._values > _MOST_VALUES:
            self._fail(f"its aliases come to more than {_MOST_VALUES:,} values", _line(node))
        kind = str(node.tag).removeprefix(_TAG)
        if isinstance(node, yaml.ScalarNode) and kind == "str":
            return self._scalar(node)
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return self._mapping(node, (*parents, node))
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return [self._value(item, (*parents, node)) for item in node.value]
        return self._fail(f"the tag {node.tag} has no meaning here", _line(node))

    def _mapping(self, node: Any, parents: tuple[Any, ...]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_TAG}str":
                self._fail("a key must be a plain word", _line(key))
            name, line = str(key.value), _line(key)
            if name == "<<" and not key.style:
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if not isinstance(source, yaml.MappingNode):
                        self._fail("only a mapping can be merged with <<", _line(value))
                    merged = {**self._value(source, parents), **merged}
                continue
            if name in own:
                first = f"the key {name!r} is already there on line {lines[name]}"
                self._fail(f"{first}; one would silently win", line)
            lines[name] = line
            own[name] = self._value(value, parents)
        return {**merged, **own}

    def _scalar(self, node: Any) -> Any:
        text = str(node.value)
        if node.style or text in _WORDS:
            return text if node.style else _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if _NO_NUMBER.fullmatch(text):
            self._fail(f"JSON has no number {text}", _line(node))
        return float(text) if _FLOAT.fullmatch(text) else text


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
