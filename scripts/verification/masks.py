"""What may be shown of an answer: types and shapes always, values never where they are secret."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from portal_v1._core.secrets import MASK, Secret, cut_out

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
        self._secrets: set[str] = set(secrets)

    def learn(self, value: object) -> None:
        """Know a secret that the server sent, or all that one holds which is no string."""
        if isinstance(value, str) and len(value) >= _LEAST:
            self._secrets.add(value)
        elif isinstance(value, dict):
            self.learn(list(value.values()))
        elif isinstance(value, list):
            for one in value:
                self.learn(one)

    def text(self, text: str, at_most: int = 60) -> str:
        """Return a text without secrets, on one line, not longer than told."""
        longest_first = sorted(self._secrets, key=len, reverse=True)
        safe = cut_out(text, map(Secret, longest_first))
        line = "".join(c if c.isprintable() else " " for c in safe).strip()
        return line if len(line) <= at_most else line[: at_most - 1] + "…"


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
