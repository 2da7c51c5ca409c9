"""Build the wheel, the source distribution and an SBOM (CycloneDX) into dist/, and try the wheel.

Nothing is built where the versions in the package, its manifest and CHANGELOG.md disagree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
CONSUMER = ROOT / "tests/portal_v1/callers/consumer.py"


def find_version_problems(root: Path, tag: str | None) -> list[str]:
    """Return where the version of the package is contradicted; `tag` is None between releases."""
    package = root / "generated/portal_v1"
    version = read_version(package)
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))["package"]["version"]
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    problems = []
    if manifest != version:
        problems.append(f"manifest.json says {manifest}, _version.py {version}.")
    if tag and tag != f"v{version}":
        problems.append(f"The tag is {tag}; the package's version is {version}.")
    if tag and not re.search(heading, changelog, re.MULTILINE):
        problems.append(f"CHANGELOG.md has no heading `## [{version}] - YYYY-MM-DD`.")
    if tag and re.search(r"^## \[Unreleased\]\s++(?!## |\Z)", changelog, re.MULTILINE):
        problems.append(f"CHANGELOG.md still has changes under Unreleased: move them to {version}.")
    return problems


def read_version(package: Path) -> str:
    """Return the version that a package says it has."""
    text = (package / "_version.py").read_text("utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


def build(source: Path, folder: Path) -> tuple[Path, Path]:
    """Build the wheel and the source distribution of a source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist"]
    subprocess.run([*command, "-d", str(folder)], cwd=source, check=True)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def install(wheel: Path, folder: str) -> Path:
    """Make an environment with the wheel and what it needs; return the folder of its programs."""
    venv.create(folder)
    programs = Path(folder, "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "-qq"]
    options = ["--disable-pip-version-check", "--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([*pip, *options, f"{wheel}[cli,mock,otel]"], check=True)
    return programs


def describe(wheel: Path, programs: Path) -> str:
    """Return the wheel's SBOM; it holds no time, no random number and no path."""
    command = ["cyclonedx-py", "environment", "--output-reproducible", str(programs / "python")]
    sbom = json.loads(subprocess.check_output(command))
    (main,) = (one for one in sbom["components"] if one["name"] == "portal-v1")
    sbom["components"].remove(main)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    main |= {"externalReferences": [], "hashes": [{"alg": "SHA-256", "content": digest}]}
    sbom["metadata"]["component"] = main
    return json.dumps(sbom, indent=2) + "\n"


def try_out(programs: Path) -> None:
    """Make every call from the installed wheel, to the mock in it."""
    python = [str(programs / "python"), "-I"]  # It looks into neither PYTHONPATH nor this folder.
    server = [*python, "-m", "portal_v1.mock", "--port", "0"]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            url = next(line.split()[1] for line in process.stdout if line.startswith("  URL"))
            subprocess.run([*python, CONSUMER, url], check=True)
            settings = {"PORTAL_BASE_URL": url, "PORTAL_API_KEY": "sync"}
            program = [str(programs / "portal-v1"), "clients", "list"]
            subprocess.run(program, env={**os.environ, **settings}, check=True)
        finally:
            process.terminate()


def main() -> int:
    """Check, build and try; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", help="the tag that is released: CHANGELOG.md has to name it")
    options = parser.parse_args()
    if problems := find_version_problems(ROOT, options.tag):
        print(*problems, sep="\n", file=sys.stderr)
        return 1
    shutil.rmtree(DIST, ignore_errors=True)
    wheel, _ = build(ROOT, DIST)
    with tempfile.TemporaryDirectory() as folder:
        programs = install(wheel, folder)
        (DIST / "portal_v1.cdx.json").write_text(describe(wheel, programs), encoding="utf-8")
        try_out(programs)
    print(f"{wheel.name}, installed: every call works.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
