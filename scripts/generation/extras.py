"""The files beside the code: py.typed, the document as JSON, the manifest; and their modes."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .upstream import GENERATOR

MANIFEST = "manifest.json"


def write_extras(
    package: Path, document: dict[str, Any], *, name: str, package_version: str
) -> None:
    """Write py.typed, openapi.json and manifest.json into the package in folder `package`."""
    _write(package / "py.typed", "")
    _write(package / "openapi.json", _json(document))
    _write(package / MANIFEST, _json(_manifest(document, name, package_version)))


def set_modes(package: Path) -> None:
    """Give every file 0644 and every folder 0755, whatever the umask and the sources have."""
    package.chmod(0o755)
    for path in package.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def document_digest(document: dict[str, Any]) -> str:
    """Return the SHA-256 of what the document says: not of its order, its comments, its layout."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def _manifest(document: dict[str, Any], name: str, package_version: str) -> dict[str, Any]:
    # Nothing that varies by machine or by time: two runs make the same bytes.
    info = document["info"]
    return {
        "document": {
            "title": info["title"],
            "version": info["version"],
            "sha256": document_digest(document),
        },
        "package": {"name": name, "version": package_version},
        "generator": {"name": GENERATOR, "version": version(GENERATOR)},
        "formatter": {"name": "ruff", "version": version("ruff")},
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
