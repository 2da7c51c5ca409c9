"""What ends a generation, and how it is told."""

from collections.abc import Iterable


class GenerationError(Exception):
    """An expected failure, for the person who has to mend it: a sentence, and findings if any."""

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        self.problems = list(dict.fromkeys(problems))
        told = (f"  - {problem}".replace("\n", "\n    ") for problem in self.problems)
        super().__init__("\n".join([message, *told]))
