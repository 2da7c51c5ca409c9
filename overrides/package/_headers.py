"""Header fields of an answer, as an error keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ._secrets import list_names


class Headers(Mapping[str, str]):
    """Header fields, looked up in any case; its repr shows their names alone."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = {name.lower(): value for name, value in fields.items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({list_names(self._fields)})"
