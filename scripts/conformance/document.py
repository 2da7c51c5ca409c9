"""The OpenAPI document: its operations, and what its references stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def operations(
    document: Mapping[str, Any],
) -> Iterator[tuple[str, str, dict[str, Any], list[dict[str, Any]]]]:
    """Yield path, method, operation and parameters of everything under `paths`."""
    for path, item in document["paths"].items():
        shared = [resolved(document, one) for one in item.get("parameters", [])]
        for method in _METHODS:
            if method in item:
                own = [resolved(document, one) for one in item[method].get("parameters", [])]
                taken = {(one["in"], one["name"]) for one in own}
                yield (
                    path,
                    method,
                    item[method],
                    [one for one in shared if (one["in"], one["name"]) not in taken] + own,
                )


def resolved(document: Mapping[str, Any], value: Any) -> Any:
    """Return what a `$ref` into the document stands for, or the value itself."""
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        target: Any = document
        for part in value["$ref"].removeprefix("urn:openapi").removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        value = target
    return value
