# Edited in overrides/package/_core/record.py, from where `make generate` copies it.
"""Classes that carry values, made at no cost: they count in the time that a process starts in."""

from __future__ import annotations

from typing import Any, Self, dataclass_transform


@dataclass_transform(kw_only_default=True, eq_default=False)
class Record:
    """A value with named fields. Its repr shows none of them: they may hold secrets."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def replace(self, **changes: Any) -> Self:
        """Return a changed copy."""
        return type(self)(**{**vars(self), **changes})
