"""Copy the client into other code, under any name, and tell later what became of the copy.

The copy needs httpx (or httpx2) and attrs. VENDORED.json in it says what it was made from; there,
`python NAME/_vendored.py` tells without this repository whether somebody edited it.

Exit status: 0 when all is well, 1 when the copy was edited or is behind, 2 when nothing was done.
"""

from __future__ import annotations

import argparse
import difflib
import json
import keyword
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from _support import vendored
from _support.terminal import make_parser
from _support.vendored import MANIFEST, digest_files, find_edits, read_manifest

ROOT = Path(__file__).resolve().parents[1]
CHANGELOG: Final = "CHANGELOG.md"
# What comes only when it is asked for, by what brings it.
PARTS: Final = {
    "mock": {"mock", "pytest_plugin.py", "_document.py", "openapi.json"},
    "cli": {"_cli", "__main__.py"},
}


class VendorError(Exception):
    """Nothing was done; the message says why, and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run for the command line, and return the exit status."""
    parser = make_parser(__doc__)
    parser.add_argument("dest", type=Path, help="the folder in which the copy is, or is to be")
    parser.add_argument("--name", default="portal_v1", help="the copy's name (default: portal_v1)")
    parser.add_argument("--with", dest="parts", nargs="*", default=[], choices=PARTS)
    parser.add_argument("--check", action="store_true", help="say what became of the copy")
    parser.add_argument("--update", action="store_true", help="bring a copy up to date")
    parser.add_argument("--force", action="store_true", help="replace what is there, edited or not")
    options = parser.parse_args(arguments)
    try:
        target = _find_target(options)
        if options.check:
            return check(target)
        vendor(target, options.parts, force=options.force)
    except (VendorError, OSError) as error:
        told = str(error)
    except (EOFError, KeyboardInterrupt):
        told = "stopped; what was there is as it was."
    else:
        return 0
    print(f"vendor: {told}", file=sys.stderr)
    return 2


def _find_target(options: argparse.Namespace) -> Path:
    """Return where the copy is, or is to be; options that make no sense are refused."""
    dest: Path = options.dest
    if dest == Path() or dest.is_file():
        raise VendorError("DEST is a folder of your code, as in: make vendor DEST=acme/_vendor")
    if not options.name.isidentifier() or keyword.iskeyword(options.name):
        raise VendorError(f"{options.name!r} cannot be the name of a Python package.")
    target: Path = dest.resolve() / options.name
    if (options.check or options.update) and read_manifest(target) is None:
        raise VendorError(
            f"{target} is no copy: it has no {MANIFEST} that can be read. DEST is the folder in"
            " which the copy is, and NAME the copy's name."
        )
    return target


def vendor(target: Path, parts: Sequence[str], *, force: bool) -> None:
    """Put a copy of the package in the place of what is there, whole or not at all.

    Raises:
        VendorError: What is there is no copy, or was edited, and it is not to be replaced.
    """
    manifest = read_manifest(target)
    source = ROOT / "generated/portal_v1"
    if target in {ROOT, *ROOT.parents, source, *source.parents}:
        raise VendorError(f"{target} is this repository's own. DEST is a folder of your code.")
    if manifest is not None and not force and (edits := find_edits(target, manifest)):
        told = "\n  ".join([f"{target} was edited; --force replaces it all the same.", *edits])
        raise VendorError(told)
    if manifest is None and target.exists() and not force:
        question = f"{target} is there already. Replace it? [y/N] "
        if not sys.stdin.isatty() or input(question).strip().lower() not in {"y", "yes"}:
            raise VendorError(f"{target} is there already, and no copy. --force replaces it.")
    parts = parts or (manifest or {}).get("parts", [])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".vendor-") as folder:
        fresh, old = Path(folder) / "new", Path(folder) / "old"
        made = make_copy(fresh, parts)
        try:
            if target.exists():
                target.rename(old)
            fresh.rename(target)
        except BaseException:
            if old.exists() and not target.exists():
                old.rename(target)
            raise
    brought = f" with {' and '.join(parts)}" if parts else ""
    print(f"{target}: {made['package']} {made['version']}{brought}, {len(made['files'])} files.")


def make_copy(target: Path, parts: Sequence[str]) -> dict[str, Any]:
    """Copy the package into a new folder, and return what its manifest says."""
    source = ROOT / "generated/portal_v1"
    left_out = {name for part, names in PARTS.items() if part not in parts for name in names}

    shutil.copytree(
        source,
        target,
        ignore=lambda folder, _: {"__pycache__", *(left_out if Path(folder) == source else ())},
    )
    shutil.copy(str(vendored.__file__), target / "_vendored.py")
    for name in ("LICENSE", CHANGELOG):
        shutil.copy(ROOT / name, target / name)
    made_from = json.loads((source / "manifest.json").read_text("utf-8"))
    manifest = {
        "package": made_from["package"]["name"],
        "version": made_from["package"]["version"],
        "document": made_from["document"],
        "parts": sorted(parts),
        "files": digest_files(target),
    }
    (target / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    return manifest


def check(target: Path) -> int:
    """Say whether a copy was edited, and what is new since; return the exit status."""
    manifest = read_manifest(target) or {}
    if edits := find_edits(target, manifest):
        print("\n  ".join([f"{target} was edited:", *edits]))
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / manifest["package"]
        if is_behind := make_copy(new, manifest["parts"])["files"] != manifest["files"]:
            known = target / CHANGELOG  # Somebody may have removed it.
            then = known.read_text("utf-8").splitlines() if known.exists() else []
            lines = difflib.unified_diff(
                then, (new / CHANGELOG).read_text("utf-8").splitlines(), n=0
            )
            news = [line[1:] for line in lines if re.match(r"\+(?!\+\+ |$)", line)]
            versions = [line[4:].partition("]")[0] for line in news if line.startswith("## [")]
            by = ", ".join(reversed(versions)) or "changes not yet released"
            print(f"{target} is behind by {by}: it is of {manifest['version']}.")
            print("\n  ".join(["\nNew in the changelog:", *(news or ["nothing"])]))
            print("\n  ".join(["\nWhat breaks for callers:", *_find_breaks(target, new)]))
    if not edits and not is_behind:
        print(f"{target} is {manifest['package']} {manifest['version']}, unchanged and current.")
    return 1 if edits or is_behind else 0


def _find_breaks(old: Path, new: Path) -> list[str]:
    try:
        from _support.callers import NotComparableError, find_breaks  # noqa: PLC0415 - needs griffe
    except ImportError:
        return ["not known: griffe is not installed. `make vendor` has it."]
    try:
        return [f"{where}: {what}" for where, what in find_breaks(old, new)] or ["nothing"]
    except NotComparableError as error:
        return [f"not known: {error}"]


if __name__ == "__main__":
    sys.exit(main())
