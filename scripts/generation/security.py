"""How the keys of a document's security schemes are sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .document import Document
from .errors import edit, list_places


def find_credentials(
    document: Document, operation: dict[str, Any]
) -> Iterator[list[tuple[str, str, str | None]]]:
    """Yield the requirements of an operation that a client can meet: of each, what it sends.

    That is the scheme's name, the header, and what stands before the key. Where an operation can
    go without a key, that counts only when nothing else can be met.
    """
    schemes = document.look_up("#/components/securitySchemes") or {}
    requirements = operation.get("security", document.data.get("security")) or ()
    for requirement in sorted(requirements, key=lambda names: (not names, len(names))):
        kinds = [(name, document.resolve(schemes.get(name)) or {}) for name in requirement]
        sent = [(name, _sent_header(kind)) for name, kind in kinds if kind["type"] != "mutualTLS"]
        found = [(name, *header) for name, header in sent if header is not None]
        if len(found) == len(sent) == len({header for _, header, _ in found}):
            yield found


def _sent_header(scheme: Any) -> tuple[str, str | None] | None:
    """Return the header that carries a security scheme's key, and what stands before the key."""
    match scheme:
        case {"type": "http", "scheme": str(name)} if name.lower() != "digest":
            return ("Authorization", name.capitalize())
        case {"type": "oauth2" | "openIdConnect"}:
            return ("Authorization", "Bearer")
        case {"type": "apiKey", "in": "header", "name": str(name)}:
            return (name, None)
        case {"type": "apiKey", "in": "cookie", "name": str(name)}:
            return ("Cookie", f"{name}=")
    return None


def check_security(document: Document) -> Iterator[str]:
    """Yield schemes that are not declared, and requirements none of which can be met."""
    schemes = document.look_up("#/components/securitySchemes") or {}
    undeclared: dict[str, list[str]] = {}
    unsent: dict[str, list[str]] = {}
    for place, owner in (((), document.data), *document.operations()):
        requirements = [one for one in owner.get("security") or () if isinstance(one, dict)]
        where = f"{document.where((*place, 'security'))} {owner.get('operationId', '')}".strip()
        names = [name for one in requirements for name in one if name not in schemes]
        for name in names:
            undeclared.setdefault(name, []).append(where)
        if requirements and not names and not any(True for _ in find_credentials(document, owner)):
            named = " or ".join(" and ".join(one) for one in requirements)
            unsent.setdefault(named, []).append(where)
    for name, places in undeclared.items():
        code = edit({name: {"type": "http", "scheme": "bearer"}}, "components/securitySchemes")
        yield list_places(f"the security scheme {name!r} is not declared", places) + code
    for named, places in unsent.items():
        text = f"the security {named} cannot be sent: a key stands in a header or a cookie, one "
        text += "in each. A key in the query would be in every log on the way"
        name = {"name": "api_key", "in": "query", "schema": {"type": "string"}}
        code = edit({"security": [], "parameters": [name]})
        yield list_places(text, places) + " Pass it as a parameter, or none." + code
