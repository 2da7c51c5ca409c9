"""Is this a valid OpenAPI document? Every finding, each with its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema_path.paths import SchemaPath
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from openapi_spec_validator.schemas import schema_v30, schema_v31
from openapi_spec_validator.schemas.backend.jsonschema import create_validator
from openapi_spec_validator.validation.exceptions import UnresolvableParameterError
from openapi_spec_validator.validation.keywords import KeywordValidator
from openapi_spec_validator.validation.registries import KeywordValidatorRegistry

from ._yaml import Place
from .document import Document
from .errors import GenerationError

_SHOWN = 20
_LENGTH = 300
_LEFTOVER = ("unevaluatedProperties", "additionalProperties")
_VERSIONS = {
    "3.0": (OpenAPIV30SpecValidator, schema_v30),
    "3.1": (OpenAPIV31SpecValidator, schema_v31),
}


def check_document(document: Document) -> None:
    """Raise GenerationError, with every finding, unless `document` is valid OpenAPI 3.0 or 3.1."""
    version = document.data.get("openapi")
    major_minor = ".".join(version.split(".")[:2]) if isinstance(version, str) else None
    if major_minor not in _VERSIONS:
        raise GenerationError(
            f"{document.source}: `openapi` must say 3.0.x or 3.1.x, as a string; "
            f"it is {_brief(version)}."
        )
    # One at a time: each step relies on what the one before has made sure of.
    for step in (_structure, _references, _meaning):
        try:
            problems = _unique(step(document, major_minor))
        except RecursionError:
            problems = ["A schema is made of itself (by allOf, anyOf, oneOf or not)."]
        if problems:
            raise GenerationError(f"{document.source} is not valid OpenAPI {version}.", problems)


def _structure(document: Document, version: str) -> Iterator[str]:
    # openapi-spec-validator's other backend is faster and does not say which alternative failed.
    validator = create_validator(_VERSIONS[version][1])
    errors = sorted(validator.iter_errors(document.data), key=lambda error: str(error.json_path))
    blamed = {tuple(error.absolute_path) for error in errors if error.validator not in _LEFTOVER}
    for error in errors:
        # A key counts as unknown, too, when the alternative that knows it failed for a reason.
        if error.validator not in _LEFTOVER or tuple(error.absolute_path) not in blamed:
            yield _describe(document, error, ())


def _references(document: Document, version: str) -> Iterator[str]:
    del version
    for place, value in document.objects():
        reference = value.get("$ref")
        if not isinstance(reference, str):
            continue
        if not reference.startswith("#"):
            yield (
                f"{document.where((*place, '$ref'))}: {reference!r} is outside of this document; "
                "bring what it names into components."
            )
        elif document.look_up(reference) is None:
            yield f"{document.where((*place, '$ref'))}: {reference!r} names nothing here."


def _meaning(document: Document, version: str) -> Iterator[str]:
    validator_class = _VERSIONS[version][0]
    registry = KeywordValidatorRegistry(
        {name: _placed(kind) for name, kind in validator_class.keyword_validators.items()}
    )
    check: Any = registry["__root__"]
    for error in check(SchemaPath.from_dict(document.data)):
        yield _describe(document, error, getattr(error, "place", ()))


def _placed(kind: type[KeywordValidator]) -> type[KeywordValidator]:
    """Let a keyword's validator note where it was when it found an error; it does not by itself."""

    def call(self: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        paths = [value for value in arguments if isinstance(value, SchemaPath)]
        for error in kind.__call__(self, *arguments, **options):
            if paths and not hasattr(error, "place"):
                error.place = tuple(paths[0].parts)
            yield error

    return type(kind.__name__, (kind,), {"__call__": call})


def _describe(document: Document, error: Any, place: Place) -> str:
    inner, siblings = error, []
    while inner.context:
        siblings = inner.context
        inner = max(siblings, key=_telling)
    alternatives = [_message(other) for other in siblings if _as_telling(other, inner)]
    text = " or ".join(alternatives or [_message(inner)])
    return f"{document.where((*place, *inner.absolute_path))}: {_brief_text(text)}"


def _telling(error: Any) -> tuple[int, bool]:
    # The alternative that got furthest is the one that was meant; of equals, not the bare type.
    return len(error.absolute_path), error.validator != "type"


def _as_telling(error: Any, chosen: Any) -> bool:
    """Is this another way to mend it, as in "'schema' is required or 'content' is required"?"""
    return bool(
        chosen.validator == error.validator == "required"
        and chosen.absolute_path == error.absolute_path
    )


def _message(error: Any) -> str:
    message = str(error.message)
    if isinstance(error.instance, dict | list):
        # The library prints the whole object at fault; its place says as much.
        message = message.replace(repr(error.instance), "this")
    if error.validator in _LEFTOVER:
        unknown = message.partition("(")[2].removesuffix(")")
        return f"OpenAPI has no such key here: {unknown}"
    if isinstance(error, UnresolvableParameterError):
        return f"{message}: the path and its `in: path` parameters must name the same"
    return message


def _brief(value: Any) -> str:
    if value is None:
        return "missing"
    return _brief_text(json.dumps(value, ensure_ascii=False, default=str))


def _brief_text(text: str) -> str:
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"


def _unique(problems: Iterable[str]) -> list[str]:
    found = list(dict.fromkeys(problems))
    if len(found) > _SHOWN:
        return [*found[:_SHOWN], f"… and {len(found) - _SHOWN} more"]
    return found
