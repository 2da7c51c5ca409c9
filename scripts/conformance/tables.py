"""A result as rows and lines, for the terminal and for the reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .findings import Finding, Result


def operation_rows(result: Result) -> list[list[str]]:
    """Return a table of operations against statuses and checks, with its head."""
    operations = list(dict.fromkeys(name for name, _ in result.coverage.statuses))
    statuses = sorted({status for _, status in result.statuses})
    rows = [["operation", "calls", *map(str, statuses), "checks passed", "failed"]]
    for name in operations:
        calls = sum(one.calls[name] for one in result.rounds)
        rows.append(
            [
                name,
                f"{calls:,}",
                *(f"{result.statuses[name, status]:,}" for status in statuses),
                f"{_count(result, name, passed=True):,}",
                f"{_count(result, name, passed=False):,}",
            ]
        )
    return rows


def check_rows(result: Result) -> list[list[str]]:
    """Return a table of checks against operations: how often each passed, and failed."""
    operations = list(dict.fromkeys(name for name, _ in result.coverage.statuses))
    rows = [["check", *operations]]
    for check in sorted({check for _, check, _ in result.checks}):
        row = [check]
        for name in operations:
            passed = result.checks[name, check, "success"]
            failed = sum(
                count
                for (one, kind, outcome), count in result.checks.items()
                if (one, kind) == (name, check) and outcome != "success"
            )
            row.append(f"{passed:,}" + (f", {failed:,} failed" if failed else ""))
        rows.append(row)
    return rows


def raw_lines(result: Result) -> list[str]:
    """Return what the client could not send, or would not."""
    raw, refused = Counter[str](), Counter[str]()
    for one in result.rounds:
        raw += one.raw
        refused += one.refused
    lines = [f"Not expressible through a typed client, sent as they are: {raw.total():,}"]
    lines += [f"  {count:>5,}  {reason}" for reason, count in raw.most_common()]
    lines.append(
        f"Refused by the client before sending, then sent as they are: {refused.total():,}"
    )
    lines += [f"  {count:>5,}  {reason}" for reason, count in refused.most_common()]
    return lines


def excuse_lines(result: Result) -> list[str]:
    """Return what was not tested, and what was found and is known, with the reasons."""
    return [
        *(f"Left out: {name}, for {reason}." for name, reason in result.left_out.items()),
        *(f"Excused, {count:,} times: {reason}." for reason, count in result.excused.items()),
    ]


def coverage_lines(result: Result, *, details: bool) -> list[str]:
    """Return how much of the document was touched and, with details, which keywords never."""
    coverage = result.coverage
    requests, answers = coverage.request_points(), coverage.answer_points()
    seen = [name for name, count in coverage.statuses.items() if count]
    lines = [
        f"Documented answers seen: {len(seen)} of {len(coverage.statuses)}",
        *(
            f"  never: {operation}, {status}"
            for (operation, status), count in coverage.statuses.items()
            if not count
        ),
    ]
    for name, points, counts in (
        ("Keywords of requests met", requests, coverage.met),
        (
            "Keywords of requests violated",
            [one for one in requests if one.keyword not in {"present", "absent"}],
            coverage.violated,
        ),
        ("Keywords of answers met", answers, coverage.met),
    ):
        missing = [point for point in points if not counts[point]]
        lines.append(f"{name}: {len(points) - len(missing)} of {len(points)}")
        lines += [f"  never: {point}" for point in missing] if details else []
    return lines


def grouped(findings: Iterable[Finding]) -> list[tuple[Finding, int]]:
    """Return the first finding of each kind, with how many there are of it."""
    kinds: dict[tuple[str, str, str], list[Finding]] = {}
    for one in findings:
        kinds.setdefault((one.operation_id, one.check, one.message.partition("\n")[0]), []).append(
            one
        )
    return [(same[0], len(same)) for same in kinds.values()]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines, their columns in line: the first to the left, others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _count(result: Result, operation_id: str, *, passed: bool) -> int:
    return sum(
        count
        for (name, _, outcome), count in result.checks.items()
        if name == operation_id and (outcome == "success") is passed
    )
