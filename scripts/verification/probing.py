"""What the reference leaves open, asked once: an id that nobody has, a key that nobody has.

Only operations whose method promises to change nothing are asked.
"""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .judging import Expected
from .operations import Operation
from .planning import Step

_LETTERS = string.ascii_lowercase


@dataclass(frozen=True)
class Probe:
    """A question.

    Attributes:
        operation: The operation that is asked.
        question: The question, for a person.
        expected: What the document lets expect.
        unknown: The path parameter whose value nobody has; None where it is the key.
    """

    operation: Operation
    question: str
    expected: Expected
    unknown: tuple[str, str] | None


def probes(steps: Iterable[Step], needs_key: Callable[[Operation], bool]) -> tuple[Probe, ...]:
    """Return the questions that this document leaves open.

    Args:
        steps: The plan; what is not called is not asked either.
        needs_key: Whether an operation is sent with the key.
    """
    safe = [step.operation for step in steps if step.operation.is_safe and not step.refusal]
    safe.sort(key=_dangers)
    found = []
    with_path = [one for one in safe if one.path_parameters]
    if with_path:
        unknown = with_path[0].path_parameters[-1]
        found.append(
            Probe(
                with_path[0],
                f"What does an unknown {unknown.name} get?",
                Expected.REFUSAL,
                (unknown.location, unknown.name),
            )
        )
    with_key = [one for one in safe if needs_key(one)]
    if with_key:
        question = "What does an unknown API key get?"
        found.append(Probe(with_key[0], question, Expected.REFUSED_KEY, None))
    return tuple(found)


def _dangers(operation: Operation) -> tuple[bool, int, int]:
    """Less to give and a shorter path: the more it only reads."""
    required = sum(one.required for one in operation.parameters)
    return operation.method != "GET", required, operation.path.count("/")


def unlike(value: Any) -> Any:
    """Return a value of the same form as another that nobody has, by all chance.

    Args:
        value: A string or an integer; for anything else, a string is made up.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return 10**9 + secrets.randbelow(10**9)
    if not isinstance(value, str):
        return f"unknown-{secrets.token_hex(8)}"
    try:
        uuid.UUID(value)
    except ValueError:
        made = value[:1] + "".join(map(_another, value[1:]))
        return made if made != value else f"unknown-{secrets.token_hex(8)}"
    return str(uuid.uuid4())


def _another(character: str) -> str:
    for characters in (string.digits, _LETTERS, _LETTERS.upper()):
        if character in characters:
            return secrets.choice(characters)
    return character
