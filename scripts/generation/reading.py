"""JSON or YAML text to plain JSON values, and the line of each place in it.

YAML 1.2 with JSON's types only, as OpenAPI asks: dates stay strings, `no` stays `no`, a key
written as a number becomes a string.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import suppress
from typing import Any, NoReturn, TypeAlias

import yaml

from .errors import GenerationError

Place: TypeAlias = tuple[str, ...]

_MOST_LEVELS = 100  # Real documents stay below 40.
_MOST_ALIASED = 200_000
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# What a word without quotation marks stands for, where that is no string.
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


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
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            what = f"it is not UTF-8 (byte 0x{content[error.start]:02x}). Save it as UTF-8"
        except yaml.YAMLError as error:
            mark, what = getattr(error, "problem_mark", None), getattr(error, "problem", str(error))
            line = mark.line + 1 if mark else 1
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
                return _WORDS.get(word.lower(), word)
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
