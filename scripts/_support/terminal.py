"""What scripts read from the command line, and print on."""

from __future__ import annotations

import argparse
import io
import sys


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help has a script's docstring as it stands."""
    layout = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(description=description, formatter_class=layout)


def print_whatever_the_terminal() -> None:
    """Have a character that the terminal does not know replaced; the mask of a secret is one."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
