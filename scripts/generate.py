"""Make generated/ from openapi/ and overrides/. See --help, and scripts/generation/."""

from __future__ import annotations

import gc
import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    gc.disable()  # The run is short, and what it makes stays until its end.
    try:
        from generation.running import main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("generation"):
            raise
        sys.exit(f"generate: {error.name} is not installed; `make generate` sets up what it needs.")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # A terminal that cannot show "→" is no failure.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main(root=ROOT))
