"""OpenAPI's runtime expressions: what a link takes from an exchange."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal_v1._core import json

from .calling import Arguments, Exchange
from .masks import kind_of

_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")


class NotThereError(Exception):
    """An expression stands for nothing in this exchange. The message says what is missing."""


@dataclass(frozen=True)
class Said:
    """A call and its answer, for expressions to look into.

    Attributes:
        exchange: What became of the call.
        arguments: Its parameters.
        body: Its body, alone in a tuple.
        made_here: Those of its parameters that name what this run has created.
    """

    exchange: Exchange
    arguments: Arguments
    body: tuple[Any, ...]
    made_here: frozenset[tuple[str, str]] = frozenset()

    def value(self, expression: Any) -> Any:
        """Return what an expression stands for; what is none stands for itself.

        Raises:
            NotThereError: It stands for nothing here.
        """
        if not isinstance(expression, str):
            return expression
        if expression.startswith("$"):
            return self._of(expression)
        return _EMBEDDED.sub(lambda match: str(self._of(match[1])), expression)

    def is_made_here(self, expression: Any, *, answer_is_new: bool) -> bool:
        """Return whether an expression names what this run has created.

        Args:
            expression: The expression.
            answer_is_new: Whether the answer is about something that its request created.
        """
        if not isinstance(expression, str):
            return False
        if expression.startswith(("$response.body", "$response.header.")):
            return answer_is_new
        location, _, name = expression.removeprefix("$request.").partition(".")
        return (location, name) in self.made_here

    def _of(self, expression: str) -> Any:
        source, _, pointer = expression.partition("#")
        match source.split(".", 2):
            case ["$response", "body"]:
                return _pointed(self._answer(), pointer, expression)
            case ["$response", "header", name] if name.lower() in self.exchange.headers:
                return self.exchange.headers[name.lower()]
            case ["$request", "body"] if self.body:
                return _pointed(self.body[0], pointer, expression)
            case ["$request", location, name] if (location, name) in self.arguments:
                return self.arguments[location, name]
        raise NotThereError(f"there is no {expression}")

    def _answer(self) -> Any:
        try:
            return json.load(self.exchange.body.reveal())
        except json.MalformedJSONError:
            raise NotThereError("its answer is not JSON") from None


def _pointed(value: Any, pointer: str, expression: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise NotThereError(f"its answer has no {expression}")
    if value is None or (pointer and isinstance(value, dict | list)):
        raise NotThereError(f"{expression} is {kind_of(value)} in its answer")
    return value
