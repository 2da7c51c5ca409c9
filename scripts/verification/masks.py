"""What may be shown of an answer: types and shapes always, values never where they are secret."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from portal_v1._secrets import MASK, Secret

_LEAST = 6  # Anything shorter may stand in a word by chance, and tells nobody anything.
_NAMES_SHOWN = 8
_TYPES: Final = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}

__all__ = ["MASK", "Masks", "Secret", "kind_of", "shape_of"]


class Masks:
    """Cuts known secrets out of what is shown.

    Args:
        secrets: The secrets that are known from the start.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._by_length: dict[int, set[str]] = {}
        for secret in secrets:
            self._add(secret)

    def learn(self, value: object) -> None:
        """Know a secret that the server sent, or all that one holds which is no string."""
        if isinstance(value, str) and len(value) >= _LEAST:
            self._add(value)
        elif isinstance(value, dict):
            self.learn(list(value.values()))
        elif isinstance(value, list):
            for one in value:
                self.learn(one)

    def _add(self, secret: str) -> None:
        self._by_length.setdefault(len(secret), set()).add(secret)

    def text(self, text: str, at_most: int = 60) -> str:
        """Return a text without secrets, on one line, not longer than told."""
        for length in sorted(self._by_length, reverse=True):
            text = _cut(text, self._by_length[length], length)
        line = "".join(c if c.isprintable() else " " for c in text).strip()
        return line if len(line) <= at_most else line[: at_most - 1] + "…"


def _cut(text: str, secrets: set[str], length: int) -> str:
    # A long list brings as many secrets as it has items: each is looked up, none looked for.
    start = 0
    while start + length <= len(text):
        if text[start : start + length] in secrets:
            text = text[:start] + MASK + text[start + length :]
            start += len(MASK)
        else:
            start += 1
    return text


def kind_of(value: Any) -> str:
    """Return the JSON type of a value."""
    return _TYPES.get(type(value), "something else")


def shape_of(value: Any, masks: Masks, depth: int = 3) -> str:
    """Return names and types of a value, such as `{error: string}`."""
    if depth and isinstance(value, dict) and value:
        parts = [
            f"{masks.text(name, 40)}: {shape_of(one, masks, depth - 1)}"
            for name, one in list(value.items())[:_NAMES_SHOWN]
        ]
        more = len(value) - _NAMES_SHOWN
        return "{" + ", ".join([*parts, *([f"{more} more"] if more > 0 else [])]) + "}"
    if depth and isinstance(value, list) and value:
        kinds = Counter(shape_of(one, masks, depth - 1) for one in value)
        counted = [f"{count} of {kind}" for kind, count in kinds.most_common(3)]
        return "[" + ", ".join([*counted, *(["others"] if len(kinds) > len(counted) else [])]) + "]"
    return kind_of(value)
