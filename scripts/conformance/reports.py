"""A result as files: JUnit XML for CI, Markdown for people."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from .errors import CannotRunError
from .findings import Finding, Result
from .tables import check_rows, coverage_lines, excuse_lines, grouped, operation_rows, raw_lines

# Characters that XML 1.0 has no way to write.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def check_folder(folder: Path) -> None:
    """Make the folder of the reports where there is none.

    Raises:
        CannotRunError: Nothing can be written there. It is better said before a run than after.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotRunError(
            f"No report can be written into {folder}: {error.strerror}. "
            "Name another folder with --reports."
        ) from None


def write_reports(result: Result, folder: Path) -> list[Path]:
    """Write junit.xml and summary.md into a folder, which is made where there is none.

    Returns:
        What was written.
    """
    check_folder(folder)
    junit, summary = folder / "junit.xml", folder / "summary.md"
    ElementTree.ElementTree(_suites(result)).write(junit, encoding="utf-8", xml_declaration=True)
    text = "\n".join(_summary(result)) + "\n"
    summary.write_text(text, encoding="utf-8", errors="backslashreplace")
    return [junit, summary]


def _suites(result: Result) -> ElementTree.Element:
    top = ElementTree.Element("testsuites", name="contract")
    operations = list(dict.fromkeys(name for name, _ in result.coverage.statuses))
    for done in result.rounds:
        cases = [(phase, name) for phase in done.seconds for name in operations]
        mine = [one for one in result.findings if one.mode == done.mode]
        known = {(one.phase, one.operation_id) for one in mine} - set(cases)
        cases += sorted(known)
        suite = ElementTree.SubElement(
            top,
            "testsuite",
            name=f"{done.mode} client",
            tests=str(len(cases)),
            failures=str(len({(one.phase, one.operation_id) for one in mine})),
            time=f"{sum(done.seconds.values()):.3f}",
        )
        for phase, name in cases:
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"contract.{done.mode}.{phase}", name=name, time="0"
            )
            for finding in mine:
                if (finding.phase, finding.operation_id) == (phase, name):
                    failure = ElementTree.SubElement(
                        case,
                        "failure",
                        message=_xml(f"{finding.check}: {finding.message.partition(chr(10))[0]}"),
                    )
                    failure.text = _xml("\n\n".join(_parts(finding)))
    return top


def _parts(finding: Finding) -> list[str]:
    return [part for part in (finding.message, finding.curl, finding.python) if part]


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _summary(result: Result) -> Iterator[str]:
    kinds = grouped(result.findings)
    yield "# Contract"
    yield ""
    yield (
        f"{result.order.spec} with {result.target}, "
        f"SEED={result.order.seed} EXAMPLES={result.order.examples}."
    )
    yield ""
    yield (
        f"**{len(kinds)} things are not as the document says.**"
        if kinds
        else f"**All is as the document says**, after {result.calls:,} calls through the client."
    )
    yield ""
    for finding, count in kinds:
        yield f"## {finding.operation_id}: {finding.check}"
        yield ""
        yield f"With the {finding.mode} client, {finding.phase}, {count} times."
        yield ""
        for part in _parts(finding):
            yield from ("```", part.strip().replace("```", "'''"), "```", "")
    yield "## Answers and checks"
    yield ""
    yield from _markdown(operation_rows(result))
    yield ""
    yield from _markdown(check_rows(result))
    yield ""
    yield "## Requests"
    yield ""
    phases = list(dict.fromkeys(phase for one in result.rounds for phase in one.seconds))
    yield from _markdown(
        [
            ["client", *phases, "fingerprint"],
            *(
                [one.mode, *(f"{one.requests[phase]:,}" for phase in phases), str(one.digest)]
                for one in result.rounds
            ),
        ]
    )
    yield ""
    yield from ("```", *raw_lines(result), "```", "")
    yield "## Coverage of the document"
    yield ""
    yield from ("```", *coverage_lines(result, details=True), "```")
    for line in excuse_lines(result):
        yield f"\n{line}"


def _markdown(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(rows[0]) + " |"
    yield "| --- |" + " ---: |" * (len(rows[0]) - 1)
    for row in rows[1:]:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
