"""Make generated/ from openapi/ and overrides/. See --help, and scripts/generation/."""

import gc
import sys
from pathlib import Path

from _support.terminal import run_script
from generation.running import main

if __name__ == "__main__":
    gc.disable()  # The run is short, and what it makes stays until its end.
    sys.exit(run_script(lambda: main(root=Path(__file__).resolve().parents[1])))
