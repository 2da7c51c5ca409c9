"""How the document wants an API key to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .document import resolved


class Credential(NamedTuple):
    """A header that carries the key.

    Attributes:
        header: Its name.
        scheme: What stands before the key, such as Bearer; empty where nothing does.
    """

    header: str
    scheme: str

    def value(self, key: str) -> str:
        """Return the header's value for a key."""
        return f"{self.scheme} {key}" if self.scheme else key


def credential_of(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Credential | None:
    """Return how an operation wants the key; None where it wants none in a header."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    for requirement in operation.get("security", document.get("security", [])):
        for name in requirement:
            scheme = resolved(document, schemes.get(name, {}))
            if scheme.get("type") == "http" and scheme.get("scheme", "").lower() == "bearer":
                return Credential("Authorization", "Bearer")
            if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
                return Credential(scheme["name"], "")
    return None


def credentials(document: Mapping[str, Any], key: str) -> dict[str, str]:
    """Return the headers that carry a key to whatever operation of the document."""
    found = {}
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict):
                credential = credential_of(document, operation)
                if credential is not None:
                    found[credential.header] = credential.value(key)
    return found
