"""Build the wheel, the source distribution and an SBOM (CycloneDX) into dist/, and try the wheel.

Nothing is built where the versions in the package, its manifest and CHANGELOG.md disagree.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
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
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


def find_version_problems(root: Path, tag: str | None) -> list[str]:
    """Return where the version of the package is contradicted; `tag` is None between releases."""
    version = read_version(root)
    problems = []
    manifest = json.loads((root / "generated/portal_v1/manifest.json").read_text("utf-8"))
    manifest = manifest["package"]["version"]
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


def describe(wheel: Path) -> dict[str, Any]:
    """Return the wheel's SBOM: what it needs, in the versions that it is tested with.

    It holds no time and no random number: the same wheel gives the same bytes.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for group in project["optional-dependencies"].values() for line in group]
    direct = project["dependencies"] + extras
    required, needed = collect(project["dependencies"]), collect(direct)
    ref = f"pkg:pypi/{project['name']}@{read_version(ROOT)}"
    graph = {ref: {_purl(Requirement(line).name) for line in direct}, **needed}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                **_describe_component(ref),
                "description": project["description"],
                "licenses": [{"license": {"id": project["license"]}}],
                "hashes": [
                    {"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}
                ],
            }
        },
        "components": [
            {**_describe_component(one), "scope": "required" if one in required else "optional"}
            for one in sorted(needed)
        ],
        "dependencies": [
            {"ref": one, "dependsOn": sorted(others)} for one, others in sorted(graph.items())
        ],
    }


def _describe_component(purl: str) -> dict[str, str]:
    name, _, version = purl.removeprefix("pkg:pypi/").partition("@")
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def collect(lines: Iterable[str]) -> dict[str, set[str]]:
    """Return the distributions that are required, each with those that it needs in turn."""
    graph: dict[str, set[str]] = {}
    waiting = [(one.name, extra) for one in map(Requirement, lines) for extra in ("", *one.extras)]
    for name, extra in waiting:
        others = graph.setdefault(_purl(name), set())
        for inner in map(Requirement, importlib.metadata.requires(name) or ()):
            if inner.marker is None or inner.marker.evaluate({"extra": extra}):
                others.add(_purl(inner.name))
                new = [(inner.name, one) for one in ("", *inner.extras)]
                waiting.extend(one for one in new if one not in waiting)
    return graph


def _purl(name: str) -> str:
    return f"pkg:pypi/{canonicalize_name(name)}@{importlib.metadata.version(name)}"


def try_out(wheel: Path) -> None:
    """Make every call from the wheel, installed into an environment where nothing else is."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = f"{folder}/bin/python"
        install = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        pins = ["--constraint", str(ROOT / "constraints.txt")]
        subprocess.run([*install, *pins, f"{wheel}[cli,mock]"], cwd=folder, check=True)
        program = shutil.copy(ROOT / "tests/portal_v1/callers/installed.py", folder)
        # -I: neither the folder of the program nor PYTHONPATH is looked into.
        subprocess.run([python, "-I", program], cwd=folder, check=True)


def main() -> int:
    """Check, build and try; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="the tag that is released: CHANGELOG.md has to name it")
    options = parser.parse_args()
    if problems := find_version_problems(ROOT, options.tag):
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist"]
    subprocess.run([*command, "-d", DIST], cwd=ROOT, check=True)
    (wheel,) = DIST.glob("*.whl")
    sbom = json.dumps(describe(wheel), indent=2) + "\n"
    (DIST / "portal_v1.cdx.json").write_text(sbom, encoding="utf-8")
    try_out(wheel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
