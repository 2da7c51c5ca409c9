"""The mock's faults, as far as they break one exchange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import ModuleType
from typing import Any

from .document import operations, resolved


@dataclass(frozen=True)
class FaultSetting:
    """A fault, with what it is set to."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.name}({told})"


def fault_settings(
    mocks: ModuleType, document: Mapping[str, Any]
) -> dict[str, tuple[FaultSetting, ...]]:
    """Return the faults that do more than delay, by operationId.

    Args:
        mocks: The package's module `mock`.
        document: The OpenAPI document.
    """
    found = {}
    for _, _, operation, _ in operations(document):
        paths = list(_required(document, operation))
        found[operation["operationId"]] = tuple(
            setting for name, kind in mocks.FAULTS.items() for setting in _of(name, kind, paths)
        )
    return found


def _of(name: str, kind: type, paths: list[str]) -> Iterator[FaultSetting]:
    options: dict[str, Any] = {one.name: one.default for one in fields(kind)}
    if "seconds" in options:
        return
    if options.get("path") == "":
        yield from (FaultSetting(name, {"path": path}) for path in paths)
        return
    if "path" not in options or paths:
        yield FaultSetting(name)
    if "processed" in options:
        # A refusal (4xx) of what was carried out would be a lie, which nobody can see through.
        status = options["status"] if options["status"] >= 500 else 202
        yield FaultSetting(name, {"processed": True, "status": status})


def _required(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    """Yield the places of an answer where something has to be."""
    for status, response in operation["responses"].items():
        content = resolved(document, response).get("content", {}).get("application/json", {})
        schema = resolved(document, content.get("schema", {}))
        if str(status).startswith("2") and schema.get("type") == "object":
            yield from (f"$.{name}" for name in schema.get("required", []))
