"""Say what breaks since a commit. See --help, and scripts/compatibility/."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # It touches nothing in the working tree.

from _support.confirming import print_whatever_the_terminal  # noqa: E402 - after the line above

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    try:
        from compatibility.cli import main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("compatibility"):
            raise
        print(
            f"breaking: {error.name} is not installed; `make breaking` sets up what it needs.",
            file=sys.stderr,
        )
        sys.exit(2)
    print_whatever_the_terminal()
    sys.exit(main(root=ROOT, environ=os.environ, stream=sys.stdout))
