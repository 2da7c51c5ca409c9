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
    """Return hints at what would make the result better; raise where a rule is not kept."""
    problems = [*_check_operations(document), *_check_secrets(document)]
    problems += _check_extensions(document)
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
        owners: dict[Place, Any] = {("requestBody",): operation.get("requestBody")}
        owners |= {("responses", k): v for k, v in (operation.get("responses") or {}).items()}
        for step, owner in owners.items():
            for name, media in ((document.resolve(owner) or {}).get("content") or {}).items():
                schema = document.resolve(media.get("schema"))
                given = {*media, *(schema if isinstance(schema, dict) else ())}
                if "json" in name and "schema" in media and not given & {"example", "examples"}:
                    where = document.where((*place, *step, "content", name))
                    yield f"{where}: an example would be the mock's answer."


def _check_operations(document: Document) -> Iterator[str]:
    for place, operation in document.operations():
        where, tags = document.where(place), operation.get("tags")
        if not tags or not _says_something(tags[0]):
            text = "an operation needs a tag: its first one names the resource it is on"
            yield f"{where}: {text}.{edit({'tags': ['…']})}"
        if "security" not in operation and "security" not in document.data:
            text = "`security` has to say which key it needs, be it `[]` for none"
            yield f"{where}: {text}.{edit({'security': []})}"
        if "x-repeatable" in operation and not _says_something(operation["x-repeatable"]):
            text = "x-repeatable must be the reason, in words, why sending it twice does no harm"
            code = edit({"x-repeatable": "…"})
            yield f"{document.where((*place, 'x-repeatable'))}: {text}.{code}"


def _check_extensions(document: Document) -> Iterator[str]:
    """Yield the rules of an x-basis, and the fields of an x-also-seen, that do not say enough."""
    named: dict[str, str] = {}
    for place, value, _ in document.nodes:
        for name, rule in _members(value, "x-basis"):
            where = document.where((*place, "x-basis", name))
            words = isinstance(rule, dict) and all(map(_says_something, rule.values()))
            if not words or {*rule} not in [{one, "source"} for one in BASES]:
                yield f"{where}: a rule has one of {', '.join(BASES)}, and its source, in words."
            if named.setdefault(name, where) != where:
                yield f"{where}: {named[name]} has a rule of the same name."
        for name, seen in _members(value, "x-also-seen"):
            where = document.where((*place, "x-also-seen", name))
            if not isinstance(seen, dict) or {*seen} != {"example", "source"}:
                yield f"{where}: a field that was also seen has an example and its source."
            elif name in (value.get("properties") or {}):
                yield f"{where}: the schema has this property itself."


def _members(node: dict[str, Any], key: str) -> list[tuple[str, Any]]:
    value = node.get(key, {})
    return [*value.items()] if isinstance(value, dict) else [(key, value)]


def _check_secrets(document: Document) -> Iterator[str]:
    places: dict[str, list[str]] = {}
    for place, value, _ in document.nodes:
        properties, name = value.get("properties"), value.get("name")
        found = [
            ((*place, "properties", called), called, schema, schema)
            for called, schema in (properties.items() if isinstance(properties, dict) else ())
        ]
        if isinstance(name, str) and isinstance(value.get("schema"), dict):
            found.append(((*place, "schema"), name, value["schema"], value))
        for at, called, schema, owner in found:
            if smells_of_secrets(called) and not _is_marked(document, schema, owner):
                places.setdefault(called, []).append(document.where(at))
    for called, wheres in places.items():
        lines = "".join(f"\n    {where}" for where in dict.fromkeys(wheres))
        yield (
            f"{called!r} smells of a secret: say `format: password`, so that it is masked wherever "
            f"it could be shown, or `{SHOWABLE}: <the reason>`. It is in{lines}"
        )


def _is_marked(document: Document, schema: Any, owner: Any) -> bool:
    """Tell whether a schema, or what has it, says of each string in it whether it is a secret."""
    for one in (owner, schema, document.resolve(schema)):
        if isinstance(one, dict) and _says_something(one.get(SHOWABLE)):
            return True
    return all(s.get("format") == "password" for s in _strings(document, schema, set()))


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
