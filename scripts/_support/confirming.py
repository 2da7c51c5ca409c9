"""What a script does before it touches a server: name it, and have the run confirmed."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

UNKNOWN_KEY: Final = "a-key-that-no-server-knows"


class UndecidedError(Exception):
    """The settings do not say which server is meant, or its use is not confirmed."""


def is_confirmed(environ: Mapping[str, str]) -> bool:
    """Return whether the environment says that a server may be used: CONFIRM=1."""
    return environ.get("CONFIRM") == "1"


def address_without_credentials(url: str, variable: str = "PORTAL_BASE_URL") -> str:
    """Return the part of a URL that may be shown: no user, no password, no query.

    Args:
        url: The URL.
        variable: Where it came from, for the error.

    Raises:
        UndecidedError: It is no URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UndecidedError(f"{variable} is not a URL.") from None
    if ":" in host:
        host = f"[{host}]"
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


def print_whatever_the_terminal() -> None:
    """Have a character that the terminal does not know replaced; the mask of a secret is one."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
