# Edited in overrides/package/_cli/output.py, from where `make generate` copies it.
"""What a command prints: a table, JSON, JSON lines or CSV, each item as soon as it arrives."""

from __future__ import annotations

import copy
import csv
import itertools
import json
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, cast

import attrs
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from .. import _secrets
from .._core import encode

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

Format = Literal["table", "json", "jsonl", "csv"]

_ROWS_TO_MEASURE = 200
"""How many rows decide on the widths of a table's columns; later rows are printed at once."""


def field_names(model: Any) -> dict[str, bool]:
    """Return the fields of a model as JSON names them, and whether each is secret."""
    names: dict[str, str] = getattr(model, "_NAMES", {})
    fields: Any = attrs.fields_dict(model) if names else {}
    return {key: fields[name].repr is _secrets.mask for key, name in names.items()}


def mask_secrets(value: Any) -> Any:
    """Return a result with its secrets, and what the specification does not know, masked."""
    if isinstance(value, list):
        return [mask_secrets(item) for item in cast("list[object]", value)]
    kind = cast("Any", type(value))
    if not hasattr(kind, "to_dict"):
        return value
    masked = copy.copy(value)  # Which fields are null, and not absent, is copied along.
    for field in attrs.fields(kind):
        held = getattr(value, field.name)
        if field.repr is _secrets.mask:
            setattr(masked, field.name, held and _secrets.MASK)
        elif field.repr is _secrets.list_names:
            setattr(masked, field.name, dict.fromkeys(held, _secrets.MASK))
        else:
            setattr(masked, field.name, mask_secrets(held))
    return masked


@contextmanager
def show_progress(items: Iterable[Any]) -> Generator[tuple[Iterable[Any], SupportsWrite[str]]]:
    """Count items on a bar while they pass, where a person watches. Print to the given output."""
    watched = sys.stdout if sys.stdout.isatty() else sys.stderr
    if not watched.isatty():
        yield items, sys.stdout
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("received"))
    bar = Progress(*columns, console=Console(file=watched), transient=True, redirect_stdout=False)

    class AboveTheBar:
        def write(self, text: str, /) -> None:
            bar.console.out(text, end="", highlight=False)

    with bar:
        yield bar.track(items), AboveTheBar() if watched is sys.stdout else sys.stdout


def print_values(
    values: Iterable[Any],
    fields: Mapping[str, bool],
    form: Format,
    out: SupportsWrite[str],
    *,
    is_list: bool,
) -> None:
    """Print the items of a list, or one result that is no list."""
    rows = map(encode.json_value, values)
    if form == "json":
        before = "[" if is_list else ""
        for row in rows:
            out.write(before + _dump(row, indent=None if is_list else 2))
            before = ",\n "
        out.write("[]\n" if before == "[" else "]\n" if is_list else "\n")
    elif form == "jsonl":
        for row in rows:
            out.write(_dump(row) + "\n")
    elif form == "table" and fields and not is_list:
        _print_table(([key, _cell(held)] for row in rows for key, held in row.items()), out)
    else:
        cells = ([*map(_cell, map(row.get, fields) if fields else [row])] for row in rows)
        lines = itertools.chain([[*fields]] if fields else [], cells)
        if form == "csv":
            csv.writer(out, lineterminator="\n").writerows(lines)
        else:
            _print_table(lines, out)


def _dump(value: Any, indent: int | None = None) -> str:
    is_unicode = sys.stdout.encoding.lower().startswith("utf")
    return json.dumps(value, indent=indent, ensure_ascii=not is_unicode)


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else _dump(value)


def _print_table(rows: Iterator[list[str]], out: SupportsWrite[str]) -> None:
    # Characters that would steer the terminal are escaped.
    shown = (
        ["".join(c if c.isprintable() else repr(c)[1:-1] for c in cell) for cell in row]
        for row in rows
    )
    first = [*itertools.islice(shown, _ROWS_TO_MEASURE)]
    widths = [max(map(cell_len, column)) for column in zip(*first, strict=True)]
    for row in itertools.chain(first, shown):
        cells = (c + " " * (width - cell_len(c)) for c, width in zip(row, widths, strict=True))
        out.write("  ".join(cells).rstrip() + "\n")
