"""What ends a generation, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class GenerationError(Exception):
    """An expected failure of the generation, worded for the person who has to mend it.

    Args:
        message: What happened, in one sentence, and where it helps, what to do about it.
        problems: The single findings behind it, one line or paragraph each; may be empty.
    """

    message: str
    problems: list[str]

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = list(dict.fromkeys(problems))

    def __str__(self) -> str:
        lines = [self.message]
        lines += (f"  - {problem}".replace("\n", "\n    ") for problem in self.problems)
        return "\n".join(lines)


def display_path(path: Path) -> str:
    """Return `path` for a message: seen from the current folder where it lies within."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)
