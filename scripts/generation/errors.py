"""What ends a generation, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class GenerationError(Exception):
    """An expected failure, for the person who has to mend it: a sentence, and findings if any."""

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        self.problems = list(dict.fromkeys(problems))
        told = (f"  - {problem}".replace("\n", "\n    ") for problem in self.problems)
        super().__init__("\n".join([message, *told]))


def display_path(path: Path) -> str:
    """Return `path` for a message: seen from the current folder where it lies within."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
