"""How schemathesis is set up, as far as it follows from the document and the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemathesis.config import SchemathesisConfig

from . import sending
from .credentials import credentials
from .document import operations
from .target import Target


def configured(
    document: Mapping[str, Any], target: Target, *, seed: int, examples: int, excluded: list[str]
) -> SchemathesisConfig:
    """Return the configuration of one run.

    Args:
        document: The OpenAPI document.
        target: The server.
        seed: What all chance follows from.
        examples: How many cases the fuzzing phase makes an operation, at the most.
        excluded: Checks that this server cannot pass.
    """
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": target.url,
            "headers": credentials(document, target.keys[0]),
            "workers": 1,
            "request-timeout": sending.SECONDS_A_CALL,
            "max-redirects": 0,
            "continue-on-failure": True,
            "generation": {"mode": "all", "max-examples": examples, "database": "none"},
            "checks": {name: {"enabled": False} for name in excluded},
            "phases": {
                "stateful": {"max-steps": 6, "generation": {"max-examples": examples // 4 or 1}}
            },
            "operations": _excused(document),
        }
    )


def _excused(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    # A path parameter that is well formed need not name anything that exists, and the document's
    # answer to that may be a 400, which schemathesis expects of malformed requests only.
    named = [
        operation["operationId"]
        for path, _, operation, _ in operations(document)
        if "{" in path and "400" in map(str, operation["responses"])
    ]
    if not named:
        return []
    return [
        {
            "include-operation-id": named,
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400"]}},
        }
    ]
