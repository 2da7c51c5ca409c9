"""One change, as the table shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Where(StrEnum):
    """The side on which somebody sees a change."""

    WIRE = "wire"
    PYTHON = "Python"


@dataclass(frozen=True)
class Change:
    """One change between then and now.

    Attributes:
        where: Who sees it: a client of the server, or a caller of the package.
        what: The thing that changed.
        old: What it was, "-" where it was not there.
        new: What it is, "-" where it is gone.
        breaking: Whether what worked then can fail now.
        remark: Why it counts as that, where it is not plain.
        users: What it concerns, where one thing is part of several: the operations.
    """

    where: Where
    what: str
    old: str
    new: str
    breaking: bool
    remark: str = ""
    users: tuple[str, ...] = ()


def gathered(changes: Iterable[Change]) -> list[Change]:
    """Return the changes, those that differ by their users only as one, the breaking ones first."""
    users: dict[Change, dict[str, None]] = {}
    for change in changes:
        users.setdefault(replace(change, users=()), {}).update(dict.fromkeys(change.users))
    found = [replace(change, users=tuple(names)) for change, names in users.items()]
    return sorted(found, key=lambda change: (change.where is Where.PYTHON, not change.breaking))
