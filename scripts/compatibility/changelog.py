"""Does the changelog tell of the change?"""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADING = re.compile(r"^##\s+\[?([^\]\s]+)\]?")
_ENTRY = re.compile(r"^\s*[-*]\s+(.+)")
_UNRELEASED = "unreleased"


def new_entries(old: str, new: str) -> list[str]:
    """Return the entries of what is not released that only the newer changelog has.

    An entry counts, too, under the heading of a version that the older one does not know: that is
    how a release looks.
    """
    released = {section for section, _ in _entries(old)} | set(_sections(old))
    released.discard(_UNRELEASED)
    known = {entry for _, entry in _entries(old)}
    return [
        entry
        for section, entry in _entries(new)
        if section and section not in released and entry not in known
    ]


def _sections(text: str) -> Iterator[str]:
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading:
            yield heading[1].lower()


def _entries(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    entry: list[str] = []
    for line in [*text.splitlines(), "## end"]:
        item = _ENTRY.match(line)
        if entry and (item or not line.strip() or line.startswith("#")):
            yield section, " ".join(" ".join(entry).split())
            entry = []
        heading = _HEADING.match(line)
        if heading:
            section = heading[1].lower()
        elif item:
            entry = [item[1]]
        elif entry:
            entry.append(line)
