# Edited in overrides/package/mock/_masking.py, from where `make generate` copies it.
"""What a journal must not show: keys, tokens and passwords, known from the document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

from ._json import is_array, is_object, members

MASK = "******"
_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})


class Masking:
    """Masks what a document says is secret.

    That is the value of every property and parameter whose schema has `format: password`, and
    every place in which a security scheme has its credential.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._names = frozenset(_secret_names(document))
        schemes = members(members(document, "components"), "securitySchemes").values()
        keys = {str(one["name"]) for one in schemes if "name" in one}
        self._queries = self._names | keys
        self._headers = _HEADERS | {name.lower() for name in self._queries}

    def headers(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The headers by name in lower case."""
        return {
            name.lower(): MASK if name.lower() in self._headers else value
            for name, value in headers
        }

    def target(self, target: str) -> str:
        """Path and query."""
        path, mark, query = target.partition("?")
        if not mark:
            return target
        return f"{path}?" + "&".join(
            f"{name}={quote(MASK)}" if unquote_plus(name) in self._queries else pair
            for pair in query.split("&")
            for name in [pair.partition("=")[0]]
        )

    def body(self, body: bytes) -> Any:
        """The body's JSON value; None where it is none: who knows what else holds."""
        try:
            return self._value(json.loads(body))
        except (ValueError, RecursionError):
            return None

    def _value(self, value: Any) -> Any:
        if is_array(value):
            return [self._value(one) for one in value]
        if is_object(value):
            return {
                key: MASK if key in self._names and one is not None else self._value(one)
                for key, one in value.items()
            }
        return value


def _secret_names(node: Any) -> Iterator[str]:
    """The names of properties and parameters that are passwords, anywhere in the document."""
    if is_array(node):
        for one in node:
            yield from _secret_names(one)
    if not is_object(node):
        return
    for name, schema in members(node, "properties").items() if _maps(node) else ():
        if is_object(schema) and schema.get("format") == "password":
            yield name
    schema = node.get("schema")
    if "in" in node and is_object(schema) and schema.get("format") == "password":
        yield str(node.get("name"))
    for one in node.values():
        yield from _secret_names(one)


def _maps(node: Mapping[str, Any]) -> bool:
    return is_object(node.get("properties"))
