"""The command line of scripts/generate.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import GenerationError, display_path
from .running import Job, check, generate

_DESCRIPTION = """\
Make the Python package from an OpenAPI document: validate it, render the templates, format,
try every import, then swap the package in whole and print what changed for its users.

Whatever goes wrong, the package stays as it was.
"""
_EPILOG = "Exit status: 0 when all is well, 1 when something is to be mended, 2 for a wrong option."


def main(arguments: Sequence[str] | None = None, *, root: Path) -> int:
    """Run one generation in the repository `root`, and return the exit status."""
    options = _parse(arguments, root)
    job = Job(
        root, options.spec, options.output.resolve(), options.package, not options.no_house_rules
    )
    try:
        notes = (check if options.check else generate)(job)
    except GenerationError as error:
        told = str(error)
    except OSError as error:
        told = f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    except KeyboardInterrupt:
        told = "interrupted."
    else:
        print("\n".join(notes))
        return 0
    print(f"generate: {told}", file=sys.stderr)
    if not options.check:
        kept = f"{display_path(job.current)} is as it was."
        print(kept if job.current.exists() else "Nothing was made.", file=sys.stderr)
    return 1


def _parse(arguments: Sequence[str] | None, root: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="generate.py",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--spec", type=Path, default=root / "openapi/portal-v1.yaml", help="the OpenAPI document")
    add("--output", type=Path, default=root / "generated", help="the folder for the package")
    add("--package", default="portal_v1", help="the package's name (default: %(default)s)")
    words = "take a document without tags, explicit security or marked secrets"
    add("--no-house-rules", action="store_true", help=words)
    words = "change nothing: say whether the package is what would be generated now"
    add("--check", action="store_true", help=words)
    return parser.parse_args(arguments)
