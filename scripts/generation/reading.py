"""JSON or YAML text to plain JSON values, and the line of each place in it.

YAML 1.2 with JSON's types only, as OpenAPI asks: dates stay strings, `no` stays `no`, a key
written as a number becomes a string. What JSON has no word for is an error that names its line.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any, TypeAlias

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
    """The text of a file.

    Args:
        content: The file's bytes.
        source: The file's name, for messages.
        is_json: Whether it is JSON; else it is YAML.

    Raises:
        GenerationError: It is not UTF-8.
    """

    def __init__(self, content: bytes, source: str, *, is_json: bool) -> None:
        self._source = source
        self._is_json = is_json
        self._values = 0
        try:
            self._text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise self._error(
                line, f"not UTF-8 (byte 0x{content[error.start]:02x}). Save it as UTF-8"
            ) from None

    def load(self) -> Any:
        """Return the value that the text holds.

        Raises:
            GenerationError: It has a syntax error, repeats a key, holds what JSON cannot, is nested
                too deeply or grows without end.
        """
        try:
            value = self._load_json() if self._is_json else self._load_yaml()
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        except RecursionError:
            raise GenerationError(
                f"{self._source}: it is nested too deeply, beyond {MOST_LEVELS} levels."
            ) from None
        except UnicodeEncodeError:
            raise GenerationError(
                f"{self._source}: an escape in it is half a character (\\ud800 to \\udfff)."
            ) from None
        return value

    def line(self, place: Place) -> int | None:
        """Return the line of a place, counted from 1, or that of the nearest place above it."""
        node, line = self._root, None
        for part in place:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and str(part).isdecimal():
                if int(part) >= len(node.value):
                    break
                node = node.value[int(part)]
                line = node.start_mark.line + 1
            else:
                break
        return line

    @cached_property
    def _root(self) -> Any:
        try:
            return yaml.compose(self._text, _Loader)
        except (yaml.YAMLError, RecursionError):  # JSON that is no YAML; there, nobody asks twice.
            return None

    def _error(self, line: int, what: str) -> GenerationError:
        return GenerationError(f"{self._source}, line {line}: {what}.")

    def _load_json(self) -> Any:
        def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            result = dict(pairs)
            if len(result) < len(pairs):
                names = [name for name, _ in pairs]
                name = next(name for name in names if names.count(name) > 1)
                raise GenerationError(
                    f"{self._source}: the key {name!r} stands twice in one object; "
                    "one would silently win."
                )
            return result

        def constant(name: str) -> Any:
            raise GenerationError(f"{self._source}: JSON has no number {name}.")

        try:
            value = json.loads(self._text, object_pairs_hook=mapping, parse_constant=constant)
        except json.JSONDecodeError as error:
            raise self._error(error.lineno, f"not valid JSON: {error.msg}") from None
        level = [value]
        for _ in range(MOST_LEVELS):
            level = [
                inner
                for outer in level
                if isinstance(outer, dict | list)
                for inner in (outer.values() if isinstance(outer, dict) else outer)
            ]
        if level:
            raise RecursionError
        return value

    def _load_yaml(self) -> Any:
        try:
            root = self._root = yaml.compose(self._text, _Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark is not None else 1
            what = error.problem or error.context or "it cannot be read"
            raise self._error(line, f"not valid YAML: {what}") from None
        except yaml.YAMLError as error:
            raise self._error(1, f"not valid YAML: {error}") from None
        return None if root is None else self._value(root, [])

    def _value(self, node: Any, parents: list[Any]) -> Any:
        if node in parents:
            raise self._error(_line(node), "an alias contains itself")
        if len(parents) > MOST_LEVELS:
            raise RecursionError
        self._values += 1
        if self._values > _MOST_VALUES:
            raise self._error(_line(node), f"its aliases come to more than {_MOST_VALUES:,} values")
        kind = str(node.tag).removeprefix(_TAG)
        if isinstance(node, yaml.ScalarNode) and kind == "str":
            return self._scalar(node)
        parents.append(node)
        try:
            if isinstance(node, yaml.MappingNode) and kind == "map":
                return self._mapping(node, parents)
            if isinstance(node, yaml.SequenceNode) and kind == "seq":
                return [self._value(item, parents) for item in node.value]
        finally:
            parents.pop()
        raise self._error(_line(node), f"the tag {node.tag} has no meaning here")

    def _mapping(self, node: Any, parents: list[Any]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_TAG}str":
                raise self._error(_line(key), "a key must be a plain word")
            name = str(key.value)
            if name == "<<" and not key.style:
                for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if not isinstance(source, yaml.MappingNode):
                        raise self._error(_line(value), "only a mapping can be merged with <<")
                    merged = {**self._value(source, parents), **merged}
                continue
            if name in own:
                raise self._error(
                    _line(key),
                    f"the key {name!r} is already there on line {lines[name]}; "
                    "one would silently win",
                )
            lines[name] = _line(key)
            own[name] = self._value(value, parents)
        return {**merged, **own}

    def _scalar(self, node: Any) -> Any:
        text = str(node.value)
        if node.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _NO_NUMBER.fullmatch(text):
            raise self._error(_line(node), f"JSON has no number {text}")
        return text


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
