"""The command line of scripts/breaking.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from _support.screen import Screen

from .comparing import Comparer, Comparison
from .errors import NotComparableError
from .table import escaped, markdown_table, print_table

FINE: Final = 0
TO_BE_DONE: Final = 1
NOT_COMPARED: Final = 2
INTERRUPTED: Final = 130

_DESCRIPTION = """\
Say what changed since a commit, on the wire and for Python callers, and what of it breaks them.

The wire is the OpenAPI document: somebody who was built after the old one meets a server that
follows the new one. Python callers see the public names of the generated package. The commit is
read from git; nothing in the working tree is touched.

A break on the wire asks for the next major version of the document (info.version), a break for
Python callers for that of the package (overrides/generator.yaml). While a version is 0.x, its
second number counts as the major one. Any change but words asks for an entry in CHANGELOG.md.
"""
_EPILOG = """\
Exit status: 0 when all is well, 1 when something is to be done, 2 when it could not be compared.
make itself ends with 2 for either; run scripts/breaking.py where the difference counts. By make:
  make breaking BASE=v1.2.0 ARGS="--format markdown"
"""


def main(
    arguments: Sequence[str] | None = None,
    *,
    root: Path,
    environ: Mapping[str, str],
    stream: TextIO,
) -> int:
    """Run one comparison.

    Args:
        arguments: The command line, without the program's name; sys.argv's unless given.
        root: The folder with openapi/, overrides/ and generated/, unless --root names another.
        environ: The environment.
        stream: Where the result goes; what keeps it from running goes to standard error.

    Returns:
        The exit status.
    """
    options = _parser(root).parse_args(arguments)
    try:
        comparer = Comparer(options.root, spec=options.spec, package=options.package)
        comparison = comparer.compare(options.base or None)
    except NotComparableError as error:
        return _fail(str(error))
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return _fail(f"{name}{error.strerror or error}.")
    except KeyboardInterrupt:
        _fail("interrupted.")
        return INTERRUPTED
    if options.format == "markdown":
        print("\n".join(_markdown(comparison)), file=stream)
    else:
        _show(Screen(stream, environ), comparison)
    if comparison.unknown:
        return _fail(f"the Python surface was not compared. {comparison.unknown}")
    return TO_BE_DONE if comparison.verdict.demands else FINE


def _show(screen: Screen, comparison: Comparison) -> None:
    screen.line(_heading(comparison))
    screen.line()
    if comparison.changes:
        print_table(screen, comparison.changes)
        screen.line()
    for note in comparison.verdict.notes:
        screen.line(note)
    for demand in comparison.verdict.demands:
        screen.line(demand, style="31")
    screen.line(_conclusion(comparison), style="1")


def _markdown(comparison: Comparison) -> list[str]:
    verdict = comparison.verdict
    lines = [escaped(_heading(comparison)), ""]
    if comparison.changes:
        lines += [*markdown_table(comparison.changes), ""]
    lines += [f"- {escaped(note)}" for note in verdict.notes]
    lines += [f"- **{escaped(demand)}**" for demand in verdict.demands]
    if comparison.unknown:
        lines.append(f"- **The Python surface was not compared. {escaped(comparison.unknown)}**")
    return [*lines, "", _conclusion(comparison)]


def _heading(comparison: Comparison) -> str:
    return (
        f"Compared with {comparison.base}: "
        f"document {comparison.document}, package {comparison.package}."
    )


def _conclusion(comparison: Comparison) -> str:
    breaks = sum(change.breaking for change in comparison.changes)
    if comparison.verdict.demands:
        return "Not yet: see above for what is to be done."
    if comparison.unknown:
        return "Not known, since only the wire was compared."
    if breaks:
        return "It breaks, and says so."
    if comparison.changes:
        return "Nothing breaks."
    return "Nothing changed, on the wire or for Python callers."


def _fail(message: str) -> int:
    print(f"breaking: {message}", file=sys.stderr)
    return NOT_COMPARED


def _parser(root: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="breaking.py",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "base",
        nargs="?",
        metavar="BASE",
        help="the commit, branch or tag to compare with (default: where this left origin/main)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "markdown"),
        default="text",
        help="text for a terminal, markdown for a page that renders it (default: text)",
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=root,
        metavar="DIR",
        help="the folder that the other paths are in (default: this repository)",
    )
    parser.add_argument(
        "--spec",
        default="openapi/portal-v1.yaml",
        metavar="FILE",
        help="the OpenAPI document, YAML or JSON (default: openapi/portal-v1.yaml)",
    )
    parser.add_argument(
        "--package",
        default="generated/portal_v1",
        metavar="DIR",
        help="the generated package (default: generated/portal_v1)",
    )
    return parser
