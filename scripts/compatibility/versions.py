"""What a version says about compatibility, as Semantic Versioning has it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+.a-zA-Z].*)?")


@dataclass(frozen=True)
class Versions:
    """The version then and now.

    Attributes:
        old: The version then.
        new: The version now.
    """

    old: str
    new: str

    @property
    def allow_breaks(self) -> bool:
        """Whether the step from old to new announces a break.

        That is the first number; while it is 0, the second one, since 0.x promises no more.
        """
        old, new = _numbers(self.old), _numbers(self.new)
        if old is None or new is None:
            return False
        return new[0] > old[0] or (new[0] == old[0] == 0 and new[1] > old[1])

    @property
    def announce_additions(self) -> bool:
        """Whether the step announces something new: a higher second number, or a break.

        While the first number is 0, the third one is enough.
        """
        old, new = _numbers(self.old), _numbers(self.new)
        if old is None or new is None:
            return False
        return new > old if new[0] == old[0] == 0 else new[:2] > old[:2]

    @property
    def next_breaking(self) -> str:
        """The lowest version that allows a break, for a message."""
        numbers = _numbers(self.old)
        if numbers is None:
            return "a version of the form 1.2.3"
        return f"0.{numbers[1] + 1}.0" if numbers[0] == 0 else f"{numbers[0] + 1}.0.0"

    @property
    def next_addition(self) -> str:
        """The lowest version that announces something new, for a message."""
        numbers = _numbers(self.old)
        if numbers is None:
            return "a version of the form 1.2.3"
        if numbers[0] == 0:
            return f"0.{numbers[1]}.{numbers[2] + 1}"
        return f"{numbers[0]}.{numbers[1] + 1}.0"

    def __str__(self) -> str:
        return self.old if self.old == self.new else f"{self.old} → {self.new}"


def _numbers(version: str) -> tuple[int, int, int] | None:
    match = _NUMBERS.fullmatch(version)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3] or 0))
