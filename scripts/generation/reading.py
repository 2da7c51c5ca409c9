"""JSON or YAML text to plain JSON values, and the line of each place in it.

YAML 1.2 with JSON's types only, as OpenAPI asks: dates stay strings, `no` stays `no`, a key
written as a number becomes a string. What JSON has no word for is an error that names its line.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import accumulate
from typing import Any, NoReturn, TypeAlias

import yaml

from .errors import GenerationError

Place: TypeAlias = tuple[str, ...]

_MOST_LEVELS = 100  # Real documents stay below 40.
_MOST_ALIASED = 200_000
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# What a word without quotation marks stands for, where that is no string.
_WORDS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    (r"|~|null|Null|NULL", lambda _: None),
    (r"true|True|TRUE|false|False|FALSE", lambda word: word.lower() == "true"),
    (r"[-+]?[0-9]+", int),
    (r"0o[0-7]+|0x[0-9a-fA-F]+", lambda word: int(word, 0)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
)
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class Text:
    """The text of a file, and the `value` that it holds; `source` is its name, for messages."""

    def __init__(self, content: bytes, source: str, *, is_json: bool) -> None:
        self._lines: dict[Place, int] = {}
        line = None
        try:
            self._text = content.decode("utf-8-sig")
            read = partial(json.loads, self._text, object_pairs_hook=_make_object)
            self.value = read() if is_json else self._load_yaml()
            _check_value(self.value)
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
        self._lines.setdefault(place, _line(node))
        if self._count > len(self._text) + _MOST_ALIASED:
            _refuse(node, f"its aliases come to more than {_MOST_ALIASED:,} values")
        match node, node.tag.removeprefix("tag:yaml.org,2002:"):
            case yaml.ScalarNode(), "str":
                if _NO_NUMBER.fullmatch(node.value) and not node.style:
                    _refuse(node, f"JSON has no number {node.value}")
                words = () if node.style else _WORDS
                read = (read for form, read in words if re.fullmatch(form, node.value))
                return next(read, str)(node.value)
            case yaml.SequenceNode(), "seq":
                items = enumerate(node.value)
                return [self._load(item, (*place, str(index))) for index, item in items]
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
                self._lines[*place, name] = _line(key)
                own[name] = self._load(value, (*place, name))
        return {**merged, **own}


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _refuse(node: Any, what: str) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark)


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {name!r} stands twice in one object; one would silently win")
    return dict(pairs)


def _check_value(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode("utf-8")
    brackets = re.sub(r'"(\\.|[^"\\])*"|[^][{}"]+', "", text)
    levels = accumulate(1 if bracket in "[{" else -1 for bracket in brackets)
    if max(levels, default=0) > _MOST_LEVELS:
        raise RecursionError
