# Made by `make generate` from openapi/portal-v1.yaml and overrides/templates/main.py.jinja.
"""Run the package as a program: `python -m` its name."""

from __future__ import annotations

import sys

from .client import Portal


def main() -> int:
    """Run the command line, and return its exit code."""
    try:
        from ._cli.commands import run  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError as error:
        if error.name not in {"cyclopts", "rich", f"{__package__}._cli"}:
            raise
        sys.stderr.write(
            "error: The command line is not installed. Run: pip install "
            "'portal-v1[cli]' (in a copy of the package: pip install cyclopts).\n"
        )
        return 3
    return run(Portal)


if __name__ == "__main__":
    sys.exit(main())
