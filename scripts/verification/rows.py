"""A line of the result: a place of an answer, what is documented there, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from portal_v1._secrets import Secret


class Level(IntEnum):
    """How a place compares with the document."""

    OK = 0
    NOTE = 1
    DIFFERS = 2


@dataclass(frozen=True)
class Row:
    """A line of the result.

    Attributes:
        place: A JSON path, or what else of an answer it is about.
        documented: What the document says of it.
        found: What was there, never a value.
        remark: What is to be said about it.
        level: How it compares.
        value: The value, where it is one that may be shown once secrets are cut out.
        is_secret: Whether there is a value that is not shown.
    """

    place: str
    documented: str
    found: str
    remark: str = ""
    level: Level = Level.OK
    value: Secret[str] | None = None
    is_secret: bool = False
