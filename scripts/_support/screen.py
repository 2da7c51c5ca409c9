"""Lines for a person, with colour only where a person's terminal shows it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import TextIO


class Screen:
    """Prints lines.

    Args:
        stream: Where they go.
        environ: The environment: NO_COLOR and TERM are heeded.

    Attributes:
        width: The columns of the terminal; 100 where there is none.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        self._stream = stream
        self._colour = (
            stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        )
        self.width = shutil.get_terminal_size((100, 24)).columns

    def line(self, text: str = "", *, style: str = "") -> None:
        """Print one line; style is the number of an ANSI style, such as "1" for bold."""
        print(self.styled(text, style), file=self._stream, flush=True)

    def styled(self, text: str, style: str) -> str:
        """Return a text in a style, where the terminal has any."""
        return f"\x1b[{style}m{text}\x1b[0m" if self._colour and style and text else text
