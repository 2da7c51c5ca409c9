"""Make generated/ from openapi/ and overrides/. See --help, and scripts/generation/."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    try:
        from generation.cli import main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("generation"):
            raise
        sys.exit(f"generate: {error.name} is not installed; `make generate` sets up what it needs.")
    sys.exit(main(root=ROOT))
