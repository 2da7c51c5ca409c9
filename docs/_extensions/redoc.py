"""Redoc's page of the HTTP API, with every field, status and example, where Node.js is.

The page is whole in one file: it reads no network, and its maker's logo, which it would fetch, is
left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

_PAGE = "reference/http"
_LINK = '<p><a href="redoc.html">Every field, status and example (Redoc).</a></p>\n\n'
_LOGO = re.compile(r"https://cdn\.redoc\.ly/redoc/logo-[a-z-]+\.svg")


def _command() -> list[str]:
    """Return how Redocly is run; nothing where it is not to be, or cannot be."""
    npx, package = shutil.which("npx"), os.environ.get("REDOCLY")
    return [npx, "--yes", package] if npx and package else []


def _add_link(_app: Any, page: str, source: list[str]) -> None:
    if page == _PAGE and _command():
        title, _, rest = source[0].partition("\n\n")
        source[0] = f"{title}\n\n{_LINK}{rest}"


def _build_page(app: Any, error: Exception | None) -> None:
    if error or not (command := _command()):
        return
    document = Path(app.srcdir, "../openapi/portal-v1.yaml")
    page = Path(app.outdir, "reference/redoc.html")
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(  # noqa: S603 - npx, as it was found
        [*command, "build-docs", str(document), "--inlineBundle", "--output", str(page)],
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Redoc's page was not built; REDOCLY= leaves it out.\n{done.stderr}")
    page.write_text(_LOGO.sub("data:,", page.read_text("utf-8")), "utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Connect to Sphinx, the link before the rest of the page is made."""
    app.connect("source-read", _add_link, priority=400)
    app.connect("build-finished", _build_page)
    return {"parallel_read_safe": True}
