"""What openapi-python-client would pass over in silence: here it is an error.

What it warns about needs no word here; the warning stops the generation.
"""

from __future__ import annotations

from collections.abc import Iterator

from .document import Document
from .errors import GenerationError


def check_limits(document: Document) -> None:
    """Raise GenerationError, with every finding, if a part of `document` would be left out."""
    problems = [*_path_problems(document), *_parameter_problems(document)]
    if problems:
        raise GenerationError(
            f"{document.source}: the generator would leave out a part of it.", problems
        )


def _path_problems(document: Document) -> Iterator[str]:
    for path, item in (document.data.get("paths") or {}).items():
        if isinstance(item, dict) and "$ref" in item:
            yield (
                f"{document.where(('paths', path))}: a path cannot be a reference; "
                "write its operations here."
            )


def _parameter_problems(document: Document) -> Iterator[str]:
    for place, value in document.objects():
        if isinstance(value.get("name"), str) and "in" in value and "content" in value:
            yield (
                f"{document.where(place)}: the parameter {value['name']!r} needs a `schema`; "
                "`content` is not supported."
            )
