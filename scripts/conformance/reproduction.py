"""A call as a person would type it, without the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from .expressing import Call
from .target import Target
from .values import is_unset

# Where somebody who repeats a request has the mock run: the embedded one is gone by then.
MOCK_URL: Final = "http://127.0.0.1:8080"
_NEEDLESS: Final = re.compile(r" -H 'host: [^']*'")


def repeatable_curl(lines: str, target: Target, credentials: Mapping[str, str]) -> str:
    """Return curl commands as somebody can repeat them.

    Args:
        lines: The commands as schemathesis writes them.
        target: The server that they are for.
        credentials: The header that has the key, with a shell's variable in its place.
    """
    lines = _NEEDLESS.sub("", lines)
    keys = "|".join(map(re.escape, ("[Filtered]", *target.keys)))
    for name, value in credentials.items():
        given = re.compile(rf"-H '({re.escape(name)}): (?:\w+ )?(?:{keys})'", re.IGNORECASE)
        replacement = value.replace("\\", r"\\")
        lines = given.sub(rf'-H "\1: {replacement}"', lines)
    if target.mock is None:
        return lines
    origin = "/".join(target.url.split("/")[:3])
    return lines.replace(origin, MOCK_URL)


def as_python(call: Call, client: str = "portal") -> str:
    """Return the call as a line of Python, for a client of this name."""
    endpoint = call.endpoint
    arguments = {
        name: value
        for name, value in call.arguments.items()
        if name in endpoint.defaulted or not is_unset(value)
    }
    if call.face == "function":
        told = ", ".join([f"client={client}", *map(_argument, arguments.items())])
        return f"{endpoint.module.__name__.rpartition('.')[2]}.sync_detailed({told})"
    method = endpoint.items_method if call.face == "items" else endpoint.resource_method
    told = ", ".join(map(_argument, arguments.items()))
    line = f"{client}.{endpoint.resource}.{method}({told})"
    return f"list({line})" if call.face == "items" else line


def _argument(item: tuple[str, Any]) -> str:
    name, value = item
    return f"{name}={_literal(value)}"


def _literal(value: Any) -> str:
    if attrs.has(type(value)):
        told = [
            (one.name, getattr(value, one.name))
            for one in attrs.fields(type(value))
            if one.name != "additional_properties" and not is_unset(getattr(value, one.name))
        ]
        return f"{type(value).__name__}({', '.join(map(_argument, told))})"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return "UNSET" if is_unset(value) else repr(value)
