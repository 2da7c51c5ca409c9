"""Secrets, cut out of everything that is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

MASK: Final = "[masked]"
_SHORTEST: Final = 6  # Shorter values are words that stand anywhere.


class Masking:
    """Knows the secrets that went over the wire, by what the document calls a password.

    Args:
        names: Names of properties that are secrets.
        keys: The API keys.
    """

    def __init__(self, names: frozenset[str], keys: Iterable[str]) -> None:
        self._names = names
        self._secrets = set(keys)

    def learn(self, value: Any) -> None:
        """Take note of the secrets in a JSON value."""
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in self._names and isinstance(inner, str) and len(inner) >= _SHORTEST:
                    self._secrets.add(inner)
                else:
                    self.learn(inner)
        elif isinstance(value, list):
            for inner in value:
                self.learn(inner)

    def cut(self, text: str) -> str:
        """Return the text without them."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            if secret in text:
                text = text.replace(secret, MASK)
        return text
