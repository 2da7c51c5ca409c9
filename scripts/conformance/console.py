"""What a run tells on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from .findings import Finding, Result, Round
from .tables import coverage_lines, excuse_lines, grouped, operation_rows, raw_lines, table

_SHOWN = 20


class Console:
    """Writes for a person.

    Args:
        output: Where to.
    """

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def announce(self, target: str, spec: str, seed: int, examples: int) -> None:
        """Say what is going to happen."""
        self._line(f"Contract of {spec} with {target}: SEED={seed} EXAMPLES={examples}")

    def phase(self, done: Round, name: str) -> None:
        """Say that a phase is over."""
        self._line(
            f"  {done.mode:<5}  {name:<9} {done.requests[name]:>6,} requests"
            f"  {done.seconds[name]:>5.1f} s"
        )

    def tell(self, result: Result) -> None:
        """Tell what came of it."""
        self._line("")
        for line in table(operation_rows(result)):
            self._line(line)
        self._line("")
        for line in [
            *raw_lines(result),
            *coverage_lines(result, details=False),
            *excuse_lines(result),
        ]:
            self._line(line)
        self._line("")
        kinds = grouped(result.findings)
        for number, (finding, count) in enumerate(kinds[:_SHOWN], 1):
            self._finding(number, finding, count)
        if len(kinds) > _SHOWN:
            self._line(f"… and {len(kinds) - _SHOWN} more; the report has them all.\n")
        digests = ", ".join(f"{one.mode} {one.digest}" for one in result.rounds)
        self._line(f"Requests sent, as a fingerprint: {digests}. The same seed sends the same.")
        total = f"{result.calls:,} calls through the client"
        if kinds:
            self._line(f"{len(kinds)} things are not as the document says, after {total}.")
        else:
            self._line(f"All is as the document says, after {total}.")

    def where(self, paths: Iterable[Path]) -> None:
        """Say where the reports are."""
        self._line("Reports: " + ", ".join(map(str, paths)))

    def _finding(self, number: int, finding: Finding, count: int) -> None:
        again = f", {count} times" if count > 1 else ""
        self._line(
            f"{number}. {finding.operation_id}: {finding.check} "
            f"({finding.mode} client, {finding.phase}{again})"
        )
        for text in (finding.message, finding.curl, finding.python):
            for line in text.strip().splitlines():
                self._line(f"   {line}")
        self._line("")

    def _line(self, text: str) -> None:
        print(text, file=self._output, flush=True)
