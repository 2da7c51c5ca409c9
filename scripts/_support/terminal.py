"""What scripts read from the command line, and print on."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help has a script's docstring as it stands."""
    layout = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(description=description, formatter_class=layout)


def run_script(main: Callable[[], int]) -> int:
    """Run a script on any terminal, and return its exit status.

    A character that the terminal does not know is replaced; `| head -1` may stop reading.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left
        return 141
    return status
