"""The rules of this house for a document: tags, security, secrets, and sources of what is said."""

import re
from collections.abc import Iterator
from typing import Any

from .document import Document, Finding

# What has members by name: each is one of these, with its source.
_SOURCED = {"x-basis": ("documented", "assumed", "observed"), "x-also-seen": ("example",)}
_REPEATABLE, _SHOWABLE = "x-repeatable", "x-not-secret"
# A name with one of these words is likely to be a secret's, with one of the others if it ends so:
# passwordHash and apiKey, not tokenAddress.
_ANYWHERE = re.compile(r"credential|cvv|mnemonic|otp|passcode|passphrase|password|passwd|secret")
_AT_THE_END = re.compile(r"cst|jwt|key|pin|pwd|seed|token|totp|\w*(apikey|password|secret|token)")
_QUALIFIERS = {
    *("public", "pub", "primary", "foreign", "sort", "partition", "idempotency", "cache", "page"),
    *("next", "continuation"),
}
_SAFE_FORMATS = {"date", "date-time", "duration", "time", "password"}


def check_house_rules(document: Document) -> list[str]:
    """Return hints at what would make the result better; raise where a rule is not kept."""
    document.refuse(
        [*_check_operations(document), *_check_secrets(document), *_check_extensions(document)],
        "does not keep the rules of this house (--no-house-rules generates all the same).",
    )
    return document.tell(_find_hints(document))


def _find_hints(document: Document) -> Iterator[Finding]:
    for place, operation in document.operations():
        if not operation.get("summary"):
            yield Finding(place, "a summary would be its docstring's first line")
    for place, media, _ in document.nodes:
        if place[-2:-1] == ("content",) and "json" in place[-1] and "schema" in media:
            schema = document.resolve(media["schema"])
            given = {*media, *(schema if isinstance(schema, dict) else ())}
            if not given & {"example", "examples"}:
                yield Finding(place, "an example would be the mock's answer")


def _check_operations(document: Document) -> Iterator[Finding]:
    for place, operation in document.operations():
        if not operation.get("tags"):
            text = "an operation needs a tag: its first one names the resource it is on"
            yield Finding(place, text, {"tags": ["…"]})
        if "security" not in {*operation, *document.data}:
            text = "`security` has to say which key it needs, be it `[]` for none"
            yield Finding(place, text, {"security": []})


def _check_extensions(document: Document) -> Iterator[Finding]:
    """Yield what a document says beyond the reference without its reason or source."""
    for place, value, _ in document.nodes:
        reason = value.get(_REPEATABLE, "so")
        if not isinstance(reason, str) or not reason.strip():
            text = "it must be the reason, in words, why sending it twice does no harm"
            yield Finding((*place, _REPEATABLE), text, {_REPEATABLE: "…"})
        for key in _SOURCED.keys() & value:
            members = value[key] if isinstance(value[key], dict) else {"": value[key]}
            for name, one in members.items():
                kinds = _SOURCED[key]
                if not isinstance(one, dict) or one.keys() not in [{k, "source"} for k in kinds]:
                    text = f"{key} has one of {', '.join(kinds)}, and its source, in words"
                    yield Finding((*place, key, name), text)


def _check_secrets(document: Document) -> Iterator[Finding]:
    for place, value, is_schema in document.nodes:
        found = {(*place, "schema"): (value.get("name"), value.get("schema"), value)}
        if is_schema:
            properties = (value.get("properties") or {}).items()
            found = {(*place, "properties", name): (name, one, one) for name, one in properties}
        for at, (name, schema, owner) in found.items():
            named = isinstance(name, str) and smells_of_secrets(name)
            if named and not _is_marked(document, schema, owner):
                text = f"{name!r} smells of a secret: say `format: password`, so that it is "
                text += f"masked wherever it could be shown, or `{_SHOWABLE}: <the reason>`"
                yield Finding(at, text)


def smells_of_secrets(name: str) -> bool:
    """Tell whether a property of this name is likely to hold a secret."""
    words = [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    words = [word.removesuffix("s") for word in words]
    if any(map(_ANYWHERE.fullmatch, words)) or ("seed" in words and "phrase" in words):
        return True
    qualified = bool(_QUALIFIERS & set(words[:-1]))
    return bool(words and not qualified and _AT_THE_END.fullmatch(words[-1]))


def _is_marked(document: Document, schema: Any, owner: Any) -> bool:
    """Tell whether a schema, or what has it, says of each string in it whether it is a secret."""
    said = [one for one in (owner, schema, document.resolve(schema)) if isinstance(one, dict)]
    return any(isinstance(one.get(_SHOWABLE), str) for one in said) or all(
        one.keys() & {"enum", "const"}
        or one.get("format") in _SAFE_FORMATS
        or "string" not in (one.get("type") or ())
        for one in document.expand(schema)
    )
