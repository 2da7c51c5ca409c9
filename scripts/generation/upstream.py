"""Has a generator's template changed since ours, which replaces it, was written?"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from .document import shown
from .errors import GenerationError

GENERATOR = "openapi-python-client"


def generator_templates() -> Path:
    """Return the folder of the installed generator's own templates."""
    return Path(str(files("openapi_python_client") / "templates"))


def replaced_templates(templates: Path, upstream: Path) -> dict[str, str]:
    """Return the SHA-256 of each template of `upstream` that one in `templates` replaces."""
    found = {}
    for path in sorted(templates.rglob("*.jinja")):
        name = path.relative_to(templates).as_posix()
        original = upstream / name
        if original.is_file():
            found[name] = hashlib.sha256(original.read_bytes()).hexdigest()
    return dict(sorted(found.items()))


def check_upstream(templates: Path, record: Path, upstream: Path | None = None) -> None:
    """Compare the generator's templates with those that ours were written against.

    Args:
        templates: Our templates.
        record: upstream.json: the SHA-256 of each replaced template.
        upstream: The generator's templates; those of the installed generator unless given.

    Raises:
        GenerationError: One has changed, is not recorded, or is recorded and replaced no more.
    """
    recorded = _load(record)
    actual = replaced_templates(templates, upstream or generator_templates())
    problems = []
    for name in sorted(actual.keys() | recorded.keys()):
        if name not in recorded:
            problems.append(f"{name}: ours replaces the generator's, and that is not recorded yet.")
        elif name not in actual:
            problems.append(f"{name}: recorded, but no template of ours replaces it any more.")
        elif recorded[name] != actual[name]:
            problems.append(f"{name}: the generator's has changed since ours was written.")
    if problems:
        raise GenerationError(
            f"{shown(record)} does not fit {GENERATOR} {version(GENERATOR)}. Compare the "
            "generator's templates with ours, carry over what matters, then accept them with "
            "`scripts/generate.py --accept-upstream`.",
            problems,
        )


def accept_upstream(templates: Path, record: Path, upstream: Path | None = None) -> list[str]:
    """Record the generator's templates as they are now; return what changed, a line each."""
    recorded = _load(record) if record.exists() else {}
    actual = replaced_templates(templates, upstream or generator_templates())
    record.write_text(json.dumps(actual, indent=2) + "\n", encoding="utf-8", newline="\n")
    changes = []
    for name in sorted(actual.keys() | recorded.keys()):
        if name not in recorded:
            changes.append(f"+ {name}")
        elif name not in actual:
            changes.append(f"- {name}")
        elif recorded[name] != actual[name]:
            changes.append(f"~ {name}")
    return changes


def _load(record: Path) -> dict[str, str]:
    source = shown(record)
    advice = "`scripts/generate.py --accept-upstream` writes it anew"
    try:
        recorded = json.loads(record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GenerationError(f"{source} is missing; {advice}.") from None
    except (OSError, ValueError) as error:
        raise GenerationError(f"{source} cannot be read ({error}); {advice}.") from None
    if not isinstance(recorded, dict) or not all(isinstance(v, str) for v in recorded.values()):
        raise GenerationError(f"{source} must map template names to digests; {advice}.")
    return recorded
