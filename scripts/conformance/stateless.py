"""Prism: what a server without a state, and not ours, cannot pass, each with its reason."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .document import operations

_BEYOND: Final = "names beyond ASCII"
# What of the following is no check.
NO_CHECKS: Final = frozenset({"walks", _BEYOND})

LEFT_OUT: Final[Mapping[str, str]] = {
    _BEYOND: "it puts what is wrong with a request into a header, and dies of it",
    "walks": "it remembers nothing, so there is nothing to hold a model against",
    "ignored_auth": "it takes any key, so a wrong one cannot be told from a right one",
}


@dataclass(frozen=True)
class Excuse:
    """A finding that is known, and the server's own doing.

    Attributes:
        check: The check that makes it.
        words: What its message has in it.
        reason: Why it is none of ours.
    """

    check: str
    words: str
    reason: str


EXCUSES: Final = (
    Excuse(
        "unsupported_method",
        "without required `Allow` header",
        "Prism answers 405 without the Allow that RFC 9110 asks for",
    ),
    Excuse(
        "response_schema_conformance",
        '"invalid_json"',
        "Prism's answer to a body that is no JSON has a shape of its own",
    ),
)


def survives(body: Any) -> bool:
    """Whether Prism survives a body: it dies of a name that no header can have in it."""
    if isinstance(body, dict):
        return all(
            str(name).isascii() and str(name).isprintable() and survives(value)
            for name, value in body.items()
        )
    return all(map(survives, body)) if isinstance(body, list) else True


def spelled_out(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with `info.x-client.content-type` said in OpenAPI's own words.

    The client sends that Content-Type on every request, and so an empty object with a POST that
    has nothing to say. A server that does not know the extension would refuse it as a body that
    is not documented.
    """
    spelled = copy.deepcopy(dict(document))
    content_type = spelled["info"].get("x-client", {}).get("content-type")
    if content_type is not None:
        empty = {"schema": {"type": "object", "maxProperties": 0}}
        for _, method, operation, _ in operations(spelled):
            if method in {"post", "put", "patch"}:
                operation.setdefault("requestBody", {"content": {content_type: empty}})
    return spelled
