# Edited in overrides/package/mock/_security.py, from where `make generate` copies it.
"""Who is asking: the credentials of a request, by the document's security schemes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ._errors import DocumentError
from ._json import members
from ._messages import RefusalError
from ._schemas import Schemas

ANYONE = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One security scheme: where its credential stands."""

    location: str  # header, query, cookie, or "" where nothing on this layer can be checked
    name: str
    prefix: str  # the HTTP authentication scheme, "" for a bare key

    def credential(self, wires: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
        """The credential that a request carries, "" where it carries none."""
        if not self.location:
            return ""
        texts = wires[self.location].get(self.name)
        text = texts[0].strip() if texts else ""
        if not self.prefix:
            return text
        scheme, _, rest = text.partition(" ")
        return rest.strip() if scheme.lower() == self.prefix else ""


@dataclass(frozen=True, slots=True)
class Security:
    """The alternatives of one operation; each is a set of schemes that must all be met."""

    alternatives: tuple[tuple[Scheme, ...], ...]

    def check(
        self,
        wires: Mapping[str, Mapping[str, Sequence[str]]],
        known: Collection[str] | None,
    ) -> str:
        """The credential by which the caller is known, `ANYONE` where none is needed.

        Args:
            wires: Headers, query and cookies, each by name.
            known: The credentials that are accepted; None accepts any that is not empty.

        Raises:
            RefusalError: No alternative is met.
        """
        given = False
        for schemes in self.alternatives:
            credentials = [scheme.credential(wires) for scheme in schemes if scheme.location]
            given = given or any(credentials)
            if all(one and (known is None or one in known) for one in credentials):
                return credentials[0] if credentials else ANYONE
        raise RefusalError(
            (401, 403),
            "The API key is not known" if given else "The API key is missing",
            self._challenges(),
        )

    def _challenges(self) -> tuple[tuple[str, str], ...]:
        prefixes = {scheme.prefix for schemes in self.alternatives for scheme in schemes}
        return tuple(
            ("www-authenticate", prefix.capitalize()) for prefix in sorted(prefixes) if prefix
        )


def compile_security(schemas: Schemas, requirements: Sequence[Any], where: str) -> Security:
    """The security of an operation, whose own requirements (or the document's) are given."""
    defined = members(members(schemas.document, "components"), "securitySchemes")
    alternatives: list[tuple[Scheme, ...]] = []
    for requirement in requirements:
        for name in requirement:
            if name not in defined:
                raise DocumentError(f"{where}: there is no security scheme {name!r}.")
        alternatives.append(
            tuple(_compiled(schemas.resolve(defined[name])) for name in requirement)
        )
    return Security(tuple(alternatives) or ((),))


def _compiled(node: Mapping[str, Any]) -> Scheme:
    match node.get("type"):
        case "apiKey":
            name, location = node["name"], node["in"]
            return Scheme(location, name.lower() if location == "header" else name, "")
        case "http":
            return Scheme("header", "authorization", node["scheme"].lower())
        case "oauth2" | "openIdConnect":
            return Scheme("header", "authorization", "bearer")
        case _:  # mutualTLS: settled before HTTP begins
            return Scheme("", "", "")
