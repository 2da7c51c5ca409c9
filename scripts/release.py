"""Build the wheel, the source distribution and an SBOM (CycloneDX) into dist/, and try the wheel.

Nothing is built where the versions in the package, its manifest and CHANGELOG.md disagree.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
SBOM = "portal_v1.cdx.json"


def find_version_problems(root: Path, tag: str | None) -> list[str]:
    """Return where the version of the package is contradicted.

    Args:
        root: The repository.
        tag: The tag that is released, such as v1.2.3; None between releases.
    """
    package = root / "generated" / "portal_v1"
    version = read_version(root)
    problems = []
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))["package"]["version"]
    if manifest != version:
        problems.append(f"manifest.json says {manifest}, _version.py {version}.")
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    if any(Version(number) > Version(version) for number in released):
        problems.append(f"CHANGELOG.md has a release after {version}, the package's version.")
    if tag and tag != f"v{version}":
        problems.append(f"The tag is {tag}; the package's version is {version}.")
    if tag and version not in released:
        problems.append(f"CHANGELOG.md has no heading `## [{version}] - YYYY-MM-DD`.")
    if tag and re.search(r"^## \[Unreleased\]\s++(?!## |\Z)", changelog, re.MULTILINE):
        problems.append(f"CHANGELOG.md still has changes under Unreleased: move them to {version}.")
    return problems


def read_version(root: Path) -> str:
    """Return the version that the package says it has."""
    text = (root / "generated" / "portal_v1" / "_version.py").read_text("utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


def build(folder: Path) -> Path:
    """Build the distributions into a folder, and return the wheel."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist"]
    subprocess.run([*command, "-d", str(folder)], cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def describe(wheel: Path) -> dict[str, Any]:
    """Return the wheel's SBOM: what it needs, in the versions that it is tested with.

    It holds no time and no random number: the same wheel gives the same bytes.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for group in project["optional-dependencies"].values() for line in group]
    needed: dict[str, list[str]] = {}
    required = collect(project["dependencies"], needed)
    collect(extras, needed)
    version = read_version(ROOT)
    main = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{project['name']}@{version}",
        "name": project["name"],
        "version": version,
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"]}}],
        "purl": f"pkg:pypi/{project['name']}@{version}",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
    }
    components = [
        {
            "type": "library",
            "bom-ref": ref,
            "name": ref.removeprefix("pkg:pypi/").partition("@")[0],
            "version": ref.partition("@")[2],
            "scope": "required" if ref in required else "optional",
            "purl": ref,
        }
        for ref in sorted(needed)
    ]
    direct = sorted({_purl(Requirement(line).name) for line in project["dependencies"] + extras})
    graph = {main["bom-ref"]: direct, **dict(sorted(needed.items()))}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": main},
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": others} for ref, others in graph.items()],
    }


def collect(lines: Iterable[str], needed: dict[str, list[str]]) -> set[str]:
    """Add distributions with all that they need in turn, and return those that were met."""
    met: set[str] = set()
    waiting = [(one.name, one.extras) for one in map(Requirement, lines)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extras = waiting.pop()
        met.add(ref := _purl(name))
        needed.setdefault(ref, [])
        new = {(ref, extra) for extra in ("", *extras)} - seen
        seen |= new
        for inner in map(Requirement, importlib.metadata.requires(name) or ()):
            marker = inner.marker
            if any(marker is None or marker.evaluate({"extra": extra}) for _, extra in new):
                needed[ref] = sorted({*needed[ref], _purl(inner.name)})
                waiting.append((inner.name, inner.extras))
    return met


def _purl(name: str) -> str:
    normal = re.sub(r"[-_.]+", "-", name).lower()
    return f"pkg:pypi/{normal}@{importlib.metadata.version(name)}"


def try_out(wheel: Path) -> None:
    """Make every call from the wheel, installed into an environment where nothing else is."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "Scripts" if os.name == "nt" else "bin", "python"))
        install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        install += ["--constraint", str(ROOT / "constraints.txt"), f"{wheel}[cli,mock]"]
        subprocess.run(install, cwd=folder, check=True)
        program = shutil.copy(ROOT / "tests/portal_v1/callers/installed.py", folder)
        # -I: neither the folder of the program nor PYTHONPATH is looked into.
        subprocess.run([python, "-I", program], cwd=folder, check=True)


def main() -> int:
    """Check, build and try; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="the tag that is released: CHANGELOG.md has to name it")
    parser.add_argument("--try", dest="tried", action="store_true", help="install the wheel, call")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="(default: dist/)")
    options = parser.parse_args()
    if problems := find_version_problems(ROOT, options.tag):
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    shutil.rmtree(options.output, ignore_errors=True)
    wheel = build(options.output)
    sbom = json.dumps(describe(wheel), indent=2) + "\n"
    (options.output / SBOM).write_text(sbom, encoding="utf-8")
    if options.tried:
        try_out(wheel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
