"""The rules of this house for a document, beyond OpenAPI's own.

They keep the generated client whole: without an operationId a method has no stable name, without
a tag no resource, without explicit security the generator sends no key, without a summary no
first line in its docstring; and a secret that does not say so would show in reprs and logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ._yaml import Place
from .document import Document
from .errors import GenerationError

SHOWABLE = "x-not-secret"

# As a word of its own: "key" in apiKey, not in monkey.
_WORDS = re.compile(
    r"cst|credential|cvv|jwt|key|otp|passcode|passphrase|password|passwd|pin|pwd|secret|seed|token"
    r"|totp",
)
# Anywhere in a name, since nobody writes them as part of another word.
_FRAGMENTS = ("apikey", "credential", "mnemonic", "passphrase", "password", "secret", "token")
_PLAIN_FORMATS = {"date", "date-time", "duration", "time"}


def check_house_rules(document: Document) -> None:
    """Raise GenerationError, with every finding, unless `document` keeps the rules of the house."""
    problems = [*_operation_problems(document), *_secret_problems(document)]
    if problems:
        raise GenerationError(
            f"{document.source} does not keep the rules of this house "
            "(--no-house-rules generates all the same).",
            problems,
        )


def _operation_problems(document: Document) -> Iterator[str]:
    schemes = document.look_up("#/components/securitySchemes") or {}
    for place, operation in document.operations():
        where = document.where(place)
        if not _says_something(operation.get("operationId")):
            yield f"{where}: an operation needs an operationId: methods are named after it."
        if not _says_something(operation.get("summary")):
            yield f"{where}: an operation needs a summary: it is what its docstring begins with."
        tags = operation.get("tags")
        if not isinstance(tags, list) or not tags or not _says_something(tags[0]):
            yield f"{where}: an operation needs a tag: its first one names the resource it is on."
        if "security" not in operation:
            yield (
                f"{where}: an operation needs its own `security`, be it `[]` for none: "
                "the document's is not seen by the generator."
            )
        for requirement in operation.get("security") or ():
            for name in requirement:
                if name not in schemes:
                    yield (
                        f"{document.where((*place, 'security'))}: {name!r} is not in "
                        "components/securitySchemes."
                    )
        if "x-repeatable" in operation and not _says_something(operation["x-repeatable"]):
            yield (
                f"{document.where((*place, 'x-repeatable'))}: x-repeatable must be the reason, in "
                "words, why sending the operation twice does no harm."
            )


def _secret_problems(document: Document) -> Iterator[str]:
    for place, value in document.objects():
        properties = value.get("properties")
        for name, schema in properties.items() if isinstance(properties, dict) else ():
            yield from _secret_problem(document, (*place, "properties", name), name, schema)
        if isinstance(value.get("name"), str) and isinstance(value.get("schema"), dict):
            yield from _secret_problem(
                document, (*place, "schema"), value["name"], value["schema"], value
            )


def _secret_problem(
    document: Document,
    place: Place,
    name: str,
    schema: Any,
    parameter: dict[str, Any] | None = None,
) -> Iterator[str]:
    if not smells_of_secrets(name):
        return
    for bearer in (parameter, schema, document.resolve(schema)):
        if isinstance(bearer, dict) and SHOWABLE in bearer:
            if not _says_something(bearer[SHOWABLE]):
                yield (
                    f"{document.where(place)}: {SHOWABLE} must be the reason, in words, "
                    f"why {name!r} may be shown."
                )
            return
    if any(plain.get("format") != "password" for plain in _strings(document, schema, set())):
        yield (
            f"{document.where(place)}: {name!r} smells of a secret: say `format: password`, so "
            f"that it is masked wherever it could be shown, or `{SHOWABLE}: <the reason>`."
        )


def smells_of_secrets(name: str) -> bool:
    """Tell whether a property of this name is likely to hold a secret."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    plain = name.replace("-", "").replace("_", "").lower()
    return any(_WORDS.fullmatch(word.lower().removesuffix("s")) for word in words) or any(
        fragment in plain for fragment in _FRAGMENTS
    )


def _strings(document: Document, schema: Any, seen: set[int]) -> Iterator[dict[str, Any]]:
    """Yield each schema in `schema` that takes any string, through references and unions."""
    schema = document.resolve(schema)
    if not isinstance(schema, dict) or id(schema) in seen:
        return
    seen.add(id(schema))
    types = schema.get("type")
    types = types if isinstance(types, list) else [types]
    told = schema.keys() & {"enum", "const"} or schema.get("format") in _PLAIN_FORMATS
    if "string" in types and not told:
        yield schema
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword) or ():
            yield from _strings(document, part, seen)
    if "array" in types:
        yield from _strings(document, schema.get("items"), seen)


def _says_something(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
