"""What changed in how a request proves who sends it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from generation.document import Document

_WORDS = {"description", "bearerFormat"}


@dataclass(frozen=True)
class _Scheme:
    name: str
    definition: str
    scopes: frozenset[str]


Alternative = tuple[_Scheme, ...]


def alternatives(document: Document, operation: dict[str, Any]) -> list[Alternative]:
    """Return the ways to authorise an operation, each a set of schemes; one empty one for none."""
    required = operation.get("security", document.data.get("security"))
    if not required:
        return [()]
    return [_alternative(document, one) for one in required]


def _alternative(document: Document, requirement: dict[str, list[str]]) -> Alternative:
    schemes = document.look_up("#/components/securitySchemes") or {}
    return tuple(
        _Scheme(name, _definition(document.resolve(schemes.get(name))), frozenset(scopes))
        for name, scopes in sorted(requirement.items())
    )


def _definition(scheme: Any) -> str:
    told = {key: value for key, value in (scheme or {}).items() if key not in _WORDS}
    told = {key: value for key, value in told.items() if not key.startswith("x-")}
    if told.get("in") == "header":
        told["name"] = str(told.get("name")).lower()
    if told.get("type") == "http":
        told["scheme"] = str(told.get("scheme")).lower()
    return json.dumps(told, sort_keys=True)


def still_serves(old: list[Alternative], new: list[Alternative]) -> bool:
    """Tell whether each old way to authorise is enough for one of the new ones.

    A scheme counts by its definition, so that another name for the same one is no change.
    """
    return all(any(_is_enough(held, wanted) for wanted in new) for held in old)


def _is_enough(held: Alternative, wanted: Alternative) -> bool:
    return all(
        any(one.definition == need.definition and one.scopes >= need.scopes for one in held)
        for need in wanted
    )


def text(ways: list[Alternative]) -> str:
    """Return the ways for a person."""
    return " or ".join(" and ".join(map(_scheme_text, way)) or "nothing" for way in ways)


def _scheme_text(scheme: _Scheme) -> str:
    told = json.loads(scheme.definition)
    details = [told.get("type"), told.get("scheme"), told.get("in"), told.get("name")]
    words = " ".join(str(detail) for detail in details if detail)
    scopes = f" [{', '.join(sorted(scheme.scopes))}]" if scheme.scopes else ""
    return f"{scheme.name} ({words}){scopes}"
