"""The command line of scripts/generate.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import GenerationError, display_path
from .running import Job, Layout, check, generate

_DESCRIPTION = """\
Make the Python package from an OpenAPI document: validate it, render the templates, format,
try every import, then swap the package in whole and print what changed for its users.

Whatever goes wrong, the package stays as it was.
"""
_EPILOG = "Exit status: 0 when all is well, 1 when something is to be mended, 2 for a wrong option."
_PACKAGE = "portal_v1"


def main(arguments: Sequence[str] | None = None, *, root: Path) -> int:
    """Run one generation.

    Args:
        arguments: The command line, without the program's name; sys.argv's unless given.
        root: The repository: openapi/, overrides/ and generated/ stand in it.

    Returns:
        The exit status.
    """
    layout = Layout(root)
    options = _parser(layout).parse_args(arguments)
    job = Job(
        spec=options.spec,
        output=options.output.resolve(),
        package=options.package,
        house_rules=not options.no_house_rules,
    )
    try:
        notes = (check if options.check else generate)(layout, job)
    except GenerationError as error:
        return _fail(str(error), job, options)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        return _fail(f"{name}{error.strerror or error}.", job, options)
    except KeyboardInterrupt:
        return _fail("interrupted.", job, options)
    print("\n".join(notes))
    return 0


def _fail(message: str, job: Job, options: argparse.Namespace) -> int:
    print(f"generate: {message}", file=sys.stderr)
    if not options.check:
        package = job.current
        kept = f"{display_path(package)} is as it was." if package.exists() else "Nothing was made."
        print(kept, file=sys.stderr)
    return 1


def _parser(layout: Layout) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="generate.py",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--spec",
        type=Path,
        default=layout.spec,
        metavar="FILE",
        help="the OpenAPI 3.0 or 3.1 document, YAML or JSON (default: openapi/portal-v1.yaml)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=layout.output,
        metavar="DIR",
        help="the folder that holds the package (default: generated)",
    )
    parser.add_argument(
        "--package",
        default=_PACKAGE,
        metavar="NAME",
        help=f"the package's name (default: {_PACKAGE})",
    )
    parser.add_argument(
        "--no-house-rules",
        action="store_true",
        help="take a document without tags, summaries, explicit security or marked secrets",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="change nothing: say whether the package is what would be generated now",
    )
    return parser
