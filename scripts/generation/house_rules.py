"""The rules of this house for a document, beyond OpenAPI's own.

They keep the generated client whole: without a tag a method has no resource, without security it
sends no key, and a secret that does not say so would show in reprs and logs. What only makes the
result poorer is a hint: without a summary a docstring has no first line of its own, without an
example the mock answers with the smallest value that is valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .document import Document
from .errors import GenerationError, edit
from .reading import Place

SHOWABLE = "x-not-secret"
BASES = ("documented", "assumed", "observed")

# A name with one of these words is likely to be a secret's, with one of the others if it ends so:
# passwordHash and apiKey, not tokenAddress.
_ANYWHERE = re.compile(r"credential|cvv|mnemonic|otp|passcode|passphrase|password|passwd|secret")
_AT_THE_END = re.compile(r"cst|jwt|key|pin|pwd|seed|token|totp|\w*(apikey|password|secret|token)")
_QUALIFIERS = {
    *("public", "pub", "primary", "foreign", "sort", "partition", "idempotency", "cache", "page"),
    *("next", "continuation"),
}
_PLAIN_FORMATS = {"date", "date-time", "duration", "time"}


def check_house_rules(document: Document) -> list[str]:
    """Return hints at what would make the result better.

    Raises:
        GenerationError: The document does not keep the rules of the house; with every finding.
    """
    problems = [*_operation_problems(document), *_secret_problems(document)]
    problems += _extension_problems(document)
    if problems:
        raise GenerationError(
            f"{document.source} does not keep the rules of this house "
            "(--no-house-rules generates all the same).",
            problems,
        )
    return list(_hints(document))


def _hints(document: Document) -> Iterator[str]:
    for place, operation in document.operations():
        if not _says_something(operation.get("summary")):
            yield f"{document.where(place)}: a summary would be its docstring's first line."
        for found, media in _contents(document, place, operation):
            schema = document.resolve(media.get("schema"))
            given = {*media, *(schema if isinstance(schema, dict) else ())}
            if "schema" in media and not given & {"example", "examples"}:
                yield f"{document.where(found)}: an example would be the mock's answer."


def _operation_problems(document: Document) -> Iterator[str]:
    for place, operation in document.operations():
        where = document.where(place)
        tags = operation.get("tags")
        if not tags or not _says_something(tags[0]):
            yield f"{where}: an operation needs a tag: its first one names the resource it is on."
        if "security" not in operation and "security" not in document.data:
            code = edit({"security": []})
            yield f"{where}: `security` has to say which key it needs, be it `[]` for none.{code}"
        if "x-repeatable" in operation and not _says_something(operation["x-repeatable"]):
            yield (
                f"{document.where((*place, 'x-repeatable'))}: x-repeatable must be the reason, in "
                "words, why sending the operation twice does no harm."
            )


def _extension_problems(document: Document) -> Iterator[str]:
    """Yield the rules of an x-basis, and the fields of an x-also-seen, that do not say enough."""
    named: dict[str, str] = {}
    for place, value, _ in document.nodes:
        for name, rule in _members(value, "x-basis"):
            where = document.where((*place, "x-basis", name))
            said = (
                {*rule}
                if isinstance(rule, dict) and all(map(_says_something, rule.values()))
                else {}
            )
            if said not in [{one, "source"} for one in BASES]:
                yield f"{where}: a rule has one of {', '.join(BASES)}, and its source, in words."
            if name in named:
                yield f"{where}: {named[name]} has a rule of the same name."
            named[name] = where
        for name, seen in _members(value, "x-also-seen"):
            where = document.where((*place, "x-also-seen", name))
            if not isinstance(seen, dict) or {*seen} != {"example", "source"}:
                yield f"{where}: a field that was also seen has an example and its source."
            elif name in (value.get("properties") or {}):
                yield f"{where}: the schema has this property itself."


def _members(node: dict[str, Any], key: str) -> list[tuple[str, Any]]:
    value = node.get(key, {})
    return [*value.items()] if isinstance(value, dict) else [(key, value)]


def _contents(
    document: Document, place: Place, operation: dict[str, Any]
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield each JSON body of an operation's requests and responses."""
    owners: dict[Place, Any] = {("requestBody",): operation.get("requestBody")}
    owners |= {("responses", k): v for k, v in (operation.get("responses") or {}).items()}
    for step, owner in owners.items():
        for media_type, media in ((document.resolve(owner) or {}).get("content") or {}).items():
            if "json" in media_type:
                yield (*place, *step, "content", media_type), media


def _secret_problems(document: Document) -> Iterator[str]:
    places: dict[str, list[str]] = {}
    for place, value, _ in document.nodes:
        properties = value.get("properties")
        for name, schema in properties.items() if isinstance(properties, dict) else ():
            if _needs_mark(document, name, schema, schema):
                places.setdefault(name, []).append(document.where((*place, "properties", name)))
        if isinstance(value.get("name"), str) and isinstance(value.get("schema"), dict):
            if value.get("in") == "header" and value["name"].lower() == "authorization":
                continue
            if _needs_mark(document, value["name"], value["schema"], value):
                places.setdefault(value["name"], []).append(document.where((*place, "schema")))
    for name, found in places.items():
        lines = "".join(f"\n    {where}" for where in dict.fromkeys(found))
        yield (
            f"{name!r} smells of a secret: say `format: password`, so that it is masked wherever "
            f"it could be shown, or `{SHOWABLE}: <the reason>`. It is in{lines}"
        )


def _needs_mark(document: Document, name: str, schema: Any, bearer: Any) -> bool:
    if not smells_of_secrets(name):
        return False
    for owner in (bearer, schema, document.resolve(schema)):
        if isinstance(owner, dict) and _says_something(owner.get(SHOWABLE)):
            return False
    return any(s.get("format") != "password" for s in _strings(document, schema, set()))


def smells_of_secrets(name: str) -> bool:
    """Tell whether a property of this name is likely to hold a secret."""
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    words = [word.removesuffix("s") for word in words]
    if any(map(_ANYWHERE.fullmatch, words)) or ("seed" in words and "phrase" in words):
        return True
    qualified = bool(_QUALIFIERS & set(words[:-1]))
    return bool(words and not qualified and _AT_THE_END.fullmatch(words[-1]))


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
