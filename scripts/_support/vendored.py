"""Tell whether this copy of a package is as it was copied. See VENDORED.json beside it.

Run it where the copy is, with nothing else installed: `python path/to/copy/_vendored.py`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

MANIFEST = "VENDORED.json"


def digest_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder, but of the manifest and of caches."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts and file != folder / MANIFEST
    }


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return what was noted when the copy was made; None where it is no copy."""
    try:
        manifest: Any = json.loads((folder / MANIFEST).read_text("utf-8"))
        return {**manifest, "files": {**manifest["files"]}, "version": manifest["version"]}
    except (OSError, ValueError, LookupError, TypeError):
        return None


def find_edits(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Return the files that were edited, added or removed since, each with what happened."""
    then: dict[str, str] = manifest["files"]
    now = digest_files(folder)
    return [
        f"{name}: {'added' if name not in then else 'removed' if name not in now else 'edited'}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def main() -> int:
    """Check the copy that this file is in; return 0 where it is as it was copied, else 1."""
    folder = Path(__file__).resolve().parent
    manifest = read_manifest(folder)
    edits = find_edits(folder, manifest) if manifest else [f"{MANIFEST}: it cannot be read"]
    version = (manifest or {}).get("version", "")
    print("\n".join([f"{folder.name} {version}: {len(edits)} edits.", *edits]))
    return 1 if edits else 0


if __name__ == "__main__":
    sys.exit(main())
