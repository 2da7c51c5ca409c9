"""The files beside the code: py.typed, the document as JSON, the manifest; and their modes."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

GENERATOR = "openapi-python-client"
MANIFEST = "manifest.json"


def write_metadata(
    package: Path, document: dict[str, Any], *, name: str, package_version: str
) -> None:
    """Write py.typed, openapi.json and manifest.json into the package in folder `package`."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    info = document["info"]
    # Nothing that varies by machine or by time: two runs make the same bytes.
    manifest = {
        "document": {
            "title": info["title"],
            "version": info["version"],
            "sha256": hashlib.sha256(canonical.encode("utf-8")).hexdigest(),
        },
        "package": {"name": name, "version": package_version},
        "generator": {"name": GENERATOR, "version": version(GENERATOR)},
        "formatter": {"name": "ruff", "version": version("ruff")},
    }
    (package / "py.typed").touch()
    for target, value in (("openapi.json", document), (MANIFEST, manifest)):
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (package / target).write_text(text, encoding="utf-8", newline="\n")


def set_modes(package: Path) -> None:
    """Give every file 0644 and every folder 0755, whatever the umask and the sources have."""
    package.chmod(0o755)
    for path in package.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
