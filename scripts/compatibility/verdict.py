"""What the changes come to: what has to be done before they may go in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .changes import Change, Where
from .versions import Versions


@dataclass(frozen=True)
class Verdict:
    """What the changes come to.

    Attributes:
        demands: What is still to be done, a sentence each; with none, all is well.
        notes: What is good to know.
    """

    demands: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Versioned:
    """What has a version here, and where that version is written."""

    versions: Versions
    written: str


def judge(
    changes: Sequence[Change],
    document: Versioned,
    package: Versioned,
    *,
    is_told: bool,
) -> Verdict:
    """Say what the changes ask for.

    A break on the wire asks for the document's next major version, a break for Python callers for
    the package's. While a version is 0.x, its second number counts as the major one.

    Args:
        changes: What changed.
        document: The description's version, then and now.
        package: The package's version, then and now.
        is_told: Whether the changelog has an entry that it had not.
    """
    demands: list[str] = []
    notes: list[str] = []
    for where, versioned, name in (
        (Where.WIRE, document, "on the wire"),
        (Where.PYTHON, package, "for Python callers"),
    ):
        found = [change for change in changes if change.where is where]
        breaks = sum(change.breaking for change in found)
        versions = versioned.versions
        if breaks and versions.allow_breaks:
            notes.append(f"{_count(breaks)} {name}, announced by {versioned.written} {versions}.")
        elif breaks:
            demands.append(
                f"{_count(breaks)} {name}, and {versioned.written} says {versions}: "
                f"it has to become {versions.next_breaking}."
            )
        elif found and not versions.announce_additions:
            notes.append(
                f"Nothing breaks {name}, but something changed: {versioned.written} says "
                f"{versions}, and {versions.next_addition} would tell it."
            )
    if changes and not is_told:
        demands.append(
            "CHANGELOG.md has no new entry under Unreleased: say there what changed for its users."
        )
    return Verdict(tuple(demands), tuple(notes))


def _count(breaks: int) -> str:
    return "1 break" if breaks == 1 else f"{breaks} breaks"
