"""The changes as a table, for a terminal or for a page that renders Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from _support.screen import Screen

from .changes import Change

_HEADINGS = ("where", "what", "old → new")
_BREAKING = "BREAKING"
_FINE = "fine"
_NARROWEST = 30
_MOST_USERS = 3
_LONGEST = 300
_MARKUP = frozenset("\\`*_[]<>#|~&!@:")


def print_table(screen: Screen, changes: Sequence[Change]) -> None:
    """Print the changes, cells wrapped to the terminal's width."""
    cells = [(str(change.where), _what(change), _step(change)) for change in changes]
    first = max(len(cell[0]) for cell in (_HEADINGS, *cells))
    left = screen.width - first - len(_BREAKING) - 6
    second = min(max(len(cell[1]) for cell in cells), max(_NARROWEST, left * 45 // 100))
    widths = (first, second, max(_NARROWEST, left - second))
    _print_row(screen, widths, _HEADINGS, "", "2")
    for change, cell in zip(changes, cells, strict=True):
        mark, style = (_BREAKING, "31") if change.breaking else (_FINE, "32")
        _print_row(screen, widths, cell, mark, style)


def _print_row(
    screen: Screen, widths: Sequence[int], cells: Sequence[str], mark: str, style: str
) -> None:
    wrapped = [textwrap.wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number, parts in enumerate(zip_longest(*wrapped, fillvalue="")):
        shown = f"{mark if number == 0 else '':<{len(_BREAKING)}}"
        padded = [f"{part:<{width}}" for part, width in zip(parts, widths, strict=True)]
        text = "  ".join(padded).rstrip()
        screen.line(
            f"{screen.styled(shown, style)}  {text}"
            if mark
            else screen.styled(f"{shown}  {text}", style)
        )


def markdown_table(changes: Sequence[Change]) -> list[str]:
    """Return the lines of the changes as a Markdown table."""
    lines = ["| | where | what | old → new |", "| --- | --- | --- | --- |"]
    for change in changes:
        mark = f"**{_BREAKING}**" if change.breaking else _FINE
        cells = (mark, change.where, escaped(_what(change)), escaped(_step(change)))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _what(change: Change) -> str:
    if not change.users or change.users == ("",):
        return _plain(change.what)
    shown = ", ".join(change.users[:_MOST_USERS])
    rest = len(change.users) - _MOST_USERS
    return _plain(f"{change.what} ({shown}{f' and {rest} more' if rest > 0 else ''})")


def _step(change: Change) -> str:
    remark = f" ({change.remark})" if change.remark else ""
    return f"{_plain(change.old)} → {_plain(change.new)}{_plain(remark)}"


def _plain(text: str) -> str:
    """Show what a document says: on one line, as printable characters, of a bearable length."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    # As character references, which mean the same in a table, in a link and in HTML.
    return "".join(f"&#{ord(sign)};" if sign in _MARKUP else sign for sign in text)
