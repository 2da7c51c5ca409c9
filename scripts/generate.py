"""Make generated/ from openapi/ and overrides/. See --help, and scripts/generation/."""

import gc
import io
import sys
from pathlib import Path

from generation.running import main

if __name__ == "__main__":
    gc.disable()  # The run is short, and what it makes stays until its end.
    if isinstance(sys.stdout, io.TextIOWrapper):  # A terminal that cannot show "é" is no failure.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main(root=Path(__file__).resolve().parents[1]))
