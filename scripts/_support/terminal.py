"""What scripts print on."""

from __future__ import annotations

import io
import sys


def print_whatever_the_terminal() -> None:
    """Have a character that the terminal does not know replaced; the mask of a secret is one."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
