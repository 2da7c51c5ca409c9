"""From a path on the wire to the operations that the document has there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote

from ._errors import DocumentError
from ._operations import Operation

_VARIABLE = re.compile(r"\{([^{}]+)\}")


class Route(NamedTuple):
    """A path that exists: the operations on it by method, and its parameters' texts."""

    operations: Mapping[str, Operation]
    parameters: dict[str, str]


@dataclass(slots=True)
class _Path:
    template: str
    pattern: re.Pattern[str]
    names: list[str]
    operations: dict[str, Operation] = field(default_factory=dict[str, Operation])


class Router:
    """Finds operations by path. A path without variables goes before one with them.

    A variable is one segment, or a part of one, and never empty.
    """

    def __init__(self, operations: Iterable[Operation], base_path: str) -> None:
        self._base = base_path
        self._fixed: dict[str, _Path] = {}
        self._variable: dict[int, list[_Path]] = {}
        for operation in operations:
            path = self._path(operation.path)
            if operation.method in path.operations:
                raise DocumentError(
                    f"{operation.method} {operation.path}: another operation has the same address."
                )
            path.operations[operation.method] = operation
        for paths in self._variable.values():
            paths.sort(key=lambda path: _specificity(path.template), reverse=True)

    def find(self, path: str) -> Route | None:
        """The route of a percent-encoded path, None where there is none.

        Raises:
            UnicodeDecodeError: A variable is not UTF-8.
        """
        if not path.startswith(self._base):
            return None
        path = path[len(self._base) :]
        fixed = self._fixed.get(path)
        if fixed is not None:
            return Route(fixed.operations, {})
        for candidate in self._variable.get(path.count("/"), ()):
            match = candidate.pattern.fullmatch(path)
            if match is not None:
                texts = (unquote(text, errors="strict") for text in match.groups())
                return Route(candidate.operations, dict(zip(candidate.names, texts, strict=True)))
        return None

    def _path(self, template: str) -> _Path:
        if "{" not in template:
            return self._fixed.setdefault(template, _Path(template, re.compile(""), []))
        shape = _VARIABLE.sub("{}", template)
        paths = self._variable.setdefault(template.count("/"), [])
        for path in paths:
            if _VARIABLE.sub("{}", path.template) == shape:
                if path.template != template:
                    raise DocumentError(
                        f"{path.template} and {template} are the same path by different names."
                    )
                return path
        pieces = _VARIABLE.split(template)
        pattern = "".join(
            "([^/]+?)" if position % 2 else re.escape(piece)
            for position, piece in enumerate(pieces)
        )
        paths.append(_Path(template, re.compile(pattern), pieces[1::2]))
        return paths[-1]


def _specificity(template: str) -> tuple[tuple[bool, int], ...]:
    """Segment by segment: fixed text before variables, long fixed parts before short ones."""
    return tuple(
        ("{" not in segment, len(_VARIABLE.sub("", segment))) for segment in template.split("/")
    )
