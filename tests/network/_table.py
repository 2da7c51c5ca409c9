"""The table for users: what comes of each fault, for each operation."""

from __future__ import annotations

from tests.network._faults import FAULTS
from tests.network._observe import observe
from tests.network._operations import OPERATIONS

_TEXT = """\
# What a caller sees when things go wrong

The tests made this table, by letting each fault happen to each operation over real sockets,
sync and async alike. Each call may be tried three times, the default. To make it anew:

    UPDATE=1 pytest tests/network/test_wire.py -k table

In a cell: the class of the error; how often the call was tried; `maybe_processed`, which is
whether the server may have acted on it. "The documented answer" stands for a call that succeeds
all the same.

"""


def render() -> str:
    """Return the table, as Markdown."""
    columns = ["fault, while", *(f"`{operation.id}`" for operation in OPERATIONS)]
    lines = [columns, ["---"] * len(columns)]
    for fault in FAULTS:
        outcomes = [observe(fault, operation, "sync").outcome for operation in OPERATIONS]
        lines.append([f"{fault.name}, {fault.phase}", *outcomes])
    return _TEXT + "".join(f"| {' | '.join(line)} |\n" for line in lines)
