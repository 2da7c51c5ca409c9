"""The result, for a person."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

from _support.screen import Screen

from .masks import MASK, Masks
from .planning import Step
from .probing import Probe
from .rows import Level, Row
from .running import Result

_MARKS = {Level.OK: ("ok", "32"), Level.NOTE: ("note", "33"), Level.DIFFERS: ("DIFFERS", "31")}
_MARK_WIDTH = max(len(mark) for mark, _ in _MARKS.values())
_WIDEST = (32, 26, 36)  # columns of place, documented and found; the remark has what is left
_NARROWEST_REMARK = 24
_HEADINGS = ("place", "documented", "found", "remark")


def announce(
    screen: Screen, server: str, steps: Sequence[Step], probes: Sequence[Probe], per_minute: int
) -> None:
    """Say what will be done, before it is."""
    called = [step for step in steps if not step.refusal]
    screen.line(f"Server: {server}")
    screen.line()
    screen.line(
        f"With the key that is set, each of these is called once, {per_minute} requests a minute "
        "at the most:"
    )
    width = max((len(step.operation.id) for step in steps), default=0)
    for step in called:
        operation = step.operation
        fed = f"  (fed by {step.feeds[0].source})" if step.feeds else ""
        screen.line(f"  {operation.id:<{width}}  {operation.method:<6} {operation.path}{fed}")
    for step in steps:
        if step.refusal:
            screen.line(f"  {step.operation.id:<{width}}  not called. {step.refusal}")
    for probe in probes:
        screen.line(f"  {probe.operation.id:<{width}}  once more: {probe.question}")
    screen.line()
    _announce_effects(screen, steps, called)
    screen.line("No file is written. No secret is shown.")
    screen.line("It is meant for a Development key; nothing in a key tells it from another.")


def _announce_effects(screen: Screen, steps: Sequence[Step], called: Sequence[Step]) -> None:
    creating = [step.operation for step in called if step.operation.creates]
    names = ", ".join(f"{one.id} ({one.summary})" if one.summary else one.id for one in creating)
    thing = "1 thing" if len(creating) == 1 else f"{len(creating)} things"
    screen.line(f"It creates {thing} there: {names}." if creating else "It creates nothing.")
    deleting = [step.operation.id for step in called if step.operation.deletes]
    if deleting:
        screen.line(f"It deletes only what it has created itself: {', '.join(deleting)}.")
    elif any(step.operation.deletes for step in steps):
        screen.line("It deletes nothing.")
    else:
        screen.line("It deletes nothing: no operation of this API does, so what it creates stays.")
    others = [
        step.operation.id
        for step in called
        if not (step.operation.is_safe or step.operation.creates or step.operation.deletes)
    ]
    if others:
        screen.line(f"It may change what it is called on: {', '.join(others)}.")


def show(screen: Screen, results: Sequence[Result], masks: Masks) -> None:
    """Show every result as a table."""
    for result in results:
        screen.line()
        operation = result.operation
        screen.line(f"{operation.id}  {operation.method} {operation.path}", style="1")
        if result.question:
            screen.line(f"Open question of the reference: {result.question}")
        if result.reason:
            style = "33" if result.was_planned else "31"
            screen.line(
                "  " + screen.styled("not called", style) + f"  {masks.text(result.reason, 400)}"
            )
        elif result.rows:
            _show_rows(screen, result.rows, masks)


def _show_rows(screen: Screen, rows: Sequence[Row], masks: Masks) -> None:
    cells = [
        (masks.text(row.place, 120), row.documented, _found(row, masks), row.remark) for row in rows
    ]
    table = [_HEADINGS, *cells]
    widths = [
        min(most, max(len(line[column]) for line in table)) for column, most in enumerate(_WIDEST)
    ]
    left = screen.width - sum(widths) - _MARK_WIDTH - 2 * (len(widths) + 2)
    widths.append(max(_NARROWEST_REMARK, left))
    _show_cells(screen, _HEADINGS, widths, "", "2")
    for row, line in zip(rows, cells, strict=True):
        _show_cells(screen, line, widths, *_MARKS[row.level])


def _show_cells(
    screen: Screen, cells: Sequence[str], widths: Sequence[int], mark: str, style: str
) -> None:
    wrapped = [textwrap.wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number, parts in enumerate(zip_longest(*wrapped, fillvalue="")):
        shown = mark if number == 0 else ""
        padded = [f"{part:<{width}}" for part, width in zip(parts, widths, strict=True)]
        text = f"{'  '.join(padded)}".rstrip()
        screen.line(
            f"  {screen.styled(f'{shown:<{_MARK_WIDTH}}', style)}  {text}",
            style="" if mark else style,
        )


def _found(row: Row, masks: Masks) -> str:
    if row.is_secret:
        return f"{row.found} {MASK}"
    if row.value is None:
        return row.found
    value = masks.text(row.value.reveal())
    return f'{row.found} "{value}"' if row.found == "string" else f"{row.found} {value}"


def conclude(
    screen: Screen, steps: Sequence[Step], results: Sequence[Result], masks: Masks
) -> None:
    """Say what it comes to."""
    asked = [result for result in results if result.question and result.exchange is not None]
    called = [result for result in results if not result.question and result.exchange is not None]
    screen.line()
    screen.line(
        f"{len(called)} of {len(steps)} operations called, {len(asked)} open questions asked."
    )
    _conclude_effects(screen, called)
    differing = [result for result in results if result.differs]
    if not differing:
        screen.line("All that was called is as documented.", style="32")
        return
    screen.line("What differs:", style="31")
    for result in differing:
        name = result.operation.id + (f" ({result.question})" if result.question else "")
        if result.reason:
            screen.line(f"  {name}: not called. {masks.text(result.reason, 400)}")
        for row in result.rows:
            if row.level is Level.DIFFERS:
                screen.line(f"  {name}: {masks.text(row.place, 120)}: {_told(row)}")


def _told(row: Row) -> str:
    return row.remark if row.place.startswith("$") else f"{row.found}, {row.remark}"


def _conclude_effects(screen: Screen, called: Sequence[Result]) -> None:
    creating = [result for result in called if result.operation.creates]
    created = sum(result.succeeded for result in creating)
    deleted = sum(result.succeeded for result in called if result.operation.deletes)
    if created:
        things = "1 thing was" if created == 1 else f"{created} things were"
        screen.line(f"{things} created there, {deleted or 'nothing'} deleted.")
    for result in creating:
        error = result.exchange.error if result.exchange is not None else None
        if not result.succeeded and error is not None and error.maybe_processed:
            screen.line(f"{result.operation.id} may have created something all the same.")
