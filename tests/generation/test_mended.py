"""Documents that are only sloppy: with the edits that are told, every operation answers."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from generation.document import reference_parts

from tests.generation._support import DOCUMENTS, copy_repository, exercise

_PLACE = re.compile(r"^ *(#\S*) \(line \d+\)", re.MULTILINE)
_EDIT = re.compile(r"Write(?: in (\S+))?:\n\s*(.+)")


def mend(document: dict[str, Any], refusal: str) -> None:
    """Carry out every edit that a refusal names, the renaming of paths last."""
    renamed = []
    for problem in refusal.split("\n  - ")[1:]:
        for place in map(reference_parts, _PLACE.findall(problem)):
            for key in re.findall(r"Leave out '(.+?)'", problem):
                del _at(document, place[:-1] if place[-1] == key else place)[key]
            for where, text in _EDIT.findall(problem):
                members = json.loads(f"{{{text}}}")
                if place[:-1] == ("paths",) and [*members.values()] == ["…"]:
                    renamed.append((place[-1], *members))
                    continue
                above = place[:-1] if place[-1] in members else place
                owner = _at(document, tuple(where.split("/")) if where else above)
                for key, value in members.items():
                    known = owner.get(key)
                    owner[key] = [*known, *value] if key == "parameters" and known else value
    for path, name in renamed:
        document["paths"][name] = document["paths"].pop(path)


def _at(document: Any, place: tuple[str, ...]) -> Any:
    for step in place:
        is_list = isinstance(document, list)
        document = document[int(step)] if is_list else document.setdefault(step, {})
    return document


def documents() -> list[Path]:
    """The tests' own one, and those in the folder that DOCUMENTS names."""
    folder = os.environ.get("DOCUMENTS")
    given = sorted(p for p in Path(folder).iterdir() if p.suffix != ".md") if folder else []
    return [DOCUMENTS / "sloppy-3.0.yaml", *given]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.stem)
def test_every_operation_answers_when_the_edits_are_made(path: Path, tmp_path: Path) -> None:
    tree = copy_repository(tmp_path / "repository")
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    spec = tmp_path / "document.json"
    spec.write_text(json.dumps(document, indent=1))
    arguments = (f"--spec={spec}", "--package=vault_api", "--no-house-rules")
    code, _, refusal = tree.generate(*arguments)
    if code:
        for problem in refusal.split("\n  - ")[1:]:
            assert _PLACE.match(problem), problem
        mend(document, refusal)
        spec.write_text(json.dumps(document, indent=1))
        tree.generated(*arguments)
    exercise(tree.output / "vault_api")
