"""A call as a person would type it, without the key."""

from __future__ import annotations

from typing import Any

import attrs

from .expressing import Call


def as_python(call: Call, client: str = "portal") -> str:
    """Return the call as a line of Python, for a client of this name."""
    endpoint = call.endpoint
    arguments = {name: value for name, value in call.arguments.items() if not _is_unset(value)}
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
            if one.name != "additional_properties" and not _is_unset(getattr(value, one.name))
        ]
        return f"{type(value).__name__}({', '.join(map(_argument, told))})"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)


def _is_unset(value: Any) -> bool:
    return type(value).__name__ == "Unset"
