"""Hold the client and the mock to openapi/. See --help, and scripts/conformance/."""

from __future__ import annotations

import sys
from pathlib import Path

from _support.confirming import print_whatever_the_terminal

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    try:
        from conformance.cli import main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("conformance"):
            raise
        sys.exit(f"contract: {error.name} is not installed; `make contract` sets up what it needs.")
    print_whatever_the_terminal()
    sys.exit(main(root=ROOT))
