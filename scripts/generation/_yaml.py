"""YAML text to plain JSON values, with the line of each place.

YAML 1.2 with JSON's types only, as OpenAPI asks: dates stay strings, `no` stays `no`, a key
written as a number becomes a string. What JSON has no word for is an error that names its line.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .errors import GenerationError

Place: TypeAlias = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_STRINGS = {"str", "timestamp"}
_NOTHING = ""


def parse_yaml(text: str, source: str) -> tuple[Any, dict[Place, int]]:
    """Return the value that `text` holds, and the line, counted from 1, of each place in it.

    Raises:
        GenerationError: The text is no YAML, repeats a key, or holds what JSON cannot.
    """
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark is not None else ""
        what = error.problem or error.context or "it cannot be read"
        raise GenerationError(f"{source}{line}: not valid YAML: {what}.") from None
    except YAMLError as error:
        raise GenerationError(f"{source}: not valid YAML: {error}.") from None
    reader = _Reader(yaml.constructor, source)
    value = None if root is None else reader.read(root, ())
    return value, reader.lines


class _Reader:
    def __init__(self, constructor: Any, source: str) -> None:
        self._constructor = constructor
        self._source = source
        self._open: list[Node] = []
        self.lines: dict[Place, int] = {}

    def read(self, node: Node, place: Place) -> Any:
        self.lines.setdefault(place, _line(node))
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if node in self._open:
            raise self._error(node, "an alias contains itself")
        self._open.append(node)
        try:
            if isinstance(node, MappingNode):
                self._expect(node, "map")
                return self._mapping(node, place)
            if isinstance(node, SequenceNode):
                self._expect(node, "seq")
                return [
                    self.read(item, (*place, position)) for position, item in enumerate(node.value)
                ]
        finally:
            self._open.pop()
        raise self._error(node, "neither a value, a list nor a mapping")

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if _tag(key_node) == "merge":
                for name, value in self._merged(value_node, place).items():
                    merged.setdefault(name, value)
                continue
            name = self._key(key_node)
            if name in own:
                first = self.lines[(*place, name)]
                raise self._error(
                    key_node,
                    f"the key {name!r} is already there on line {first}; one would silently win",
                )
            self.lines[(*place, name)] = _line(key_node)
            own[name] = self.read(value_node, (*place, name))
        return {**merged, **own} if merged else own

    def _merged(self, node: Node, place: Place) -> dict[str, Any]:
        sources = node.value if isinstance(node, SequenceNode) else [node]
        merged: dict[str, Any] = {}
        for source in sources:
            # A place of its own, so that the lines of the merged mapping do not count as ours.
            value = self.read(source, (*place, "<<"))
            if not isinstance(value, dict):
                raise self._error(source, "only a mapping can be merged with <<")
            for name, item in value.items():
                merged.setdefault(name, item)
        return merged

    def _key(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            raise self._error(node, "a key must be a plain word")
        if _tag(node) in {"str", "timestamp", "int", "float", "bool", "null"}:
            # The text as written: a status is `200:` to most people and "200" to OpenAPI.
            return str(node.value)
        raise self._error(node, f"the tag {node.tag} has no meaning here")

    def _scalar(self, node: ScalarNode) -> Any:
        kind = _tag(node)
        if kind in _STRINGS:
            return str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return str(node.value).lower() == "true"
        if kind == "int":
            return int(self._constructor.construct_yaml_int(node))
        if kind == "float":
            number = float(self._constructor.construct_yaml_float(node))
            if not math.isfinite(number):
                raise self._error(node, f"JSON has no number {node.value}")
            return number
        raise self._error(node, f"the tag {node.tag} has no meaning here")

    def _expect(self, node: Node, kind: str) -> None:
        if _tag(node) != kind:
            raise self._error(node, f"the tag {node.tag} has no meaning here")

    def _error(self, node: Node, what: str) -> GenerationError:
        return GenerationError(f"{self._source}, line {_line(node)}: {what}.")


def _tag(node: Node) -> str:
    tag = str(node.tag)
    return tag[len(_TAG) :] if tag.startswith(_TAG) else _NOTHING


def _line(node: Node) -> int:
    mark = node.start_mark
    return 1 if mark is None else int(mark.line) + 1
