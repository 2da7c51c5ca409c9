"""What a command prints: a table, JSON, JSON lines or CSV, item by item as items arrive."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, cast

import attrs
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .._core import encode, secrets

Format = Literal["table", "json", "jsonl", "csv"]
Emit = Callable[[str], object]

_ROWS_TO_MEASURE = 200
"""How many rows decide on the widths of a table's columns; later rows are printed at once."""


def column_names(model: Any) -> dict[str, bool] | None:
    """Return the documented fields of a model as JSON names them, and whether each is secret.

    None where `model` is no model.
    """
    if not (isinstance(model, type) and attrs.has(model) and hasattr(model, "to_dict")):
        return None
    # A model of which each field holds its own Python name tells which JSON field that becomes.
    specimen = cast("Any", object.__new__(model))
    hidden: dict[str, bool] = {}
    for field in attrs.fields(model):
        is_rest = field.name == "additional_properties"
        setattr(specimen, field.name, {} if is_rest else field.name)
        hidden[field.name] = field.repr is secrets.mask
    return {name: hidden[python_name] for name, python_name in specimen.to_dict().items()}


def to_json(value: Any, *, show_secrets: bool) -> Any:
    """Return a result as JSON has it; secrets and undocumented values masked, or not."""
    return encode.json_value(value if show_secrets else _masked(value))


def _masked(value: Any) -> Any:
    if attrs.has(type(value)):
        changes: dict[str, Any] = {}
        for field in attrs.fields(type(value)):
            found = getattr(value, field.name)
            if field.repr is secrets.mask:
                changes[field.name] = _mask() if found else found
            elif field.repr is secrets.list_names:
                changes[field.name] = dict.fromkeys(found, _mask())
            else:
                changes[field.name] = _masked(found)
        return attrs.evolve(value, **changes)
    if isinstance(value, list):
        return [_masked(item) for item in cast("list[Any]", value)]
    return value


def _mask() -> str:
    try:
        secrets.MASK.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return "*" * len(secrets.MASK)
    return secrets.MASK


@contextmanager
def open_output(*, progress: bool) -> Iterator[tuple[Emit, Callable[[Iterable[Any]], Iterator[Any]]]]:
    """Give a function that prints text, and one that counts items on a bar while they pass.

    Args:
        progress: Whether to show a bar, where a person watches.
    """
    watched = sys.stdout if sys.stdout.isatty() else sys.stderr
    if not (progress and watched.isatty()):
        yield sys.stdout.write, iter
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("received"), TimeElapsedColumn())
    console = Console(file=watched)
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("", total=None)

        def count(items: Iterable[Any]) -> Iterator[Any]:
            for item in items:
                bar.advance(task)
                yield item

        def above_the_bar(text: str) -> None:
            console.out(text, end="", highlight=False)

        yield (above_the_bar if watched is sys.stdout else sys.stdout.write), count


def write_rows(
    rows: Iterable[Any], columns: Mapping[str, bool] | None, form: Format, emit: Emit
) -> None:
    """Print the items of a list, each as soon as it is there."""
    if form == "json":
        separator = "["
        for row in rows:
            emit(f"{separator}\n{_indented(row)}")
            separator = ","
        emit("[]\n" if separator == "[" else "\n]\n")
    elif form == "jsonl":
        for row in rows:
            emit(f"{_dump(row)}\n")
    else:
        names = [*columns] if columns else ["value"]
        cells = ([*map(_cell, _values(row, columns))] for row in rows)
        (_write_csv if form == "csv" else _write_table)(names, cells, emit)


def write_one(value: Any, columns: Mapping[str, bool] | None, form: Format, emit: Emit) -> None:
    """Print a result that is no list; nothing where there is none."""
    if value is None:
        return
    if form == "json":
        emit(f"{_dump(value, indent=2)}\n")
    elif form == "table" and isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        _write_table(["field", "value"], ([name, _cell(v)] for name, v in fields.items()), emit)
    else:
        write_rows([value], columns, form, emit)


def _values(row: Any, columns: Mapping[str, bool] | None) -> Iterable[Any]:
    return (row.get(name) for name in columns) if columns else (row,)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _dump(value)


def _dump(value: Any, indent: int | None = None) -> str:
    is_wide = sys.stdout.encoding.lower().startswith("utf")
    return json.dumps(value, indent=indent, ensure_ascii=not is_wide)


def _indented(row: Any) -> str:
    return "\n".join(f"  {line}" for line in _dump(row, indent=2).splitlines())


def _write_csv(names: list[str], rows: Iterable[list[str]], emit: Emit) -> None:
    for row in itertools.chain([names], rows):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row)
        emit(line.getvalue())


def _write_table(names: list[str], rows: Iterable[list[str]], emit: Emit) -> None:
    rows = iter(rows)
    first = [names, *itertools.islice(rows, _ROWS_TO_MEASURE)]
    widths = [max(cell_len(_visible(row[n])) for row in first) for n in range(len(names))]
    for row in itertools.chain(first, rows):
        cells = map(_visible, row)
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True))
        emit("  ".join(padded).rstrip() + "\n")


def _visible(text: str) -> str:
    """Return a text of which no character steers the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
