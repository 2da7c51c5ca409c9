"""What is known of one place of an answer, over all items that it occurs in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from .masks import Secret
from .rows import Level, Row

ITEM: Final = "[]"
MEMBER: Final = ".*"
_KINDS_SHOWN = 3


@dataclass
class Field:
    """A place.

    Attributes:
        place: Its JSON path; all items of an array are one place, all members of a map too.
        documented: The types that it is documented to have; empty where it is not documented.
        within: The place of the object that it stands in, where it is not documented.
        required: Whether it has to be there.
        nullable: Whether it may be null.
        is_secret: Whether no value of it may be shown.
        is_open: Whether it is not named, in an object that is documented to hold anything.
        present: In how many objects it was.
        absent: In how many objects it could have been, and was not.
        kinds: What it was, and how often.
        wrong: What it was and is not documented to be, and how often.
        allowed_nulls: How often it was null, and is documented to be.
        value: Its value, where it is one that may be shown.
    """

    place: str
    documented: str
    within: str = ""
    required: bool = False
    nullable: bool = False
    is_secret: bool = False
    is_open: bool = False
    present: int = 0
    absent: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    allowed_nulls: int = 0
    value: Secret[str] | None = None

    def row(self, total: int) -> Row:
        """Return the line of the result.

        Args:
            total: In how many objects it could have been.
        """
        remarks = [*self._remarks(total)]
        several = len(self.kinds) > 1
        kinds = [
            f"{kind} ({count})" if several else kind
            for kind, count in self.kinds.most_common(_KINDS_SHOWN)
        ]
        return Row(
            place=self.place,
            documented=self._documented(),
            found=", ".join(kinds) or "nothing",
            remark="; ".join(text for _, text in remarks),
            level=max((level for level, _ in remarks), default=Level.OK),
            value=self.value,
            is_secret=self.is_secret and self.kinds["string"] > 0,
        )

    def _remarks(self, total: int) -> Iterator[tuple[Level, str]]:
        if not self.documented:
            level = Level.NOTE if self.is_open else Level.DIFFERS
            yield level, "not documented" + _often(self.present, total)
        for kind, count in self.wrong.items():
            yield Level.DIFFERS, f"{kind}, which is not documented" + _often(count, total)
        if self.absent and self.required:
            yield Level.DIFFERS, "missing" + _often(self.absent, total)
        elif self.absent:
            yield Level.NOTE, "absent" + _often(self.absent, total)
        if self.allowed_nulls:
            yield Level.NOTE, "null" + _often(self.allowed_nulls, total)
        if not total:
            yield Level.NOTE, "the array is empty, so its items are not compared"

    def _documented(self) -> str:
        if not self.documented:
            return "nothing"
        is_named = not self.place.endswith((ITEM, MEMBER))
        secret = ", secret" if self.is_secret else ""
        return self.documented + secret + (", optional" if is_named and not self.required else "")


def _often(count: int, total: int) -> str:
    return f" in {count} of {total}" if total > 1 else ""
