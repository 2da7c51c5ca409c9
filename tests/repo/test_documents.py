"""README and its like: what they promise is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import mutants
import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    "*.md",
    "docs/**/*.md",
    "tests/**/README.md",
    ".github/**/*.yml",
    ".pre-commit-config.yaml",
)
DOCUMENTS = [document for place in PLACES for document in ROOT.glob(place)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere_and_make_targets_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    local = [link for link in links if link and "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []
    named = re.findall(r"(?:^|`|run: |entry: )make (?:--silent )?([a-z0-9-]+)", text, re.MULTILINE)
    subprocess.run(
        ["make", "--dry-run", "help", *named], cwd=ROOT, stdout=subprocess.DEVNULL, check=True
    )


def test_what_make_mutants_names_is_there() -> None:
    core = ROOT / "generated/portal_v1/_core"
    source = "".join((core / f"{name}.py").read_text("utf-8") for name in mutants.MODULES)
    assert [before for before, _ in mutants.EQUIVALENT if before not in source] == []
    assert [name for name in mutants.TESTS if not (ROOT / name).is_file()] == []
