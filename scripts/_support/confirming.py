"""What a script does before it touches a server: name it, and have the run confirmed."""

from __future__ import annotations

import io
import sys
from typing import Final
from urllib.parse import urlsplit

UNKNOWN_KEY: Final = "a-key-that-no-server-knows"


class UndecidedError(Exception):
    """The settings do not say which server is meant, or its use is not confirmed."""


def address_without_credentials(url: str) -> str:
    """Return the part of PORTAL_BASE_URL that may be shown: no user, no password, no query.

    Raises:
        UndecidedError: It is no URL.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UndecidedError("PORTAL_BASE_URL is not a URL.") from None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def print_whatever_the_terminal() -> None:
    """Have a character that the terminal does not know replaced; the mask of a secret is one."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
