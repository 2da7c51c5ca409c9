"""One difference between two schemas, and what it means for those on either side."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

ABSENT: Final = "-"


class Direction(Enum):
    """Which way a value goes."""

    REQUEST = auto()
    ANSWER = auto()


class Effect(Enum):
    """What a change does to the values that a schema takes."""

    WIDER = auto()
    NARROWER = auto()
    UNKNOWN = auto()
    NONE = auto()


@dataclass(frozen=True)
class Step:
    """One difference, wherever it is: what it was, what it is, what that does, and why."""

    old: str
    new: str
    effect: Effect
    remark: str = ""

    def breaks(self, direction: Direction) -> bool:
        """Tell whether somebody who relies on the old schema may fail with the new one."""
        harmful = Effect.NARROWER if direction is Direction.REQUEST else Effect.WIDER
        return self.effect in {harmful, Effect.UNKNOWN}


@dataclass(frozen=True)
class Finding:
    """One difference between two schemas.

    Attributes:
        place: Where, as in `name` or, within a component, `#Client.name`; empty for the whole.
        old: What it was.
        new: What it is.
        breaking: Whether it breaks who relies on the old one.
        remark: Why, where it is not plain.
    """

    place: str
    old: str
    new: str
    breaking: bool
    remark: str = ""


def effect_of(*, wider: bool, narrower: bool) -> Effect:
    """Return the effect of a change that surely takes all it took, or nothing that it did not."""
    if wider == narrower:
        return Effect.UNKNOWN
    return Effect.WIDER if wider else Effect.NARROWER


def json_text(value: Any) -> str:
    """Return a value as JSON, for a person."""
    return json.dumps(value, ensure_ascii=False)
